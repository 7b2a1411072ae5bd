"""Surfaces to descend on, and the descent itself.

Source: Polyak 1964, "Some methods of speeding up the convergence of
iteration methods" (the heavy ball, and its largest stable rate).

Chapter: book/2-environment/3-gradients.ipynb
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

CEILING = 1e12  # a loss above it counts as gone


@dataclass(frozen=True, kw_only=True)
class Surface:
    """A loss of two parameters, its gradient, and how steep it bends.

    Only + - * /, in the order of the JavaScript: the same bits.
    """

    value: Callable[[float, float], float]
    gradient: Callable[[float, float], tuple[float, float]]
    curvature: float  # L: greatest eigenvalue of the Hessian at the minimum
    lowest: float  # the loss at the minimum
    steep: tuple[int, ...] = ()  # quadratic: the parameters that bend by L
    start: tuple[float, float]
    lr: float


SURFACES = {
    "bowl": Surface(
        value=lambda x, y: 0.5 * (x * x + y * y),
        gradient=lambda x, y: (x, y),
        curvature=1.0,
        lowest=0.0,
        steep=(0, 1),
        start=(-1.6, 1.2),
        lr=0.1,
    ),
    "valley": Surface(
        value=lambda x, y: 0.5 * (x * x + 25 * y * y),
        gradient=lambda x, y: (x, 25 * y),
        curvature=25.0,
        lowest=0.0,
        steep=(1,),
        start=(-1.8, 0.8),
        lr=0.07,
    ),
    "rosenbrock": Surface(
        value=lambda x, y: (1 - x) * (1 - x) + 100 * (y - x * x) * (y - x * x),
        gradient=lambda x, y: (
            2 * (x - 1) - 400 * x * (y - x * x),
            200 * (y - x * x),
        ),
        curvature=501 + math.sqrt(250601),  # of [[802, -400], [-400, 200]]
        lowest=0.0,
        start=(-1.2, 1.0),
        lr=0.001,
    ),
    "saddle": Surface(
        value=lambda x, y: 0.5 * x * x - 0.5 * y * y + 0.25 * y * y * y * y,
        gradient=lambda x, y: (x, y * y * y - y),
        curvature=2.0,
        lowest=-0.25,
        start=(-1.6, 0.01),
        lr=0.1,
    ),
}


@dataclass(frozen=True, kw_only=True)
class Descent:
    """Where a descent went, the start included, and whether it blew up."""

    points: list[list[float]]
    losses: list[float]
    diverged: bool  # the next loss was above CEILING


def descend(
    surface: str,
    start: Sequence[float],
    lr: float,
    momentum: float = 0.0,
    steps: int = 50,
) -> Descent:
    """Step against the gradient, as torch.optim.SGD does.

    The heavy ball: v = momentum v + gradient, then the point moves by -lr v.

    Args:
        surface: a name in SURFACES.
        start: x and y.
        lr: learning rate, above 0.
        momentum: from 0 to below 1.
        steps: how many; fewer are made when the loss passes CEILING.

    Raises:
        ValueError: see `check_surface`.
    """
    chosen = check_surface(surface)
    x, y = start
    v, w = 0.0, 0.0
    points, losses = [[x, y]], [chosen.value(x, y)]
    for _ in range(steps):
        across, along = chosen.gradient(x, y)
        v, w = momentum * v + across, momentum * w + along
        x, y = x - lr * v, y - lr * w
        loss = chosen.value(x, y)
        if not loss <= CEILING:
            return Descent(points=points, losses=losses, diverged=True)
        points.append([x, y])
        losses.append(loss)
    return Descent(points=points, losses=losses, diverged=False)


def largest_stable_rate(surface: str, momentum: float = 0.0) -> float:
    """Compute 2 (1 + momentum) / L: above it no minimum holds a descent.

    On a quadratic surface it decides everywhere; on the others near the
    minimum, where L is taken.
    """
    return 2 * (1 + momentum) / check_surface(surface).curvature


def verdict(surface: str, lr: float, momentum: float, path: Descent) -> str:
    """Say in one word how a descent ends.

    Returns:
        "diverges": gone, or a quadratic above its largest stable rate;
        "edge": a quadratic at it; "arrived": within 1e-6 of the lowest
        loss; "stuck": no slope, and not the lowest; "bounces": above the
        rate at which a minimum could hold it; else "under way".
    """
    chosen, limit = SURFACES[surface], largest_stable_rate(surface, momentum)
    if path.diverged:
        return "diverges"
    if any(path.points[0][axis] != 0 for axis in chosen.steep):
        if abs(lr - limit) <= 1e-9 * limit:
            return "edge"
        if lr > limit:
            return "diverges"
    across, along = chosen.gradient(*path.points[-1])
    if path.losses[-1] - chosen.lowest < 1e-6:
        return "arrived"
    if across * across + along * along < 1e-12:
        return "stuck"
    return "bounces" if lr > limit else "under way"


def check_surface(name: str) -> Surface:
    """Return the surface of a name.

    Raises:
        ValueError: there is none of this name.
    """
    if name not in SURFACES:
        raise ValueError(
            f"surface must be one of {', '.join(SURFACES)}, got {name!r}"
        )
    return SURFACES[name]
