"""Causal attention with several heads, and its gradient.

Source: Vaswani et al. 2017 (arXiv:1706.03762), section 3.2.

B: texts, H: heads, T: tokens.

Chapter: book/4-architectures/5-one-token.ipynb
"""

import math

import numpy as np


def split_heads(x: np.ndarray, n_heads: int) -> np.ndarray:
    """Cut the width into heads: (B, T, d_model) to (B, H, T, d_head).

    Raises:
        ValueError: the width is no multiple of n_heads.
    """
    if x.shape[-1] % n_heads:
        raise ValueError(
            f"the width ({x.shape[-1]}) must be a multiple of n_heads "
            f"({n_heads})"
        )
    heads = x.reshape(*x.shape[:-1], n_heads, -1)  # (B, T, H, d_head)
    return heads.swapaxes(-3, -2)


def merge_heads(x: np.ndarray) -> np.ndarray:
    """Put heads side by side: (B, H, T, d_head) to (B, T, d_model)."""
    side_by_side = x.swapaxes(-3, -2)  # (B, T, H, d_head)
    return side_by_side.reshape(*side_by_side.shape[:-2], -1)


def attention_weights(q: np.ndarray, k: np.ndarray) -> np.ndarray:
    """How much of each earlier value goes into each answer.

    Args:
        q: (..., T, d_head)
        k: (..., T, d_head)

    Returns:
        (..., T, T): row t holds 0 after place t, and sums to 1.
    """
    scores = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])  # (..., T, T)
    ahead = np.triu(np.ones(scores.shape[-2:], dtype=bool), k=1)
    scores = np.where(ahead, -np.inf, scores)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def attention(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Mix the values of the places up to each one, (..., T, d_head)."""
    return attention_weights(q, k) @ v


def attention_backward(
    grad: np.ndarray,
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    weights: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients with respect to q, k and v.

    Args:
        grad: (..., T, d_head): of the loss, with respect to the result.
        q: (..., T, d_head)
        k: (..., T, d_head)
        v: (..., T, d_head)
        weights: (..., T, T), if they are known from the way forward.
    """
    if weights is None:
        weights = attention_weights(q, k)
    grad_weights = grad @ v.swapaxes(-1, -2)
    # each row of weights sums to 1: what is common to a row moves nothing
    common = (grad_weights * weights).sum(axis=-1, keepdims=True)
    grad_scores = weights * (grad_weights - common) / math.sqrt(q.shape[-1])
    return (
        grad_scores @ k,
        grad_scores.swapaxes(-1, -2) @ q,
        weights.swapaxes(-1, -2) @ grad,
    )
