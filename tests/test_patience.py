import json
import math

import pytest

from companion.training.patience import Patience


def updates(patience, losses):
    return [patience.update(step, x) for step, x in enumerate(losses, 1)]


def test_counts_evaluations_since_the_best():
    patience = Patience(3)
    assert updates(patience, [2.0, 1.5, 1.6, 1.4, 1.5, 1.5]) == [
        *(True, True, False, True, False, False),
    ]
    assert (patience.best, patience.best_step) == (1.4, 4)
    assert patience.waited == 2 and not patience.exhausted
    patience.update(7, 1.41)
    assert patience.exhausted


def test_stops_where_a_search_over_the_curve_says():
    losses = [3.0, 2.0, 2.5, 1.0, 1.2, 1.1, 1.3, 0.9, 1.0]
    for length in range(1, 6):
        ends = [
            t
            for t in range(length, len(losses))
            if min(losses[: t - length + 1])
            <= min(losses[t - length + 1 : t + 1])
        ]
        patience, stopped = Patience(length), None
        for t, loss in enumerate(losses):
            patience.update(t, loss)
            if patience.exhausted:
                stopped = t
                break
        assert stopped == (ends[0] if ends else None)


def test_an_equal_loss_is_no_improvement():
    assert updates(Patience(2), [1.0, 1.0]) == [True, False]


def test_a_fall_below_min_delta_is_no_improvement():
    patience = Patience(5, min_delta=0.1)
    assert updates(patience, [1.0, 0.95, 0.8]) == [True, False, True]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_not_finite_is_waited_for_and_named(bad):
    patience = Patience(2)
    assert updates(patience, [bad, 1.0, bad, bad]) == [
        *(False, True, False, False),
    ]
    assert patience.not_finite == [1, 3, 4]
    assert (patience.best, patience.best_step) == (1.0, 2)
    assert patience.exhausted


def test_only_nan_ends_too():
    patience = Patience(2)
    updates(patience, [math.nan] * 2)
    assert patience.exhausted and patience.best_step is None


@pytest.mark.parametrize("cut", range(6))
def test_goes_on_from_a_state_through_json(cut):
    losses = [math.nan, 2.0, 1.5, 1.6, 1.7, 1.4]
    whole = Patience(3)
    updates(whole, losses)
    first, second = Patience(3), Patience(3)
    updates(first, losses[:cut])
    text = json.dumps(first.state(), allow_nan=False)
    second.resume(json.loads(text))
    for step, loss in enumerate(losses[cut:], cut + 1):
        second.update(step, loss)
    assert vars(second) == vars(whole)


def test_a_state_is_a_copy():
    patience = Patience(1)
    state = patience.state()
    patience.update(1, math.nan)
    assert state["not_finite"] == []


def test_settings_are_checked():
    with pytest.raises(ValueError, match="patience must be at least 1, got 0"):
        Patience(0)
    with pytest.raises(ValueError, match="min_delta must be >= 0, got -1"):
        Patience(1, min_delta=-1)
