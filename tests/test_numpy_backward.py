"""Back through the whole decoder: torch, finite differences, planted slips."""

import itertools
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from companion.models import Transformer, TransformerConfig
from companion.numpy_gpt import (
    IGNORED,
    DecoderConfig,
    backward,
    cross_entropy,
    cross_entropy_backward,
    gradient_errors,
    layer_norm_backward,
    loss_and_gradients,
    new_decoder,
)
from companion.numpy_gpt.attention import attention_backward
from companion.numpy_gpt.gradient_check import central_differences

KINDS = list(
    itertools.product(
        (True, False), ("relu", "gelu_tanh"), ("learned", "rotary")
    )
)
TINY = {"vocab_size": 7, "context_length": 5, "d_model": 4, "n_layers": 2}


def tiny(tied, activation, position, **more):
    """A decoder in float64 whose weights are large enough to matter."""
    config = DecoderConfig(
        tied=tied, activation=activation, position=position, init_std=0.5,
        **(TINY | {"n_heads": 2} | more),
    )  # fmt: skip
    rng = np.random.default_rng(5)
    decoder = new_decoder(config, rng, np.float64)
    for name, array in decoder.parameters.items():  # norms and biases, too
        array += rng.normal(scale=0.2, size=array.shape) * ("norm" in name)
    return config, decoder


def batch(shape=(3, 5), vocab_size=7, seed=1):
    """Ids and targets; the first text ends early."""
    rng = np.random.default_rng(seed)
    inputs, targets = rng.integers(vocab_size, size=(2, *shape))
    targets[0, 2:] = IGNORED
    return inputs, targets


@pytest.mark.parametrize(("tied", "activation", "position"), KINDS)
def test_every_gradient_matches_torch(tied, activation, position):
    size = {"d_model": 12, "n_layers": 3, "n_heads": 3}
    config, decoder = tiny(tied, activation, position, **size)
    theirs = Transformer(
        TransformerConfig(
            tied=tied,
            activation=activation,
            position=position,
            **(TINY | size),
        )
    ).double()
    theirs.load_state_dict(
        {name: torch.tensor(a) for name, a in decoder.weights.items()}
    )
    inputs, targets = batch()
    loss, found = loss_and_gradients(decoder, inputs, targets)
    logits = theirs(torch.tensor(inputs))
    expected = F.cross_entropy(
        logits.flatten(0, 1), torch.tensor(targets).flatten()
    )
    expected.backward()
    np.testing.assert_allclose(loss, expected.item(), atol=1e-12)
    parameters = dict(theirs.named_parameters())
    assert set(found) == set(parameters) == set(config.shapes())
    for name, parameter in parameters.items():
        np.testing.assert_allclose(
            found[name], parameter.grad, atol=1e-10, err_msg=name
        )


@pytest.mark.parametrize(("tied", "activation", "position"), KINDS)
def test_every_gradient_is_the_slope(tied, activation, position):
    _, decoder = tiny(tied, activation, position)
    inputs, targets = batch()
    _, found = loss_and_gradients(decoder, inputs, targets)
    for name, array in decoder.parameters.items():
        slopes = central_differences(
            lambda: cross_entropy(decoder.logits(inputs), targets), array
        )
        np.testing.assert_allclose(
            found[name], slopes, atol=1e-6, err_msg=name
        )


def test_a_batch_is_the_mean_of_its_texts():
    """Each token counts the same, however its text was filled up."""
    _, decoder = tiny(True, "relu", "learned")
    inputs, targets = batch()
    loss, whole = loss_and_gradients(decoder, inputs, targets)
    counts = (targets != IGNORED).sum(axis=1)
    losses, singles = zip(
        *(
            loss_and_gradients(decoder, x[None, :n], y[None, :n])
            for x, y, n in zip(inputs, targets, counts, strict=True)
        ),
        strict=True,
    )
    np.testing.assert_allclose(loss, np.average(losses, weights=counts))
    for name, gradient in whole.items():
        mean = sum(
            n * single[name] for n, single in zip(counts, singles, strict=True)
        ) / sum(counts)
        np.testing.assert_allclose(gradient, mean, atol=1e-14)
    plain = np.mean([single["final_norm.bias"] for single in singles], 0)
    assert not np.allclose(plain, whole["final_norm.bias"])


def unscaled(grad, q, k, v, weights=None):
    """E-69: scores were divided by sqrt(d_head), their gradient is not."""
    of_q, of_k, of_v = attention_backward(grad, q, k, v, weights)
    root = np.sqrt(q.shape[-1])
    return of_q * root, of_k * root, of_v


def divided_twice(grad, x, weight, bias, eps=1e-5):
    """E-70: the term of the variance is divided by std once too often."""
    std = np.sqrt(x.var(-1, keepdims=True) + eps)
    standard = (x - x.mean(-1, keepdims=True)) / std
    along = (grad * weight * standard).mean(-1, keepdims=True)
    right, *rest = layer_norm_backward(grad, x, weight, bias, eps)
    return right + standard * along * (1 / std - 1 / std**2), *rest


