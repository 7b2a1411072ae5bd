"""A whole decoder in NumPy, with a note of all it computes on the way.

The network of `companion.models.Transformer` with layer norms before each
part, causal attention and biases; positions are learned or rotary.

Chapter: book/4-architectures/5-one-token.ipynb
"""

from collections.abc import Mapping

import numpy as np

from companion.numpy_gpt.attention import (
    attention_weights,
    merge_heads,
    split_heads,
)
from companion.numpy_gpt.embedding import embedding
from companion.numpy_gpt.layers import gelu, linear, relu
from companion.numpy_gpt.norms import layer_norm
from companion.numpy_gpt.rotation import rotate

ACTIVATIONS = {"gelu_tanh": gelu, "relu": relu}


class Decoder:
    """Logits from token ids, one array after another.

    Args:
        weights: name -> array, as `Transformer.state_dict()` names them.
            With vectors for the places these are added to the tokens';
            without, queries and keys are rotated.
        n_heads: of attention.
        activation: "gelu_tanh" or "relu".
        norm_eps: of the norms.
        rope_theta: of the rotation.

    Raises:
        ValueError: the activation is another one, or a weight is missing.
    """

    def __init__(
        self,
        weights: Mapping[str, np.ndarray],
        n_heads: int,
        *,
        activation: str = "gelu_tanh",
        norm_eps: float = 1e-5,
        rope_theta: float = 10_000.0,
    ) -> None:
        if activation not in ACTIVATIONS:
            raise ValueError(
                f"activation must be one of {', '.join(ACTIVATIONS)}, "
                f"got {activation!r}"
            )
        self.weights = dict(weights)
        self.n_heads = n_heads
        self.activation = ACTIVATIONS[activation]
        self.norm_eps = norm_eps
        self.rope_theta = rope_theta
        self.rotary = "position_embedding.weight" not in weights
        self.n_layers = len(
            {name.split(".")[1] for name in weights if "blocks." in name}
        )
        self.weights.setdefault("lm_head.weight", self._token_weight())
        self._check()

    @property
    def tied(self) -> bool:
        """Whether the output weights are the token vectors themselves."""
        pair = ("lm_head.weight", "token_embedding.weight")
        return np.shares_memory(*(self.weights[name] for name in pair))

    @property
    def parameters(self) -> dict[str, np.ndarray]:
        """What training changes; weights that are tied are named once."""
        own = dict(self.weights)
        if self.tied:
            del own["lm_head.weight"]
        return own

    def _token_weight(self) -> np.ndarray:
        """Tied weights are stored once."""
        return self.weights.get("token_embedding.weight", np.empty(0))

    def _check(self) -> None:
        needed = ["token_embedding.weight"]
        parts = ("attention_norm", "ffn_norm")
        parts += tuple(f"attention.{p}_proj" for p in "qkvo")
        parts += tuple(f"ffn.{p}_proj" for p in ("up", "down"))
        names = [
            f"blocks.{layer}.{part}"
            for layer in range(self.n_layers)
            for part in parts
        ]
        for name in [*names, "final_norm"]:
            needed += [f"{name}.weight", f"{name}.bias"]
        missing = [name for name in needed if name not in self.weights]
        if missing:
            raise ValueError(f"weights are missing: {', '.join(missing)}")

    def logits(self, token_ids: np.ndarray) -> np.ndarray:
        """Score every token as the next one, (..., T, vocab_size)."""
        return self.trace(token_ids)["logits"]

    def trace(self, token_ids: np.ndarray) -> dict[str, np.ndarray]:
        """Compute the logits, and keep every array on the way to them.

        Args:
            token_ids: (..., T)

        Returns:
            Name -> array, in the order in which they are computed. Names
            in a block begin with "block 1: ", "block 2: " ...

        Raises:
            ValueError: an id is none, or there are more tokens than places.
        """
        w, seen = self.weights, {}
        x = embedding(token_ids, w["token_embedding.weight"])
        seen["token vectors"] = x
        if not self.rotary:
            places = self._places(token_ids.shape[-1])
            seen["place vectors"] = embedding(
                places, w["position_embedding.weight"]
            )
            x = x + seen["place vectors"]
        seen["stream"] = x
        for layer in range(self.n_layers):
            inside = self._block(x, layer)
            seen |= {f"block {layer + 1}: {k}": v for k, v in inside.items()}
            x = inside["stream"]
        seen["final norm"] = self._norm(x, "final_norm")
        seen["logits"] = linear(seen["final norm"], w["lm_head.weight"])
        return seen

    def _places(self, n_tokens: int) -> np.ndarray:
        most = len(self.weights["position_embedding.weight"])
        if n_tokens > most:
            raise ValueError(
                f"a text must have at most context_length ({most}) tokens, "
                f"got {n_tokens}"
            )
        return np.arange(n_tokens)

    def _block(self, x: np.ndarray, layer: int) -> dict[str, np.ndarray]:
        """Look around, then think; both are added to the stream."""
        seen, at = {}, f"blocks.{layer}"
        seen["norm"] = self._norm(x, f"{at}.attention_norm")
        for name in ("q", "k", "v"):
            wide = self._linear(seen["norm"], f"{at}.attention.{name}_proj")
            seen[name] = split_heads(wide, self.n_heads)
        if self.rotary:
            seen["q"], seen["k"] = (
                rotate(seen[name], self.rope_theta) for name in ("q", "k")
            )
        seen["weights"] = attention_weights(seen["q"], seen["k"])
        seen["answers"] = merge_heads(seen["weights"] @ seen["v"])
        seen["attention"] = self._linear(
            seen["answers"], f"{at}.attention.o_proj"
        )
        x = seen["stream after attention"] = x + seen["attention"]
        seen["second norm"] = self._norm(x, f"{at}.ffn_norm")
        seen["up"] = self._linear(seen["second norm"], f"{at}.ffn.up_proj")
        seen["hidden"] = self.activation(seen["up"])
        seen["feed-forward"] = self._linear(
            seen["hidden"], f"{at}.ffn.down_proj"
        )
        seen["stream"] = x + seen["feed-forward"]
        return seen

    def _linear(self, x: np.ndarray, name: str) -> np.ndarray:
        w = self.weights
        return linear(x, w[f"{name}.weight"], w[f"{name}.bias"])

    def _norm(self, x: np.ndarray, name: str) -> np.ndarray:
        w = self.weights
        return layer_norm(
            x, w[f"{name}.weight"], w[f"{name}.bias"], self.norm_eps
        )
