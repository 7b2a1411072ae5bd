"""Stop when the validation loss has not fallen for a while.

Source: Prechelt 1998, "Early Stopping - But When?" (rule UP, with a number
of evaluations for the strips).

Chapter: book/5-training/6-generalising.ipynb
"""

import math
from collections.abc import Mapping


class Patience:
    """Remember the best loss so far, and how long ago that was.

    Args:
        patience: evaluations in a row without a new best that end a run.
        min_delta: nats by which a loss must be lower to be a new best.

    Attributes:
        best: the lowest loss so far; infinite before the first.
        best_step: the step it was measured at; None before the first.
        waited: evaluations since then.
        not_finite: the steps whose loss was NaN or infinite. None of them
            is a new best; each is waited for like any other.

    Raises:
        ValueError: patience is below 1, or min_delta below 0.
    """

    def __init__(self, patience: int, min_delta: float = 0.0) -> None:
        if not patience >= 1:
            raise ValueError(f"patience must be at least 1, got {patience}")
        if not min_delta >= 0:
            raise ValueError(f"min_delta must be >= 0, got {min_delta}")
        self.patience, self.min_delta = patience, min_delta
        self.best, self.best_step = math.inf, None
        self.waited = 0
        self.not_finite: list[int] = []

    @property
    def exhausted(self) -> bool:
        """Whether as many evaluations as `patience` brought nothing."""
        return self.waited >= self.patience

    def update(self, step: int, loss: float) -> bool:
        """Take the loss of one evaluation; True if it is a new best."""
        finite = math.isfinite(loss)
        if not finite:
            self.not_finite.append(step)
        if finite and loss < self.best - self.min_delta:
            self.best, self.best_step, self.waited = float(loss), step, 0
            return True
        self.waited += 1
        return False

    def state(self) -> dict[str, object]:
        """Give what a checkpoint must hold; JSON can write it."""
        return {
            "best": None if self.best_step is None else self.best,
            "best_step": self.best_step,
            "waited": self.waited,
            "not_finite": list(self.not_finite),
        }

    def resume(self, state: Mapping[str, object]) -> None:
        """Go on from a `state`; patience and min_delta stay as they are."""
        best = state["best"]
        self.best = math.inf if best is None else best
        self.best_step, self.waited = state["best_step"], state["waited"]
        self.not_finite = list(state["not_finite"])
