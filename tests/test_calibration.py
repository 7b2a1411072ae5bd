"""Speeds: a made-up clock is the referee, then the real one."""

import time
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from companion.machine import (
    Calibration,
    Work,
    calibrate,
    calibration,
    predict_range,
    predict_seconds,
)

REFERENCE = Calibration(
    cpu="A CPU",
    threads=2,
    matmul_gflops_one_thread=50.0,
    matmul_gflops_all_threads=100.0,
    memory_bandwidth_gb_s=10.0,
    python_steps_per_s=2e7,
)
speeds = st.floats(1e-3, 1e3)
machines = st.builds(
    Calibration,
    cpu=st.just("Another"),
    threads=st.integers(1, 8),
    matmul_gflops_one_thread=speeds,
    matmul_gflops_all_threads=speeds,
    memory_bandwidth_gb_s=speeds,
    python_steps_per_s=speeds,
)


def times(factor):
    """Make a machine that is `factor` times as fast at everything."""
    return replace(
        REFERENCE,
        matmul_gflops_one_thread=50.0 * factor,
        matmul_gflops_all_threads=100.0 * factor,
        memory_bandwidth_gb_s=10.0 * factor,
        python_steps_per_s=2e7 * factor,
    )


def test_matches_a_clock_of_known_speed(monkeypatch):
    """Every repeat takes a tenth of a second on this clock, but one."""
    now = [0.0]

    def clock():
        now[0] += 0.1
        return now[0]

    monkeypatch.setattr(calibration.time, "perf_counter", clock)
    monkeypatch.setattr(calibration, "SIDE", 64)
    monkeypatch.setattr(calibration, "COPIED", 4096)
    found = calibrate(1)
    assert found.matmul_gflops_one_thread == pytest.approx(2 * 64**3 / 1e8)
    assert found.matmul_gflops_all_threads == pytest.approx(2 * 64**3 / 1e8)
    assert found.memory_bandwidth_gb_s == pytest.approx(2 * 4096 / 1e8)
    assert found.python_steps_per_s == pytest.approx(calibration.STEPS / 0.1)


def test_one_slow_moment_does_not_count(monkeypatch):
    ticks = iter([0, 0, 1, 1, 100, 100, 101, 102])
    monkeypatch.setattr(
        calibration.time, "perf_counter", lambda: float(next(ticks))
    )
    assert calibration._rate(lambda: None) == 1.0


def test_measures_this_machine_in_seconds():
    before = torch.get_num_threads()
    start = time.perf_counter()
    found = calibrate(1)
    seconds = time.perf_counter() - start
    assert torch.get_num_threads() == before
    assert found.threads == 1 and found.cpu
    assert 4 * calibration.BUDGET < seconds < 15
    # between a slow phone and the fastest core there is
    assert 0.1 < found.matmul_gflops_one_thread < 2_000
    assert 0.1 < found.memory_bandwidth_gb_s < 2_000
    assert 1e5 < found.python_steps_per_s < 1e10


def test_threads_are_put_back_after_a_failure(monkeypatch):
    before = torch.get_num_threads()
    monkeypatch.setattr(calibration, "_rate", lambda work: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        calibrate(before + 1)
    assert torch.get_num_threads() == before


def test_refuses_no_threads():
    with pytest.raises(ValueError, match="threads must be at least 1, got 0"):
        calibrate(0)


@given(st.floats(0.01, 100), st.floats(0, 1e6))
def test_twice_as_fast_takes_half_as_long(factor, seconds):
    expected = pytest.approx(seconds / factor)
    assert predict_seconds(seconds, REFERENCE, times(factor)) == expected


def test_each_share_scales_with_its_own_speed():
    here = replace(REFERENCE, memory_bandwidth_gb_s=5.0)
    work = Work(python=0.5, matmul=0.25, memory=0.25)
    assert predict_seconds(8.0, REFERENCE, here, work) == pytest.approx(10.0)
    alone = Work(python=0, matmul=0, memory=1)
    assert predict_seconds(8.0, REFERENCE, here, alone) == pytest.approx(16.0)


@given(machines, st.tuples(*[st.floats(0.01, 1)] * 3))
def test_any_shares_predict_within_the_range(here, weights):
    shares = [weight / sum(weights) for weight in weights]
    names = ("python", "matmul", "memory")
    work = Work(**dict(zip(names, shares, strict=True)))
    seconds = predict_seconds(3.0, REFERENCE, here, work)
    least, most = predict_range(3.0, REFERENCE, here)
    assert least * (1 - 1e-9) <= seconds <= most * (1 + 1e-9)


@pytest.mark.parametrize("shares", [(0.5, 0.5, 0.5), (1.5, -0.5, 0)])
def test_refuses_shares_that_are_none(shares):
    python, matmul, memory = shares
    with pytest.raises(ValueError, match="shares must be at least 0 and sum"):
        Work(python=python, matmul=matmul, memory=memory)


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf")])
def test_refuses_times_that_are_none(seconds):
    rule = "reference_seconds must be finite and at least 0, got"
    with pytest.raises(ValueError, match=rule):
        predict_seconds(seconds, REFERENCE, REFERENCE)
    with pytest.raises(ValueError, match=rule):
        predict_range(seconds, REFERENCE, REFERENCE)
