"""Norms: equal to torch's, forward and gradient, and their laws."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from companion.models import TransformerConfig, layer_norm, rms_norm
from companion.models.norms import build_norm

SHAPES = [(5,), (3, 16), (2, 3, 64), (2, 1, 4, 7)]
EPS = [1e-5, 1e-12, 0.5]


def draw(shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(shape, generator=generator, dtype=torch.float64)
    return (3 * x + 2).requires_grad_()


def torch_layer_norm(x, weight, bias, eps):
    return F.layer_norm(x, x.shape[-1:], weight, bias, eps)


def torch_rms_norm(x, weight, bias, eps):
    return F.rms_norm(x, x.shape[-1:], weight, eps)


def our_rms_norm(x, weight, bias, eps):
    return rms_norm(x, weight, eps)


NORMS = {
    "layer": (layer_norm, torch_layer_norm),
    "rms": (our_rms_norm, torch_rms_norm),
}


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("eps", EPS)
@pytest.mark.parametrize("scaled", [True, False])
def test_matches_torch_forward_and_gradient(norm, shape, eps, scaled):
    ours, theirs = NORMS[norm]
    results = []
    for function in (ours, theirs):
        x, grad = draw(shape), draw(shape, seed=1).detach()
        leaves = [x]
        weight = bias = None
        if scaled:
            weight, bias = draw(shape[-1:], 2), draw(shape[-1:], 3)
            leaves += [weight] if norm == "rms" else [weight, bias]
        y = function(x, weight, bias, eps)
        y.backward(grad)
        results.append([y.detach(), *(leaf.grad for leaf in leaves)])
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("norm", [layer_norm, rms_norm])
def test_gradient_is_the_finite_difference(norm):
    x, weight = draw((2, 6)), draw((6,), seed=1)
    assert torch.autograd.gradcheck(norm, (x, weight))


def test_layer_norm_by_hand():
    x = torch.tensor([1.0, 2.0, 3.0, 6.0])  # mean 3, squares 4 1 0 9
    expected = torch.tensor([-2.0, -1.0, 0.0, 3.0]) / 3.5**0.5
    torch.testing.assert_close(layer_norm(x, eps=0), expected)
    assert rms_norm(torch.tensor([3.0, 4.0]), eps=0).square().mean() == 1


def test_the_variance_is_biased():
    """With torch's `std`, which divides by n - 1, it would be smaller."""
    x = draw((4, 16)).detach()
    unbiased = (x - x.mean(-1, keepdim=True)) / x.std(-1, keepdim=True)
    ratio = unbiased / layer_norm(x, eps=0)
    expected = torch.full_like(ratio, (15 / 16) ** 0.5)
    torch.testing.assert_close(ratio, expected)


def test_eps_is_inside_the_root():
    """A constant vector, and one that is as small as eps: no NaN."""
    constant = torch.full((8,), 7.0, requires_grad=True)
    y = layer_norm(constant)
    assert torch.equal(y, torch.zeros(8))
    y.sum().backward()
    assert constant.grad.isfinite().all()
    x = torch.tensor([-1.0, 1.0])
    torch.testing.assert_close(layer_norm(x, eps=3), x / 2)
    torch.testing.assert_close(rms_norm(x, eps=3), x / 2)


def test_what_they_do_not_see():
    """Layer norm neither shift nor scale; the other one scale alone."""
    x = draw((3, 10)).detach()
    torch.testing.assert_close(
        layer_norm(5 * x + 2, eps=0), layer_norm(x, eps=0)
    )
    torch.testing.assert_close(rms_norm(5 * x, eps=0), rms_norm(x, eps=0))
    assert not torch.allclose(rms_norm(x + 2, eps=0), rms_norm(x, eps=0))
    centred = x - x.mean(-1, keepdim=True)
    torch.testing.assert_close(rms_norm(centred, eps=0), layer_norm(x, eps=0))


def test_each_vector_by_itself():
    x = draw((2, 3, 8)).detach()
    alone = torch.stack([layer_norm(row) for row in x.flatten(0, 1)])
    torch.testing.assert_close(layer_norm(x).flatten(0, 1), alone)


def test_a_config_builds_its_norm():
    config = TransformerConfig(vocab_size=5, d_model=8, norm_eps=0.25)
    norm = build_norm(config)
    assert (type(norm), norm.eps) == (nn.LayerNorm, 0.25)
    x = draw((3, 8)).detach().float()
    torch.testing.assert_close(norm(x), layer_norm(x, eps=0.25))
    config = TransformerConfig.llama(vocab_size=5, d_model=8, norm_eps=0.25)
    norm = build_norm(config)
    assert (type(norm), norm.eps) == (nn.RMSNorm, 0.25)
    torch.testing.assert_close(norm(x), rms_norm(x, eps=0.25))
