import math
import warnings
from itertools import product

import nltk.lm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.lm.preprocessing import padded_everygram_pipeline
from nltk.util import everygrams

from companion.ngrams import (
    AddK,
    GoodTuring,
    KneserNey,
    MaximumLikelihood,
    NGramModel,
    Smoothing,
)
from companion.ngrams.model import temper
from companion.tokenization import BOS, EOS, UNK, Vocabulary

WORDS = "abcde"
SMOOTH = (
    AddK(1.0),
    AddK(0.01),
    GoodTuring(),
    KneserNey(0.75),
    KneserNey(None),
    KneserNey(0.4, uniform=False),
)
word_lists = st.lists(st.sampled_from(WORDS), max_size=8)
corpora = st.lists(word_lists, min_size=1, max_size=10)


def random_documents(n=60, seed=0):
    rng = np.random.default_rng(seed)
    p = np.array([8, 4, 2, 1, 1]) / 16
    lengths = rng.integers(0, 9, n)
    return [list(rng.choice(list(WORDS), size, p=p)) for size in lengths]


def story(rng):
    name, thing = rng.choice(["Ann", "Bob", "Eve"]), rng.choice(["cup", "hat"])
    return f"{name} has a {thing} . {name} likes the {thing} .".split()


def nltk_parts(docs, order):
    """Count for nltk as we do: one </s>, and nothing that ends in <s>."""
    rows = [[BOS] * (order - 1) + [*doc, EOS] for doc in docs]
    grams = [
        [g for g in everygrams(row, max_len=order) if g[-1] != BOS]
        for row in rows
    ]
    # without <s>: nltk's V is then ours, words and </s> and <unk>
    seen = {word for doc in docs for word in doc} | {EOS}
    vocabulary = nltk.lm.Vocabulary(sorted(seen), unk_label=UNK)
    return {
        "vocabulary": vocabulary,
        "counter": nltk.lm.NgramCounter(grams),
    }


def padded(history, order):
    return tuple(([BOS] * order + list(history))[len(history) + 1 :])


def assert_equal_to_nltk(theirs, ours, docs):
    n = ours.order
    histories = {tuple(doc[:i]) for doc in docs for i in range(len(doc) + 1)}
    histories |= set(product([*WORDS, UNK], repeat=2))
    for history in sorted(histories):
        context = padded(history, n) or None
        for word in [*ours.vocabulary.entries, EOS, UNK]:
            expected = theirs.unmasked_score(word, context)
            assert abs(ours.probability(word, history) - expected) < 1e-9


@pytest.mark.parametrize("order", [1, 2, 3])
def test_matches_nltk_maximum_likelihood(order):
    docs = random_documents(20)
    ours = NGramModel.train(docs, order, MaximumLikelihood())
    theirs = nltk.lm.MLE(order, **nltk_parts(docs, order))
    assert_equal_to_nltk(theirs, ours, docs)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_matches_nltk_add_k(order):
    docs = random_documents(20)
    ours = NGramModel.train(docs, order, AddK())
    theirs = nltk.lm.Laplace(order, **nltk_parts(docs, order))
    assert_equal_to_nltk(theirs, ours, docs)
    ours = NGramModel.train(docs, order, AddK(0.3))
    theirs = nltk.lm.Lidstone(0.3, order, **nltk_parts(docs, order))
    assert_equal_to_nltk(theirs, ours, docs)


@pytest.mark.parametrize("order", [2, 3, 4, 5])
@pytest.mark.parametrize("discount", [0.1, 0.75, 1.0])
def test_matches_nltk_kneser_ney(order, discount):
    docs = random_documents(12, seed=order)
    smoothing = KneserNey(discount, uniform=False)
    ours = NGramModel.train(docs, order, smoothing)
    theirs = nltk.lm.KneserNeyInterpolated(
        order, discount=discount, **nltk_parts(docs, order)
    )
    assert_equal_to_nltk(theirs, ours, docs)


def test_matches_nltk_kneser_ney_pipeline_for_bigrams():
    # with one <s>, nltk's own n-grams hold no <s> <s>, and nothing differs
    docs = random_documents(20)
    grams, words = padded_everygram_pipeline(2, docs)
    theirs = nltk.lm.KneserNeyInterpolated(2, discount=0.75)
    theirs.fit(grams, words)
    ours = NGramModel.train(docs, 2, KneserNey(0.75, uniform=False))
    for word, left in product([*WORDS, EOS], [*WORDS, BOS]):
        expected = theirs.score(word, (left,))
        history = () if left == BOS else ("a", left)
        assert abs(ours.probability(word, history) - expected) < 1e-9


def test_nltk_pipeline_does_not_sum_to_one_from_trigrams_on():
    # it counts "<s> <s>" as something to predict: why ours leaves it out
    docs = random_documents(20)
    grams, words = padded_everygram_pipeline(3, docs)
    theirs = nltk.lm.KneserNeyInterpolated(3, discount=0.75)
    theirs.fit(grams, words)
    total = sum(theirs.score(w, (BOS, BOS)) for w in [*WORDS, EOS])
    assert abs(total - 1) > 1e-3
    ours = NGramModel.train(docs, 3, KneserNey(0.75, uniform=False))
    assert ours.distribution(()).sum() == pytest.approx(1, abs=1e-12)


