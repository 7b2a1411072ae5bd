"""The race of optimizers: the JavaScript against companion.optimizers."""

import numpy as np
import pytest

from companion.widgets import OptimizerRace
from companion.widgets.descent import SURFACES, descend
from companion.widgets.optimizer_race import RACERS, RATES, race


def cases(n, seed):
    """Races on every surface, from calm to wild."""
    rng = np.random.default_rng(seed)
    for i in range(n):
        name = list(SURFACES)[i % len(SURFACES)]
        start = rng.uniform(-2, 2, 2).round(2).tolist()
        by_slope, by_size = RATES[name]
        by_slope *= float(rng.choice([0.1, 1.0, 1.0, 30.0]))
        by_size *= float(rng.choice([0.1, 1.0]))
        momentum = float(rng.choice([0.0, 0.5, 0.9, 0.99]))
        yield name, start, by_slope, by_size, momentum, int(rng.integers(80))


def test_javascript_takes_the_same_steps(javascript):
    runs = list(cases(80, seed=0))
    found = javascript("optimizer_race", [("race", c) for c in runs])
    ends = set()
    for case, theirs in zip(runs, found, strict=True):
        for name, ours in race(*case).items():
            assert theirs[name]["diverged"] == ours.diverged
            np.testing.assert_allclose(
                theirs[name]["points"], ours.points, rtol=1e-7, atol=1e-7
            )
            np.testing.assert_allclose(
                theirs[name]["losses"], ours.losses, rtol=1e-6, atol=1e-9
            )
            ends.add(ours.diverged)
    assert ends == {True, False}


@pytest.mark.parametrize("surface", SURFACES)
def test_two_of_them_are_those_of_the_other_widget(surface):
    start, rate = SURFACES[surface].start, RATES[surface][0]
    paths = race(surface, start, rate, 0.1, momentum=0.9, steps=50)
    assert paths["plain"] == descend(surface, start, rate, 0.0, 50)
    assert paths["momentum"] == descend(surface, start, rate, 0.9, 50)
    assert tuple(paths) == RACERS


def test_the_defaults_are_javascripts(javascript):
    for surface, (by_slope, by_size) in RATES.items():
        widget = OptimizerRace(surface)
        assert (widget.slope_rate, widget.size_rate) == (by_slope, by_size)
        paths = race(surface, widget.start, by_slope, by_size)
        assert not any(path.diverged for path in paths.values())


def test_the_sentence_says_who_is_lowest(javascript):
    calm = ["valley", [-1.8, 0.8], 0.04, 0.1, 0.9, 60]
    wild = ["valley", [-1.8, 0.8], 0.5, 0.1, 0.9, 60]
    paths = javascript("optimizer_race", [("race", calm), ("race", wild)])
    asked = [
        ("valley", paths[0], list(RACERS), 60),
        ("valley", paths[1], ["plain", "adam"], 60),
        ("valley", paths[0], [], 60),
    ]
    said = javascript("optimizer_race", [("raceSentence", a) for a in asked])
    ends = {n: p.losses[-1] for n, p in race(*calm).items()}
    names = {"plain": "gradient descent", "nesterov": "Nesterov"}
    names |= {"momentum": "momentum", "rmsprop": "RMSprop", "adam": "Adam"}
    order = [names[n] for n in sorted(ends, key=ends.get)]
    places = [said[0].index(name) for name in order]
    assert places == sorted(places)
    assert said[0].startswith("Above the lowest loss after 60 steps: ")
    assert said[1].endswith("gradient descent has diverged.")
    assert said[2] == "Nobody takes part: tick a box."


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: OptimizerRace("hill"),
            "surface must be one of bowl, valley, rosenbrock, saddle, "
            "got 'hill'",
        ),
        (
            lambda: OptimizerRace(start=(3.0, 0.0)),
            r"start must be x and y from -2 to 2, got \[3.0, 0.0\]",
        ),
        (
            lambda: OptimizerRace(slope_rate=0.0),
            "slope_rate must be from 0.0001 to 1, got 0.0",
        ),
        (
            lambda: OptimizerRace(size_rate=2.0),
            "size_rate must be from 0.001 to 1, got 2.0",
        ),
        (
            lambda: OptimizerRace(momentum=1.0),
            "momentum must be from 0 to 0.99, got 1.0",
        ),
        (
            lambda: OptimizerRace(steps=301),
            "steps must be from 0 to 300, got 301",
        ),
        (
            lambda: OptimizerRace(shown=["adam", "lamb"]),
            "shown must be among plain, momentum, nesterov, rmsprop, adam, "
            "got lamb",
        ),
    ],
)
def test_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
