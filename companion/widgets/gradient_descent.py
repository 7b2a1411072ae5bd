"""Gradient descent on a surface that the reader chooses.

The path, the map and the loss curve are computed in the browser
(`gradient_descent.js`); `companion.widgets.descent` is the same in Python.

Chapter: book/2-environment/3-gradients.ipynb
"""

from collections.abc import Sequence

import traitlets

from companion.widgets.base import BookWidget, bundle, synced
from companion.widgets.descent import check_surface

REACH = 2.0  # the map shows x and y from -REACH to REACH
LR = (1e-4, 10.0)
MAX_MOMENTUM = 0.99
MAX_STEPS = 300


class GradientDescent(BookWidget):
    """A map to descend on, with sliders for rate, momentum, steps, start.

    What the reader chose comes back: `widget.lr`, `widget.start`, ... (where
    a kernel runs).

    Args:
        surface: "bowl", "valley", "rosenbrock" or "saddle".
        start: x and y, from -2 to 2; by default one that suits the surface.
        lr: learning rate, from 0.0001 to 10; by default one that suits.
        momentum: from 0 to 0.99.
        steps: how many are shown, from 0 to 300.

    Raises:
        ValueError: one of these does not hold.
    """

    _esm = bundle("gradient_descent")

    surface = synced(traitlets.Unicode())
    start = synced(traitlets.List(traitlets.Float()))
    lr = synced(traitlets.Float())
    momentum = synced(traitlets.Float())
    steps = synced(traitlets.Int())

    def __init__(
        self,
        surface: str = "valley",
        *,
        start: Sequence[float] | None = None,
        lr: float | None = None,
        momentum: float = 0.0,
        steps: int = 50,
    ) -> None:
        chosen = check_surface(surface)
        super().__init__(
            surface=surface,
            start=list(chosen.start if start is None else start),
            lr=chosen.lr if lr is None else lr,
            momentum=momentum,
            steps=steps,
        )

    @traitlets.validate("surface")
    def _check_surface(self, proposal: dict) -> str:
        check_surface(proposal["value"])
        return proposal["value"]

    @traitlets.validate("start")
    def _check_start(self, proposal: dict) -> list[float]:
        start = proposal["value"]
        if len(start) != 2 or not all(abs(x) <= REACH for x in start):
            raise ValueError(
                f"start must be x and y from -{REACH:g} to {REACH:g}, "
                f"got {start}"
            )
        return start

    @traitlets.validate("lr", "momentum", "steps")
    def _check_number(self, proposal: dict) -> float:
        name, value = proposal["trait"].name, proposal["value"]
        low, high = {
            "lr": LR,
            "momentum": (0, MAX_MOMENTUM),
            "steps": (0, MAX_STEPS),
        }[name]
        if not low <= value <= high:
            raise ValueError(
                f"{name} must be from {low:g} to {high:g}, got {value}"
            )
        return value

    def summary(self) -> str:
        """Say on which surface."""
        return f"on the surface {self.surface!r}"
