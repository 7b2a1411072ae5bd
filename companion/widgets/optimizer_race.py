"""Five optimizers on one surface, side by side.

The paths, the map and the loss curves are computed in the browser
(`optimizer_race.js`); `race` is the same with `companion.optimizers`.

Chapter: book/5-training/2-optimizers.ipynb
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import traitlets

from companion.optimizers import SGD, Adam, Optimizer, RMSprop
from companion.widgets.base import bundle, synced
from companion.widgets.descent import CEILING, Descent, check_surface
from companion.widgets.on_surface import OnSurface

RACERS = ("plain", "momentum", "nesterov", "rmsprop", "adam")
RATES = {  # by surface: of plain and momentum, of RMSprop and Adam
    "bowl": (0.1, 0.1),
    "valley": (0.04, 0.1),
    "rosenbrock": (0.0005, 0.03),
    "saddle": (0.1, 0.1),
}


def racers(
    slope_rate: float, size_rate: float, momentum: float
) -> dict[str, Optimizer]:
    """Make the five, with what the sliders say."""
    ahead = {"momentum": momentum, "nesterov": momentum > 0}
    return {
        "plain": SGD(slope_rate),
        "momentum": SGD(slope_rate, momentum=momentum),
        "nesterov": SGD(slope_rate, **ahead),
        "rmsprop": RMSprop(size_rate),
        "adam": Adam(size_rate, betas=(momentum, 0.999)),
    }


def race(
    surface: str,
    start: Sequence[float],
    slope_rate: float,
    size_rate: float,
    momentum: float = 0.9,
    steps: int = 60,
) -> dict[str, Descent]:
    """Let each optimizer go from the start, with the true gradient.

    Args:
        surface: a name in `companion.widgets.descent.SURFACES`.
        start: x and y.
        slope_rate: learning rate of those that multiply the slope.
        size_rate: of those that divide by its size, RMSprop and Adam.
        momentum: of momentum and Nesterov, and Adam's beta1.
        steps: how many; fewer are made when the loss passes CEILING.

    Raises:
        ValueError: there is no surface of this name.
    """
    chosen = check_surface(surface)
    paths = {}
    for name, rule in racers(slope_rate, size_rate, momentum).items():
        point = np.array(start, dtype=float)
        points, losses = [point.tolist()], [chosen.value(*point.tolist())]
        diverged = False
        for _ in range(steps):
            gradient = np.array(chosen.gradient(*point.tolist()), dtype=float)
            rule.step([point], [gradient])
            loss = chosen.value(*point.tolist())
            if diverged := not loss <= CEILING:
                break
            points.append(point.tolist())
            losses.append(loss)
        paths[name] = Descent(points=points, losses=losses, diverged=diverged)
    return paths


class OptimizerRace(OnSurface):
    """A map with five paths, and sliders for rates, momentum and steps.

    What the reader chose comes back: `widget.slope_rate`, ... (where a
    kernel runs).

    Args:
        surface: "bowl", "valley", "rosenbrock" or "saddle".
        start: x and y, from -2 to 2; by default one that suits the surface.
        slope_rate: from 0.0001 to 1, of those that multiply the slope.
        size_rate: from 0.001 to 1, of those that divide by its size.
        momentum: from 0 to 0.99.
        steps: how many are shown, from 0 to 300.
        shown: who takes part, names from RACERS.

    Raises:
        ValueError: one of these does not hold.
    """

    _esm = bundle("optimizer_race")
    limits: ClassVar = {
        **OnSurface.limits,
        "slope_rate": (1e-4, 1.0),
        "size_rate": (1e-3, 1.0),
    }

    slope_rate = synced(traitlets.Float())
    size_rate = synced(traitlets.Float())
    shown = synced(traitlets.List(traitlets.Unicode()))

    def __init__(
        self,
        surface: str = "valley",
        *,
        start: Sequence[float] | None = None,
        slope_rate: float | None = None,
        size_rate: float | None = None,
        momentum: float = 0.9,
        steps: int = 60,
        shown: Sequence[str] = RACERS,
    ) -> None:
        chosen = check_surface(surface)
        by_slope, by_size = RATES[surface]
        super().__init__(
            surface=surface,
            start=list(chosen.start if start is None else start),
            slope_rate=by_slope if slope_rate is None else slope_rate,
            size_rate=by_size if size_rate is None else size_rate,
            momentum=momentum,
            steps=steps,
            shown=list(shown),
        )

    @traitlets.validate("slope_rate", "size_rate")
    def _check_rate(self, proposal: dict) -> float:
        return self.within(proposal)

    @traitlets.validate("shown")
    def _check_shown(self, proposal: dict) -> list[str]:
        if unknown := set(proposal["value"]) - set(RACERS):
            raise ValueError(
                f"shown must be among {', '.join(RACERS)}, "
                f"got {', '.join(sorted(unknown))}"
            )
        return proposal["value"]
