import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from companion.ngrams import (
    AddK,
    GoodTuring,
    KneserNey,
    MaximumLikelihood,
    NGramModel,
)
from companion.ngrams.storage import KEY
from companion.tokenization import Vocabulary

DOCS = [["a", "b", "ё"], ["a", "c"], []]


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.lists(st.sampled_from("abcd")), min_size=1),
    st.integers(1, 4),
    st.sampled_from(
        [
            MaximumLikelihood(),
            AddK(0.1),
            GoodTuring(),
            KneserNey(None),
            KneserNey(0.3, uniform=False),
        ]
    ),
)
def test_load_equals_save(tmp_path_factory, docs, order, smoothing):
    path = tmp_path_factory.mktemp("m") / "model.safetensors"
    model = NGramModel.train(docs, order, smoothing)
    model.save(path)
    again = NGramModel.load(path)
    assert again.order == order
    assert again.smoothing == smoothing
    assert again.vocabulary == model.vocabulary
    assert again.n_parameters == model.n_parameters
    np.testing.assert_array_equal(
        again.log_probs(["a", "b", "new"]), model.log_probs(["a", "b", "new"])
    )


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "model.safetensors"
    NGramModel.train(DOCS, 2, KneserNey(0.75)).save(path)
    return path


def rewrite(path, change=None, **tensors):
    """Write the file anew with another record or other tensors."""
    with safe_open(path, framework="numpy") as file:
        record = json.loads(file.metadata()[KEY])
    tensors = load_file(path) | tensors
    save_file(
        tensors, path, metadata={KEY: json.dumps(record | (change or {}))}
    )


def test_rewriting_alone_changes_nothing(path):
    rewrite(path)
    assert NGramModel.load(path).order == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"order": 1}, "the tables do not give their hash"),
        ({"order": None}, "is damaged: the tables do not"),
        ({"smoothing": {}}, "is damaged: 'name'"),
        ({"vocabulary": None}, "is damaged: 'NoneType'"),
        ({"schema": 0}, "has schema 0, this version reads 1"),
        (
            {"vocabulary": ["a", "b", "x"]},
            "the vocabulary does not give its hash",
        ),
        (
            {"vocabulary": ["z"], "vocabulary_hash": "0"},
            "the vocabulary does not give its hash",
        ),
        (
            {"smoothing": {"name": "Other", "parameters": {}}},
            "there is no smoothing named Other",
        ),
        (
            {"smoothing": {"name": "AddK", "parameters": {"k": -1}}},
            "k must be a number above 0",
        ),
        (
            {"smoothing": {"name": "AddK", "parameters": {"j": 1}}},
            "is damaged: .*unexpected keyword argument 'j'",
        ),
    ],
)
def test_refuses_a_changed_record(path, change, message):
    rewrite(path, change)
    with pytest.raises(ValueError, match=message):
        NGramModel.load(path)


def test_refuses_changed_tables(path):
    counts = load_file(path)["2.counts"]
    rewrite(path, **{"2.counts": counts + 1})
    with pytest.raises(ValueError, match="the tables do not give their hash"):
        NGramModel.load(path)


def test_refuses_another_vocabulary_even_with_its_own_hash(path):
    other = Vocabulary(("x", "y", "z", "w"))
    change = {
        "vocabulary": other.entries,
        "vocabulary_hash": other.content_hash,
    }
    rewrite(path, change)
    with pytest.raises(ValueError, match="the tables do not give their hash"):
        NGramModel.load(path)


def test_refuses_other_files(tmp_path, path):
    with pytest.raises(FileNotFoundError, match="there is no file"):
        NGramModel.load(tmp_path / "none")
    other = tmp_path / "other"
    for content in (b"", b"hello, this is text", path.read_bytes()[:-9]):
        other.write_bytes(content)
        with pytest.raises(ValueError, match="is not a safetensors file"):
            NGramModel.load(other)
    save_file({"x": np.zeros(2)}, other)
    with pytest.raises(ValueError, match="is not an n-gram model"):
        NGramModel.load(other)


def test_save_keeps_an_existing_file(path):
    before = path.read_bytes()
    model = NGramModel.train(DOCS, 3, AddK())
    with pytest.raises(FileExistsError, match="overwrite=True"):
        model.save(path)
    assert path.read_bytes() == before
    model.save(path, overwrite=True)
    assert NGramModel.load(path).order == 3


def test_the_same_model_gives_the_same_bytes(tmp_path):
    names = [tmp_path / "one", tmp_path / "two"]
    for name in names:
        NGramModel.train(DOCS, 3, GoodTuring()).save(name)
    assert names[0].read_bytes() == names[1].read_bytes()


def test_refuses_a_smoothing_of_the_readers_own(tmp_path):
    class Mine(AddK):
        pass

    model = NGramModel.train(DOCS, 1, Mine(0.5))
    with pytest.raises(ValueError, match="can be saved, got Mine"):
        model.save(tmp_path / "x")
