"""The learning rate over time, as a factor of the highest rate.

A schedule is a function of progress, the share of the budget that is spent:
whether the budget is steps, tokens or seconds makes no difference to it.

Source: cosine and warm restarts from Loshchilov and Hutter 2017
(arXiv:1608.03983); the line from Defazio et al. 2023 (arXiv:2310.07831);
warm-up, stable, decay from Hu et al. 2024
(arXiv:2404.06395).

Chapter: book/5-training/4-schedules.ipynb
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

LEAST = 0.02  # of a warm-up: at 0 the first step would teach nothing
ROUNDING = 1e-9  # a restart comes on its step, not one late


@dataclass(frozen=True, kw_only=True)
class Schedule(ABC):
    """A line up, and then what each class says.

    Args:
        warmup: share of the budget with a rising rate.

    Raises:
        ValueError: a share is outside [0, 1).
    """

    warmup: float = 0.0

    def __post_init__(self) -> None:
        _check("warmup", self.warmup, 0 <= self.warmup < 1, "in [0, 1)")

    def __call__(self, progress: float) -> float:
        """Give the factor, from 0 to 1.

        Args:
            progress: share of the budget that is spent, 0 to 1.

        Raises:
            ValueError: progress is outside [0, 1].
        """
        _check("progress", progress, 0 <= progress <= 1, "in [0, 1]")
        if progress < self.warmup:
            return max(progress / self.warmup, LEAST)
        return self.after((progress - self.warmup) / (1 - self.warmup))

    @abstractmethod
    def after(self, share: float) -> float:
        """Give the factor at a share, 0 to 1, of what follows warm-up."""


@dataclass(frozen=True, kw_only=True)
class Constant(Schedule):
    """The highest rate to the end."""

    def after(self, share: float) -> float:
        """1, always."""
        return 1.0


@dataclass(frozen=True, kw_only=True)
class Cosine(Schedule):
    """Half a cosine from 1 down to `final`."""

    final: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _check("final", self.final, 0 <= self.final <= 1, "in [0, 1]")

    def after(self, share: float) -> float:
        """Fall slowly, then fast, then slowly."""
        half = (1 + math.cos(math.pi * share)) / 2
        return self.final + (1 - self.final) * half


@dataclass(frozen=True, kw_only=True)
class Linear(Schedule):
    """A line from 1 down to `final`."""

    final: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _check("final", self.final, 0 <= self.final <= 1, "in [0, 1]")

    def after(self, share: float) -> float:
        """Fall by the same in equal times."""
        return 1 - (1 - self.final) * share


@dataclass(frozen=True, kw_only=True)
class Exponential(Schedule):
    """The same share lost in equal times, down to `final`."""

    final: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        _check("final", self.final, 0 < self.final <= 1, "in (0, 1]")

    def after(self, share: float) -> float:
        """A straight line on a logarithmic axis."""
        return self.final**share


@dataclass(frozen=True, kw_only=True)
class Restarts(Schedule):
    """Several half cosines, each `factor` times as long as the last."""

    cycles: int = 3
    factor: float = 2.0
    final: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _check("cycles", self.cycles, self.cycles >= 1, "at least 1")
        _check("factor", self.factor, self.factor > 0, "above 0")
        _check("final", self.final, 0 <= self.final <= 1, "in [0, 1]")

    def after(self, share: float) -> float:
        """Fall, jump back to 1, fall again."""
        lengths = [self.factor**n for n in range(self.cycles)]
        place = share * sum(lengths)
        while len(lengths) > 1 and place >= lengths[0] * (1 - ROUNDING):
            place -= lengths.pop(0)
        part = min(max(place / lengths[0], 0.0), 1.0)
        half = (1 + math.cos(math.pi * part)) / 2
        return self.final + (1 - self.final) * half


@dataclass(frozen=True, kw_only=True)
class WarmupStableDecay(Schedule):
    """The highest rate, and at the end a line down to `final`."""

    decay: float = 0.2  # share of the whole budget
    final: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        fine = 0 < self.decay <= 1 - self.warmup
        _check("decay", self.decay, fine, "in (0, 1 - warmup]")
        _check("final", self.final, 0 <= self.final <= 1, "in [0, 1]")

    def after(self, share: float) -> float:
        """Hold, then let go."""
        left = (1 - share) * (1 - self.warmup) / self.decay
        return self.final + (1 - self.final) * min(left, 1.0)


def _check(name: str, value: float, fine: bool, rule: str) -> None:
    if not fine:
        raise ValueError(f"{name} must be {rule}, got {value}")
