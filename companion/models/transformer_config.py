"""All that fixes a Transformer, in one place.

Chapter: book/4-architectures/4-the-whole-model.ipynb
"""

from dataclasses import dataclass, field, fields
from typing import Literal, get_args, get_origin, get_type_hints


@dataclass(frozen=True, kw_only=True)
class DropoutConfig:
    """Six places where numbers can be set to zero while training.

    The fields hold probabilities. GPT-2 uses embedding, weights, attention
    and ffn. Dropout on the skip paths is another thing than on what is
    added to them, though both are called residual dropout.
    """

    embedding: float = 0.0  # vectors of tokens and places
    weights: float = 0.0  # attention weights
    attention: float = 0.0  # what attention adds to the residual stream
    hidden: float = 0.0  # inside the feed-forward part
    ffn: float = 0.0  # what the feed-forward part adds
    skip: float = 0.0  # the residual stream itself, at both additions

    def __post_init__(self) -> None:
        for each in fields(self):
            p = getattr(self, each.name)
            if not 0 <= p < 1:
                raise ValueError(
                    f"dropout.{each.name} must be in [0, 1), got {p}"
                )

    @classmethod
    def gpt2(cls, p: float) -> "DropoutConfig":
        """One probability at the four places of GPT-2."""
        return cls(embedding=p, weights=p, attention=p, ffn=p)


@dataclass(frozen=True, kw_only=True)
class TransformerConfig:
    """The numbers and choices that fix a `Transformer`.

    The defaults are GPT-2's choices at a size that a laptop trains.
    """

    vocab_size: int
    context_length: int = 128  # most tokens that can be seen at once
    d_model: int = 128  # width of the residual stream
    n_layers: int = 4  # blocks
    n_heads: int = 4  # query heads
    n_kv_heads: int | None = None  # fewer: grouped queries; as n_heads
    d_ff: int | None = None  # width inside the feed-forward part; 4 d_model
    position: Literal["learned", "sinusoidal", "rotary", "none"] = "learned"
    norm: Literal["layer", "rms"] = "layer"
    norm_position: Literal["pre", "post"] = "pre"  # before or after the sum
    activation: Literal["relu", "gelu", "gelu_tanh", "swiglu"] = "gelu_tanh"
    bias: bool = True  # in every linear layer but lm_head
    tied: bool = True  # output weights are the token vectors
    causal: bool = True  # False: an encoder, which sees both sides
    window: int | None = None  # how far back a token sees; all the way
    norm_eps: float = 1e-5
    rope_theta: float = 10_000.0
    init_std: float = 0.02
    dropout: DropoutConfig = field(default_factory=DropoutConfig)

    def __post_init__(self) -> None:
        if self.n_kv_heads is None:
            object.__setattr__(self, "n_kv_heads", self.n_heads)
        if self.d_ff is None:
            object.__setattr__(self, "d_ff", 4 * self.d_model)
        self._check_choices()
        self._check_sizes()

    def _check_choices(self) -> None:
        """Refuse a word that names no choice; it would choose silently."""
        for name, kind in get_type_hints(type(self)).items():
            value, choices = getattr(self, name), get_args(kind)
            if get_origin(kind) is Literal and value not in choices:
                raise ValueError(
                    f"{name} must be one of {', '.join(choices)}, "
                    f"got {value!r}"
                )

    def _check_sizes(self) -> None:
        """Refuse numbers that fix no model."""
        for name in (
            *("vocab_size", "context_length", "d_model", "n_layers"),
            *("n_heads", "n_kv_heads", "d_ff"),
        ):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"{name} must be at least 1, got {getattr(self, name)}"
                )
        for whole, part in (
            ("d_model", "n_heads"),
            ("n_heads", "n_kv_heads"),
        ):
            a, b = getattr(self, whole), getattr(self, part)
            if a % b:
                raise ValueError(
                    f"{whole} ({a}) must be a multiple of {part} ({b})"
                )
        if self.position == "rotary" and self.d_head % 2:
            raise ValueError(
                "rotary positions turn pairs of numbers: d_head must be "
                f"even, got {self.d_head} (d_model {self.d_model} / n_heads "
                f"{self.n_heads})"
            )
        if self.window is not None and self.window < 1:
            raise ValueError(f"window must be at least 1, got {self.window}")
        if self.window is not None and not self.causal:
            raise ValueError("a window is for a causal model, got an encoder")
        for name in ("norm_eps", "rope_theta", "init_std"):
            if not getattr(self, name) > 0:
                raise ValueError(
                    f"{name} must be above 0, got {getattr(self, name)}"
                )

    @property
    def d_head(self) -> int:
        """Width of one head."""
        return self.d_model // self.n_heads

    @classmethod
    def llama(cls, **numbers: object) -> "TransformerConfig":
        """Llama's choices: rotary, RMS norms, SwiGLU, no biases, not tied."""
        choices = {
            "position": "rotary",
            "norm": "rms",
            "activation": "swiglu",
            "bias": False,
            "tied": False,
        }
        return cls(**(choices | numbers))
