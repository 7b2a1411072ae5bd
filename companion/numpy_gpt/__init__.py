"""Layers in NumPy alone, each with the gradient written out by hand.

Chapter: book/2-environment/3-gradients.ipynb
"""

from companion.numpy_gpt.layers import (
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

__all__ = [
    "cross_entropy",
    "cross_entropy_backward",
    "linear",
    "linear_backward",
    "log_softmax",
    "mean_squared_error",
    "mean_squared_error_backward",
    "relu",
    "relu_backward",
]
