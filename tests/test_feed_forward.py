"""The feed-forward part: its definition, torch's own, and its laws."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from companion.models import DropoutConfig, FeedForward, TransformerConfig
from companion.models.feed_forward import ACTIVATIONS

SQRT_2_PI = math.sqrt(2 / math.pi)


def by_definition(name, z):
    """The functions as the papers write them."""
    return {
        "relu": z * (z > 0),
        "gelu": z * (1 + torch.erf(z / math.sqrt(2))) / 2,
        "gelu_tanh": z
        * (1 + torch.tanh(SQRT_2_PI * (z + 0.044715 * z**3)))
        / 2,
        "swiglu": z / (1 + torch.exp(-z)),
    }[name]


def build(activation="gelu", dropout=0.0, **more):
    torch.manual_seed(0)
    settings = {"vocab_size": 5, "d_model": 6, "d_ff": 10, "n_heads": 2}
    config = TransformerConfig(
        activation=activation,
        dropout=DropoutConfig(hidden=dropout),
        **settings | more,
    )
    return FeedForward(config).double()


def draw(*shape):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_are_their_definitions(name):
    z = torch.linspace(-6, 6, 241, dtype=torch.float64)
    expected = by_definition(name, z)
    torch.testing.assert_close(ACTIVATIONS[name](z), expected)


def test_the_tanh_is_near_the_error_function():
    z = torch.linspace(-6, 6, 241, dtype=torch.float64)
    exact, near = ACTIVATIONS["gelu"](z), ACTIVATIONS["gelu_tanh"](z)
    assert (exact - near).abs().max() < 5e-4


@pytest.mark.parametrize("name", ["relu", "gelu", "gelu_tanh"])
def test_matches_torch_forward_and_gradient(name):
    """An nn.Sequential with the same weights."""
    ours = build(name)
    modules = {"relu": nn.ReLU(), "gelu": nn.GELU()}
    bend = modules.get(name, nn.GELU(approximate="tanh"))
    theirs = nn.Sequential(nn.Linear(6, 10), bend, nn.Linear(10, 6)).double()
    theirs[0].load_state_dict(ours.up_proj.state_dict())
    theirs[2].load_state_dict(ours.down_proj.state_dict())
    a = draw(2, 3, 6).requires_grad_()
    b = a.detach().clone().requires_grad_()
    torch.testing.assert_close(ours(a), theirs(b))
    ours(a).square().sum().backward()
    theirs(b).square().sum().backward()
    torch.testing.assert_close(a.grad, b.grad)
    for mine, other in zip(
        ours.parameters(), theirs.parameters(), strict=True
    ):
        torch.testing.assert_close(mine.grad, other.grad)


@pytest.mark.parametrize("bias", [True, False])
def test_swiglu_is_its_definition(bias):
    """down(silu(gate x) * (up x)); silu(z) = z sigmoid(z)."""
    part, x = build("swiglu", bias=bias), draw(4, 6)
    w = {name: p.detach() for name, p in part.named_parameters()}
    assert ("up_proj.bias" in w) == bias
    zero = torch.zeros(())
    gate = x @ w["gate_proj.weight"].T + w.get("gate_proj.bias", zero)
    up = x @ w["up_proj.weight"].T + w.get("up_proj.bias", zero)
    hidden = gate * gate.sigmoid() * up
    expected = hidden @ w["down_proj.weight"].T
    expected = expected + w.get("down_proj.bias", zero)
    torch.testing.assert_close(part(x), expected)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_gradient_is_the_finite_difference(name):
    assert torch.autograd.gradcheck(build(name), draw(2, 6).requires_grad_())


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_same_network_at_each_place(name):
    """Places can be permuted, left out or changed: the others stay."""
    part, x = build(name), draw(2, 5, 6)
    y = part(x)
    order = torch.tensor([3, 1, 4, 0, 2])
    torch.testing.assert_close(part(x[:, order]), y[:, order])
    torch.testing.assert_close(part(x[0, 3]), y[0, 3])
    changed = x.clone()
    changed[:, 2] += 1
    moved = (part(changed) != y).any(2)
    assert moved.tolist() == [[False, False, True, False, False]] * 2


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_it_is_not_linear(name):
    part, x = build(name, bias=False), draw(3, 6)
    assert not torch.allclose(part(2 * x), 2 * part(x)) or name == "relu"
    assert not torch.allclose(part(-x), -part(x))


def test_dropout_is_inside_and_off_in_eval_mode():
    part, x = build(dropout=0.5), draw(2, 6)
    plain = build()
    torch.testing.assert_close(part.eval()(x), plain(x))
    torch.manual_seed(2)
    mask = F.dropout(torch.ones(2, 10, dtype=torch.float64), 0.5)
    hidden = F.gelu(part.up_proj(x)) * mask
    torch.manual_seed(2)
    torch.testing.assert_close(part.train()(x), part.down_proj(hidden))


def test_sizes():
    assert sum(p.numel() for p in build().parameters()) == 2 * 60 + 10 + 6
    gated = build("swiglu", bias=False)
    assert sum(p.numel() for p in gated.parameters()) == 3 * 60
