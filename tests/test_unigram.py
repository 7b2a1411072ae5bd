import json
import math
import random
import unicodedata
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.corpus import StoryWorld
from companion.tokenization.lattice import Lattice
from companion.tokenization.pieces import SPLITS, count_pieces
from companion.tokenization.protocol import END_OF_TEXT, UNKNOWN, Tokenizer
from companion.tokenization.simple import WordTokenizer
from companion.tokenization.unigram import RESERVED, UnigramTokenizer
from companion.tokenization.unigram_trainer import (
    Pruner,
    em_step,
    learn_pieces,
)

TEXTS = [
    "the lowest newest newest low lower low; it didn't widen the wider 3.5%",
    "Новая новейшая книга; низкая, ниже. 猫が好き 🙂 <|endoftext|><0x41>",
]
words = st.text("abcd", min_size=1, max_size=8)
pieces = st.text(" abcdé猫", min_size=1, max_size=4)
typed = st.text(" abcdeé猫🙂\n<|>0x41") | st.text()


def as_theirs(tokenizer, folder):
    path = folder / "tokenizer.json"
    tokenizer.save(path, overwrite=True)
    theirs = tokenizers.Tokenizer.from_file(str(path))
    theirs.encode_special_tokens = True  # take "<|endoftext|>" as text
    return theirs


def known_to_both(text):
    """Their Unicode tables are older: leave out characters new to them."""
    return "".join(c for c in text if unicodedata.category(c) != "Cn")


def assert_same(tokenizer, theirs, text):
    ids = tokenizer.encode(text)
    assert ids == theirs.encode(text).ids
    assert tokenizer.decode(ids) == theirs.decode(ids) == text
    assert theirs.decode([0, *ids, 0]) == text


@settings(deadline=None, max_examples=200)
@given(
    scores=st.dictionaries(
        pieces,
        # whole numbers: many ways to cut are exactly as good as each other
        st.integers(-6, 0) | st.floats(-30, 0),
        max_size=25,
    ),
    text=typed.map(known_to_both),
)
def test_matches_tokenizers(scores, text, tmp_path_factory):
    tokenizer = UnigramTokenizer(tuple(scores), tuple(scores.values()))
    theirs = as_theirs(tokenizer, tmp_path_factory.getbasetemp())
    assert_same(tokenizer, theirs, text)


@settings(deadline=None, max_examples=50)
@given(st.lists(typed.map(known_to_both), max_size=3))
def test_trained_matches_tokenizers(tmp_path_factory, documents):
    tokenizer = UnigramTokenizer.train([*TEXTS, *documents], 330)
    theirs = as_theirs(tokenizer, tmp_path_factory.getbasetemp())
    for text in (*TEXTS, *documents, "unseen Wörter  \n "):
        assert_same(tokenizer, theirs, text)


def test_scores_survive_the_reader_in_rust(tmp_path):
    rng = random.Random(0)
    names = tuple(f"p{i}" for i in range(2000))
    scores = tuple(-rng.expovariate(0.1) for _ in names)
    tokenizer = UnigramTokenizer(names, scores)
    theirs = as_theirs(tokenizer, tmp_path)
    vocabulary = json.loads(theirs.to_str())["model"]["vocab"]
    found = [score for _, score in vocabulary[len(RESERVED) :]]
    assert found == list(tokenizer.scores)


@settings(deadline=None)
@given(text=st.text() | typed, size=st.integers(258, 300))
def test_decode_undoes_encode(text, size):
    tokenizer = UnigramTokenizer.train([*TEXTS, text], size)
    for each in (text, *TEXTS, "▁ is text too", " "):
        assert tokenizer.decode(tokenizer.encode(each)) == each


@settings(deadline=None)
@given(st.text() | st.text("<|>endoftxunk0AF "))
def test_no_text_becomes_a_reserved_token(text):
    names = [END_OF_TEXT, UNKNOWN, "<0x41>"] * 3
    tokenizer = UnigramTokenizer.train([*names, text], 330)
    for each in (*names, text, END_OF_TEXT + text, text + END_OF_TEXT):
        ids = tokenizer.encode(each)
        assert not {0, 1} & set(ids)
        assert tokenizer.decode(ids) == each


