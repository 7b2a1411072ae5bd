import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.probability import FreqDist, SimpleGoodTuringProbDist

from companion.ngrams import (
    GoodTuring,
    KneserNey,
    NGramCounts,
    NGramModel,
    estimated_discount,
    good_turing_counts,
)
from companion.tokenization import Vocabulary


def assert_matches_nltk(counts):
    """Compare r* and the unseen mass for things with these counts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nltk on a slope above -1
        theirs = SimpleGoodTuringProbDist(FreqDist(dict(enumerate(counts))))
    r, n_r = np.unique(counts, return_counts=True)
    star = good_turing_counts(r, n_r)
    total = sum(counts)
    for thing, count in enumerate(counts):
        ours = star[np.searchsorted(r, count)] / total
        assert ours == pytest.approx(theirs.prob(thing), rel=1e-9)
    unseen = 1 - n_r @ star / total
    assert unseen == pytest.approx(theirs.prob("unseen"), abs=1e-9)


def test_matches_nltk_good_turing():
    rng = np.random.default_rng(0)
    assert_matches_nltk(rng.zipf(1.6, 2000).clip(max=10_000).tolist())


@settings(deadline=None)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=60))
def test_matches_nltk_good_turing_on_any_counts(counts):
    assert_matches_nltk(counts)


def test_matches_sampsons_own_program():
    # the example that came with Sampson's program: his data, his output
    r = np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12])
    n_r = np.array([120, 40, 24, 13, 15, 5, 11, 2, 2, 1, 3])
    printed = [0.0009267, 0.0024393, 0.0040945, 0.0058063, 0.0075464]
    printed += [0.0093026, 0.0110689, 0.0128418, 0.0146194, 0.0164005]
    printed += [0.0199696]
    share = good_turing_counts(r, n_r) / (n_r @ r)
    np.testing.assert_allclose(share, printed, atol=6e-8)
    assert 1 - n_r @ share == pytest.approx(0.2047782, abs=6e-8)


def docs_of(*texts):
    return [text.split() for text in texts]


def test_estimated_discount():
    assert estimated_discount(np.array([1, 1, 1, 2, 5])) == 3 / (3 + 2)
    assert estimated_discount(np.array([1, 4])) == 1
    assert estimated_discount(np.array([2, 3])) == 0.75
    docs = docs_of("a b c", "a b d", "a b d")
    counts = NGramCounts.count(docs, 2, Vocabulary.build(docs))
    (_, low), (c, high) = KneserNey(None).weigh(counts)
    # bigrams: <s> a 3, a b 3, b c 1, b d 2, c </s> 1, d </s> 2
    assert sorted(c) == [1, 1, 2, 2, 3, 3]
    assert high.max() == pytest.approx(2 / (2 + 4))
    # left neighbours: a 1, b 1, c 1, d 1, </s> 2
    assert low.max() == pytest.approx(4 / (4 + 2))


def test_kneser_ney_by_hand():
    docs = docs_of("a b", "a b", "c b")
    model = NGramModel.train(docs, 2, KneserNey(0.5))
    # left neighbours: a 1 (<s>), c 1 (<s>), b 2 (a, c), </s> 1 (b): 5
    # V = a, b, c, </s>, <unk> = 5, so 1 / V is 0.2
    lower = (2 - 0.5) / 5 + 4 * 0.5 / 5 * 0.2
    assert model.probability("b", ["a"]) == pytest.approx(
        (2 - 0.5) / 2 + 0.5 / 2 * lower
    )


def test_kneser_ney_asks_for_company_not_frequency():
    # "San Francisco": frequent, but after one word only
    docs = docs_of(*["san francisco"] * 9, "a cup", "the cup", "my cup")
    kneser_ney = NGramModel.train(docs, 2, KneserNey(0.75))
    good_turing = NGramModel.train(docs, 2, GoodTuring())
    p, q = (m.probability for m in (kneser_ney, good_turing))
    assert p("cup", ["new"]) > p("francisco", ["new"])
    assert q("cup", ["new"]) < q("francisco", ["new"])


def test_good_turing_gives_away_the_share_of_singletons():
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in rng.zipf(1.5, 3000).clip(max=5000)]
    model = NGramModel.train([words], 1, GoodTuring())
    counts = model.counts.levels[0].counts
    kept = sum(model.distribution([])[4:]) + model.probability("</s>", [])
    singles = np.sum(counts == 1) / counts.sum()
    p_unseen = model.probability("new", [])
    # the unseen mass is spread over 1 / V; <unk> gets one such part
    assert p_unseen == pytest.approx(singles / model.n_words, rel=0.02)
    assert kept + p_unseen == pytest.approx(1)


def test_good_turing_history_without_discount_still_gives_something():
    # nothing has count one, so the unseen share is nothing at each order
    model = NGramModel.train(docs_of("a b", "a b"), 2, GoodTuring())
    # N(a) = 2, so Paul's rule keeps 2 / 3
    assert 2 / 3 < model.probability("b", ["a"]) < 1
    assert model.probability("new", ["a"]) > 0
    assert model.distribution(["a"]).sum() == pytest.approx(1)
