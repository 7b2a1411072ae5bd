"""The hyperparameter explorer: the JavaScript against Python."""

import math

import numpy as np
import pytest

from companion.training.search import grid
from companion.widgets import HyperparameterExplorer
from companion.widgets import hyperparameter_explorer as explorer

VALUES = {
    "lr": [0.001, 0.01, 0.1],
    "batch_size": [4, 16],
    "d_model": [16, 32, 64, 128],
}
SIZES = [len(some) for some in VALUES.values()]


def trainings(seed, diverge=0.2):
    """A run for each setting; some have no finite loss, some are equal."""
    rng = np.random.default_rng(seed)
    return [
        {
            "setting": setting,
            "loss": math.inf
            if rng.random() < diverge
            else round(rng.uniform(0.3, 2), 1),
            "right": round(rng.random(), 4),
            "seconds": 1.25,
            "curve": [[36 * n, 6 - n / 4] for n in range(1, 17)],
        }
        for setting in grid(VALUES)
    ]


def test_the_order_is_that_of_the_grid(javascript):
    places = [s.values() for s in grid({n: range(k) for n, k in zip(
        VALUES, SIZES, strict=True)})]  # fmt: skip
    asked = [(SIZES, list(chosen)) for chosen in places]
    found = javascript(
        "hyperparameter_explorer", [("indexOf", a) for a in asked]
    )
    assert found == [explorer.index_of(*a) for a in asked] == list(range(24))


def test_javascript_ranks_and_compares_as_python(javascript):
    for seed in range(5):
        runs = HyperparameterExplorer(VALUES, trainings(seed), floor=0.3).runs
        ranks = javascript(
            "hyperparameter_explorer",
            [("standing", [runs, i]) for i in range(24)],
        )
        ours = [explorer.standing(runs, i) for i in range(24)]
        assert ranks == ours and min(ours) == 1
        asked = [
            [SIZES, runs, [i % 3, i % 2, i % 4], axis]
            for i in range(12)
            for axis in range(3)
        ]
        found = javascript(
            "hyperparameter_explorer", [("alongAxis", a) for a in asked]
        )
        for args, theirs in zip(asked, found, strict=True):
            losses, best = explorer.along_axis(*args)
            told = ["Infinity" if math.isinf(n) else n for n in losses]
            assert theirs == {"losses": told, "best": best}


def test_the_sentence(javascript):
    values = list(VALUES.values())
    runs = HyperparameterExplorer(VALUES, trainings(0, 0), floor=0.3).runs
    runs = [{**run, "loss": 1.0 + i / 100} for i, run in enumerate(runs)]
    gone = [{**runs[0], "loss": None}, *runs[1:]]
    asked = [
        (values, runs, 0.3, [0, 0, 0]),
        (values, runs, 0.3, [2, 1, 3]),
        (values, gone, 0.3, [0, 0, 0]),
    ]
    said = javascript(
        "hyperparameter_explorer", [("searchSentence", a) for a in asked]
    )
    right = 100 * runs[0]["right"]
    assert said[0] == (
        "Rate 0.001, batches of 4, width 16: 1.00 nats a word, 0.70 above "
        f"the floor, {right:.0f}% of words guessed, in 1.3 seconds; place 1 "
        "of 24. No other rate is better here."
    )
    assert "place 24 of 24. With this batch size and width, a rate" in said[1]
    assert "the loss is not finite. With this batch size" in said[2]


def test_what_it_holds():
    runs = trainings(1, 0)
    noise = {**runs[5], "loss": 9.0}
    other = {**runs[0], "setting": {"lr": 1.0}}
    widget = HyperparameterExplorer(
        VALUES, [other, *runs[::-1], noise], floor=0.3
    )
    assert [run["loss"] for run in widget.runs] == [r["loss"] for r in runs]
    assert widget.runs[0]["read"] == [36 * n for n in range(1, 17)]
    assert widget.runs[0]["losses"][:2] == [5.75, 5.5]
    assert widget.setting == {"lr": 0.01, "batch_size": 16, "d_model": 64}
    setting = {"lr": 0.1, "batch_size": 4, "d_model": 128}
    widget = HyperparameterExplorer(VALUES, runs, floor=0.3, setting=setting)
    assert widget.setting == setting
    assert widget.chosen == [2, 0, 3]
    assert widget.summary().startswith("lr 0.1, batch_size 4, d_model 128: p")


def refused(**changes):
    """Make one with something wrong."""
    given = {"values": VALUES, "runs": trainings(0), "floor": 0.3} | changes
    values, runs = given.pop("values"), given.pop("runs")
    return HyperparameterExplorer(values, runs, **given)


def choose(chosen):
    """Move the sliders from Python."""
    refused().chosen = chosen


LONG = [
    {**run, "curve": [[n, 1.0] for n in range(31)]} for run in trainings(0)
]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: refused(values={"lr": [1, 2]}),
            r"values must be of lr, batch_size, d_model, got \['lr'\]",
        ),
        (
            lambda: refused(values={**VALUES, "lr": [0.1, 0.01]}),
            r"lr must have two or more rising values, got \[0.1, 0.01\]",
        ),
        (
            lambda: refused(runs=trainings(0)[1:]),
            "a run with a curve is missing for {'lr': 0.001, 'batch_size': 4",
        ),
        (
            lambda: refused(runs=LONG),
            "a curve must have at most 30 places, got 31",
        ),
        (
            lambda: refused(setting={"lr": 3.0}),
            r"lr must be one of \[0.001, 0.01, 0.1\], got 3.0",
        ),
        (
            lambda: choose([0, 2, 0]),
            r"chosen must be three places within \[3, 2, 4\], got \[0, 2, 0\]",
        ),
        (
            lambda: choose([0]),
            r"chosen must be three places within \[3, 2, 4\], got \[0\]",
        ),
    ],
)
def test_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
