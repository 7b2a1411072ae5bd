import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.tokenization.lattice import Lattice
from companion.tokenization.viterbi import likeliest_path

words = st.text("abc", min_size=1, max_size=7)


def cuts(word):
    """All ways to cut a word, one after the other."""
    n = len(word)
    for k in range(n):
        for places in combinations(range(1, n), k):
            bounds = [0, *places, n]
            yield [word[bounds[i] : bounds[i + 1]] for i in range(k + 1)]


@st.composite
def models(draw):
    """Pieces with log-probabilities, every character among them."""
    more = draw(st.sets(st.text("abc", min_size=2, max_size=4), max_size=12))
    pieces = ["a", "b", "c", *sorted(more)]
    weights = draw(
        st.lists(
            st.floats(0.01, 1), min_size=len(pieces), max_size=len(pieces)
        )
    )
    return pieces, np.log(weights) - np.log(sum(weights))


def lattice_of(texts, pieces, **options):
    return Lattice(texts, {p: i for i, p in enumerate(pieces)}, **options)


@settings(deadline=None)
@given(st.lists(words, min_size=1, max_size=5), models())
def test_totals_match_all_ways_to_cut(texts, model):
    pieces, log_probs = model
    probs = dict(zip(pieces, np.exp(log_probs), strict=True))
    expected = [
        math.fsum(
            math.prod(probs.get(piece, 0) for piece in way)
            for way in cuts(word)
        )
        for word in texts
    ]
    totals = lattice_of(texts, pieces).log_totals(log_probs)
    np.testing.assert_allclose(np.exp(totals), expected, rtol=1e-9)


@settings(deadline=None)
@given(st.lists(words, min_size=1, max_size=5), models(), st.integers(1, 5))
def test_counts_match_all_ways_to_cut(texts, model, weight):
    pieces, log_probs = model
    probs = dict(zip(pieces, np.exp(log_probs), strict=True))
    expected = dict.fromkeys(pieces, 0.0)
    log_likelihood = 0.0
    for word in texts:
        ways = [way for way in cuts(word) if probs.keys() >= set(way)]
        chances = [math.prod(map(probs.get, way)) for way in ways]
        total = math.fsum(chances)
        log_likelihood += weight * math.log(total)
        for way, chance in zip(ways, chances, strict=True):
            for piece in way:
                expected[piece] += weight * chance / total
    weights = np.full(len(texts), weight)
    found, counts = lattice_of(texts, pieces).expected_counts(
        log_probs, weights
    )
    assert found == pytest.approx(log_likelihood)
    np.testing.assert_allclose(counts, list(expected.values()), atol=1e-9)


@settings(deadline=None)
@given(st.lists(words, min_size=2, max_size=5), models(), st.data())
def test_leaving_pieces_out_is_building_anew(texts, model, data):
    pieces, log_probs = model
    several = range(3, len(pieces))
    out = data.draw(
        st.sets(st.sampled_from(several)) if several else st.just(())
    )
    kept = [i for i in range(len(pieces)) if i not in out]
    lattice = lattice_of(texts, pieces)
    new_ids = np.full(len(pieces), -1)
    new_ids[kept] = np.arange(len(kept))
    asked = np.ones(len(texts), bool)
    asked[0] = False
    lattice.keep(new_ids, asked)
    anew = lattice_of(texts[1:], [pieces[i] for i in kept])
    np.testing.assert_array_equal(
        lattice.log_totals(log_probs[kept])[1:],
        anew.log_totals(log_probs[kept]),
    )


def test_a_word_may_not_be_one_piece():
    pieces, log_probs = ["a", "b", "ab"], np.log([0.5, 0.25, 0.25])
    totals = lattice_of(["ab"], pieces).log_totals(log_probs)
    assert np.exp(totals) == pytest.approx([0.25 + 0.5 * 0.25])
    apart = lattice_of(["ab"], pieces, whole=False).log_totals(log_probs)
    assert np.exp(apart) == pytest.approx([0.5 * 0.25])


def test_long_words_do_not_underflow():
    log_probs = np.log([0.001, 0.999])
    lattice = lattice_of(["a" * 2000], ["a", "b"])
    total, counts = lattice.expected_counts(log_probs, np.ones(1))
    assert total == pytest.approx(2000 * math.log(0.001))
    np.testing.assert_allclose(counts, [2000, 0])


@settings(deadline=None)
@given(words, models())
def test_likeliest_path_matches_all_ways_to_cut(word, model):
    scores = dict(zip(*model, strict=True))

    def score(way):
        return sum(scores.get(piece, -math.inf) for piece in way)

    path = likeliest_path(word, scores, 4, -100.0)
    assert "".join(path) == word
    assert score(path) == pytest.approx(max(map(score, cuts(word))))


def test_of_equals_the_longer_last_piece():
    scores = {"a": -1.0, "ab": -2.0, "bc": -2.0, "c": -1.0}
    assert likeliest_path("abc", scores, 2, -9.0) == ["a", "bc"]


def test_characters_that_are_no_piece_stand_alone():
    assert likeliest_path("xay", {"a": -1.0}, 1, -11.0) == ["x", "a", "y"]
