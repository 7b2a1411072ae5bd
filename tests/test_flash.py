"""Attention in tiles against the definition and against torch."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from companion.models.flash import OnlineSoftmax, flash_attention


def qkv(length, d_value=8, scale=1.0):
    rng = np.random.default_rng(length)
    widths = (8, 8, d_value)
    return [scale * rng.standard_normal((length, w)) for w in widths]


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("tile", [1, 5, 16, 64])
@pytest.mark.parametrize("length", [1, 5, 16, 37])
def test_matches_torch(length, tile, causal):
    q, k, v = qkv(length, 5)
    ours = flash_attention(q, k, v, causal=causal, tile=tile)
    theirs = F.scaled_dot_product_attention(
        *map(torch.from_numpy, (q, k, v)), is_causal=causal
    )
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


def test_large_scores_do_not_overflow():
    q, k, v = qkv(20, scale=60.0)  # scores of some thousands
    ours = flash_attention(q, k, v, tile=4)
    theirs = F.scaled_dot_product_attention(
        *map(torch.from_numpy, (q, k, v)), is_causal=True
    )
    assert np.isfinite(ours).all()
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_online_softmax_in_any_order(order):
    scores, values = np.array([1.0, 3.0, 2.0]), np.array([10.0, 20.0, 40.0])
    state = OnlineSoftmax.start(1, 1)
    for i in order:
        state.read(scores[None, i : i + 1], values[i : i + 1, None])
    weights = np.exp(scores) / np.exp(scores).sum()
    np.testing.assert_allclose(state.result, [[weights @ values]])
    log_total = math.log(np.exp(scores).sum())
    np.testing.assert_allclose(state.log_total, [[log_total]])
    assert state.highest == 3


def test_refused():
    q, k, v = qkv(4)
    with pytest.raises(ValueError, match=r"one shape, got \(4, 8\) and \(3,"):
        flash_attention(q, k[:3], v[:3])
    with pytest.raises(ValueError, match="tile must be at least 1, got 0"):
        flash_attention(q, k, v, tile=0)
