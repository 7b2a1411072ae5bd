"""The sizes of a decoder in NumPy, and its weights before training.

Source: initialisation as in Radford et al. 2019 (GPT-2).

Chapter: book/5-training/1-back-through-the-model.ipynb
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from companion.numpy_gpt.decoder import ACTIVATIONS, Decoder

POSITIONS = ("learned", "rotary")


@dataclass(frozen=True, kw_only=True)
class DecoderConfig:
    """The numbers and choices that fix a `Decoder`.

    Names and defaults are those of `companion.models.TransformerConfig`.
    """

    vocab_size: int
    context_length: int = 128  # most tokens that can be seen at once
    d_model: int = 128  # width of the residual stream
    n_layers: int = 4  # blocks
    n_heads: int = 4
    d_ff: int | None = None  # width inside the feed-forward part; 4 d_model
    position: Literal["learned", "rotary"] = "learned"
    activation: Literal["gelu_tanh", "relu"] = "gelu_tanh"
    tied: bool = True  # output weights are the token vectors
    norm_eps: float = 1e-5
    rope_theta: float = 10_000.0
    init_std: float = 0.02

    def __post_init__(self) -> None:
        if self.d_ff is None:
            object.__setattr__(self, "d_ff", 4 * self.d_model)
        for name, choices in (
            ("position", POSITIONS),
            ("activation", tuple(ACTIVATIONS)),
        ):
            if getattr(self, name) not in choices:
                raise ValueError(
                    f"{name} must be one of {', '.join(choices)}, "
                    f"got {getattr(self, name)!r}"
                )
        for name in (
            *("vocab_size", "context_length", "d_model", "n_layers"),
            *("n_heads", "d_ff"),
        ):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"{name} must be at least 1, got {getattr(self, name)}"
                )
        if self.d_model % self.n_heads:
            raise ValueError(
                f"d_model ({self.d_model}) must be a multiple of n_heads "
                f"({self.n_heads})"
            )
        if self.position == "rotary" and self.d_model // self.n_heads % 2:
            raise ValueError(
                "rotary positions turn pairs of numbers: d_model / n_heads "
                f"must be even, got {self.d_model // self.n_heads}"
            )

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name every array that training changes, with its shape."""
        d, found = self.d_model, {}
        found["token_embedding.weight"] = (self.vocab_size, d)
        if self.position == "learned":
            found["position_embedding.weight"] = (self.context_length, d)
        sizes = {f"attention.{part}_proj": (d, d) for part in "qkvo"}
        sizes["ffn.up_proj"] = (self.d_ff, d)
        sizes["ffn.down_proj"] = (d, self.d_ff)
        for at in (f"blocks.{layer}" for layer in range(self.n_layers)):
            for part in ("attention_norm", "ffn_norm"):
                found[f"{at}.{part}.weight"] = (d,)
                found[f"{at}.{part}.bias"] = (d,)
            for part, size in sizes.items():
                found[f"{at}.{part}.weight"] = size
                found[f"{at}.{part}.bias"] = size[:1]
        found["final_norm.weight"] = found["final_norm.bias"] = (d,)
        if not self.tied:
            found["lm_head.weight"] = (self.vocab_size, d)
        return found

    @property
    def n_parameters(self) -> int:
        """How many numbers training can change; tied ones count once."""
        return sum(map(math.prod, self.shapes().values()))

    def decoder(self, weights: dict[str, np.ndarray]) -> Decoder:
        """Make the decoder of some weights, one for each of `shapes`."""
        return Decoder(
            weights,
            self.n_heads,
            activation=self.activation,
            norm_eps=self.norm_eps,
            rope_theta=self.rope_theta,
        )


def new_decoder(
    config: DecoderConfig, rng: np.random.Generator, dtype: type = np.float32
) -> Decoder:
    """Draw the weights of a decoder as GPT-2 does.

    Matrices are normal with standard deviation `init_std`; those that write
    to the residual stream are sqrt(2 n_layers) times smaller. Biases are 0,
    scales of norms 1.
    """
    weights = {}
    for name, shape in config.shapes().items():
        if "norm" in name or name.endswith("bias"):
            fill = 1.0 if name.endswith("norm.weight") else 0.0
            weights[name] = np.full(shape, fill, dtype)
            continue
        std = config.init_std
        if name.endswith(("o_proj.weight", "down_proj.weight")):
            std /= math.sqrt(2 * config.n_layers)
        weights[name] = rng.normal(scale=std, size=shape).astype(dtype)
    return config.decoder(weights)