@settings(deadline=None)
@given(
    corpora,
    st.integers(1, 5),
    st.sampled_from(SMOOTH),
    st.lists(st.sampled_from([*WORDS, "new"]), max_size=6),
)
def test_sums_to_one_after_every_history(docs, order, smoothing, history):
    model = NGramModel.train(docs, order, smoothing)
    p = model.distribution(history)
    vocabulary = model.vocabulary
    assert p.shape == (len(vocabulary),)
    assert p.min() >= 0
    assert p.sum() == pytest.approx(1, abs=1e-12)
    assert p[vocabulary.pad_id] == p[vocabulary.bos_id] == 0
    for word in [*vocabulary.entries, EOS, UNK]:
        (i,) = vocabulary.symbol_ids([word])
        assert model.probability(word, history) == pytest.approx(
            p[i], abs=1e-12
        )


@settings(deadline=None)
@given(corpora, st.integers(1, 5))
def test_maximum_likelihood_sums_to_one_where_seen(docs, order):
    model = NGramModel.train(docs, order, MaximumLikelihood())
    for doc in docs:
        for i in range(len(doc) + 1):
            p = model.distribution(doc[:i])
            assert p.sum() == pytest.approx(1, abs=1e-12)


@settings(deadline=None)
@given(corpora, corpora, st.integers(1, 4), st.sampled_from(SMOOTH))
def test_log_probs_are_logs_of_probabilities(docs, others, order, smoothing):
    model = NGramModel.train(docs, order, smoothing)
    together = model.log_probs_many(others)
    assert len(together) == len(others)
    for doc, log_p in zip(others, together, strict=True):
        assert log_p.shape == (len(doc) + 1,)
        np.testing.assert_array_equal(model.log_probs(doc), log_p)
        each = [
            model.probability(word, doc[:i])
            for i, word in enumerate([*doc, EOS])
        ]
        np.testing.assert_allclose(np.exp(log_p), each, atol=1e-12)


@settings(deadline=None)
@given(corpora, corpora, st.integers(1, 4))
def test_perplexity_weighs_every_prediction_the_same(docs, others, order):
    model = NGramModel.train(docs, order, AddK(0.5))
    total = sum(model.log_probs(doc).sum() for doc in others)
    tokens = sum(len(doc) + 1 for doc in others)
    expected = math.exp(-total / tokens)
    assert model.perplexity(others) == pytest.approx(expected, rel=1e-12)


def test_perplexity_is_not_the_mean_of_sentence_means():
    docs = [["a"] * 5, ["b", "a", "c", "d", "e", "b"]]  # E-19
    model = NGramModel.train(docs, 2, AddK(1.0))
    means = [-model.log_probs(doc).mean() for doc in docs]
    assert abs(model.perplexity(docs) - math.exp(np.mean(means))) > 0.01


def test_probabilities_of_all_short_documents_sum_to_one():
    # E-09: only with <s> and </s>; what is longer has the rest
    docs = [["a"], ["a", "b"], ["b"], []]
    model = NGramModel.train(docs, 3, MaximumLikelihood())
    total = sum(
        np.exp(model.log_probs(doc).sum())
        for length in range(3)
        for doc in product("ab", repeat=length)
    )
    assert total == pytest.approx(1)


@pytest.mark.parametrize("smoothing", [KneserNey(0.75), GoodTuring()])
def test_a_longer_history_helps_on_stories(smoothing):
    rng = np.random.default_rng(0)
    train = [story(rng) for _ in range(50)]
    held_out = [story(rng) for _ in range(20)]
    short, long = (
        NGramModel.train(train, order, smoothing).perplexity(held_out)
        for order in (1, 5)
    )
    assert long < short / 2


def test_maximum_likelihood_is_a_ratio_of_counts():
    docs = [["the", "cat", "sat"], ["the", "dog", "sat"], ["a", "cat"]]
    model = NGramModel.train(docs, 2, MaximumLikelihood())
    assert model.probability("cat", ["the"]) == 1 / 2
    assert model.probability("the", []) == 2 / 3
    assert model.probability(EOS, ["x", "cat"]) == 1 / 2


def test_unseen_under_maximum_likelihood():
    model = NGramModel.train([["a", "b"]], 2, MaximumLikelihood())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert model.probability("a", ["new"]) == 0
        log_p = model.log_probs(["a", "a"])
        assert log_p.tolist() == [0, -math.inf, -math.inf]
        assert model.perplexity([["a", "a"]]) == math.inf
        assert model.sample(np.random.default_rng(0), temperature=0.1) == [
            "a",
            "b",
        ]
    with pytest.raises(ValueError, match=r"never saw, got \['new'\]"):
        model.distribution(["a", "new"])


