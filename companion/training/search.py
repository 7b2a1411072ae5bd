"""Search for settings: grid, random, successive halving.

Every run is kept in a `Results` file, and a search runs only what the file
lacks. So one that was killed goes on, and ends with the same table.

Source: random search, Bergstra and Bengio 2012; successive halving,
Jamieson and Talwalkar 2016 (arXiv:1502.07943), with the factor of Li et al.
2018 (arXiv:1603.06560).

Chapter: book/5-training/7-searching.ipynb
"""

import itertools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from companion.training.results import Results, Run

Setting = Mapping[str, float | int | str | bool]
# trial(setting, seed=, budget=) trains once and gives a "loss" and more
Trial = Callable[..., Mapping[str, object]]


class Range(Protocol):
    """Where the values of one name lie."""

    def draw(self, rng: np.random.Generator) -> float | int | str:
        """Take one at random."""


@dataclass(frozen=True)
class Uniform:
    """Numbers from low to high, where equal differences matter equally."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(
                f"low must be below high, got {self.low} and {self.high}"
            )

    def draw(self, rng: np.random.Generator) -> float:
        """Take one at random."""
        return float(rng.uniform(self.low, self.high))


@dataclass(frozen=True)
class LogUniform(Uniform):
    """Numbers from low to high, where equal ratios matter equally."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.low > 0:
            raise ValueError(f"low must be above 0, got {self.low}")

    def draw(self, rng: np.random.Generator) -> float:
        """Take one at random: its logarithm is uniform."""
        share = rng.uniform()
        return float(self.low * (self.high / self.low) ** share)


@dataclass(frozen=True)
class Choice:
    """One of some values, each as likely."""

    values: Sequence[float | int | str | bool]

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError("values must hold at least one, got none")

    def draw(self, rng: np.random.Generator) -> float | int | str | bool:
        """Take one at random."""
        return self.values[int(rng.integers(len(self.values)))]


def grid(values: Mapping[str, Sequence]) -> list[dict]:
    """Combine every value with every other; the last name turns fastest.

    Raises:
        ValueError: a name has no values.
    """
    for name, some in values.items():
        if not len(some):
            raise ValueError(f"{name} must have at least one value, got none")
    combined = itertools.product(*values.values())
    return [dict(zip(values, chosen, strict=True)) for chosen in combined]


def random_settings(
    space: Mapping[str, Range], n: int, seed: int = 0
) -> list[dict]:
    """Draw settings; the first ones are the same, however many follow.

    Args:
        space: a range for each name.
        n: how many.
        seed: decides all draws.

    Raises:
        ValueError: n is below 1.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    rng = np.random.default_rng(seed)
    return [{name: space[name].draw(rng) for name in space} for _ in range(n)]


def try_all(
    trial: Trial,
    settings: Iterable[Setting],
    results: Results,
    *,
    seeds: Iterable[int] = (0,),
    budget: int | None = None,
) -> list[Run]:
    """Run each setting from each seed, unless the results have it.

    Args:
        trial: called as trial(setting, seed=..., budget=...); gives a
            mapping with a "loss" (lower is better; NaN for a run that has
            diverged) and whatever else is to be kept.
        settings: what to try.
        results: gets a line as soon as a run ends.
        seeds: each setting is run once from each.
        budget: handed on to the trial, which says what it counts.

    Returns:
        A run for each setting and seed, in that order, old or new.
        "seconds" are of wall clock, unless the trial gives its own.

    Raises:
        ValueError: a run is missing and the test set was touched.
    """
    seeds, runs = tuple(seeds), []
    for setting, seed in itertools.product(settings, seeds):
        run = results.find(setting, seed, budget)
        if run is None:
            results.must_be_open(setting)
            start = time.perf_counter()
            found = trial(dict(setting), seed=seed, budget=budget)
            seconds = round(time.perf_counter() - start, 3)
            made = {"setting": setting, "seed": seed, "budget": budget}
            run = results.add({**made, "seconds": seconds, **found})
        runs.append(run)
    return runs


def halving_plan(
    n: int, *, least: int, most: int, factor: int = 3
) -> list[tuple[int, int]]:
    """Say how many settings run at each budget.

    Args:
        n: settings at the least budget.
        least: the first budget.
        most: no budget is above it.
        factor: of the settings one in this many goes on, with this many
            times the budget.

    Returns:
        Pairs of a number of settings and a budget.

    Raises:
        ValueError: factor is below 2, least is not from 1 to most, or
            there are too few settings for the last budget.
    """
    if factor < 2:
        raise ValueError(f"factor must be at least 2, got {factor}")
    if not 1 <= least <= most:
        raise ValueError(
            f"least must be from 1 to most, got {least} and {most}"
        )
    plan = []
    while least <= most:
        plan.append((n, least))
        n, least = n // factor, least * factor
    if plan[-1][0] < 1:
        raise ValueError(
            f"n must be at least {factor ** (len(plan) - 1)} for "
            f"{len(plan)} budgets, got {plan[0][0]}"
        )
    return plan


def successive_halving(
    trial: Trial,
    settings: Sequence[Setting],
    results: Results,
    *,
    least: int,
    most: int,
    factor: int = 3,
    seed: int = 0,
) -> list[list[Run]]:
    """Try many with a small budget, and the best of them with a larger.

    Each run starts anew with its whole budget, so that a schedule of the
    learning rate ends where the budget does.

    Args:
        trial: as for `try_all`.
        settings: all are run with the least budget.
        results: likewise.
        least: as in `halving_plan`.
        most: likewise.
        factor: likewise.
        seed: of every run.

    Returns:
        For each budget its runs, the lowest loss first.
    """
    rungs = []
    plan = halving_plan(len(settings), least=least, most=most, factor=factor)
    for n, budget in plan:
        runs = try_all(
            trial, settings[:n], results, seeds=(seed,), budget=budget
        )
        rungs.append(sorted(runs, key=lambda run: run["loss"]))
        settings = [run["setting"] for run in rungs[-1]]
    return rungs
