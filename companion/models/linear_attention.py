"""Attention without a softmax: what has been read fits in one matrix.

Source: Katharopoulos et al. 2020 (arXiv:2006.16236), section 3.2 for the
feature map, 3.3 for the causal form and 3.4 for the recurrent one.

T: places, d_head: width of queries and keys, d_value: of values.

Chapter: book/4-architectures/8-long-texts.ipynb
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from companion.models.attention import Attention
from companion.models.cache import LayerCache
from companion.models.positions import Rotation
from companion.models.transformer import Transformer


def feature_map(x: Tensor) -> Tensor:
    """Make every number positive: x + 1 above 0, exp(x) below."""
    return F.elu(x) + 1


def linear_attention_definition(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Mix the values read so far by f(q) . f(k), as it is defined: T x T.

    Args:
        q: (..., T, d_head)
        k: (..., T, d_head)
        v: (..., T, d_value)

    Returns:
        (..., T, d_value)
    """
    weights = (feature_map(q) @ feature_map(k).mT).tril()  # (..., T, T)
    return (weights / weights.sum(-1, keepdim=True)) @ v


@dataclass
class LinearState:
    """All that linear attention keeps of a text, however long it is.

    Args:
        mixed: (..., d_head, d_value), the sum of f(k)^T v.
        total: (..., d_head), the sum of f(k).
    """

    mixed: Tensor | float = 0.0
    total: Tensor | float = 0.0

    def step(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Read one place, and answer its query: (..., d_value).

        Args:
            q: (..., d_head)
            k: (..., d_head)
            v: (..., d_value)
        """
        asked, label = feature_map(q), feature_map(k)
        self.mixed = self.mixed + label[..., :, None] * v[..., None, :]
        self.total = self.total + label
        found = (asked[..., None, :] @ self.mixed).squeeze(-2)
        return found / (asked * self.total).sum(-1, keepdim=True)


def linear_attention(
    q: Tensor, k: Tensor, v: Tensor, chunk: int = 64
) -> Tensor:
    """Compute the same for all places at once, chunk by chunk.

    Inside a chunk by the definition, before it by the state: time and room
    grow with T, not with its square.

    Args:
        q: (..., T, d_head)
        k: (..., T, d_head)
        v: (..., T, d_value)
        chunk: places that are compared one with each other.

    Returns:
        (..., T, d_value)

    Raises:
        ValueError: chunk is below 1.
    """
    if chunk < 1:
        raise ValueError(f"chunk must be at least 1, got {chunk}")
    length = q.shape[-2]
    chunk = min(chunk, length)
    v = torch.cat([v, torch.ones_like(v[..., :1])], -1)  # the last: totals
    q, k, v = (
        F.pad(each, (0, 0, 0, -length % chunk)).unflatten(-2, (-1, chunk))
        for each in (feature_map(q), feature_map(k), v)
    )  # (..., N, chunk, width)
    inside = (q @ k.mT).tril() @ v  # (..., N, chunk, d_value + 1)
    states = k.mT @ v  # (..., N, d_head, d_value + 1)
    before = states.cumsum(-3) - states  # of the chunks before
    both = (inside + q @ before).flatten(-3, -2)[..., :length, :]
    return both[..., :-1] / both[..., -1:]


class LinearAttention(Attention):
    """`Attention` with linear attention in each head.

    Where a model turns queries and keys by their places, they are turned
    before the feature map, so that their products stay positive.
    """

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None = None,
        rotation: Rotation | None = None,
        cache: LayerCache | None = None,
    ) -> Tensor:
        """Let each place look at all before it: (B, T, d_model).

        Raises:
            ValueError: there is a mask or a cache.
        """
        if mask is not None or cache is not None:
            raise ValueError(
                "linear attention here is causal, without mask or cache"
            )
        q, k, v = self.project(x)
        if rotation is not None:
            q, k = rotation(q), rotation(k)
        shared = q.shape[1] // k.shape[1]
        k, v = (each.repeat_interleave(shared, 1) for each in (k, v))
        mixed = linear_attention(q, k, v)  # (B, H, T, d_head)
        return self.o_proj(mixed.transpose(1, 2).flatten(2))


def use_linear_attention(model: Transformer) -> Transformer:
    """Let a model's blocks look back linearly, with the same weights.

    Args:
        model: causal, changed in place.

    Returns:
        The same model.

    Raises:
        ValueError: the model is an encoder, or has a window.
    """
    if not model.config.causal or model.config.window is not None:
        raise ValueError(
            "linear attention here needs a causal model without a window, "
            f"got causal={model.config.causal}, window={model.config.window}"
        )
    for block in model.blocks:
        linear = LinearAttention(model.config)
        linear.load_state_dict(block.attention.state_dict())
        block.attention = linear
    return model
