"""Check the schedules against torch's, at their corners, and their errors."""

import math

import pytest
import torch
from torch.optim import lr_scheduler

from companion.optimizers.schedules import (
    Constant,
    Cosine,
    Exponential,
    Linear,
    Restarts,
    WarmupStableDecay,
)
from companion.training import TrainConfig

STEPS = 70
EVERY = [
    Constant,
    Cosine,
    Linear,
    Exponential,
    Restarts,
    WarmupStableDecay,
]


def torch_factors(make, steps: int = STEPS) -> list[float]:
    """Let a scheduler of torch say the rate before each step."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = make(optimizer)
    rates = []
    for _ in range(steps + 1):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def factors(schedule, steps: int = STEPS) -> list[float]:
    return [schedule(step / steps) for step in range(steps + 1)]


@pytest.mark.parametrize("final", [0.0, 0.1])
def test_cosine_matches_torch(final):
    theirs = torch_factors(
        lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS, eta_min=final)
    )
    assert factors(Cosine(final=final)) == pytest.approx(theirs, abs=1e-9)


def test_exponential_matches_torch():
    gamma = 0.03 ** (1 / STEPS)
    theirs = torch_factors(lambda o: lr_scheduler.ExponentialLR(o, gamma))
    assert factors(Exponential(final=0.03)) == pytest.approx(theirs)


@pytest.mark.parametrize(("cycles", "factor"), [(3, 2), (7, 1), (1, 2)])
def test_restarts_match_torch_also_where_they_jump(cycles, factor):
    first = STEPS // sum(factor**n for n in range(cycles))
    theirs = torch_factors(
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(
            o, first, factor, eta_min=0.1
        )
    )
    ours = factors(Restarts(cycles=cycles, factor=factor, final=0.1))
    assert ours[:-1] == pytest.approx(theirs[:-1], abs=1e-9)
    assert ours[-1] == pytest.approx(0.1)  # the end; torch starts anew


def test_restarts_jump_up_at_every_length_of_run():
    schedule = Restarts(cycles=3, factor=2)
    for unit in range(1, 500):
        for corner in (1, 3):  # of 1 + 2 + 4 parts
            assert schedule(corner * unit / (7 * unit)) == pytest.approx(1)
    late = Restarts(cycles=3, factor=2, warmup=0.3)
    assert late(0.3 + 0.7 * 3 / 7) == pytest.approx(1)


def test_warmup_matches_torch():
    theirs = torch_factors(
        lambda o: lr_scheduler.LinearLR(o, 1e-12, total_iters=STEPS // 2)
    )
    ours = factors(Constant(warmup=0.5))
    assert ours[1:] == pytest.approx(theirs[1:])
    assert ours[0] == 0.02  # not 0: the first step would teach nothing


@pytest.mark.parametrize("warmup", [0.0, 0.1])
def test_the_decay_matches_torch(warmup):
    theirs = torch_factors(
        lambda o: lr_scheduler.LinearLR(o, 1.0, 0.1, total_iters=STEPS // 5),
        STEPS // 5,
    )
    ours = factors(WarmupStableDecay(decay=0.2, final=0.1, warmup=warmup))
    assert ours[-STEPS // 5 - 1 :] == pytest.approx(theirs)
    assert ours[STEPS // 10 : -STEPS // 5] == pytest.approx(
        [1.0] * (STEPS - STEPS // 10 - STEPS // 5 + 1)
    )


def test_corners_by_hand():
    cosine = Cosine(warmup=0.2, final=0.1)
    assert cosine(0.0) == 0.02
    assert cosine(0.1) == pytest.approx(0.5)
    assert cosine(0.2) == 1
    assert cosine(0.6) == pytest.approx(0.55)
    assert cosine(1.0) == pytest.approx(0.1)
    falling = Exponential(warmup=0.2, final=0.01)
    assert falling(0.2) == 1
    assert falling(0.6) == pytest.approx(0.1)
    assert falling(1.0) == pytest.approx(0.01)
    trapezium = WarmupStableDecay(warmup=0.1, decay=0.4)
    for progress, factor in [(0.1, 1), (0.6, 1), (0.8, 0.5), (1.0, 0)]:
        assert trapezium(progress) == pytest.approx(factor)
    assert Restarts(cycles=2, factor=1)(0.25) == pytest.approx(0.5)


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("warmup", [0.0, 0.3])
def test_a_factor_is_a_share_and_warmup_ends_at_one(kind, warmup):
    schedule = kind(warmup=warmup)
    values = factors(schedule, 997)
    assert all(0 <= value <= 1 for value in values)
    assert max(values) == pytest.approx(1, abs=0.01)
    assert schedule(warmup) == pytest.approx(1)


def test_cosine_is_the_default_rate_of_a_training():
    config, schedule = TrainConfig(steps=10, lr=3e-3), Cosine(warmup=0.05)
    for step in range(1001):
        progress = step / 1000
        if progress < 0.05:
            expected = max(progress / 0.05, 0.02)
        else:
            angle = math.pi * (progress - 0.05) / 0.95
            expected = (1 + math.cos(angle)) / 2
        assert schedule(progress) == pytest.approx(expected)
        assert config.lr_at(progress) == pytest.approx(3e-3 * expected)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Constant(warmup=1.0), r"warmup must be in \[0, 1\), got 1.0"),
        (lambda: Cosine(warmup=-0.1), r"warmup must be in \[0, 1\), got -0.1"),
        (lambda: Cosine(final=2), r"final must be in \[0, 1\], got 2"),
        (lambda: Exponential(final=0), r"final must be in \(0, 1\], got 0"),
        (lambda: Restarts(cycles=0), "cycles must be at least 1, got 0"),
        (lambda: Restarts(factor=0), "factor must be above 0, got 0"),
        (lambda: Restarts(final=-1), r"final must be in \[0, 1\], got -1"),
        (
            lambda: WarmupStableDecay(warmup=0.5, decay=0.6),
            r"decay must be in \(0, 1 - warmup\], got 0.6",
        ),
        (
            lambda: WarmupStableDecay(final=1.5),
            r"final must be in \[0, 1\], got 1.5",
        ),
        (lambda: Cosine()(1.01), r"progress must be in \[0, 1\], got 1.01"),
        (lambda: Constant()(-0.5), r"progress must be in \[0, 1\], got -0.5"),
    ],
)
def test_errors_name_the_rule_and_the_value(make, says):
    with pytest.raises(ValueError, match=says):
        make()


def test_a_line_matches_torch():
    theirs = torch_factors(
        lambda optimizer: lr_scheduler.LinearLR(optimizer, 1.0, 0.1, STEPS)
    )
    assert factors(Linear(final=0.1)) == pytest.approx(theirs)
