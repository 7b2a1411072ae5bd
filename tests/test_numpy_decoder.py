"""The Transformer's layers in NumPy: torch, finite differences, laws."""

import inspect
import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from companion import numpy_gpt
from companion.models import (
    Transformer,
    TransformerConfig,
    causal_mask,
)
from companion.numpy_gpt import (
    Decoder,
    attention,
    attention_weights,
    embedding,
    embedding_backward,
    gelu,
    layer_norm,
    merge_heads,
    rotate,
    split_heads,
)

RNG = np.random.default_rng(0)
IDS = np.array([[3, 1, 3, 0], [2, 2, 2, 4]])
# layer -> its inputs, those that have a gradient first
LAYERS = {
    "linear": (RNG.normal(size=(2, 4, 3)), RNG.normal(size=(5, 3))),
    "relu": (RNG.normal(size=(2, 4, 3)),),
    "gelu": (RNG.normal(size=(2, 4, 3)),),
    "layer_norm": (RNG.normal(size=(2, 4, 6)), *RNG.normal(size=(2, 6))),
    "attention": tuple(RNG.normal(size=(3, 2, 2, 5, 4))),
    "rotate": (RNG.normal(size=(2, 5, 6)),),
    "embedding": (IDS, RNG.normal(size=(5, 3))),
}


def rotated(x):
    """Pairs as complex numbers, each times a number of length 1."""
    speeds = 1e4 ** -(torch.arange(3, dtype=torch.float64) / 3)
    angles = torch.outer(torch.arange(5, dtype=torch.float64), speeds)
    pairs = torch.complex(*x.chunk(2, -1)) * torch.polar(
        torch.ones_like(angles), angles
    )
    return torch.cat([pairs.real, pairs.imag], -1)


def torch_of(name):
    return {
        "linear": F.linear,
        "relu": F.relu,
        "gelu": lambda x: F.gelu(x, approximate="tanh"),
        "layer_norm": lambda x, w, b: F.layer_norm(x, (6,), w, b),
        "attention": lambda q, k, v: F.scaled_dot_product_attention(
            q, k, v, is_causal=True
        ),
        "rotate": rotated,
        "embedding": F.embedding,
    }[name]


def test_every_layer_has_its_gradient_and_is_checked():
    functions = {
        name
        for name, value in vars(numpy_gpt).items()
        if inspect.isfunction(value)
    }
    with_gradient = {n for n in functions if f"{n}_backward" in functions}
    losses = {"cross_entropy", "mean_squared_error"}  # test_numpy_layers
    assert with_gradient == set(LAYERS) | losses


