"""Where a small trained decoder looks, word by word, in the browser.

The widget carries the weights, each matrix as whole numbers of eight bits
and one scale a row; the browser runs the whole forward pass
(`attention_explorer.js`). `look` is the same in Python.

Chapter: book/4-architectures/5-one-token.ipynb
"""

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import traitlets

from companion.widgets.base import BookWidget, bundle, check_between, synced

# torch is imported where it is used, so that the other widgets need none.
if TYPE_CHECKING:
    from torch import Tensor

    from companion.models import Transformer
    from companion.tokenization import Vocabulary

MAX_WEIGHTS = 100_000  # bytes, as text; the rest for the front end
TEXT = (
    "On a warm Tuesday, Grandma gave Ben a new red kite. Ben took the kite "
    "and went to the beach. There he met his friend Dan. First they ran "
    "races. Suddenly a strong wind carried the"
)
CHOICES = {  # what the JavaScript computes
    "position": "rotary",
    "norm": "layer",
    "norm_position": "pre",
    "activation": "gelu_tanh",
    "bias": True,
    "tied": True,
    "causal": True,
    "window": None,
}


class Looks(NamedTuple):
    """What a model does with a text, all of it."""

    weights: np.ndarray  # (layers, heads, T, T)
    next_word: np.ndarray  # (T, vocab_size), probabilities


def look(model: "Transformer", token_ids: Sequence[int]) -> Looks:
    """Read a text and keep every attention weight.

    Args:
        model: a decoder.
        token_ids: T of them, the begin of a text first.
    """
    import torch

    from companion.models import attention_weights, causal_mask

    weights: list[Tensor] = []

    def keep(attention: torch.nn.Module, given: tuple) -> None:
        x, _, rotation, _ = given
        q, k, _ = attention.project(x)
        if rotation is not None:
            q, k = rotation(q), rotation(k)
        k = k.repeat_interleave(q.shape[1] // k.shape[1], dim=1)
        mask = causal_mask(x.shape[1], window=model.config.window)
        weights.append(attention_weights(q, k, mask)[0])  # (H, T, T)

    hooks = [
        block.attention.register_forward_pre_hook(keep)
        for block in model.blocks
    ]
    try:
        with torch.no_grad():
            logits = model(torch.tensor([list(token_ids)]))[0]
    finally:
        for hook in hooks:
            hook.remove()
    probabilities = logits.double().softmax(-1)
    return Looks(torch.stack(weights).numpy(), probabilities.numpy())


def round_matrix(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Round each row to whole numbers from -127 to 127 times a scale.

    Args:
        matrix: (rows, columns)

    Returns:
        int8 (rows, columns), and float32 (rows,): the product is near the
        matrix, no number off by more than half a scale.
    """
    scales = np.abs(matrix).max(axis=1) / 127
    scales = np.where(scales > 0, scales, 1).astype(np.float32)
    return np.rint(matrix / scales[:, None]).astype(np.int8), scales


def pack(values: np.ndarray) -> dict:
    """Write a vector, or a rounded matrix, as text.

    Args:
        values: float32, of one or two axes.

    Returns:
        shape, and data to base 64: float32, or int8 beside float32 scales.
    """
    shape = list(values.shape)
    if values.ndim == 1:
        return {"shape": shape, "data": _text(values.astype("<f4"))}
    whole, scales = round_matrix(values)
    packed = {"data": _text(whole), "scales": _text(scales.astype("<f4"))}
    return {"shape": shape} | packed


def _text(values: np.ndarray) -> str:
    return base64.b64encode(values.tobytes()).decode()


def rounded(model: "Transformer") -> "Transformer":
    """Copy a model, its matrices as the widget carries them."""
    import copy

    import torch

    model = copy.deepcopy(model).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 2:
                whole, scales = round_matrix(parameter.numpy())
                product = whole * scales[:, None]
                parameter.copy_(torch.from_numpy(product))
    return model


def _check(model: "Transformer", vocabulary: "Vocabulary") -> None:
    """Raise a ValueError for what the JavaScript cannot compute."""
    config = model.config
    for name, value in CHOICES.items():
        if getattr(config, name) != value:
            raise ValueError(
                f"{name} must be {value!r} in this widget, "
                f"got {getattr(config, name)!r}"
            )
    if config.n_kv_heads != config.n_heads:
        raise ValueError(
            f"n_kv_heads must be n_heads ({config.n_heads}) in this "
            f"widget, got {config.n_kv_heads}"
        )
    if config.vocab_size != len(vocabulary):
        raise ValueError(
            f"the vocabulary must have vocab_size ({config.vocab_size}) "
            f"words, got {len(vocabulary)}"
        )


class AttentionExplorer(BookWidget):
    """A text to type, a layer and a head to choose, and where it looks.

    A model of 56,000 parameters takes about 85 kB, and the front end 45 kB;
    `state_bytes()` counts it all.

    Args:
        model: a decoder with rotary positions and else GPT-2's choices.
        vocabulary: its words.
        text: at first; words that the model lacks are left out.
        layer: at first, from 1.
        head: at first, from 1.
        focus: the word that looks, 0 for <s>; -1 for the last one.

    Raises:
        ValueError: another kind of model, a vocabulary of another size, a
            layer or head that is not there, or more than 100 kB of weights.
    """

    _esm = bundle("attention_explorer")

    words = synced(traitlets.Unicode())
    config = synced(traitlets.Dict())
    packed = synced(traitlets.Dict())
    text = synced(traitlets.Unicode())
    layer = synced(traitlets.Int())
    head = synced(traitlets.Int())
    focus = synced(traitlets.Int())

    def __init__(
        self,
        model: "Transformer",
        vocabulary: "Vocabulary",
        *,
        text: str = TEXT,
        layer: int = 1,
        head: int = 1,
        focus: int = -1,
    ) -> None:
        _check(model, vocabulary)
        config = model.config
        for name, value, most in (
            ("layer", layer, config.n_layers),
            ("head", head, config.n_heads),
        ):
            check_between(name, value, 1, most)
        packed = {
            name: pack(parameter.detach().numpy())
            for name, parameter in model.named_parameters()
        }
        size = len(str(packed))
        if size > MAX_WEIGHTS:
            raise ValueError(
                f"the weights must fit in {MAX_WEIGHTS} bytes, got {size}; "
                "give a smaller model"
            )
        sizes = ("d_model", "d_head", "n_layers", "n_heads")
        numbers = (*sizes, "norm_eps", "rope_theta")
        super().__init__(
            words="\n".join(vocabulary.words(range(len(vocabulary)))),
            config={name: getattr(config, name) for name in numbers},
            packed=packed,
            text=text,
            layer=layer,
            head=head,
            focus=focus,
        )

    def summary(self) -> str:
        """Say how large the model is."""
        return (
            f"a decoder of {self.config['n_layers']} layers, "
            f"{self.config['n_heads']} heads each"
        )
