"""The designer: its numbers are those of companion.optimizers.schedules."""

import random
import shutil

import pytest

from companion.optimizers.schedules import Cosine
from companion.widgets import ScheduleDesigner
from companion.widgets import schedule_designer as designer

needs_node = pytest.mark.skipif(
    shutil.which("node") is None, reason="node is not installed"
)


def drawn(n, seed):
    """n schedules of every kind, with settings from calm to odd."""
    rng = random.Random(seed)
    for i in range(n):
        warmup = rng.choice([0.0, 0.05, rng.uniform(0, 0.6)])
        yield (
            list(designer.KINDS)[i % len(designer.KINDS)],
            {
                "warmup": warmup,
                "final": rng.choice([1.0, 0.1, rng.uniform(1e-4, 1)]),
                "decay": rng.choice([0.02, (1 - warmup) * rng.random()]),
                "cycles": rng.randint(1, 7),
                "factor": rng.choice([1, 2, rng.uniform(0.3, 3)]),
            },
        )


@needs_node
def test_factors_match_python(javascript):
    rng = random.Random(1)
    cases = [
        (kind, settings, at)
        for kind, settings in drawn(200, seed=0)
        for at in (0.0, settings["warmup"], rng.random(), 3 / 7, 1.0)
    ]
    found = javascript("schedule_designer", [("factorAt", c) for c in cases])
    for (kind, settings, at), factor in zip(cases, found, strict=True):
        wanted = designer.schedule_of(kind, settings)(at)
        assert factor == pytest.approx(wanted, abs=1e-12), (kind, settings, at)


@needs_node
def test_totals_match_python(javascript):
    rng = random.Random(2)
    cases = [
        (*each, 10 ** rng.uniform(-5, 0), 10 ** rng.uniform(4, 13), 777.0)
        for each in drawn(60, seed=3)
    ]
    cases.append(("cosine", designer.START, 0.01, 1e4, 1e6))  # one step
    found = javascript("schedule_designer", [("totals", c) for c in cases])
    for case, got in zip(cases, found, strict=True):
        assert got == pytest.approx(designer.totals(*case), rel=1e-9)


def test_areas_that_are_known():
    def area(kind, **settings):
        settings = designer.START | {"warmup": 0.0} | settings
        return designer.totals(kind, settings, 0.1, 1e6, 100)["area"]

    assert area("constant") == 1
    assert area("cosine", final=0.0) == pytest.approx(1 / 2)
    assert area("restarts", final=0.0) == pytest.approx(1 / 2, abs=1e-3)
    assert area("warmup_stable_decay", final=0.0) == pytest.approx(0.9)
    # the mean of 0.01^x is (1 - 0.01) / ln 100
    assert area("exponential") == pytest.approx(0.99 / 4.60517, rel=1e-4)
    assert area("constant", warmup=0.5) == pytest.approx(0.75, abs=2e-4)


@needs_node
def test_the_sentence_and_the_settings(javascript):
    settings = designer.START | {"warmup": 0.0, "final": 0.0}
    found = designer.totals("cosine", settings, 0.01, 1e6, 1e3)
    said, bounded, one, million = javascript(
        "schedule_designer",
        [
            (
                "scheduleSentence",
                ["cosine", settings, 0.01, 1e6, found, 0.5],
            ),
            ("within", [designer.START | {"warmup": 0.4, "decay": 0.7}]),
            ("inWords", [999]),
            ("inWords", [1_500_000]),
        ],
    )
    assert said == (
        "After 500,000 tokens the rate is 0.005, 50% of the highest. The "
        "area under the curve is 50% of the rectangle: 1,000 steps add up "
        "to the length of 500 at the highest rate."
    )
    assert bounded["decay"] == 0.6
    assert (one, million) == ("999", "1.5 million")


def test_it_makes_the_schedule_of_the_package():
    schedule = designer.schedule_of("cosine", designer.START)
    assert schedule == Cosine(warmup=0.05, final=0.01)
    widget = ScheduleDesigner("restarts", settings={"cycles": 4})
    assert widget.settings["cycles"] == 4
    assert "restarts, 5" in repr(widget)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: ScheduleDesigner("linear"),
            "schedule must be one of constant, cosine, warmup_stable_decay, "
            "exponential, restarts, got 'linear'",
        ),
        (
            lambda: ScheduleDesigner(settings={"warmup": 1.0}),
            r"warmup must be in \[0, 1\), got 1.0",
        ),
        (
            lambda: ScheduleDesigner(settings={"rate": 1.0}),
            "settings must be among warmup, final, decay, cycles, factor, "
            r"got \['rate'\]",
        ),
        (
            lambda: ScheduleDesigner(lr=2.0),
            "lr must be from 1e-05 to 1, got 2",
        ),
        (
            lambda: ScheduleDesigner(tokens=1.0),
            r"tokens must be from 10000 to 1e\+13, got 1",
        ),
        (
            lambda: ScheduleDesigner(tokens_per_step=0),
            r"tokens_per_step must be from 1 to 1e\+08, got 0",
        ),
    ],
)
def test_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
