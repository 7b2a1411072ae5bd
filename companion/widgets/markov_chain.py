"""A Markov chain whose arrows the reader changes, and its long run.

The graph, the walk and the stationary distribution are computed in the
browser (`markov_chain.js`); `long_run` and `walk` are the same in Python.

Chapter: book/1-language-models/1-counting.ipynb
"""

from collections.abc import Sequence

import numpy as np
import traitlets

from companion.widgets.base import (
    BookWidget,
    bundle,
    check_distribution,
    check_labels,
    mulberry32,
    pick,
    synced,
)

WEATHER = ("cloudy", "rainy", "sunny")
# our own numbers: clouds linger, rain rarely follows sun
WEATHER_TRANSITION = ((0.4, 0.3, 0.3), (0.4, 0.4, 0.2), (0.3, 0.1, 0.6))


def check_chain(
    states: Sequence[str], transition: Sequence[Sequence[float]]
) -> tuple[list[str], list[list[float]]]:
    """Return states and rows as lists, once they are a chain.

    Raises:
        ValueError: not 2 to 4 different states, not a square matrix, or a
            row that is no distribution.
    """
    if not 2 <= len(states) <= 4:
        raise ValueError(
            f"a chain must have 2 to 4 states, got {len(states)}: "
            f"{list(states)}"
        )
    names = check_labels("states", states, len(transition))
    rows = []
    for name, row in zip(names, transition, strict=True):
        if len(row) != len(names):
            raise ValueError(
                f"the row of {name!r} must have {len(names)} entries, "
                f"got {len(row)}"
            )
        rows.append(check_distribution(f"the row of {name!r}", row))
    return names, rows


def long_run(transition: Sequence[Sequence[float]]) -> np.ndarray:
    """Compute the stationary distribution of a chain that has one.

    Solves pi P = pi, sum(pi) = 1 by least squares: another way than the
    browser's repeated squaring, so that each checks the other.

    Args:
        transition: (n, n), rows sum to 1; irreducible.

    Returns:
        (n,): the share of time in each state.
    """
    matrix = np.asarray(transition, dtype=float)
    n = len(matrix)
    equations = np.vstack([matrix.T - np.eye(n), np.ones(n)])  # (n + 1, n)
    right = np.append(np.zeros(n), 1.0)
    return np.linalg.lstsq(equations, right, rcond=None)[0]


def walk(
    transition: Sequence[Sequence[float]], start: int, steps: int, seed: int
) -> list[int]:
    """Return the states visited, as the widget's buttons visit them."""
    random = mulberry32(seed)
    visited, state = [], start
    for _ in range(steps):
        state = pick(transition[state], random())
        visited.append(state)
    return visited


class MarkovChain(BookWidget):
    """A graph of states, a slider for each arrow, a walk, and its long run.

    What the reader drags comes back: `chain.transition` is the matrix as it
    stands (where a kernel runs).

    Args:
        states: 2 to 4 names; with more the arrows could not be told apart.
        transition: (n, n); row i holds the probabilities that leave state i.
        start: index of the state where the walk begins.
        seed: of the walk.

    Raises:
        ValueError: see `check_chain`; or no state has the index `start`.
    """

    _esm = bundle("markov_chain")

    states = synced(traitlets.List(traitlets.Unicode()))
    transition = synced(traitlets.List(traitlets.List(traitlets.Float())))
    start = synced(traitlets.Int())
    seed = synced(traitlets.Int())

    def __init__(
        self,
        states: Sequence[str] = WEATHER,
        transition: Sequence[Sequence[float]] = WEATHER_TRANSITION,
        *,
        start: int = 0,
        seed: int = 0,
    ) -> None:
        names, rows = check_chain(states, transition)
        if not 0 <= start < len(names):
            raise ValueError(
                f"start must be an index into {len(names)} states, got {start}"
            )
        super().__init__(states=names, transition=rows, start=start, seed=seed)

    @traitlets.validate("transition")
    def _check_transition(self, proposal: dict) -> list[list[float]]:
        return check_chain(self.states, proposal["value"])[1]

    def summary(self) -> str:
        """Say how many states there are."""
        return f"{len(self.states)} states"
