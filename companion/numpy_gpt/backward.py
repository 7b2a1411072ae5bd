"""Back through the whole decoder: one loss, a gradient for each weight.

Chapter: book/5-training/1-back-through-the-model.ipynb
"""

from collections.abc import Mapping

import numpy as np

from companion.numpy_gpt.attention import (
    attention_backward,
    merge_heads,
    split_heads,
)
from companion.numpy_gpt.decoder import Decoder
from companion.numpy_gpt.embedding import embedding_backward
from companion.numpy_gpt.layers import (
    cross_entropy,
    cross_entropy_backward,
    gelu,
    gelu_backward,
    linear_backward,
    relu,
    relu_backward,
)
from companion.numpy_gpt.norms import layer_norm_backward
from companion.numpy_gpt.rotation import rotate_backward

ACTIVATIONS_BACKWARD = {gelu: gelu_backward, relu: relu_backward}


def loss_and_gradients(
    decoder: Decoder, inputs: np.ndarray, targets: np.ndarray
) -> tuple[float, dict[str, np.ndarray]]:
    """Compute the mean loss of a batch, and its slope for every weight.

    Args:
        decoder: stays as it is.
        inputs: (B, T), token ids.
        targets: (B, T), the token after each place, or IGNORED where there
            is none or it does not count.

    Returns:
        The mean over all targets that count, in nats.
        Name -> gradient, for the names of `decoder.parameters`.

    Raises:
        ValueError: ids or targets are none of the vocabulary, or no target
            counts.
    """
    seen = decoder.trace(inputs)
    loss = cross_entropy(seen["logits"], targets)
    grad = cross_entropy_backward(1.0, seen["logits"], targets)
    return loss, _WayBack(decoder, inputs, seen).walk(grad)


class _WayBack:
    """From the gradient of the logits to that of every parameter.

    Args:
        decoder: gives the weights.
        inputs: (B, T), token ids.
        seen: what `decoder.trace` computed of them.
    """

    def __init__(
        self,
        decoder: Decoder,
        inputs: np.ndarray,
        seen: Mapping[str, np.ndarray],
    ) -> None:
        self.decoder, self.inputs, self.seen = decoder, inputs, seen
        self.found: dict[str, np.ndarray] = {}

    def walk(self, grad: np.ndarray) -> dict[str, np.ndarray]:
        """Go through all parts, the last one first."""
        weights, n_layers = self.decoder.weights, self.decoder.n_layers
        grad, head, _ = linear_backward(
            grad, self.seen["final norm"], weights["lm_head.weight"]
        )
        streams = [self.seen["stream"]]  # before block 1, block 2 ... the end
        for layer in range(n_layers):
            streams.append(self.seen[f"block {layer + 1}: stream"])
        grad = self._norm(grad, streams[-1], "final_norm")
        for layer in reversed(range(n_layers)):
            grad = self._block(grad, streams[layer], layer)
        tokens = embedding_backward(
            grad, self.inputs, weights["token_embedding.weight"]
        )
        if self.decoder.tied:  # used twice: what comes by two ways adds up
            tokens += head
        else:
            self.found["lm_head.weight"] = head
        self.found["token_embedding.weight"] = tokens
        if not self.decoder.rotary:
            self._places(grad)
        return {name: self.found[name] for name in self.decoder.parameters}

    def _block(
        self, grad: np.ndarray, stream: np.ndarray, layer: int
    ) -> np.ndarray:
        """Feed-forward part first, then attention.

        The stream goes by both parts unchanged, so its gradient does, too;
        what comes back through a part is added.
        """
        at, start = f"blocks.{layer}", f"block {layer + 1}: "
        after = self.seen[start + "stream after attention"]
        through = self._feed_forward(grad, f"{at}.ffn", start)
        grad = grad + self._norm(through, after, f"{at}.ffn_norm")
        through = self._attention(grad, f"{at}.attention", start)
        return grad + self._norm(through, stream, f"{at}.attention_norm")

    def _feed_forward(
        self, grad: np.ndarray, at: str, start: str
    ) -> np.ndarray:
        back = ACTIVATIONS_BACKWARD[self.decoder.activation]
        hidden, up = self.seen[start + "hidden"], self.seen[start + "up"]
        grad = self._linear(grad, hidden, f"{at}.down_proj")
        grad = back(grad, up)
        return self._linear(
            grad, self.seen[start + "second norm"], f"{at}.up_proj"
        )

    def _attention(self, grad: np.ndarray, at: str, start: str) -> np.ndarray:
        names = ("q", "k", "v", "weights")
        q, k, v, weights = (self.seen[start + name] for name in names)
        grad = self._linear(grad, self.seen[start + "answers"], f"{at}.o_proj")
        grad = split_heads(grad, self.decoder.n_heads)
        grads = list(attention_backward(grad, q, k, v, weights))
        if self.decoder.rotary:
            theta = self.decoder.rope_theta
            grads[0] = rotate_backward(grads[0], q, theta)
            grads[1] = rotate_backward(grads[1], k, theta)
        norm = self.seen[start + "norm"]
        return sum(  # one vector was asked three times
            self._linear(merge_heads(each), norm, f"{at}.{name}_proj")
            for each, name in zip(grads, "qkv", strict=True)
        )

    def _places(self, grad: np.ndarray) -> None:
        """A place's vector was added to each text of the batch."""
        whole = np.zeros_like(
            self.decoder.weights["position_embedding.weight"]
        )
        n_places = grad.shape[-2]
        by_place = grad.reshape(-1, n_places, grad.shape[-1])
        whole[:n_places] = by_place.sum(axis=0)
        self.found["position_embedding.weight"] = whole

    def _linear(
        self, grad: np.ndarray, x: np.ndarray, name: str
    ) -> np.ndarray:
        weight = self.decoder.weights[f"{name}.weight"]
        grad_x, *found = linear_backward(grad, x, weight)
        self._keep(name, *found)
        return grad_x

    def _norm(self, grad: np.ndarray, x: np.ndarray, name: str) -> np.ndarray:
        w = self.decoder.weights
        grad_x, *found = layer_norm_backward(
            grad,
            x,
            w[f"{name}.weight"],
            w[f"{name}.bias"],
            self.decoder.norm_eps,
        )
        self._keep(name, *found)
        return grad_x

    def _keep(self, name: str, weight: np.ndarray, bias: np.ndarray) -> None:
        self.found |= {f"{name}.weight": weight, f"{name}.bias": bias}
