"""A grid of trainings: learning rate, batch size, width on sliders.

The trainings were made before; the browser shows them
(`hyperparameter_explorer.js`). The Python twins are here.

Chapter: book/5-training/7-searching.ipynb
"""

import math
from collections.abc import Iterable, Mapping, Sequence

import traitlets

from companion.training.search import grid
from companion.widgets.base import BookWidget, bundle, synced

AXES = ("lr", "batch_size", "d_model")
PLACES = 30  # of a curve at most


def index_of(sizes: Sequence[int], chosen: Sequence[int]) -> int:
    """Say where a setting stands among the runs; the last axis is fastest."""
    index = 0
    for size, place in zip(sizes, chosen, strict=True):
        index = index * size + place
    return index


def _height(run: Mapping) -> float:
    """A loss to compare with; a diverged run comes last."""
    return math.inf if run["loss"] is None else run["loss"]


def standing(runs: Sequence[Mapping], index: int) -> int:
    """Give 1 to the lowest loss of all; equal losses share a place."""
    own = _height(runs[index])
    return 1 + sum(_height(run) < own for run in runs)


def along_axis(
    sizes: Sequence[int],
    runs: Sequence[Mapping],
    chosen: Sequence[int],
    axis: int,
) -> tuple[list[float], int]:
    """Give the losses where one axis differs, and the place of the lowest."""
    losses = []
    for place in range(sizes[axis]):
        other = [*chosen[:axis], place, *chosen[axis + 1 :]]
        losses.append(_height(runs[index_of(sizes, other)]))
    return losses, losses.index(min(losses))


def _number(value: float | None, digits: int) -> float | None:
    """Round for the page; what is not finite is None."""
    if value is None or not math.isfinite(value):
        return None
    return round(value, digits)


class HyperparameterExplorer(BookWidget):
    """The curve of one training, and the ends of its neighbours.

    What the reader chose comes back: `widget.setting` (where a kernel
    runs).

    Args:
        values: for "lr", "batch_size" and "d_model" the values tried, at
            least two each, rising.
        runs: as `companion.training.Results` has them: "setting", "loss",
            "right" (share of words guessed), "seconds", and "curve", pairs
            of stories read and loss. One for each setting of the grid;
            runs of other settings, and more seeds, are passed over.
        floor: nats per word that no model gets below.
        setting: to begin with; by default the middle of each axis.

    Raises:
        ValueError: an axis or a run is missing, or a value is not in the
            grid.
    """

    _esm = bundle("hyperparameter_explorer")

    values = synced(traitlets.List())
    runs = synced(traitlets.List())
    floor = synced(traitlets.Float())
    chosen = synced(traitlets.List(traitlets.Int()))

    def __init__(
        self,
        values: Mapping[str, Sequence[float]],
        runs: Iterable[Mapping],
        *,
        floor: float,
        setting: Mapping[str, float] | None = None,
    ) -> None:
        if tuple(values) != AXES:
            raise ValueError(
                f"values must be of {', '.join(AXES)}, got {list(values)}"
            )
        for name, some in values.items():
            if len(some) < 2 or sorted(set(some)) != list(some):
                raise ValueError(
                    f"{name} must have two or more rising values, got "
                    f"{list(some)}"
                )
        axes = [list(values[name]) for name in AXES]
        middle = [len(some) // 2 for some in axes]
        super().__init__(
            values=axes, runs=_in_order(values, runs), floor=floor
        )
        self.chosen = middle if setting is None else self._places(setting)

    def _places(self, setting: Mapping[str, float]) -> list[int]:
        for name, some in zip(AXES, self.values, strict=True):
            if setting.get(name) not in some:
                raise ValueError(
                    f"{name} must be one of {some}, got {setting.get(name)}"
                )
        return [
            some.index(setting[name])
            for name, some in zip(AXES, self.values, strict=True)
        ]

    @traitlets.validate("chosen")
    def _check_chosen(self, proposal: dict) -> list[int]:
        chosen, sizes = proposal["value"], [len(v) for v in self.values]
        if len(chosen) != 3 or not all(
            0 <= place < size
            for place, size in zip(chosen, sizes, strict=True)
        ):
            raise ValueError(
                f"chosen must be three places within {sizes}, got {chosen}"
            )
        return chosen

    @property
    def setting(self) -> dict[str, float]:
        """What the sliders say."""
        return {
            name: some[place]
            for name, some, place in zip(
                AXES, self.values, self.chosen, strict=True
            )
        }

    def summary(self) -> str:
        """Say which training is shown, and its place."""
        sizes = [len(some) for some in self.values]
        index = index_of(sizes, self.chosen)
        chosen = ", ".join(f"{k} {v:g}" for k, v in self.setting.items())
        place = standing(self.runs, index)
        return f"{chosen}: place {place} of {len(self.runs)}"


def _in_order(values: Mapping[str, Sequence], runs: Iterable) -> list[dict]:
    """Take the first run of each setting of the grid, rounded."""
    known: dict[frozenset, Mapping] = {}
    for run in runs:
        if "curve" in run:
            known.setdefault(frozenset(run["setting"].items()), run)
    ordered = []
    for setting in grid(values):
        run = known.get(frozenset(setting.items()))
        if run is None:
            raise ValueError(f"a run with a curve is missing for {setting}")
        if len(run["curve"]) > PLACES:
            raise ValueError(
                f"a curve must have at most {PLACES} places, got "
                f"{len(run['curve'])}"
            )
        ordered.append(
            {
                "loss": _number(run["loss"], 4),
                "right": _number(run["right"], 4),
                "seconds": _number(run["seconds"], 2),
                "read": [n for n, _ in run["curve"]],
                "losses": [_number(loss, 3) for _, loss in run["curve"]],
            }
        )
    return ordered
