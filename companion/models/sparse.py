"""Attention that computes only what a token may see.

Source: Child et al. 2019 (arXiv:1904.10509) for patterns of blocks; the
sliding window, and its computation in blocks, from Beltagy et al. 2020
(arXiv:2004.05150), sections 3.1 and 3.2.

T: places, N: blocks of places.

Chapter: book/4-architectures/8-long-texts.ipynb
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F


def block_mask(length: int, block: int, n_before: int = 1) -> Tensor:
    """Let each place see its own block so far, and some blocks before.

    Args:
        length: T.
        block: places in a block.
        n_before: whole blocks that are seen before the own one.

    Returns:
        (T, T), bool: True where a query may look.

    Raises:
        ValueError: block is below 1, or n_before below 0.
    """
    _check(block, n_before)
    places = torch.arange(length)
    blocks = places // block
    back = blocks[:, None] - blocks  # (T, T): how many blocks back
    return (places[:, None] >= places) & (back <= n_before)


def block_attention(
    q: Tensor, k: Tensor, v: Tensor, block: int, n_before: int = 1
) -> Tensor:
    """Compute attention under `block_mask`, and none of what it hides.

    Args:
        q: (..., T, d_head)
        k: (..., T, d_head)
        v: (..., T, d_value)
        block: places in a block.
        n_before: whole blocks that are seen before the own one.

    Returns:
        (..., T, d_value)

    Raises:
        ValueError: block is below 1, or n_before below 0.
    """
    _check(block, n_before)
    back = _places_back(block, n_before)
    return _by_blocks(q, k, v, n_before, back >= 0)


def sliding_window_attention(
    q: Tensor, k: Tensor, v: Tensor, window: int, block: int | None = None
) -> Tensor:
    """Compute attention under `causal_mask(T, window=window)` in blocks.

    Each block of queries meets its own keys and those of the blocks that
    its first query can still see: T * (block + window) scores, about, and
    not T * T.

    Args:
        q: (..., T, d_head)
        k: (..., T, d_head)
        v: (..., T, d_value)
        window: how many keys a query sees at most, its own included.
        block: queries that are computed together; as window if not given.

    Returns:
        (..., T, d_value)

    Raises:
        ValueError: window or block is below 1.
    """
    if window < 1:
        raise ValueError(f"window must be at least 1, got {window}")
    block = window if block is None else block
    _check(block, 0)
    n_before = math.ceil((window - 1) / block)
    back = _places_back(block, n_before)
    return _by_blocks(q, k, v, n_before, (back >= 0) & (back < window))


def _places_back(block: int, n_before: int) -> Tensor:
    """How far back each key of a span lies: (block, span)."""
    keys = torch.arange((n_before + 1) * block)
    return torch.arange(block)[:, None] + n_before * block - keys


def _by_blocks(
    q: Tensor, k: Tensor, v: Tensor, n_before: int, visible: Tensor
) -> Tensor:
    """Let each block of queries look at a span of keys.

    Args:
        q: (..., T, d_head)
        k: (..., T, d_head)
        v: (..., T, d_value)
        n_before: blocks of a span before the queries' own.
        visible: (block, span), bool: what a block sees of its span.
    """
    length, (block, span) = q.shape[-2], visible.shape
    end = -length % block  # fills the last block
    q = F.pad(q, (0, 0, 0, end)).unflatten(-2, (-1, block))
    k, v = (
        F.pad(each, (0, 0, n_before * block, end)).unfold(-2, span, block)
        for each in (k, v)
    )  # (..., N, width, span), without a copy
    scores = q @ k / math.sqrt(q.shape[-1])  # (..., N, block, span)
    place = torch.arange(span) - n_before * block  # of a key, block 0
    starts = block * torch.arange(q.shape[-3])
    exists = place + starts[:, None] >= 0  # (N, span): no padding in front
    mask = (visible & exists[:, None]).to(q.device)  # (N, block, span)
    weights = scores.masked_fill(~mask, float("-inf")).softmax(-1)
    mixed = weights @ v.mT  # (..., N, block, d_value)
    return mixed.flatten(-3, -2)[..., :length, :]


def _check(block: int, n_before: int) -> None:
    if block < 1:
        raise ValueError(f"block must be at least 1, got {block}")
    if n_before < 0:
        raise ValueError(f"n_before must be at least 0, got {n_before}")
