"""NumPy layers: torch in float64, finite differences, refused shapes."""

import subprocess
import sys

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from companion.numpy_gpt import (
    cross_entropy,
    cross_entropy_backward,
    linear,
    linear_backward,
    log_softmax,
    mean_squared_error,
    mean_squared_error_backward,
    relu,
    relu_backward,
)

SHAPES = [(), (4,), (2, 3), (2, 1, 5)]


def tensors(*arrays):
    """The arrays as torch leaves."""
    return [torch.tensor(a, requires_grad=True) for a in arrays]


def assert_equal(ours, theirs):
    """Equal to 12 digits, in shape and dtype too."""
    theirs = theirs.detach().numpy()
    assert np.shape(ours) == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)


def differences(loss, array, step=1e-5):
    """The gradient of loss(array) by central differences."""
    slopes = np.zeros_like(array)
    for place in np.ndindex(array.shape):
        above, below = array.copy(), array.copy()
        above[place] += step
        below[place] -= step
        slopes[place] = (loss(above) - loss(below)) / (2 * step)
    return slopes


@pytest.mark.parametrize("shape", SHAPES)
def test_linear_matches_torch(shape):
    rng = np.random.default_rng(0)
    x, grad = rng.normal(size=(*shape, 3)), rng.normal(size=(*shape, 2))
    weight, bias = rng.normal(size=(2, 3)), rng.normal(size=2)
    leaves = tensors(x, weight, bias)
    y = F.linear(*leaves)
    y.backward(torch.tensor(grad))
    assert_equal(linear(x, weight, bias), y)
    for ours, leaf in zip(
        linear_backward(grad, x, weight), leaves, strict=True
    ):
        assert_equal(ours, leaf.grad)
    assert_equal(linear(x, weight), F.linear(*leaves[:2]))


def test_linear_is_stored_as_in_torch():
    layer = torch.nn.Linear(3, 2)
    x = torch.randn(5, 3)
    weight, bias = (p.detach().numpy() for p in layer.parameters())
    ours = linear(x.numpy(), weight, bias)
    assert weight.shape == (2, 3) and ours.dtype == np.float32
    torch.testing.assert_close(torch.from_numpy(ours), layer(x).detach())


def test_relu_matches_torch():
    x = np.array([[-1.5, 0.0, 2.0], [3.0, -0.0, -4.0]])
    grad = np.arange(1.0, 7.0).reshape(2, 3)
    (leaf,) = tensors(x)
    y = F.relu(leaf)
    y.backward(torch.tensor(grad))
    assert_equal(relu(x), y)
    assert_equal(relu_backward(grad, x), leaf.grad)


@pytest.mark.parametrize("shape", SHAPES)
def test_mean_squared_error_matches_torch(shape):
    rng = np.random.default_rng(1)
    prediction, target = rng.normal(size=(2, *shape))
    (leaf,) = tensors(prediction)
    loss = F.mse_loss(leaf, torch.tensor(target))
    (0.7 * loss).backward()
    assert_equal(mean_squared_error(prediction, target), loss)
    ours = mean_squared_error_backward(0.7, prediction, target)
    assert_equal(ours, leaf.grad)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scale", [1, 1000])