@pytest.mark.parametrize(
    ("name", "slip"),
    [
        (None, None),
        ("attention_backward", unscaled),
        ("layer_norm_backward", divided_twice),
    ],
)
def test_planted_slips_are_caught_by_slopes_not_by_shapes(
    monkeypatch, name, slip
):
    _, decoder = tiny(True, "relu", "learned")
    inputs, targets = batch()
    if name:
        monkeypatch.setattr(backward, name, slip)
    loss, found = loss_and_gradients(decoder, inputs, targets)
    for key, array in decoder.parameters.items():  # what shape tests see
        assert found[key].shape == array.shape and found[key].any()
    errors = gradient_errors(
        lambda: cross_entropy(decoder.logits(inputs), targets),
        decoder.parameters,
        found,
    )
    if name is None:
        assert max(errors.values()) < 1e-8
    else:
        assert max(errors.values()) > 1e-3
    for key, array in decoder.parameters.items():  # and the loss still falls
        array -= 0.01 * found[key]
    assert cross_entropy(decoder.logits(inputs), targets) < loss


def test_padding_counts_nowhere_as_in_torch():
    rng = np.random.default_rng(3)
    logits = rng.normal(size=(2, 5, 7))
    _, targets = batch((2, 5))
    leaf = torch.tensor(logits, requires_grad=True)
    theirs = F.cross_entropy(
        leaf.flatten(0, 1), torch.tensor(targets).flatten()
    )
    theirs.backward()
    np.testing.assert_allclose(cross_entropy(logits, targets), theirs.item())
    ours = cross_entropy_backward(1.0, logits, targets)
    np.testing.assert_allclose(ours, leaf.grad, atol=1e-14)
    assert not ours[targets == IGNORED].any()


def test_a_new_decoder_is_drawn_as_the_transformer():
    sizes = {"vocab_size": 400, "context_length": 90, "n_layers": 2}
    config = DecoderConfig(**sizes, tied=False)
    torch.manual_seed(0)
    theirs = Transformer(TransformerConfig(**sizes, tied=False))
    ours = new_decoder(config, np.random.default_rng(0)).parameters
    assert sum(a.size for a in ours.values()) == config.n_parameters
    assert config.n_parameters == theirs.n_parameters
    for name, tensor in theirs.named_parameters():
        assert ours[name].shape == tensor.shape == config.shapes()[name]
        assert ours[name].dtype == np.float32
        for kind in ("mean", "std"):
            a, b = (getattr(x, kind)() for x in (ours[name], tensor.detach()))
            np.testing.assert_allclose(a, b, atol=8e-4)


def test_the_first_loss_is_that_of_guessing():
    config = DecoderConfig(vocab_size=300, n_layers=2)
    decoder = new_decoder(config, np.random.default_rng(0))
    loss, found = loss_and_gradients(decoder, *batch((4, 9), 300))
    assert abs(loss - np.log(300)) < 0.1
    assert {g.dtype.name for g in found.values()} == {"float32"}


def test_tied_weights_are_one_array():
    _, decoder = tiny(True, "relu", "rotary")
    assert decoder.tied and "lm_head.weight" not in decoder.parameters
    _, decoder = tiny(False, "relu", "rotary")
    assert not decoder.tied and "lm_head.weight" in decoder.parameters


def test_the_engine_needs_no_torch():
    code = (
        "import sys, companion.numpy_gpt; "
        "print('torch' in sys.modules, 'transformers' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )
    assert done.stdout.split() == ["False", "False"], done.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"position": "none"}, "position must be one of learned, rotary, got"),
        ({"activation": "gelu"}, "activation must be one of gelu_tanh, relu"),
        ({"n_layers": 0}, "n_layers must be at least 1, got 0"),
        ({"n_heads": 3}, r"d_model \(4\) must be a multiple of n_heads \(3\)"),
        ({"n_heads": 4, "position": "rotary"}, "must be even, got 1"),
    ],
)
def test_refuses_sizes(change, message):
    with pytest.raises(ValueError, match=message):
        DecoderConfig(**(TINY | {"n_heads": 2} | change))


def test_refuses():
    _, decoder = tiny(True, "relu", "learned")
    with pytest.raises(ValueError, match=r"at most context_length \(5\) to"):
        decoder.logits(np.zeros((1, 6), dtype=int))
    with pytest.raises(ValueError, match="a target must count, got -100 only"):
        cross_entropy(np.zeros((2, 3)), np.full(2, IGNORED))
    with pytest.raises(ValueError, match="from 0 to 2, got -1 to 0"):
        cross_entropy(np.zeros((2, 3)), np.array([-1, 0]))
    with pytest.raises(ValueError, match="checked in float64, got float32"):
        central_differences(lambda: 0.0, np.zeros(2, np.float32))
    with pytest.raises(ValueError, match=r"of a must be \(2,\), got None"):
        gradient_errors(lambda: 0.0, {"a": np.zeros(2)}, {})
