"""Duplicates and contamination: the referee is comparing all with all."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.shards import (
    MinHash,
    NearDuplicate,
    exact_duplicates,
    find_contamination,
    first_of_each,
    near_duplicates,
    unique_documents,
)
from companion.shards.grams import comparable, comparable_words, gram_hashes


def words(rng: np.random.Generator, n: int) -> list[str]:
    return [f"w{i}" for i in rng.integers(10_000, size=n)]


def changed(rng: np.random.Generator, document: list[str], n: int):
    """Replace n of a document's words."""
    document = list(document)
    for place in rng.choice(len(document), n, replace=False):
        document[place] = f"x{rng.integers(10_000)}"
    return document


def jaccard(one: list[str], other: list[str], n: int = 5) -> float:
    a, b = (
        {tuple(d[i : i + n]) for i in range(len(d) - n + 1)}
        for d in (one, other)
    )
    return len(a & b) / len(a | b)


def test_matches_the_true_jaccard_within_the_standard_error():
    """Over pairs and seeds, deviations are those of a binomial share."""
    rng = np.random.default_rng(0)
    scores = []
    for n_changed in (1, 3, 8, 20):
        for _ in range(40):
            one = words(rng, 200)
            other = changed(rng, one, n_changed)
            true = jaccard(one, other)
            minhash = MinHash(seed=int(rng.integers(10**9)))
            signatures = minhash.signatures([" ".join(one), " ".join(other)])
            estimate = minhash.similarity(*signatures)
            error = np.sqrt(true * (1 - true) / 128)
            scores.append((estimate - true) / error)
    # 160 scores: their mean is known to 0.08, their spread to 6 %
    assert abs(np.mean(scores)) < 0.25
    assert 0.8 < np.std(scores) < 1.2


def test_more_hashes_are_more_exact():
    rng = np.random.default_rng(1)
    one = words(rng, 300)
    texts = [" ".join(one), " ".join(changed(rng, one, 15))]
    true = jaccard(one, texts[1].split())
    spreads = []
    for n_hashes in (16, 256):
        minhashes = [MinHash(n_hashes=n_hashes, seed=s) for s in range(60)]
        found = [m.similarity(*m.signatures(texts)) for m in minhashes]
        assert np.mean(found) == pytest.approx(true, abs=0.05)
        spreads.append(np.std(found))
    assert spreads[0] / spreads[1] == pytest.approx(4, rel=0.4)


def test_a_long_document_is_the_smallest_of_its_parts():
    """Grams are hashed some at a time; a signature is their minimum."""
    rng = np.random.default_rng(5)
    document, minhash = words(rng, 3000), MinHash()
    parts = [document[i : i + 304] for i in range(0, 3000, 300)]
    signatures = minhash.signatures(map(" ".join, parts))
    whole = minhash.signature(" ".join(document))
    assert np.array_equal(whole, signatures.min(axis=0))


def test_near_duplicates_match_comparing_all_with_all():
    rng = np.random.default_rng(2)
    documents = []
    for _ in range(60):
        one = words(rng, 150)
        documents += [one, changed(rng, one, int(rng.integers(1, 9)))]
    documents += [documents[0], documents[7]]
    minhash = MinHash(n_hashes=512)
    found = near_duplicates(
        map(" ".join, documents), threshold=0.7, minhash=minhash
    )
    pairs = {(p.first, p.second): p.similarity for p in found}
    true = {
        pair: jaccard(*(documents[i] for i in pair))
        for pair in itertools.combinations(range(len(documents)), 2)
    }
    error = np.sqrt(0.7 * 0.3 / 512)
    for pair, similarity in true.items():
        first_copy = not {120, 121} & set(pair) or similarity == 1
        if similarity > 0.7 + 4 * error and first_copy:
            assert pairs[pair] == pytest.approx(similarity, abs=4 * error)
        if similarity < 0.7 - 4 * error:
            assert pair not in pairs
    assert len([s for s in true.values() if s > 0.7 + 4 * error]) > 15
    assert pairs[0, 120] == pairs[7, 121] == 1


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.8, 0.95])
def test_bands_meet_pairs_at_the_threshold(threshold):
    """Drawn signatures that agree with this probability at each place."""
    minhash = MinHash()
    rows = minhash.rows_per_band(threshold)
    rng = np.random.default_rng(3)
    equal = rng.random((4000, minhash.n_hashes)) < threshold
    bands = minhash.n_hashes // rows
    whole = equal[:, : bands * rows].reshape(-1, bands, rows).all(axis=2)
    assert whole.any(axis=1).mean() > 0.985
    more = (1 - threshold ** (rows + 1)) ** (minhash.n_hashes // (rows + 1))
    assert 1 - more < 0.99


def test_the_first_of_a_chain_is_kept():
    pairs = [NearDuplicate(3, 4, 0.9), NearDuplicate(1, 4, 0.8)]
    assert first_of_each(6, pairs) == [0, 1, 2, 5]
    assert first_of_each(3, []) == [0, 1, 2]


@given(
    st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=20)
)
def test_one_of_each_group_is_kept(edges):
    group = list(range(12))
    for _ in group:
        for a, b in edges:
            group[a] = group[b] = min(group[a], group[b])
    pairs = [NearDuplicate(*sorted(edge), 1.0) for edge in edges]
    assert first_of_each(12, pairs) == sorted(set(group))


