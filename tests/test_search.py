"""Searching: against a loop, and against a killed process."""

import itertools
import json
import math
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from companion.training.results import Results, ranked
from companion.training.search import (
    Choice,
    LogUniform,
    Uniform,
    grid,
    halving_plan,
    random_settings,
    successive_halving,
    try_all,
)

SPACE = {
    "lr": LogUniform(1e-4, 1e-1),
    "batch_size": Choice((4, 8, 16)),
    "warmup": Uniform(0.0, 0.3),
}


def bowl(setting, *, seed, budget=None):
    """A loss that is known: a parabola in log rate, and noise by seed."""
    rng = np.random.default_rng([seed, setting["batch_size"]])
    away = math.log10(setting["lr"] / 0.01)
    loss = away**2 + 0.1 * rng.standard_normal() + 1 / (budget or 1)
    return {"loss": loss, "right": 1 - loss}


def told(runs):
    """What two searches must agree on: all but the seconds."""
    return [{k: v for k, v in run.items() if k != "seconds"} for run in runs]


# ---- settings ---------------------------------------------------------------


def test_grid_is_itertools_product():
    values = {"lr": [1, 2], "batch_size": [4, 8, 16], "name": ["a", "b"]}
    expected = list(itertools.product(*values.values()))
    assert [tuple(s.values()) for s in grid(values)] == expected
    assert all(list(s) == list(values) for s in grid(values))


def test_random_settings_are_seeded_and_a_longer_search_begins_alike():
    few, many = (random_settings(SPACE, n, seed=3) for n in (5, 50))
    assert many[:5] == few
    assert random_settings(SPACE, 5, seed=4) != few
    for setting in many:
        assert list(setting) == list(SPACE)
        assert 1e-4 <= setting["lr"] <= 1e-1
        assert setting["batch_size"] in (4, 8, 16)
        assert 0 <= setting["warmup"] <= 0.3


def test_log_uniform_draws_each_decade_as_often():
    some = random_settings({"lr": SPACE["lr"]}, 3000, seed=0)
    logs = np.log10([setting["lr"] for setting in some])
    counts, _ = np.histogram(logs, bins=[-4, -3, -2, -1])
    assert abs(counts - 1000).max() < 100  # four standard deviations


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Uniform(1, 1), "low must be below high, got 1 and 1"),
        (lambda: LogUniform(0, 1), "low must be above 0, got 0"),
        (lambda: Choice(()), "values must hold at least one, got none"),
        (lambda: grid({"lr": []}), "lr must have at least one value, got no"),
        (lambda: random_settings(SPACE, 0), "n must be at least 1, got 0"),
        (
            lambda: halving_plan(9, least=1, most=9, factor=1),
            "factor must be at least 2, got 1",
        ),
        (
            lambda: halving_plan(9, least=10, most=9),
            "least must be from 1 to most, got 10 and 9",
        ),
        (
            lambda: halving_plan(8, least=1, most=9),
            "n must be at least 9 for 3 budgets, got 8",
        ),
    ],
)
def test_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# ---- the search -------------------------------------------------------------


def test_try_all_is_a_loop(tmp_path):
    settings = random_settings(SPACE, 4, seed=0)
    results = Results(tmp_path / "runs.jsonl")
    runs = try_all(bowl, settings, results, seeds=(0, 1), budget=5)
    loop = [
        bowl(setting, seed=seed, budget=5)
        for setting in settings
        for seed in (0, 1)
    ]
    assert [{k: run[k] for k in ("loss", "right")} for run in runs] == loop
    assert all(run["seconds"] >= 0 for run in runs)
    assert Results(results.path).runs == runs == results.runs


