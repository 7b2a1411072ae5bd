from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.evaluation.recall import (
    KINDS,
    loss_by_distance,
    loss_by_kind,
)
from companion.evaluation.scoring import loss_of


@dataclass
class Key:
    """A story's answer key."""

    log_probs: np.ndarray
    kinds: tuple[str, ...]
    distances: np.ndarray


def keys(seed, n=6):
    """Stories with a random key, and a model's random scores of them."""
    rng = np.random.default_rng(seed)
    stories, scores = [], []
    for length in rng.integers(1, 40, n):
        kinds = tuple(rng.choice(KINDS, length).tolist())
        recall = np.array(kinds) == "recall"
        distances = np.where(recall, rng.integers(1, 200, length), 0)
        stories.append(Key(-rng.exponential(1, length), kinds, distances))
        scores.append(-rng.exponential(2, length))
    return stories, scores


@given(seed=st.integers(0, 2**32 - 1))
def test_matches_total_loss_minus_floor(seed):
    """A conservation law: the parts sum to the whole."""
    stories, scores = keys(seed)
    parts = loss_by_kind(scores, stories)
    floor = loss_of([story.log_probs for story in stories])
    total = loss_of(scores)
    assert sum(p.nats for p in parts) == pytest.approx(total.nats - floor.nats)
    assert sum(p.n_words for p in parts) == total.n_words
    bins = loss_by_distance(scores, stories)
    recall = parts[KINDS.index("recall")]
    assert sum(b.nats for b in bins) == pytest.approx(recall.nats)
    assert sum(b.n_words for b in bins) == recall.n_words


def test_by_hand():
    story = Key(
        np.array([-1.0, 0.0, 0.0, -0.5]),
        ("free", "recall", "recall", "grammar"),
        np.array([0, 3, 9, 0]),
    )
    scores = [np.array([-1.5, -0.25, -2.0, -0.5])]
    by_kind = {e.label: e for e in loss_by_kind(scores, [story])}
    assert by_kind["free"].nats_per_word == pytest.approx(0.5)
    assert by_kind["recall"].nats_per_word == pytest.approx(1.125)
    assert by_kind["grammar"].nats_per_word == pytest.approx(0.0)
    near, far, _ = loss_by_distance(scores, [story], edges=(1, 5, 10))
    assert (near.label, near.nats, near.n_words) == ("1-4", 0.25, 1)
    assert (far.label, far.nats, far.n_words) == ("5-9", 2.0, 1)


def test_the_source_itself_has_no_excess():
    stories, _ = keys(0, n=50)
    own = [story.log_probs for story in stories]
    for part in loss_by_kind(own, stories) + loss_by_distance(own, stories):
        assert part.nats == 0
        assert part.standard_error == 0


def test_labels_say_first_and_last_distance():
    stories, scores = keys(0)
    bins = loss_by_distance(scores, stories, edges=(1, 2, 4, 8))
    assert [b.label for b in bins] == ["1", "2-3", "4-7", "8+"]


def test_a_group_without_words_has_no_mean():
    story = Key(np.array([-1.0]), ("free",), np.array([0]))
    recall = loss_by_kind([np.array([-1.0])], [story])[1]
    assert (recall.label, recall.n_words, recall.nats) == ("recall", 0, 0)
    assert np.isnan(recall.nats_per_word)
    assert np.isnan(recall.standard_error)


def test_standard_errors_shrink_with_the_number_of_stories():
    few, many = (keys(1, n) for n in (100, 1600))
    errors = [
        loss_by_kind(scores, stories)[0].standard_error
        for stories, scores in (few, many)
    ]
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.3)


def test_an_impossible_word_costs_without_end_where_it_stands():
    stories, scores = keys(0)
    word = stories[0].kinds.index("grammar")
    scores[0][word] = -np.inf
    grammar, recall, free = loss_by_kind(scores, stories)
    assert grammar.nats == np.inf
    assert np.isnan(grammar.standard_error)
    assert np.isfinite([recall.nats, free.nats, free.standard_error]).all()


def test_refuses_scores_of_other_stories():
    stories, scores = keys(0)
    with pytest.raises(ValueError, match="needs one score a word and one"):
        loss_by_kind(scores[:-1], stories)
    with pytest.raises(ValueError, match="needs one score a word and one"):
        loss_by_distance([s[:-1] for s in scores], stories)


def test_refuses_a_kind_it_does_not_know():
    story = Key(np.array([-1.0]), ("luck",), np.array([0]))
    with pytest.raises(ValueError, match=r"kind must be one of .*'luck'"):
        loss_by_kind([np.array([-1.0])], [story])


@pytest.mark.parametrize("edges", [(), (1, 1), (4, 2)])
def test_refuses_edges_that_do_not_rise(edges):
    stories, scores = keys(0)
    with pytest.raises(ValueError, match="edges must rise"):
        loss_by_distance(scores, stories, edges=edges)


def test_refuses_edges_that_leave_words_out():
    story = Key(np.array([-1.0]), ("recall",), np.array([2]))
    with pytest.raises(ValueError, match=r"shortest distance \(2\), got 5"):
        loss_by_distance([np.array([-1.0])], [story], edges=(5, 9))
