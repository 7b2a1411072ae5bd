"""Positions to drag: vectors of places, and pairs that turn.

Everything is computed in the browser (`positional_encodings.js`); the
functions here are the same in Python, and `companion.models.positions` what
a model uses.

Source: Vaswani et al. 2017 (arXiv:1706.03762) and Su et al. 2021
(arXiv:2104.09864); neighbours are paired, as in both papers.

Chapter: book/4-architectures/3-order.ipynb
"""

import math
from collections.abc import Sequence

import traitlets

from companion.widgets.base import (
    BookWidget,
    bundle,
    check_between,
    mulberry32,
    synced,
)

PLACES = 64  # shown: 0 to 63
KINDS = ("sinusoidal", "rotary")
WIDTHS = (2, 32)
THETAS = (10.0, 1_000_000.0)


def frequencies(width: int, theta: float) -> list[float]:
    """Angles per place of the width / 2 pairs, in radians."""
    return [theta ** -(2 * i / width) for i in range(width // 2)]


def contents(width: int, seed: int) -> tuple[list[float], list[float]]:
    """A query and a key before they are turned.

    Args:
        width: numbers of each.
        seed: 0 makes both all ones; any other draws both, from -1 to 1,
            and stretches them to the same length.

    Returns:
        Query and key, each of length sqrt(width).
    """
    if seed == 0:
        return [1.0] * width, [1.0] * width
    random = mulberry32(seed)
    drawn = [[2 * random() - 1 for _ in range(width)] for _ in range(2)]
    q, k = ([x * _stretch(row) for x in row] for row in drawn)
    return q, k


def _stretch(row: Sequence[float]) -> float:
    return math.sqrt(len(row) / sum(x * x for x in row))


def encoding(place: int, width: int, theta: float) -> list[float]:
    """Return the sinusoidal vector of a place: sin, cos, sin, cos, ..."""
    angles = [place * f for f in frequencies(width, theta)]
    return [part(a) for a in angles for part in (math.sin, math.cos)]


def turn(vector: Sequence[float], place: int, theta: float) -> list[float]:
    """Turn each pair of neighbours by place times its frequency."""
    turned = []
    for i, f in enumerate(frequencies(len(vector), theta)):
        cos, sin = math.cos(place * f), math.sin(place * f)
        x, y = vector[2 * i], vector[2 * i + 1]
        turned += [x * cos - y * sin, x * sin + y * cos]
    return turned


def column(
    kind: str, which: str, place: int, width: int, theta: float, seed: int
) -> list[float]:
    """Return what the map shows of a place; `which` is "q" or "k"."""
    if kind == "sinusoidal":
        return encoding(place, width, theta)
    q, k = contents(width, seed)
    return turn(q if which == "q" else k, place, theta)


def shares(
    kind: str, p: int, q: int, width: int, theta: float, seed: int
) -> list[float]:
    """What each pair adds to the dot product of two places."""
    one = column(kind, "q", p, width, theta, seed)
    other = column(kind, "k", q, width, theta, seed)
    return [
        one[i] * other[i] + one[i + 1] * other[i + 1]
        for i in range(0, width, 2)
    ]


def similarities(
    kind: str, p: int, width: int, theta: float, seed: int
) -> list[float]:
    """Dot products of place p with the places 0 to 63."""
    return [
        math.fsum(shares(kind, p, other, width, theta, seed))
        for other in range(PLACES)
    ]


class PositionalEncodings(BookWidget):
    """A map of encodings, one place against all, and a clock for each pair.

    Args:
        kind: "sinusoidal" (a vector for each place) or "rotary" (a query
            and a key, turned by their places).
        width: numbers in a vector, even, from 2 to 32.
        theta: the longest wave, nearly, divided by 2 pi; 10 to 1,000,000.
        p: the first place, of the query; 0 to 63.
        q: the second place, of the key; 0 to 63.
        seed: of query and key; 0 for all ones.

    Raises:
        ValueError: one of these does not hold.
    """

    _esm = bundle("positional_encodings")

    kind = synced(traitlets.Unicode())
    width = synced(traitlets.Int())
    theta = synced(traitlets.Float())
    p = synced(traitlets.Int())
    q = synced(traitlets.Int())
    seed = synced(traitlets.Int())

    def __init__(
        self,
        kind: str = "sinusoidal",
        *,
        width: int = 16,
        theta: float = 10_000.0,
        p: int = 20,
        q: int = 25,
        seed: int = 0,
    ) -> None:
        super().__init__(
            kind=kind, width=width, theta=theta, p=p, q=q, seed=seed
        )

    @traitlets.validate("kind")
    def _check_kind(self, proposal: dict) -> str:
        kind = proposal["value"]
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {KINDS}, got {kind!r}")
        return kind

    @traitlets.validate("width")
    def _check_width(self, proposal: dict) -> int:
        width, (low, high) = proposal["value"], WIDTHS
        if width % 2 or not low <= width <= high:
            raise ValueError(
                f"width must be even and from {low} to {high}, got {width}"
            )
        return width

    @traitlets.validate("theta", "p", "q", "seed")
    def _check_number(self, proposal: dict) -> float:
        name = proposal["trait"].name
        limits = {"theta": THETAS, "seed": (0, 2**31)}
        low, high = limits.get(name, (0, PLACES - 1))
        return check_between(name, proposal["value"], low, high)

    def summary(self) -> str:
        """Say which kind."""
        return f"{self.kind}, {self.width} wide, places {self.p} and {self.q}"