@pytest.mark.parametrize("name", LAYERS)
def test_forward_and_backward_match_torch(name):
    inputs = LAYERS[name]
    leaves = [
        torch.tensor(a, requires_grad=a.dtype == np.float64) for a in inputs
    ]
    theirs = torch_of(name)(*leaves)
    ours = getattr(numpy_gpt, name)(*inputs)
    np.testing.assert_allclose(ours, theirs.detach(), rtol=1e-12, atol=1e-12)
    grad = np.random.default_rng(1).normal(size=ours.shape)
    theirs.backward(torch.tensor(grad))
    found = getattr(numpy_gpt, f"{name}_backward")(grad, *inputs)
    found = found if isinstance(found, tuple) else (found,)
    leaves = [leaf for leaf in leaves if leaf.requires_grad]
    for mine, leaf in zip(found, leaves, strict=False):
        np.testing.assert_allclose(mine, leaf.grad, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", LAYERS)
def test_gradient_is_the_slope(name):
    """Central differences of a random mix of the outputs, every input."""
    inputs, layer = LAYERS[name], getattr(numpy_gpt, name)
    grad = np.random.default_rng(2).normal(size=layer(*inputs).shape)
    found = getattr(numpy_gpt, f"{name}_backward")(grad, *inputs)
    found = iter(found if isinstance(found, tuple) else (found,))
    for i, array in enumerate(inputs):
        if array.dtype != np.float64:
            continue
        ours = next(found)
        for place in itertools.islice(np.ndindex(array.shape), 0, None, 3):
            high, low = array.copy(), array.copy()
            high[place] += 1e-6
            low[place] -= 1e-6
            up, down = (
                (layer(*inputs[:i], moved, *inputs[i + 1 :]) * grad).sum()
                for moved in (high, low)
            )
            slope = (up - down) / 2e-6
            np.testing.assert_allclose(
                ours[place], slope, rtol=1e-6, atol=1e-7
            )


def test_repeated_tokens_add_up():
    grad = np.ones((2, 4, 3))
    total = embedding_backward(grad, IDS, np.zeros((5, 3)))
    assert total[:, 0].tolist() == [1, 1, 3, 2, 1]


def test_layer_norm_is_standard():
    x = RNG.normal(size=(7, 64)) * 9 + 4
    done = layer_norm(x, np.ones(64), np.zeros(64), eps=0.0)
    np.testing.assert_allclose(done.mean(-1), 0, atol=1e-12)
    np.testing.assert_allclose(done.var(-1), 1)


def test_nothing_looks_ahead():
    q, k, _ = LAYERS["attention"]
    weights = attention_weights(q, k)
    assert not np.triu(weights, 1).any()
    np.testing.assert_allclose(weights.sum(-1), 1)


def test_heads_come_back():
    x = RNG.normal(size=(2, 5, 12))
    assert np.array_equal(merge_heads(split_heads(x, 3)), x)
    assert np.array_equal(split_heads(x, 3)[:, 1], x[..., 4:8])


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("activation", ["gelu_tanh", "relu"])
@pytest.mark.parametrize("position", ["learned", "rotary"])
def test_decoder_matches_the_transformer(tied, activation, position):
    torch.manual_seed(0)
    config = TransformerConfig(
        vocab_size=11, context_length=9, d_model=12, n_layers=3, n_heads=3,
        tied=tied, activation=activation, init_std=0.3, position=position,
    )  # fmt: skip
    model = Transformer(config).double().eval()
    weights = {k: v.numpy() for k, v in model.state_dict().items()}
    decoder = Decoder(weights, 3, activation=activation)
    ids = np.random.default_rng(0).integers(11, size=(2, 9))
    with torch.no_grad():
        expected = model(torch.tensor(ids))
    np.testing.assert_allclose(decoder.logits(ids), expected, atol=1e-10)
    if tied:
        del weights["lm_head.weight"]
        decoder = Decoder(weights, 3, activation=activation)
        np.testing.assert_allclose(decoder.logits(ids), expected, atol=1e-10)


def test_trace_adds_up():
    torch.manual_seed(0)
    model = Transformer(TransformerConfig(vocab_size=11, n_layers=2))
    weights = {k: v.numpy() for k, v in model.state_dict().items()}
    seen = Decoder(weights, 4).trace(np.arange(6))
    names = list(seen)
    assert (names[0], names[-1]) == ("token vectors", "logits")
    parts = [seen["stream"]]
    for block in ("block 1", "block 2"):
        parts += [seen[f"{block}: attention"], seen[f"{block}: feed-forward"]]
    np.testing.assert_allclose(sum(parts), seen["block 2: stream"], atol=1e-6)
    assert seen["block 1: weights"].shape == (4, 6, 6)
    hidden = ~causal_mask(6).numpy()
    assert not seen["block 1: weights"][:, hidden].any()


def test_refuses():
    with pytest.raises(ValueError, match="token_ids must be from 0 to 4, got"):
        embedding(np.array([5]), np.zeros((5, 2)))
    with pytest.raises(ValueError, match="must be from 0 to 4, got -1 to -1"):
        embedding(np.array([-1]), np.zeros((5, 2)))
    with pytest.raises(ValueError, match="must be integers, got float64"):
        embedding(np.array([1.0]), np.zeros((5, 2)))
    with pytest.raises(ValueError, match=r"width \(5\) must be a multiple"):
        split_heads(np.zeros((2, 5)), 2)
    with pytest.raises(ValueError, match="must be one of gelu_tanh, relu, go"):
        Decoder({}, 1, activation="swiglu")
    with pytest.raises(ValueError, match=r"missing: token_embedding\.weight"):
        Decoder({}, 1)
    with pytest.raises(ValueError, match="must be even to be rotated, got 3"):
        rotate(np.zeros((4, 3)))


def test_gelu_and_attention_by_hand():
    np.testing.assert_allclose(
        gelu(np.array([0.0, 1.0])), [0, 0.8412], atol=1e-4
    )
    one = np.array([[[2.0, 3.0]]])  # with one place, the answer is the value
    assert np.array_equal(attention(5 * one, one, one), one)