def test_wordless_and_short_documents():
    texts = ["", "?!", "...", "Yes.", "yes", "No", "雨停了", "雨停了。"]
    assert near_duplicates(texts) == [(3, 4, 1.0), (6, 7, 1.0)]
    assert near_duplicates([]) == []


@pytest.mark.parametrize("threshold", [0, -0.1, 1.1, float("nan")])
def test_refuses_a_threshold_out_of_range(threshold):
    with pytest.raises(ValueError, match="threshold must be above 0 and at"):
        near_duplicates([], threshold=threshold)


@pytest.mark.parametrize("name", ["n_hashes", "n"])
def test_refuses_numbers_below_one(name):
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        MinHash(**{name: 0})


def test_exact_duplicates_ignore_case_and_space():
    texts = ["A cat.", "a  CAT.\n", "a cat!", "Ａ cat.", "a cat!"]
    assert exact_duplicates(texts) == {1: 0, 3: 0, 4: 2}
    assert list(unique_documents(texts)) == ["A cat.", "a cat!"]


@given(st.lists(st.text("aA \n.", max_size=3)))
def test_exact_duplicates_match_a_double_loop(texts):
    found = exact_duplicates(texts)
    for number, text in enumerate(texts):
        folded = [comparable(other) for other in texts]
        first = folded.index(comparable(text))
        assert found.get(number, number) == first
    kept = [text for n, text in enumerate(texts) if n not in found]
    assert list(unique_documents(texts)) == kept


@settings(deadline=None)
@given(
    documents=st.lists(
        st.lists(st.sampled_from("abcd"), max_size=12), max_size=8
    ),
    n_test=st.integers(0, 8),
    n=st.integers(1, 4),
)
def test_contamination_matches_a_double_loop(documents, n_test, n):
    test, train = documents[:n_test], documents[n_test:]

    def grams(document: list[str]) -> list[str]:
        count = len(document) - n + 1
        return [" ".join(document[i : i + n]) for i in range(max(count, 0))]

    report = find_contamination(map(" ".join, test), map(" ".join, train), n=n)
    expected = []
    for number, document in enumerate(test):
        held = [
            (gram, [k for k, d in enumerate(train) if gram in grams(d)])
            for gram in grams(document)
        ]
        hits = [(gram, where[0]) for gram, where in held if where]
        if hits:
            gram, where = hits[0]
            expected.append((number, where, gram, len(hits) / len(held)))
    assert report.found == expected
    short = [i for i, document in enumerate(test) if len(document) < n]
    assert report.too_short == short


def test_a_planted_test_document_is_named():
    rng = np.random.default_rng(4)
    train = [words(rng, 80) for _ in range(50)]
    test = [words(rng, 60) for _ in range(10)]
    train[31][20:60] = test[4][5:45]
    train[33][40:52] = test[6][:12]  # 12 words are too few
    text = " ".join(train[31]).upper().replace(" ", ",\n")
    report = find_contamination(
        map(" ".join, test), [" ".join(d) for d in train[:31]] + [text]
    )
    (found,) = report.found
    assert (found.document, found.train_document) == (4, 31)
    assert found.gram == " ".join(test[4][5:18])
    assert found.share == (40 - 12) / (60 - 12)
    report = find_contamination(map(" ".join, test), map(" ".join, train))
    assert [one.document for one in report.found] == [4]


def test_contamination_in_a_script_without_spaces():
    train = ["从前有一只小狐狸，它住在森林里。"]
    report = find_contamination(["一只小狐狸！", "一只大狐狸"], train, n=5)
    assert [one.document for one in report.found] == [0]


def test_refuses_runs_of_no_words():
    with pytest.raises(ValueError, match="n must be at least 1, got 0"):
        find_contamination([], [], n=0)


def test_words_are_those_of_each_script():
    text = "Don't STOP,  по-русски: 雨停了 naïve"
    assert comparable_words(text) == [
        *("don", "t", "stop", "по", "русски", "雨", "停", "了", "naïve")
    ]


@given(st.lists(st.sampled_from("abc"), max_size=30), st.integers(1, 5))
def test_equal_grams_and_only_they_have_equal_hashes(document, n):
    hashes = gram_hashes(document, n)
    grams = [tuple(document[i : i + n]) for i in range(len(document) - n + 1)]
    assert len(hashes) == len(grams)
    assert len(set(zip(grams, hashes, strict=True))) == len(set(grams))
    assert len(set(hashes)) == len(set(grams))
