"""What the widgets on a surface share: where it starts, and their limits.

Chapter: book/2-environment/3-gradients.ipynb
"""

from collections.abc import Mapping
from typing import ClassVar

import traitlets

from companion.widgets.base import BookWidget, check_between, synced
from companion.widgets.descent import check_surface

REACH = 2.0  # the map shows x and y from -REACH to REACH
MOMENTUM, STEPS = (0.0, 0.99), (0, 300)


class OnSurface(BookWidget):
    """A map of a surface, with a start, a momentum and a number of steps.

    Attributes:
        limits: of each number, the lowest and the highest value.
    """

    limits: ClassVar[Mapping[str, tuple[float, float]]] = {
        "momentum": MOMENTUM,
        "steps": STEPS,
    }

    surface = synced(traitlets.Unicode())
    start = synced(traitlets.List(traitlets.Float()))
    momentum = synced(traitlets.Float())
    steps = synced(traitlets.Int())

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

    @traitlets.validate("momentum", "steps")
    def _check_shared(self, proposal: dict) -> float:
        return self.within(proposal)

    def within(self, proposal: dict) -> float:
        """Pass on a number that is within its limits."""
        name = proposal["trait"].name
        return check_between(name, proposal["value"], *self.limits[name])

    def summary(self) -> str:
        """Say on which surface."""
        return f"on the surface {self.surface!r}"
