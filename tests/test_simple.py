import json
import unicodedata
from collections import Counter

import nltk
import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.tokenization import split_words
from companion.tokenization.byte_tokenizer import ByteTokenizer
from companion.tokenization.protocol import END_OF_TEXT, UNKNOWN, Tokenizer
from companion.tokenization.simple import (
    CharacterTokenizer,
    WordPunctTokenizer,
    WordTokenizer,
)

LISTS = (WordTokenizer, WordPunctTokenizer, CharacterTokenizer)
CLASSES = (*LISTS, ByteTokenizer)
TEXTS = ["The cat sat.", "The dog didn't?!", "Кот спал: 猫 <|endoftext|>"]
texts = st.lists(st.text("abcXYéЖ猫 .,!'-\n", max_size=30), max_size=5)
each = pytest.mark.parametrize("cls", CLASSES)
each_list = pytest.mark.parametrize("cls", LISTS)


@each
@settings(deadline=None, max_examples=30)
@given(text=st.text() | st.text("abcé猫 '-.\n<|>"))
def test_matches_tokenizers(cls, text, tmp_path_factory):
    tokenizer = cls.train([*TEXTS, text], 300)
    path = tmp_path_factory.getbasetemp() / "tokenizer.json"
    tokenizer.save(path, overwrite=True)
    theirs = tokenizers.Tokenizer.from_file(str(path))
    for typed in (text, *TEXTS, "Unseen: " + text):
        # Their \w knows an older Unicode, so keep to what both know.
        typed = "".join(c for c in typed if unicodedata.category(c) != "Cn")
        ids = tokenizer.encode(typed)
        theirs.encode_special_tokens = True  # take "<|endoftext|>" as text
        assert ids == theirs.encode(typed).ids
        assert tokenizer.decode(ids) == theirs.decode(ids)
        assert theirs.decode([0, *ids, 0]) == theirs.decode(ids)


@settings(deadline=None)
@given(st.text("abcXYéЖ猫_09 .,!?'-\n"))
def test_word_punct_matches_nltk(text):
    ours = list(WordPunctTokenizer.cut(text))
    assert ours == nltk.tokenize.wordpunct_tokenize(text)


def test_cuts_by_hand():
    text = "Don't well-known ?! 猫"
    assert WordTokenizer.cut(text) == ["Don't", "well-known", "?", "!", "猫"]
    words = ["Don", "'", "t", "well", "-", "known", "?!", "猫"]
    assert WordPunctTokenizer.cut(text) == words
    assert list(CharacterTokenizer.cut("猫 é")) == ["猫", " ", "é"]
    assert ByteTokenizer().encode("é") == [0xC3 + 1, 0xA9 + 1]


@each
def test_all_follow_the_protocol(cls):
    tokenizer = cls.train(TEXTS, 300)
    assert isinstance(tokenizer, Tokenizer)
    assert tokenizer.special_ids == {END_OF_TEXT: 0}
    assert tokenizer.tokens[0] == END_OF_TEXT
    assert len(tokenizer.tokens) == tokenizer.vocab_size <= 300
    assert len(set(tokenizer.tokens)) == tokenizer.vocab_size


@each_list
@settings(deadline=None)
@given(docs=texts, size=st.integers(2, 12), min_count=st.integers(1, 3))
def test_most_frequent_first_then_by_code_point(cls, docs, size, min_count):
    counts = Counter(piece for text in docs for piece in cls.cut(text))
    order = sorted(counts, key=lambda piece: (-counts[piece], piece))
    expected = [piece for piece in order if counts[piece] >= min_count]
    ours = cls.train(docs, size, min_count=min_count)
    assert list(ours.entries) == expected[: size - 2]
    assert cls.train(reversed(docs), size, min_count=min_count) == ours
    assert ours.tokens[:2] == (END_OF_TEXT, UNKNOWN)


@pytest.mark.parametrize("cls", [CharacterTokenizer, ByteTokenizer])
@settings(deadline=None)
@given(text=st.text())
def test_decode_undoes_encode(cls, text):
    tokenizer = cls.train([text], 1000)
    assert tokenizer.decode(tokenizer.encode(text)) == text


@settings(deadline=None)
@given(st.text("abc' -.!\n"))
def test_words_lose_white_space_and_nothing_else(text):
    for cls in (WordTokenizer, WordPunctTokenizer):
        tokenizer = cls.train([text], 1000)
        back = tokenizer.decode(tokenizer.encode(text))
        assert "".join(back.split()) == "".join(text.split())


def test_words_come_back_with_one_space_between():
    tokenizer = WordTokenizer.train(["He didn't,  she\ndid."], 100)
    back = tokenizer.decode(tokenizer.encode("She did, he didn't."))
    assert back == "<unk> did , <unk> didn't ."
    assert tokenizer.encode("She") == [tokenizer.unk_id] == [1]