def test_what_is_known_is_not_run_again(tmp_path):
    settings = random_settings(SPACE, 3, seed=0)
    results = Results(tmp_path / "runs.jsonl")
    first = try_all(bowl, settings, results)

    def never(setting, *, seed, budget):
        raise AssertionError("this was known")

    again = Results(results.path)
    assert try_all(never, reversed(settings), again) == first[::-1]
    with pytest.raises(AssertionError, match="this was known"):
        try_all(never, settings, again, seeds=[1])
    with pytest.raises(AssertionError, match="this was known"):
        try_all(never, settings, again, budget=7)


def test_a_diverged_run_is_kept_and_comes_last(tmp_path):
    def trial(setting, *, seed, budget):
        loss = math.nan if setting["lr"] > 1 else np.float32(setting["lr"])
        return {"loss": loss, "curve": [1.0, math.inf]}

    results = Results(tmp_path / "runs.jsonl")
    runs = try_all(trial, grid({"lr": [2.0, 0.5, 0.25]}), results)
    assert [run["loss"] for run in runs] == [math.inf, 0.5, 0.25]
    assert runs[0]["curve"] == [1.0, None]
    rows = ranked(Results(results.path).runs)
    assert [row["setting"]["lr"] for row in rows] == [0.25, 0.5, 2.0]
    assert math.isnan(rows[0]["std"])


def test_ranked_is_numpys_mean_and_std(tmp_path):
    results = Results(tmp_path / "runs.jsonl")
    settings = random_settings(SPACE, 6, seed=0)
    runs = try_all(bowl, settings, results, seeds=range(3))
    losses = np.array([run["loss"] for run in runs]).reshape(6, 3)
    rows = ranked(runs)
    order = losses.mean(1).argsort()
    np.testing.assert_allclose(
        [row["mean"] for row in rows], losses.mean(1)[order]
    )
    np.testing.assert_allclose(
        [row["std"] for row in rows], losses.std(1, ddof=1)[order]
    )
    assert [row["n"] for row in rows] == [3] * 6
    assert ranked([*runs, *runs]) == rows
    try_all(bowl, settings, results, budget=9)
    with pytest.raises(ValueError, match=r"same budget .* got \[9, None\]"):
        ranked(results.runs)


def test_halving_keeps_the_best_third(tmp_path):
    assert halving_plan(27, least=1, most=9) == [(27, 1), (9, 3), (3, 9)]
    assert halving_plan(10, least=2, most=9, factor=2) == [
        (10, 2), (5, 4), (2, 8)
    ]  # fmt: skip
    settings = random_settings(SPACE, 27, seed=0)
    results = Results(tmp_path / "runs.jsonl")
    rungs = successive_halving(bowl, settings, results, least=1, most=9)
    assert [len(rung) for rung in rungs] == [27, 9, 3]
    assert {run["budget"] for run in rungs[-1]} == {9}
    # this loss falls by the same everywhere, so nothing good is lost
    everyone = sorted(settings, key=lambda s: bowl(s, seed=0)["loss"])
    assert [run["setting"] for run in rungs[-1]] == everyone[:3]
    assert len(results.runs) == 39


# ---- the file ---------------------------------------------------------------

KILLED = """
import sys, time
from companion.training.results import Results
from companion.training.search import *
from tests.test_search import SPACE, bowl

def slow(setting, *, seed, budget):
    time.sleep(0.05)
    return bowl(setting, seed=seed, budget=budget)

results = Results(sys.argv[1], {"of": "a test"})
settings = random_settings(SPACE, 27, seed=0)
successive_halving(slow, settings, results, least=1, most=9)
"""