@pytest.mark.parametrize("smoothing", [MaximumLikelihood(), *SMOOTH])
@pytest.mark.parametrize("order", [1, 2, 5])
def test_empty_and_one_word_documents(smoothing, order):
    model = NGramModel.train([[], ["a"], []], order, smoothing)
    assert model.log_probs([]).shape == (1,)
    assert model.log_probs(["a"]).shape == (2,)
    p_end = model.probability(EOS, [])
    assert np.exp(model.log_probs([])[0]) == pytest.approx(p_end, rel=1e-12)
    only_empty = NGramModel.train([[]], order, MaximumLikelihood())
    assert only_empty.log_probs([]).tolist() == [0]
    assert only_empty.sample(np.random.default_rng(0)) == []


def test_unknown_words_share_one_probability():
    vocabulary = Vocabulary(("a", "b"))
    docs = [["a", "x", "b"], ["a", "y", "b"]]
    model = NGramModel.train(docs, 2, MaximumLikelihood(), vocabulary)
    assert model.probability("never seen", ["a"]) == 1
    assert model.probability(UNK, ["a"]) == 1
    assert model.probability("b", ["something else"]) == 1
    # the literal words of a text are not the special symbols
    assert model.log_probs(["a", "</s>", "b"]).tolist() == [0, 0, 0, 0]


def test_kneser_ney_leaves_room_for_words_never_seen():
    vocabulary = Vocabulary(("a", "b", "rare"))
    docs = [["a", "b"], ["b", "a"]]
    for smoothing, possible in [
        (KneserNey(0.75), True),
        (KneserNey(None), True),
        (KneserNey(0.75, uniform=False), False),
    ]:
        model = NGramModel.train(docs, 3, smoothing, vocabulary)
        assert (model.probability("rare", ["a"]) > 0) is possible
        assert (model.probability("new", ["a"]) > 0) is possible


def test_temperature_is_a_power():
    p = np.array([0.0, 0.5, 0.3, 0.2])
    np.testing.assert_allclose(temper(p, 1.0), p)
    np.testing.assert_allclose(temper(p, 0.5), p**2 / np.sum(p**2))
    np.testing.assert_allclose(temper(p, 1e-9), [0, 1, 0, 0])
    np.testing.assert_allclose(temper(p, 1e9), [0, 1 / 3, 1 / 3, 1 / 3])


def test_sample_is_greedy_near_zero_and_reproducible():
    docs = [["a", "b", "c"]] * 3 + [["a", "d"]]
    model = NGramModel.train(docs, 2, KneserNey(0.75))
    rng = np.random.default_rng
    for seed in range(5):
        assert model.sample(rng(seed), 1e-6) == ["a", "b", "c"]
        assert model.sample(rng(seed), 1e-6, prompt=["a", "b"]) == ["c"]
        assert model.sample(rng(seed), 1e-6, max_words=2) == ["a", "b"]
        once, again = model.sample(rng(seed)), model.sample(rng(seed))
        assert once == again
        assert len(model.sample(rng(seed), 1e6, max_words=4)) <= 4
    assert model.sample(rng(0), max_words=0) == []


def test_sample_follows_the_distribution():
    model = NGramModel.train(random_documents(), 1, MaximumLikelihood())
    rng, n = np.random.default_rng(0), 4000
    firsts = [model.sample(rng, max_words=1) for _ in range(n)]
    p = model.probability("a", [])
    share = firsts.count(["a"]) / n
    assert abs(share - p) < 4 * math.sqrt(p * (1 - p) / n)


def test_describes_itself():
    model = NGramModel.train([["a", "b"]], 2, AddK())
    assert model.order == 2
    assert model.smoothing == AddK(k=1.0)
    assert model.vocabulary == Vocabulary(("a", "b"))
    assert model.n_words == 4  # a, b, <unk>, </s>
    assert model.n_parameters == 6  # a b </s>; <s> a, a b, b </s>


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: AddK(0), "k must be a number above 0, got 0"),
        (lambda: KneserNey(1.5), "from 0 to 1, got 1.5"),
        (lambda: NGramModel.train([["a"]], 0, AddK()), "order must be at"),
        (lambda: NGramModel.train([], 2, AddK()), "at least one document"),
        (lambda: NGramModel.train(["ab"], 2, AddK()), "split it first"),
    ],
)
def test_refuses(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_refuses_questions():
    model = NGramModel.train([["a"]], 2, AddK())
    rng = np.random.default_rng(0)
    for temperature in (0, -1, math.nan, math.inf):
        with pytest.raises(ValueError, match="temperature must be a number"):
            model.sample(rng, temperature)
    with pytest.raises(ValueError, match="<s> is never predicted"):
        model.probability(BOS, [])
    with pytest.raises(ValueError, match="at least one document"):
        model.perplexity([])
    with pytest.raises(ValueError, match="got one string"):
        model.log_probs("a text")
    with pytest.raises(ValueError, match="got one string"):
        model.distribution("a text")
    with pytest.raises(ValueError, match="got one string"):
        model.sample(rng, prompt="a text")
    with pytest.raises(TypeError, match="abstract method"):
        Smoothing()
