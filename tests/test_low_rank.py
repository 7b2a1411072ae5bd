"""Thin matrices against torch's SVD and the theorem."""

import pytest
import torch
from torch import nn

from companion.models.low_rank import thin, thinned, truncated


def weight():
    return torch.randn(7, 5, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("rank", range(1, 6))
def test_what_is_lost_is_the_rest_of_the_spectrum(rank):
    left, right = truncated(weight(), rank)
    assert left.shape == (7, rank) and right.shape == (rank, 5)
    lost = (weight() - left @ right).square().sum()
    rest = torch.linalg.svdvals(weight())[rank:].square().sum()
    torch.testing.assert_close(lost, rest, atol=1e-5, rtol=1e-4)


def test_no_gradient_step_comes_nearer():
    """At the best pair of rank 2 the slope of the error is zero."""
    left, right = (each.requires_grad_() for each in truncated(weight(), 2))
    (weight() - left @ right).square().sum().backward()
    for each in (left, right):
        torch.testing.assert_close(each.grad, torch.zeros_like(each))


@pytest.mark.parametrize("bias", [True, False])
def test_full_rank_changes_nothing(bias):
    torch.manual_seed(0)
    layer, x = nn.Linear(5, 7, bias=bias), torch.randn(3, 5)
    torch.testing.assert_close(thin(layer, 5)(x), layer(x))


def test_a_copy_is_thinned_and_the_model_is_left():
    model = nn.ModuleDict(
        {"up_proj": nn.Linear(6, 8), "other": nn.Linear(6, 8)}
    )
    new = thinned(model, 2, ("up_proj",))
    assert isinstance(model["up_proj"], nn.Linear)
    assert isinstance(new["other"], nn.Linear)
    sizes = [tuple(p.shape) for p in new["up_proj"].parameters()]
    assert sizes == [(2, 6), (8, 2), (8,)]


def test_refused():
    for rank in (0, 6):
        with pytest.raises(ValueError, match=f"from 1 to 5 .* got {rank}"):
            truncated(weight(), rank)
    with pytest.raises(ValueError, match="no linear layer is named a or b"):
        thinned(nn.Linear(2, 2), 1, ("a", "b"))
