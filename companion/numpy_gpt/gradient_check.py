"""Gradients, measured by trying: the referee of every `_backward`.

Chapter: book/5-training/1-back-through-the-model.ipynb
"""

from collections.abc import Callable, Mapping

import numpy as np


def central_differences(
    loss: Callable[[], float], array: np.ndarray, step: float = 1e-5
) -> np.ndarray:
    """Measure the slope of a loss in each number of an array.

    Args:
        loss: computes the loss from the array as it is now; called twice
            for each number.
        array: float64; each number is moved up and down in its place, and
            put back.
        step: how far.

    Returns:
        As array.

    Raises:
        ValueError: the array is not float64: the rounding of shorter
            numbers is larger than most faults.
    """
    if array.dtype != np.float64:
        raise ValueError(
            f"a gradient is checked in float64, got {array.dtype}"
        )
    slopes = np.zeros_like(array)
    for place in np.ndindex(array.shape):
        was = array[place]
        array[place] = was + step
        above = loss()
        array[place] = was - step
        below = loss()
        array[place] = was
        slopes[place] = (above - below) / (2 * step)
    return slopes


def gradient_errors(
    loss: Callable[[], float],
    parameters: Mapping[str, np.ndarray],
    gradients: Mapping[str, np.ndarray],
    step: float = 1e-5,
) -> dict[str, float]:
    """Compare gradients with measured slopes, array by array.

    Args:
        loss: computes the loss from the parameters as they are now.
        parameters: name -> array, float64.
        gradients: name -> what somebody says the gradient is.
        step: of `central_differences`.

    Returns:
        Name -> length of the difference, divided by the length of the
        gradient of all parameters: beside that, rounding is about 1e-10.

    Raises:
        ValueError: a gradient is missing, or has another shape.
    """
    for name, array in parameters.items():
        shape = np.shape(gradients[name]) if name in gradients else None
        if shape != array.shape:
            raise ValueError(
                f"the gradient of {name} must be {array.shape}, got {shape}"
            )
    slopes = {
        name: central_differences(loss, array, step)
        for name, array in parameters.items()
    }
    whole = np.sqrt(sum(np.sum(each**2) for each in slopes.values()))
    return {
        name: float(np.linalg.norm(gradients[name] - slope) / whole)
        for name, slope in slopes.items()
    }