def test_cross_entropy_matches_torch(shape, scale):
    rng = np.random.default_rng(2)
    logits = scale * rng.normal(size=(*shape, 6))
    targets = rng.integers(0, 6, shape)
    (leaf,) = tensors(logits)
    loss = F.cross_entropy(
        leaf.reshape(-1, 6), torch.tensor(targets).reshape(-1)
    )
    (0.7 * loss).backward()
    assert_equal(cross_entropy(logits, targets), loss)
    ours = cross_entropy_backward(0.7, logits, targets)
    assert_equal(ours, leaf.grad)
    assert_equal(log_softmax(logits), F.log_softmax(leaf, dim=-1))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_whole_net_matches_central_differences(seed):
    rng = np.random.default_rng(seed)
    x, targets = rng.normal(size=(4, 3)), rng.integers(0, 3, 4)
    weights = [rng.normal(size=(5, 3)), rng.normal(size=(3, 5))]
    bias = rng.normal(size=5)

    def loss(x, first, second, bias):
        hidden = relu(linear(x, first, bias))
        return cross_entropy(linear(hidden, second), targets)

    before = linear(x, weights[0], bias)
    assume(np.abs(before).min() > 1e-3)  # no kink within reach of a step
    hidden = relu(before)
    grad = cross_entropy_backward(1.0, linear(hidden, weights[1]), targets)
    grad, second, _ = linear_backward(grad, hidden, weights[1])
    grad = relu_backward(grad, before)
    grad_x, first, grad_bias = linear_backward(grad, x, weights[0])
    inputs = [x, *weights, bias]
    for i, ours in enumerate([grad_x, first, second, grad_bias]):

        def moved(array, i=i):
            return loss(*inputs[:i], array, *inputs[i + 1 :])

        expected = differences(moved, inputs[i])
        np.testing.assert_allclose(ours, expected, rtol=1e-6, atol=1e-8)


def test_mean_squared_error_matches_central_differences():
    rng = np.random.default_rng(3)
    prediction, target = rng.normal(size=(2, 3, 2))
    expected = differences(lambda p: mean_squared_error(p, target), prediction)
    ours = mean_squared_error_backward(1.0, prediction, target)
    np.testing.assert_allclose(ours, expected, rtol=1e-8, atol=1e-10)


def test_float32_stays_float32():
    x = np.ones((2, 3), dtype=np.float32)
    targets = np.array([0, 2])
    assert {
        array.dtype.name
        for array in [
            linear(x, x, x[:, 0]),
            *linear_backward(x[:, :2], x, x),
            relu(x),
            relu_backward(x, x),
            mean_squared_error_backward(1.0, x, x),
            log_softmax(x),
            cross_entropy_backward(1.0, x, targets),
        ]
    } == {"float32"}


def test_logits_may_be_moved_by_a_constant():
    logits = np.array([[2.0, -1.0, 0.5]])
    target = np.array([2])
    moved = cross_entropy(logits + 1e4, target)
    assert moved == pytest.approx(cross_entropy(logits, target), rel=1e-9)
    sure = cross_entropy(np.array([[1e4, 0.0]]), np.array([1]))
    assert sure == 1e4


ONES = np.ones((2, 3))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: linear(ONES, ONES.T),
            r"weight must be \(d_out, d_in\) and x \(..., d_in\), "
            r"got \(3, 2\) and \(2, 3\)",
        ),
        (lambda: linear(ONES, np.ones(3)), r"got \(3,\) and \(2, 3\)"),
        (
            lambda: linear(ONES, ONES, np.ones((2, 1))),
            r"bias must be \(d_out,\) = \(2,\), got \(2, 1\)",
        ),
        (
            lambda: mean_squared_error(np.ones((8, 1)), np.ones(8)),
            r"must have one shape that is not empty, got \(8, 1\) and \(8,\)",
        ),
        (
            lambda: mean_squared_error(np.ones(0), np.ones(0)),
            r"that is not empty, got \(0,\) and \(0,\)",
        ),
        (
            lambda: cross_entropy(ONES, np.array([0, 1, 2])),
            r"without the last axis, and not be empty, got \(3,\) and \(2, 3",
        ),
        (
            lambda: cross_entropy(ONES, np.array([0.0, 1.0])),
            "targets must be integers, got float64",
        ),
        (
            lambda: cross_entropy(ONES, np.array([-1, 2])),
            "targets must be from 0 to 2, got -1 to 2",
        ),
        (
            lambda: cross_entropy(ONES, np.array([0, 3])),
            "targets must be from 0 to 2, got 0 to 3",
        ),
    ],
)
def test_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_imports_numpy_and_no_torch():
    code = (
        "import sys, companion.numpy_gpt; "
        "print(sorted({'numpy', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "['numpy']"
