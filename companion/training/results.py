"""The results of a search: a file that is only ever appended to.

Chapter: book/5-training/7-searching.ipynb
"""

import json
import math
import os
import statistics
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

Run = dict[str, object]  # "setting", "seed", "budget", "loss", and more


class Results:
    """Runs, a JSON object a line, each on the disk before the next begins.

    A last line without its end is cut off: its writer was killed, and its
    run will be made again. The first line says what all runs share.

    Args:
        path: is made if it is missing.
        about: what all runs share, numbers and strings; None for whatever
            the file says.

    Attributes:
        about: the same.
        runs: in the order in which they ended. A loss that is not finite
            is kept as infinity: such a run has diverged.
        test: what `test_once` found, or None.

    Raises:
        ValueError: the file is of another search, or a line is no entry.
    """

    def __init__(
        self, path: str | os.PathLike, about: Mapping | None = None
    ) -> None:
        self.path = Path(path)
        self.runs: list[Run] = []
        self.test: Run | None = None
        self._known: dict[tuple, Run] = {}
        lines = _whole_lines(self.path)
        if not lines:
            self.about = _finite(about or {})
            self._append({"about": self.about})
            return
        self.about = self._entry(lines[0], 1, "about")
        if about is not None and self.about != _finite(about):
            raise ValueError(
                f"{self.path} holds another search: it is about "
                f"{self.about}, this one about {_finite(about)}"
            )
        for number, line in enumerate(lines[1:], 2):
            self._take(self._entry(line, number, "run", "test"))

    def _entry(self, line: bytes, number: int, *kinds: str) -> dict:
        try:
            entry = json.loads(line)
            (kind,) = entry
            if kind not in kinds:
                raise KeyError(kind)
        except (ValueError, TypeError, KeyError):
            raise ValueError(
                f"{self.path}, line {number} must be a JSON object with "
                f"{' or '.join(kinds)} alone, got {line[:40].decode()!r}"
            ) from None
        return entry["about"] if kind == "about" else entry

    def _take(self, entry: dict) -> Run:
        """Keep an entry as it is read from the file, and after writing."""
        ((kind, run),) = entry.items()
        run = {**run, "loss": _loss(run["loss"])}
        if kind == "test":
            self.test = run
        else:
            self.runs.append(run)
            self._known[_key(run["setting"], run["seed"], run["budget"])] = run
        return run

    def _append(self, entry: dict) -> None:
        """Write a whole line in one go, and wait until it is on the disk."""
        line = json.dumps(entry, allow_nan=False) + "\n"
        with open(self.path, "ab", buffering=0) as file:
            if file.write(line.encode()) != len(line.encode()):
                raise OSError(f"{self.path} took only a part of a line")
            os.fsync(file.fileno())

    def find(
        self, setting: Mapping, seed: int, budget: int | None = None
    ) -> Run | None:
        """Give the run of a setting, a seed and a budget, if there is one."""
        return self._known.get(_key(setting, seed, budget))

    def add(self, run: Mapping) -> Run:
        """Append a run: "setting", "seed", "budget", "loss", and more.

        Raises:
            ValueError: the run is there, it has no loss, or the search is
                over.
        """
        run = _finite(run)
        self.must_be_open(run["setting"])
        if "loss" not in run:
            raise ValueError(f"a run must have a loss, got {run}")
        if self.find(run["setting"], run["seed"], run["budget"]):
            raise ValueError(f"a run must be new, got {run['setting']} again")
        self._append({"run": run})
        return self._take({"run": run})

    def must_be_open(self, setting: Mapping) -> None:
        """Refuse a new setting once the test set was touched.

        Raises:
            ValueError: it was.
        """
        if self.test is not None:
            raise ValueError(
                "the test set was touched, so this search is over: a choice "
                f"that follows would be made on it, got {dict(setting)}"
            )

    def test_once(
        self, setting: Mapping, measure: Callable[[], Mapping]
    ) -> Run:
        """Measure the chosen setting on the test set, the only time.

        The second call for the same setting gives what the first one
        found, without measuring.

        Args:
            setting: the choice that was made.
            measure: touches the test set; gives a "loss", and more.

        Raises:
            ValueError: the test set was touched for another setting.
        """
        if self.test is None:
            found = {"setting": setting, **measure()}
            self._append({"test": _finite(found)})
            return self._take({"test": _finite(found)})
        if _key(self.test["setting"]) != _key(setting):
            raise ValueError(
                "the test set may be touched once: it was for "
                f"{self.test['setting']}, and cannot judge {dict(setting)}"
            )
        return self.test


def ranked(runs: Iterable[Run]) -> list[dict]:
    """Put the runs of each setting together, the lowest mean loss first.

    Args:
        runs: each setting with one budget; the same run twice counts once.

    Returns:
        For each setting a dict of "setting", "n" (how many seeds), "mean",
        "std" (over seeds, with n - 1; NaN of one) and "losses".

    Raises:
        ValueError: a setting was run with several budgets.
    """
    groups: dict[tuple, dict[tuple, Run]] = {}
    for run in runs:
        group = groups.setdefault(_key(run["setting"]), {})
        group.setdefault((run["seed"], run["budget"]), run)
    rows = []
    for group in map(list, map(dict.values, groups.values())):
        if len(budgets := {run["budget"] for run in group}) > 1:
            raise ValueError(
                "runs must have the same budget to be compared, got "
                f"{sorted(budgets, key=str)} of {group[0]['setting']}"
            )
        losses = [run["loss"] for run in group]
        mean = sum(losses) / len(losses)
        spread = len(losses) > 1 and math.isfinite(mean)
        rows.append(
            {
                "setting": group[0]["setting"],
                "n": len(losses),
                "mean": mean,
                "std": statistics.stdev(losses) if spread else math.nan,
                "losses": losses,
            }
        )
    return sorted(rows, key=lambda row: row["mean"])


def _whole_lines(path: Path) -> list[bytes]:
    """Read the lines that have an end; cut off what follows the last."""
    if not path.exists():
        return []
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        os.truncate(path, whole)
    return data[:whole].splitlines()


def _key(setting: Mapping, *more: int | None) -> tuple:
    return (frozenset(setting.items()), *more)


def _loss(value: float | None) -> float:
    return math.inf if value is None else value


def _finite(value: object) -> object:
    """Make JSON of numbers, strings, lists and mappings; NaN is null."""
    if isinstance(value, Mapping):
        return {str(name): _finite(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if hasattr(value, "tolist"):  # of NumPy and PyTorch
        return _finite(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
