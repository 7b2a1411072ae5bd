from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.lm import NgramCounter
from nltk.util import everygrams

from companion.ngrams import NGramCounts, unseen_share
from companion.tokenization import BOS, EOS, Vocabulary

WORDS = "abcd"
corpora = st.lists(
    st.lists(st.sampled_from(WORDS), max_size=8), min_size=1, max_size=8
)


def rows_of(docs, order):
    return [[BOS] * (order - 1) + [*doc, EOS] for doc in docs]


def brute_force(docs, order, k):
    """Count the k-grams that end in something predictable."""
    return Counter(
        gram
        for row in rows_of(docs, order)
        for gram in everygrams(row, min_len=k, max_len=k)
        if gram[-1] != BOS
    )


@settings(deadline=None)
@given(corpora, st.integers(1, 4))
def test_matches_nltk_counter(docs, order):
    counts = NGramCounts.count(docs, order, Vocabulary(tuple(WORDS)))
    theirs = NgramCounter(
        list(everygrams(row, max_len=order)) for row in rows_of(docs, order)
    )
    for k in range(1, order + 1):
        expected = brute_force(docs, order, k)
        assert counts.n_ngrams[k - 1] == len(expected)
        for gram, n in expected.items():
            assert counts.seen(gram[:-1], gram[-1]) == n
            assert (theirs[gram[:-1]] if k > 1 else theirs[1])[gram[-1]] == n


@settings(deadline=None)
@given(corpora, st.integers(2, 4))
def test_continuation_counts_left_neighbours(docs, order):
    vocabulary = Vocabulary(tuple(WORDS))
    counts = NGramCounts.count(docs, order, vocabulary)
    for k in range(1, order):
        left = defaultdict(set)
        for gram in brute_force(docs, order, k + 1):
            left[gram[1:]].add(gram[0])
        level = counts.levels[k - 1]
        for gram, words in left.items():
            ids = vocabulary.symbol_ids(gram).tolist()
            history = counts.histories(ids[:-1])[-1]
            row = np.searchsorted(level.ngrams, history * level.base + ids[-1])
            assert counts.continuation(k)[row] == len(words)


@settings(deadline=None)
@given(corpora, corpora, st.integers(1, 4))
def test_unseen_share_is_a_set_difference(docs, others, order):
    counts = NGramCounts.count(docs, 4, Vocabulary(tuple(WORDS)))
    seen = brute_force(docs, order, order)
    held_out = brute_force(others, order, order)
    new = sum(n for gram, n in held_out.items() if gram not in seen)
    share = unseen_share(counts, others, order)
    assert share == pytest.approx(new / held_out.total())
    assert unseen_share(counts, docs, order) == 0


def test_followers_most_frequent_first():
    docs = ["the cat", "the dog", "the cat sat"]
    docs = [doc.split() for doc in docs]
    counts = NGramCounts.count(docs, 3, Vocabulary.build(docs))
    assert list(counts.followers(["the"]).items()) == [("cat", 2), ("dog", 1)]
    assert counts.followers([BOS, BOS]) == {"the": 3}
    assert counts.followers([BOS, "the"]) == {"cat": 2, "dog": 1}
    assert counts.followers(["never"]) == {}
    assert counts.followers([])["the"] == 3
    assert counts.seen(["the", "cat"], EOS) == 1
    assert counts.seen(["dog"], "cat") == 0
    assert counts.seen(["never", "seen"], "cat") == 0
    with pytest.raises(ValueError, match="at most 2 words here, got 3"):
        counts.followers(["a", "b", "c"])


def test_memory_is_what_the_tables_take():
    counts = NGramCounts.count([["a", "b"]], 2, Vocabulary(("a", "b")))
    # order 1: one history, 3 n-grams; order 2: 3 histories, 3 n-grams
    assert counts.n_ngrams == (3, 3)
    assert counts.n_bytes == 8 * (1 + 2 * 3 + 3 + 2 * 3)


def test_refuses():
    vocabulary = Vocabulary(("a",))
    with pytest.raises(ValueError, match="order must be at least 1, got 0"):
        NGramCounts.count([["a"]], 0, vocabulary)
    with pytest.raises(ValueError, match="at least one document, got none"):
        NGramCounts.count([], 2, vocabulary)
    counts = NGramCounts.count([["a"]], 2, vocabulary)
    with pytest.raises(ValueError, match="order must be from 1 to 2, got 3"):
        unseen_share(counts, [["a"]], 3)
    with pytest.raises(ValueError, match="at least one document"):
        unseen_share(counts, [], 1)
