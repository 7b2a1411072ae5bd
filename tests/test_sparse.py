"""Attention by blocks against dense attention under the same mask."""

import pytest
import torch
from torch.nn import functional as F

from companion.models import attention, causal_mask
from companion.models.sparse import (
    block_attention,
    block_mask,
    sliding_window_attention,
)


def qkv(length, d_value=8):
    generator = torch.Generator().manual_seed(length)
    return [
        torch.randn(2, 3, length, width, generator=generator)
        for width in (8, 8, d_value)
    ]


@pytest.mark.parametrize("block", [None, 1, 4, 16])
@pytest.mark.parametrize("window", [1, 3, 8, 50])
@pytest.mark.parametrize("length", [1, 5, 16, 37])
def test_window_matches_torch(length, window, block):
    q, k, v = qkv(length, 5)
    ours = sliding_window_attention(q, k, v, window, block)
    mask = causal_mask(length, window=window)
    dense = F.scaled_dot_product_attention(q, k, v, mask)
    torch.testing.assert_close(ours, dense)


@pytest.mark.parametrize("n_before", [0, 1, 3])
@pytest.mark.parametrize("block", [1, 4, 16])
@pytest.mark.parametrize("length", [1, 5, 16, 37])
def test_blocks_match_dense_attention(length, block, n_before):
    q, k, v = qkv(length)
    ours = block_attention(q, k, v, block, n_before)
    mask = block_mask(length, block, n_before)
    torch.testing.assert_close(ours, attention(q, k, v, mask))


def test_gradients_match_dense_attention():
    ours, dense = qkv(13), qkv(13)
    for each in (*ours, *dense):
        each.requires_grad_()
    sliding_window_attention(*ours, 4).square().sum().backward()
    mask = causal_mask(13, window=4)
    attention(*dense, mask).square().sum().backward()
    for a, b in zip(ours, dense, strict=True):
        torch.testing.assert_close(a.grad, b.grad)


def test_block_mask_by_hand():
    shown = ["".join(".x"[int(v)] for v in row) for row in block_mask(6, 2, 1)]
    assert shown == [
        "x.....",
        "xx....",
        "xxx...",
        "xxxx..",
        "..xxx.",
        "..xxxx",
    ]


def test_blocks_of_one_are_a_window():
    assert torch.equal(block_mask(9, 1, 3), causal_mask(9, window=4))


def test_what_is_hidden_is_not_computed():
    """A key that no query of a span may see could be anything."""
    q, k, v = qkv(64)
    k[:, :, :16] = v[:, :, :16] = float("nan")
    mixed = sliding_window_attention(q, k, v, 8)
    assert mixed[:, :, 32:].isfinite().all()


def test_refused():
    q, k, v = qkv(4)
    with pytest.raises(ValueError, match="window must be at least 1, got 0"):
        sliding_window_attention(q, k, v, 0)
    with pytest.raises(ValueError, match="block must be at least 1, got 0"):
        block_attention(q, k, v, 0)
    with pytest.raises(ValueError, match="block must be at least 1, got -1"):
        sliding_window_attention(q, k, v, 2, -1)
    with pytest.raises(ValueError, match="n_before must be at least 0, got"):
        block_mask(4, 2, -1)
