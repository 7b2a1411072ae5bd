import json
from collections import Counter

import nltk.lm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.tokenization import SPECIAL_SYMBOLS, Vocabulary

documents = st.lists(st.lists(st.text("abcxyz", min_size=1, max_size=2)))


@settings(deadline=None)
@given(documents, st.integers(1, 4))
def test_matches_nltk(docs, min_count):
    words = [word for doc in docs for word in doc]
    theirs = nltk.lm.Vocabulary(words, unk_cutoff=min_count)
    ours = Vocabulary.build(docs, min_count=min_count)
    assert set(ours.entries) == set(theirs) - {theirs.unk_label}


@settings(deadline=None)
@given(documents)
def test_most_frequent_first_then_by_name(docs):
    counts = Counter(word for doc in docs for word in doc)
    expected = sorted(counts, key=lambda word: (-counts[word], word))
    assert list(Vocabulary.build(docs).entries) == expected
    assert Vocabulary.build(reversed(docs)) == Vocabulary.build(docs)


@settings(deadline=None)
@given(documents)
def test_words_undo_ids(docs):
    vocabulary = Vocabulary.build(docs)
    for doc in docs:
        assert vocabulary.words(vocabulary.ids(doc)) == doc


def test_special_ids_come_first():
    vocabulary = Vocabulary(("cat",))
    ids = [
        vocabulary.pad_id,
        vocabulary.unk_id,
        vocabulary.bos_id,
        vocabulary.eos_id,
    ]
    assert ids == [0, 1, 2, 3]
    assert vocabulary.words([*ids, 4]) == [*SPECIAL_SYMBOLS, "cat"]
    assert len(vocabulary) == 5


def test_ids_are_int32_and_unknown_words_share_one():
    ids = Vocabulary(("cat",)).ids(w for w in ("cat", "dog", "", "cow"))
    assert ids.dtype == np.int32
    assert ids.tolist() == [4, 1, 1, 1]
    assert Vocabulary(()).ids([]).shape == (0,)


def test_text_never_becomes_a_special_symbol():
    vocabulary = Vocabulary.build([[*SPECIAL_SYMBOLS, "cat"]])
    assert vocabulary.entries == ("cat",)
    assert vocabulary.ids(SPECIAL_SYMBOLS).tolist() == [1, 1, 1, 1]
    assert "</s>" not in vocabulary
    assert vocabulary.symbol_ids([*SPECIAL_SYMBOLS, "cat"]).tolist() == [
        *range(5)
    ]


def test_max_size_counts_the_special_symbols():
    docs = [["a", "a", "b", "c"]]
    assert Vocabulary.build(docs, max_size=6).entries == ("a", "b")
    assert len(Vocabulary.build(docs, max_size=4)) == 4


def test_is_frozen_and_equal_by_words():
    vocabulary = Vocabulary(["a"])
    with pytest.raises(AttributeError):
        vocabulary.entries = ()
    assert vocabulary == Vocabulary(("a",))
    assert vocabulary.content_hash != Vocabulary(("b",)).content_hash
    assert (
        Vocabulary(("ab", "c")).content_hash
        != Vocabulary(("a", "bc")).content_hash
    )


@settings(deadline=None)
@given(st.sets(st.text(min_size=1)))
def test_load_gives_what_was_saved(tmp_path_factory, words):
    path = tmp_path_factory.mktemp("v") / "vocabulary.json"
    vocabulary = Vocabulary(tuple(words - set(SPECIAL_SYMBOLS)))
    vocabulary.save(path)
    assert Vocabulary.load(path) == vocabulary


def test_save_keeps_an_existing_file(tmp_path):
    path = tmp_path / "v.json"
    Vocabulary(("a",)).save(path)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        Vocabulary(("b",)).save(path)
    assert Vocabulary.load(path).entries == ("a",)
    Vocabulary(("b",)).save(path, overwrite=True)
    assert Vocabulary.load(path).entries == ("b",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": 99}, "has schema 99, this version reads 1"),
        ({"kind": "other"}, "is not a vocabulary file"),
        ({"words": ["a", "c"]}, "do not give its hash"),
        ({"words": ["a", "</s>"]}, "'</s>' again"),
    ],
)
def test_load_refuses_a_changed_file(tmp_path, change, message):
    path = tmp_path / "v.json"
    Vocabulary(("a", "b")).save(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ValueError, match=message):
        Vocabulary.load(path)


def test_load_refuses_other_files(tmp_path):
    path = tmp_path / "v.json"
    with pytest.raises(FileNotFoundError):
        Vocabulary.load(path)
    path.write_bytes(b"\x80 no text")
    with pytest.raises(ValueError, match="is not JSON"):
        Vocabulary.load(path)
    path.write_text("[1]")
    with pytest.raises(ValueError, match="is not a vocabulary file"):
        Vocabulary.load(path)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (("a", "a"), "'a' again"),
        (("<pad>",), "'<pad>' again"),
        (("",), "not empty, got ''"),
        ((3,), "must be a string that is not empty, got 3"),
    ],
)
def test_refuses_entries(entries, message):
    with pytest.raises(ValueError, match=message):
        Vocabulary(entries)


def test_refuses_arguments():
    with pytest.raises(ValueError, match="at least 1, got 0"):
        Vocabulary.build([], min_count=0)
    with pytest.raises(ValueError, match="at least 4, got 3"):
        Vocabulary.build([], max_size=3)
    with pytest.raises(ValueError, match="got one string"):
        Vocabulary.build(["not split"])
    with pytest.raises(ValueError, match="got one string"):
        Vocabulary(()).ids("not split")
    with pytest.raises(ValueError, match="from 0 to 4, got 5 to 5"):
        Vocabulary(("a",)).words([5])