def test_missing_characters_become_bytes():
    tokenizer = UnigramTokenizer((" ", "a"), (-1.0, -1.0))
    ids = tokenizer.encode("a é")
    names = [tokenizer.tokens[i] for i in ids]
    assert names == ["a", " ", "<0xC3>", "<0xA9>"]
    assert tokenizer.decode(ids[:-1]) == "a \ufffd"


@settings(deadline=None)
@given(
    st.lists(words, min_size=1, max_size=10, unique=True),
    st.sets(st.text("abcd", min_size=2, max_size=4), max_size=10),
    st.randoms(use_true_random=False),
)
def test_likelihood_never_falls(documents, more, rng):
    names = [*"abcd", *sorted(more)]
    lattice = Lattice(documents, {p: i for i, p in enumerate(names)})
    shares = np.array([rng.random() + 0.01 for _ in names])
    log_probs = np.log(shares / shares.sum())
    weights = np.array([rng.randint(1, 9) for _ in documents], float)
    likelihoods = []
    for _ in range(6):
        found, log_probs, counts = em_step(lattice, log_probs, weights)
        likelihoods.append(found)
        assert np.exp(log_probs).sum() == pytest.approx(1)
        # the uses of the pieces make up all characters
        lengths = np.array([len(name) for name in names])
        n_characters = weights @ [len(word) for word in documents]
        assert counts @ lengths == pytest.approx(n_characters)
    for before, after in pairwise(likelihoods):
        assert after >= before - 1e-9 * abs(before)


def test_em_finds_the_fixed_point_by_hand():
    # "ab" 3 times, "a" once. With "ab" at 3/4 and "a" at 1/4, "b" at 0,
    # nothing is left to gain: EM tends there.
    lattice = Lattice(["ab", "a"], {"a": 0, "b": 1, "ab": 2})
    log_probs = np.log([1 / 3, 1 / 3, 1 / 3])
    for _ in range(60):
        _, log_probs, _ = em_step(lattice, log_probs, np.array([3.0, 1.0]))
    np.testing.assert_allclose(np.exp(log_probs), [0.25, 0, 0.75], atol=1e-9)


def log_likelihood(words, names):
    """Of words under some pieces, with the probabilities that fit them."""
    lattice = Lattice([*words], {name: i for i, name in enumerate(names)})
    log_probs = np.full(len(names), -math.log(len(names)))
    for _ in range(20):
        found, log_probs, _ = em_step(
            lattice, log_probs, np.array([*words.values()], float)
        )
    return found


def test_pieces_are_likelier_than_those_of_tokenizers():
    texts = [*StoryWorld(seed=0).texts(60)]
    theirs = tokenizers.Tokenizer(tokenizers.models.Unigram())
    theirs.pre_tokenizer = tokenizers.pre_tokenizers.Split(
        tokenizers.Regex(SPLITS["gpt2"]), "isolated"
    )
    trainer = tokenizers.trainers.UnigramTrainer(
        vocab_size=200, show_progress=False
    )
    theirs.train_from_iterator(texts, trainer)
    names = [*theirs.get_vocab()]
    words = count_pieces(texts)
    ours = learn_pieces(words, len(names), character_coverage=1.0)
    assert len(ours) == len(names)
    assert sum(map(math.exp, ours.values())) == pytest.approx(1)
    assert log_likelihood(words, [*ours]) > log_likelihood(words, names)


def test_losses_by_hand():
    # "ab" is used twice at 1/2; without it, "a" "b" at 1/4 each would do
    pruner = Pruner(["a", "b", "ab"], 2)
    log_probs = np.log([0.25, 0.25, 0.5])
    losses = pruner.losses(log_probs, np.array([1.0, 1.0, 2.0]))
    np.testing.assert_allclose(losses, [2 * math.log(0.5 * 16)])


