"""Layer norm, and its gradient in three terms.

Source: Ba, Kiros and Hinton 2016 (arXiv:1607.06450).

Chapter: book/4-architectures/5-one-token.ipynb
"""

import numpy as np


def layer_norm(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray, eps: float = 1e-5
) -> np.ndarray:
    """Give each vector mean 0 and variance 1, then scale and shift it.

    Args:
        x: (..., d_model)
        weight: (d_model,), the scale.
        bias: (d_model,), the shift.
        eps: keeps the root away from 0.

    Returns:
        As x.
    """
    return _standard(x, eps)[0] * weight + bias


def layer_norm_backward(
    grad: np.ndarray,
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray,
    eps: float = 1e-5,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients with respect to x, weight and bias.

    With s = (x - mean) / std and g = weight * grad, that of x is
    (g - mean(g) - s * mean(g * s)) / std. The second and third term are
    there because x moves the mean and the std, too.

    Args:
        grad: (..., d_model): of the loss, with respect to the result.
        x: (..., d_model)
        weight: (d_model,)
        bias: (d_model,)
        eps: as in `layer_norm`.
    """
    standard, std = _standard(x, eps)
    g = grad * weight
    along = (g * standard).mean(axis=-1, keepdims=True)
    grad_x = (g - g.mean(axis=-1, keepdims=True) - standard * along) / std
    rows = tuple(range(grad.ndim - 1))
    return grad_x, (grad * standard).sum(axis=rows), grad.sum(axis=rows)


def _standard(x: np.ndarray, eps: float) -> tuple[np.ndarray, np.ndarray]:
    """The vectors with mean 0 and variance 1, and by what they were divided.

    The variance divides by the width, and eps stands inside the root.
    """
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = np.square(centred).mean(axis=-1, keepdims=True)
    std = np.sqrt(variance + eps)
    return centred / std, std
