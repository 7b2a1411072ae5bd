"""Rotary positions: turn queries and keys by the place they stand at.

Source: Su et al. 2021 (arXiv:2104.09864).

Chapter: book/4-architectures/5-one-token.ipynb
"""

import numpy as np


def rotate(x: np.ndarray, theta: float = 10_000.0) -> np.ndarray:
    """Turn each pair of numbers of the vector at place p by p angles.

    Number i is paired with number i + d_head / 2, and turned by
    p theta^(-2i / d_head), as in `companion.models.Rotation`.

    Args:
        x: (..., T, d_head), from place 0 on.
        theta: nearly the longest wave, divided by 2 pi, in places.

    Returns:
        As x.

    Raises:
        ValueError: d_head is odd.
    """
    return _turn(x, theta, forward=True)


def rotate_backward(
    grad: np.ndarray, x: np.ndarray, theta: float = 10_000.0
) -> np.ndarray:
    """Return the gradient with respect to x: the same, turned back."""
    return _turn(grad, theta, forward=False)


def _turn(x: np.ndarray, theta: float, *, forward: bool) -> np.ndarray:
    n_places, width = x.shape[-2:]
    if width % 2:
        raise ValueError(f"d_head must be even to be rotated, got {width}")
    speeds = theta ** -(np.arange(0, width, 2) / width)  # (d_head / 2,)
    angles = np.arange(n_places)[:, None] * speeds  # (T, d_head / 2)
    cos = np.cos(angles).astype(x.dtype)
    sin = np.sin(angles if forward else -angles).astype(x.dtype)
    a, b = np.split(x, 2, axis=-1)
    return np.concatenate([a * cos - b * sin, b * cos + a * sin], axis=-1)