@settings(deadline=None, max_examples=50)
@given(st.lists(words, min_size=1), st.integers(1, 30))
def test_training_keeps_to_the_size_and_to_the_words(documents, size):
    scores = learn_pieces(Counter(documents), size)
    assert len(scores) <= size
    assert list(scores) == sorted(scores, key=lambda p: (-scores[p], p))
    assert all(any(p in word for word in documents) for p in scores)
    assert learn_pieces(Counter(documents[::-1]), size).keys() == scores.keys()


def test_rare_characters_are_left_to_the_bytes():
    counted = Counter({"aab": 500, "aé": 1})
    assert "é" not in learn_pieces(counted, 20, character_coverage=0.99)
    assert "é" in learn_pieces(counted, 20, character_coverage=1.0)


def test_no_text_gives_bytes_alone():
    tokenizer = UnigramTokenizer.train([], 300)
    assert tokenizer.vocab_size == 258
    assert tokenizer.decode(tokenizer.encode("猫")) == "猫"


def test_follows_the_protocol():
    tokenizer = UnigramTokenizer.train(TEXTS, 300)
    assert isinstance(tokenizer, Tokenizer)
    assert tokenizer.special_ids == {END_OF_TEXT: 0}
    assert tokenizer.tokens[:3] == (END_OF_TEXT, UNKNOWN, "<0x00>")
    assert len(tokenizer.tokens) == tokenizer.vocab_size == 300
    with pytest.raises(ValueError, match=r"surrogates, got U\+DC00 at char"):
        tokenizer.encode("cat\udc00")
    with pytest.raises(ValueError, match="from 0 to 299, got 300"):
        tokenizer.decode([300])


def test_load_undoes_save(tmp_path):
    tokenizer = UnigramTokenizer.train(TEXTS, 300)
    path = tmp_path / "tokenizer.json"
    tokenizer.save(path)
    again = UnigramTokenizer.load(path)
    assert again == tokenizer == UnigramTokenizer.train(TEXTS, 300)
    assert again.content_hash == tokenizer.content_hash
    with pytest.raises(FileExistsError, match="pass overwrite=True"):
        tokenizer.save(path)


def test_other_and_changed_files_are_refused(tmp_path):
    path = tmp_path / "tokenizer.json"
    with pytest.raises(FileNotFoundError, match=r"tokenizer\.json"):
        UnigramTokenizer.load(path)
    WordTokenizer.train(TEXTS, 100).save(path)
    with pytest.raises(ValueError, match="of kind unigram, got word"):
        UnigramTokenizer.load(path)
    UnigramTokenizer.train(TEXTS, 300).save(path, overwrite=True)
    record = json.loads(path.read_text())
    vocabulary = record["model"]["vocab"]
    vocabulary[-1][1] -= 1
    path.write_text(json.dumps(record))
    with pytest.raises(ValueError, match="the file was changed"):
        UnigramTokenizer.load(path)
    record["model"]["vocab"] = vocabulary[1:]
    path.write_text(json.dumps(record))
    with pytest.raises(ValueError, match="must list the reserved tokens"):
        UnigramTokenizer.load(path)
    del record["model"]["vocab"]
    path.write_text(json.dumps(record))
    with pytest.raises(ValueError, match="has a broken model"):
        UnigramTokenizer.load(path)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="got 1 pieces and 2 scores"):
        UnigramTokenizer(("a",), (-1.0, -1.0))
    for bad in ("", "<0x41>", END_OF_TEXT, "a"):
        with pytest.raises(ValueError, match="pieces must be strings that"):
            UnigramTokenizer(("a", bad), (-1.0, -1.0))
    for bad in (0.1, math.nan, -math.inf):
        with pytest.raises(ValueError, match="must be finite and at most 0"):
            UnigramTokenizer(("a",), (bad,))
    with pytest.raises(ValueError, match="got one string"):
        UnigramTokenizer.train("the cat", 300)
    with pytest.raises(ValueError, match="must be at least 258, got 257"):
        UnigramTokenizer.train(TEXTS, 257)
