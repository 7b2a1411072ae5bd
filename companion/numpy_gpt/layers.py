"""A layer is a pure function, and its `_backward` is another.

`f_backward(grad, *inputs of f)` takes the gradient of the loss with respect
to f's output, and returns it with respect to f's inputs, in their order.
A loss ends the chain: its own grad is 1.

Chapter: book/2-environment/3-gradients.ipynb
"""

import math

import numpy as np

from companion.shards.passes import IGNORED


def linear(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None
) -> np.ndarray:
    """Compute y = x W^T + b, with W stored as torch stores it.

    Args:
        x: (..., d_in)
        weight: (d_out, d_in)
        bias: (d_out,), or none.

    Returns:
        (..., d_out)

    Raises:
        ValueError: the shapes do not fit.
    """
    if weight.ndim != 2 or x.shape[-1:] != weight.shape[1:]:
        raise ValueError(
            "weight must be (d_out, d_in) and x (..., d_in), "
            f"got {weight.shape} and {x.shape}"
        )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ValueError(
            f"bias must be (d_out,) = {weight.shape[:1]}, got {bias.shape}"
        )
    y = _rows(x) @ weight.T  # one large product, not one a text
    if bias is not None:
        y += bias
    return y.reshape(*x.shape[:-1], -1)


def linear_backward(
    grad: np.ndarray, x: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients with respect to x, weight and bias.

    Args:
        grad: (..., d_out): of the loss, with respect to y.
        x: (..., d_in)
        weight: (d_out, d_in)
    """
    rows = _rows(grad)  # (N, d_out): N = B * T ...
    grad_x = (rows @ weight).reshape(x.shape)
    return grad_x, rows.T @ _rows(x), rows.sum(axis=0)


def _rows(x: np.ndarray) -> np.ndarray:
    return x.reshape(-1, x.shape[-1])


def relu(x: np.ndarray) -> np.ndarray:
    """Keep what is above 0, elementwise."""
    return np.maximum(x, 0)


def relu_backward(grad: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Let the gradient through where x is above 0 (the slope at 0 is 0)."""
    return grad * (x > 0)


def gelu(x: np.ndarray) -> np.ndarray:
    """Compute x times the chance that a normal number is below x.

    In the approximation by tanh that GPT-2 uses. Source: Hendrycks and
    Gimpel 2016 (arXiv:1606.08415).
    """
    return 0.5 * x * (1 + np.tanh(_gelu_angle(x)))


def gelu_backward(grad: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the gradient with respect to x."""
    bent = np.tanh(_gelu_angle(x))
    slope = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x**2)
    return grad * 0.5 * (1 + bent + x * (1 - bent**2) * slope)


def _gelu_angle(x: np.ndarray) -> np.ndarray:
    # x * x * x: NumPy's x**3 takes many times as long
    return math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)


def mean_squared_error(prediction: np.ndarray, target: np.ndarray) -> float:
    """Compute the mean of (prediction - target)^2 over all entries.

    Raises:
        ValueError: the shapes differ. NumPy would broadcast (N, 1) against
            (N,) to N^2 differences, and the mean of these still falls.
    """
    if prediction.shape != target.shape or prediction.size == 0:
        raise ValueError(
            "prediction and target must have one shape that is not empty, "
            f"got {prediction.shape} and {target.shape}"
        )
    return float(np.mean((prediction - target) ** 2))


def mean_squared_error_backward(
    grad: float, prediction: np.ndarray, target: np.ndarray
) -> np.ndarray:
    """Return the gradient with respect to the prediction."""
    return grad * 2 * (prediction - target) / prediction.size


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Compute log-probabilities in nats over the last axis.

    The greatest logit is taken off first: exp cannot overflow, and the
    result is the same.
    """
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def cross_entropy(logits: np.ndarray, targets: np.ndarray) -> float:
    """Compute the mean of -log softmax(logits)[target], nats per token.

    Args:
        logits: (..., vocab_size)
        targets: (...), whole numbers from 0 to vocab_size - 1, or IGNORED
            where there is nothing to predict; the mean is over the others.

    Raises:
        ValueError: the shapes do not fit, a target is no token id, or none
            counts.
    """
    counted = _check_targets(logits, targets)
    chosen = np.where(counted, targets, 0)[..., None]
    picked = np.take_along_axis(log_softmax(logits), chosen, -1)[..., 0]
    return float(-picked[counted].mean())


def cross_entropy_backward(
    grad: float, logits: np.ndarray, targets: np.ndarray
) -> np.ndarray:
    """Return the gradient with respect to the logits.

    It is (softmax - one-hot) / tokens, what was believed less what came;
    and 0 where a target is IGNORED.
    """
    counted = _check_targets(logits, targets)
    believed = np.exp(log_softmax(logits))  # (..., vocab_size)
    believed *= counted[..., None]
    rows = _rows(believed)
    places = np.flatnonzero(counted)
    rows[places, targets[counted]] -= 1
    rows *= grad / len(places)
    return rows.reshape(logits.shape)


def _check_targets(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Say which targets count, (...) bool."""
    if targets.shape != logits.shape[:-1] or targets.size == 0:
        raise ValueError(
            "targets must have the shape of the logits without the last "
            f"axis, and not be empty, got {targets.shape} and {logits.shape}"
        )
    if not np.issubdtype(targets.dtype, np.integer):
        raise ValueError(f"targets must be integers, got {targets.dtype}")
    counted = np.not_equal(targets, IGNORED)
    if not counted.any():
        raise ValueError(f"a target must count, got {IGNORED} only")
    chosen, vocab_size = targets[counted], logits.shape[-1]
    low, high = chosen.min(), chosen.max()
    if low < 0 or high >= vocab_size:  # NumPy would count -1 from the end
        raise ValueError(
            f"targets must be from 0 to {vocab_size - 1}, got {low} to {high}"
        )
    return counted
