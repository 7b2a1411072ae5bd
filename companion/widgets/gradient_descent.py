"""Gradient descent on a surface that the reader chooses.

The path, the map and the loss curve are computed in the browser
(`gradient_descent.js`); `companion.widgets.descent` is the same in Python.

Chapter: book/2-environment/3-gradients.ipynb
"""

from collections.abc import Sequence
from typing import ClassVar

import traitlets

from companion.widgets.base import bundle, synced
from companion.widgets.descent import check_surface
from companion.widgets.on_surface import OnSurface


class GradientDescent(OnSurface):
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
    limits: ClassVar = {**OnSurface.limits, "lr": (1e-4, 10.0)}

    lr = synced(traitlets.Float())

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

    @traitlets.validate("lr")
    def _check_lr(self, proposal: dict) -> float:
        return self.within(proposal)