@each
@settings(deadline=None)
@given(text=st.text() | st.text("<|>endoftxunk "))
def test_no_text_becomes_a_special_token(cls, text):
    names = [END_OF_TEXT, UNKNOWN, text]
    tokenizer = cls.train(names, 1000)
    for typed in (*names, END_OF_TEXT + text, text + END_OF_TEXT):
        assert 0 not in tokenizer.encode(typed)


@each
def test_special_tokens_are_left_out_of_text(cls):
    tokenizer = cls.train(TEXTS, 300)
    ids = tokenizer.encode("cat")
    assert tokenizer.decode([0, *ids, 0]) == "cat"


@each
def test_surrogates_and_strange_ids_are_refused(cls):
    tokenizer = cls.train(TEXTS, 300)
    with pytest.raises(ValueError, match=r"surrogates, got U\+DC00 at char"):
        tokenizer.encode("cat\udc00")
    size = tokenizer.vocab_size
    with pytest.raises(ValueError, match=f"from 0 to {size - 1}, got {size}"):
        tokenizer.decode([0, size])


def test_bytes_that_are_no_text_are_shown_as_such():
    assert ByteTokenizer().decode([0xC3 + 1]) == "\ufffd"


@each
def test_load_undoes_save(cls, tmp_path):
    tokenizer = cls.train(TEXTS, 300)
    path = tmp_path / "tokenizer.json"
    tokenizer.save(path)
    again = cls.load(path)
    assert again == tokenizer
    assert again.content_hash == tokenizer.content_hash
    with pytest.raises(FileExistsError, match="pass overwrite=True"):
        tokenizer.save(path)
    before = path.read_bytes()
    tokenizer.save(path, overwrite=True)
    assert path.read_bytes() == before


def test_the_hash_tells_tokenizers_apart():
    trained = [cls.train(TEXTS, 300) for cls in CLASSES]
    trained += [WordTokenizer(("a", "b")), WordTokenizer(("b", "a"))]
    trained += [WordPunctTokenizer(("a", "b")), WordTokenizer(("ab",))]
    hashes = {tokenizer.content_hash for tokenizer in trained}
    assert len(hashes) == len(trained)


@each
def test_other_files_are_refused(cls, tmp_path):
    path = tmp_path / "tokenizer.json"
    with pytest.raises(FileNotFoundError, match=r"tokenizer\.json"):
        cls.load(path)
    path.write_text("[]")
    with pytest.raises(ValueError, match="is not a tokenizer of this book"):
        cls.load(path)
    other = CLASSES[CLASSES.index(cls) - 1]
    other.train(TEXTS, 300).save(path, overwrite=True)
    with pytest.raises(ValueError, match="must hold a tokenizer of kind"):
        cls.load(path)


@each
def test_changed_files_are_refused(cls, tmp_path):
    path = tmp_path / "tokenizer.json"
    cls.train(TEXTS, 300).save(path)
    record = json.loads(path.read_text())
    if cls is ByteTokenizer:
        record["model"]["companion"]["content_hash"] = "0" * 64
    else:
        record["model"]["vocab"]["dog!"] = len(record["model"]["vocab"])
    path.write_text(json.dumps(record))
    with pytest.raises(ValueError, match="the file was changed"):
        cls.load(path)


@each_list
def test_broken_lists_are_refused(cls, tmp_path):
    path = tmp_path / "tokenizer.json"
    cls.train(TEXTS, 300).save(path)
    record = json.loads(path.read_text())
    vocabulary = record["model"]["vocab"]
    first, second = list(vocabulary)[2:4]
    vocabulary[first], vocabulary[second] = 3, 2  # ids out of order
    path.write_text(json.dumps(record))
    with pytest.raises(ValueError, match="must list its tokens in the order"):
        cls.load(path)
    del record["model"]["vocab"]
    path.write_text(json.dumps(record))
    with pytest.raises(ValueError, match="must list its tokens in the order"):
        cls.load(path)


@pytest.mark.parametrize("bad", [("",), ("a", "a"), (UNKNOWN,), (3,)])
def test_lists_of_tokens_are_checked(bad):
    with pytest.raises(ValueError, match="tokens must be strings that differ"):
        WordTokenizer(bad)


def test_training_refuses_what_makes_no_sense():
    with pytest.raises(ValueError, match="got one string"):
        WordTokenizer.train("the cat", 100)
    with pytest.raises(ValueError, match="vocab_size must be at least 2"):
        WordTokenizer.train(TEXTS, 1)
    with pytest.raises(ValueError, match="vocab_size must be at least 257"):
        ByteTokenizer.train(TEXTS, 256)
    with pytest.raises(ValueError, match="min_count must be at least 1"):
        WordTokenizer.train(TEXTS, 10, min_count=0)


def test_words_are_those_of_chapter_one():
    for text in TEXTS:
        assert WordTokenizer.cut(text) == split_words(text)
