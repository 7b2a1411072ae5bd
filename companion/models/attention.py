"""Attention: each place of a text looks at the places it may see.

Source: Vaswani et al. 2017 (arXiv:1706.03762), sections 3.2.1 and 3.2.2;
grouped queries from Ainslie et al. 2023 (arXiv:2305.13245).

B: texts, H: query heads, K: key and value heads, T: queries, S: keys.

Chapter: book/4-architectures/2-attention.ipynb
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from companion.models.cache import LayerCache
from companion.models.positions import Rotation
from companion.models.transformer_config import TransformerConfig


def causal_mask(
    n_queries: int, n_keys: int | None = None, window: int | None = None
) -> Tensor:
    """Let each query see the keys up to its own place, and none ahead.

    The last query stands at the place of the last key, so with fewer
    queries than keys the first keys lie before the first query.

    Args:
        n_queries: T.
        n_keys: S; as many as queries if not given.
        window: how many keys a query sees at most, its own included
            (Beltagy et al. 2020, arXiv:2004.05150); all if not given.

    Returns:
        (T, S), bool: True where a query may look.

    Raises:
        ValueError: there are fewer keys than queries, or window is below 1.
    """
    n_keys = n_queries if n_keys is None else n_keys
    if n_keys < n_queries:
        raise ValueError(
            f"n_keys ({n_keys}) must be at least n_queries ({n_queries})"
        )
    if window is not None and window < 1:
        raise ValueError(f"window must be at least 1, got {window}")
    places = torch.arange(n_keys)
    back = places[n_keys - n_queries :, None] - places  # (T, S)
    visible = back >= 0
    return visible if window is None else visible & (back < window)


def attention(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None
) -> Tensor:
    """Mix value rows by how well each query matches each key.

    Source: Vaswani et al. 2017, equation 1. This is the definition, in
    four lines; `Attention` computes the same with torch's fused kernel.

    Args:
        q: (..., T, d_head)
        k: (..., S, d_head)
        v: (..., S, d_value)
        mask: broadcastable to (..., T, S); True keeps a score. A query
            that may see no key has no answer: NaN. (torch's fused kernel
            says 0.)

    Returns:
        (..., T, d_value): one convex mix of value rows per query.

    Raises:
        ValueError: q and k differ in width.
    """
    return attention_weights(q, k, mask) @ v  # (..., T, d_value)


def attention_weights(
    q: Tensor, k: Tensor, mask: Tensor | None = None
) -> Tensor:
    """How much of each value goes into each answer: (..., T, S).

    Arguments and errors are those of `attention`.
    """
    if q.shape[-1] != k.shape[-1]:
        raise ValueError(
            f"q and k must share d_head, got {q.shape[-1]} and {k.shape[-1]}"
        )
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])  # (..., T, S)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    return scores.softmax(dim=-1)


class Attention(nn.Module):
    """Several look-ups side by side, each in its own part of the width.

    With fewer key heads than query heads, neighbouring query heads share a
    key head, as in Llama.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        d_kv = config.n_kv_heads * config.d_head
        self.q_proj = nn.Linear(config.d_model, config.d_model, config.bias)
        self.k_proj = nn.Linear(config.d_model, d_kv, config.bias)
        self.v_proj = nn.Linear(config.d_model, d_kv, config.bias)
        self.o_proj = nn.Linear(config.d_model, config.d_model, config.bias)

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None = None,
        rotation: Rotation | None = None,
        cache: LayerCache | None = None,
    ) -> Tensor:
        """Let each place look at what it may see.

        Args:
            x: (B, T, d_model)
            mask: broadcastable to (B, H, T, S), True where a query may
                look. None: causal, or everything, as the config says.
            rotation: turns queries and keys by their places.
            cache: keys and values of earlier places; x's are added.

        Returns:
            (B, T, d_model)
        """
        q, k, v = self.project(x)
        if rotation is not None:
            q, k = rotation(q), rotation(k)
        if cache is not None:
            k, v = cache.append(k, v)  # (B, K, S, d_head)
        causal = mask is None and self.config.causal and q.shape[2] > 1
        mixed = F.scaled_dot_product_attention(
            q,
            k,
            v,
            mask,
            dropout_p=self.config.dropout.weights if self.training else 0.0,
            is_causal=causal,
            enable_gqa=q.shape[1] != k.shape[1],
        )  # (B, H, T, d_head)
        return self.o_proj(mixed.transpose(1, 2).flatten(2))

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Ask, label and offer: queries, keys and values, cut into heads.

        Args:
            x: (B, T, d_model)

        Returns:
            q (B, H, T, d_head), k and v (B, K, T, d_head).
        """
        projections = (self.q_proj, self.k_proj, self.v_proj)
        return tuple(
            projection(x)
            .unflatten(-1, (-1, self.config.d_head))  # (B, T, heads, d_head)
            .transpose(1, 2)
            for projection in projections
        )
