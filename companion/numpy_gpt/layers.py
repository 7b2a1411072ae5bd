"""A layer is a pure function, and its `_backward` is another.

`f_backward(grad, *inputs of f)` takes the gradient of the loss with respect
to f's output, and returns it with respect to f's inputs, in their order.
A loss ends the chain: its own grad is 1.

Chapter: book/2-environment/3-gradients.ipynb
"""

import math

import numpy as np


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
    if bias is None:
        return x @ weight.T
    if bias.shape != weight.shape[:1]:
        raise ValueError(
            f"bias must be (d_out,) = {weight.shape[:1]}, got {bias.shape}"
        )
    return x @ weight.T + bias


def linear_backward(
    grad: np.ndarray, x: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients with respect to x, weight and bias.

    Args:
        grad: (..., d_out): of the loss, with respect to y.
        x: (..., d_in)
        weight: (d_out, d_in)
    """
    rows = grad.reshape(-1, grad.shape[-1])  # (N, d_out): N = B * T ...
    inputs = x.reshape(-1, x.shape[-1])  # (N, d_in)
    return grad @ weight, rows.T @ inputs, rows.sum(axis=0)


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
    return math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)


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
        targets: (...), whole numbers from 0 to vocab_size - 1.

    Raises:
        ValueError: the shapes do not fit, or a target is no token id.
    """
    _check_targets(logits, targets)
    picked = np.take_along_axis(log_softmax(logits), targets[..., None], -1)
    return float(-picked.mean())


def cross_entropy_backward(
    grad: float, logits: np.ndarray, targets: np.ndarray
) -> np.ndarray:
    """Return the gradient with respect to the logits.

    It is (softmax - one-hot) / tokens: what was believed less what came.
    """
    believed = np.exp(log_softmax(logits))  # (..., vocab_size)
    came = np.arange(logits.shape[-1]) == targets[..., None]
    return grad * (believed - came) / targets.size


def _check_targets(logits: np.ndarray, targets: np.ndarray) -> None:
    if targets.shape != logits.shape[:-1] or targets.size == 0:
        raise ValueError(
            "targets must have the shape of the logits without the last "
            f"axis, and not be empty, got {targets.shape} and {logits.shape}"
        )
    if not np.issubdtype(targets.dtype, np.integer):
        raise ValueError(f"targets must be integers, got {targets.dtype}")
    low, high, vocab_size = targets.min(), targets.max(), logits.shape[-1]
    if low < 0 or high >= vocab_size:  # NumPy would count -1 from the end
        raise ValueError(
            f"targets must be from 0 to {vocab_size - 1}, got {low} to {high}"
        )