def start_search(path):
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return subprocess.Popen([sys.executable, "-c", KILLED, path], cwd=root)


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
@pytest.mark.parametrize("lines", [4, 31])  # on the first rung, the second
def test_a_killed_search_ends_with_the_same_table(tmp_path, lines):
    whole = Results(tmp_path / "whole.jsonl", {"of": "a test"})
    settings = random_settings(SPACE, 27, seed=0)
    rungs = successive_halving(bowl, settings, whole, least=1, most=9)

    path = tmp_path / "killed.jsonl"
    process = start_search(path)
    deadline = time.monotonic() + 120
    while not path.exists() or path.read_bytes().count(b"\n") < lines:
        assert process.poll() is None, "it ended before it was killed"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with path.open("ab") as file:  # as if it had died within a line
        file.write(b'{"run": {"setting": {"lr": 0.0')

    made = []

    def counted(setting, *, seed, budget):
        made.append(setting)
        return bowl(setting, seed=seed, budget=budget)

    resumed = Results(path, {"of": "a test"})
    known = len(resumed.runs)
    assert lines - 1 <= known < 39
    again = successive_halving(counted, settings, resumed, least=1, most=9)
    assert list(map(told, again)) == list(map(told, rungs))
    assert told(Results(path).runs) == told(whole.runs)
    assert len(made) == 39 - known


def test_every_line_is_on_the_disk_before_the_next_run(tmp_path):
    path, seen = tmp_path / "runs.jsonl", []

    def trial(setting, *, seed, budget):
        seen.append(path.read_bytes().count(b"\n"))
        return bowl(setting, seed=seed)

    try_all(trial, random_settings(SPACE, 3), Results(path))
    assert seen == [1, 2, 3]


def test_a_part_of_a_line_is_cut_off(tmp_path):
    path = tmp_path / "runs.jsonl"
    try_all(bowl, random_settings(SPACE, 3), Results(path))
    whole = path.read_bytes()
    last = whole[:-1].rfind(b"\n") + 1
    for end in range(last, len(whole)):
        path.write_bytes(whole[:end])
        assert len(Results(path).runs) == 2
        assert path.read_bytes() == whole[:last]
    path.write_bytes(b'{"abo')
    assert Results(path, {"of": 1}).about == {"of": 1}


def test_another_search_or_another_file_is_refused(tmp_path):
    path = tmp_path / "runs.jsonl"
    Results(path, {"stories": 10})
    assert Results(path, {"stories": 10}).about == {"stories": 10}
    assert Results(path).about == {"stories": 10}
    with pytest.raises(ValueError, match="holds another search: it is about"):
        Results(path, {"stories": 20})
    path.write_text('{"about": {}}\n{"run": 1, "more": 2}\n')
    with pytest.raises(ValueError, match="line 2 must be a JSON object with"):
        Results(path)
    path.write_text("[1]\n")
    with pytest.raises(ValueError, match="line 1 must be a JSON object with"):
        Results(path)


def test_a_run_must_be_new_and_have_a_loss(tmp_path):
    results = Results(tmp_path / "runs.jsonl")
    run = {"setting": {"lr": 1}, "seed": 0, "budget": None}
    with pytest.raises(ValueError, match="a run must have a loss, got"):
        results.add(run)
    results.add({**run, "loss": 1.0})
    with pytest.raises(ValueError, match="a run must be new, got"):
        results.add({**run, "loss": 2.0})


def test_the_test_set_is_touched_once(tmp_path):
    results = Results(tmp_path / "runs.jsonl")
    one, other = random_settings(SPACE, 2)
    try_all(bowl, [one], results)
    touched = []

    def measure():
        touched.append(1)
        return {"loss": 0.5}

    assert results.test_once(one, measure)["loss"] == 0.5
    again = Results(results.path)
    assert again.test_once(one, measure) == results.test
    assert len(touched) == 1
    with pytest.raises(ValueError, match="test set may be touched once: it"):
        again.test_once(other, measure)
    with pytest.raises(ValueError, match="touched, so this search is over"):
        try_all(lambda *a, **k: 1 / 0, [other], again)  # before it trains
    with pytest.raises(ValueError, match="touched, so this search is over"):
        again.add({**results.runs[0], "seed": 1})
    assert try_all(bowl, [one], again) == results.runs  # known: no choice
    assert json.loads(results.path.read_text().split("\n")[2])["test"]
