import json
import random
import unicodedata
from collections import Counter
from itertools import pairwise

import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.tokenization.protocol import END_OF_TEXT, UNKNOWN, Tokenizer
from companion.tokenization.simple import WordTokenizer
from companion.tokenization.wordpiece import WordPieceTokenizer

TEXTS = [
    "The lowest newest newest low lower low; it didn't widen the wider 3.5%",
    "Новая новейшая книга; низкая, ниже. 猫が好き 🙂 <|endoftext|>",
]
words = st.text("abcdé", min_size=1, max_size=6)
texts = st.lists(words, min_size=1).map(" ".join)


def as_theirs(tokenizer, folder):
    path = folder / "tokenizer.json"
    tokenizer.save(path, overwrite=True)
    theirs = tokenizers.Tokenizer.from_file(str(path))
    theirs.encode_special_tokens = True  # take "<|endoftext|>" as text
    return theirs


@settings(deadline=None, max_examples=200)
@given(
    pieces=st.sets(words | words.map("##".__add__)),
    typed=st.lists(texts | st.text(max_size=5), max_size=4).map(" ".join),
    longest=st.integers(1, 8),
)
def test_matches_tokenizers(pieces, typed, longest, tmp_path_factory):
    # Their Unicode tables are older; keep to the characters both know.
    typed = "".join(c for c in typed if unicodedata.category(c) != "Cn")
    tokenizer = WordPieceTokenizer(tuple(sorted(pieces)), longest)
    theirs = as_theirs(tokenizer, tmp_path_factory.getbasetemp())
    ids = tokenizer.encode(typed)
    assert ids == theirs.encode(typed).ids
    assert tokenizer.decode(ids) == theirs.decode(ids)
    assert tokenizer.decode([0, *ids, 0]) == theirs.decode([0, *ids, 0])


@settings(deadline=None, max_examples=100)
@given(st.lists(st.text() | texts, max_size=3))
def test_trained_matches_tokenizers_on_any_text(tmp_path_factory, typed):
    tokenizer = WordPieceTokenizer.train([*TEXTS, *typed], 1000)
    theirs = as_theirs(tokenizer, tmp_path_factory.getbasetemp())
    for text in [*TEXTS, *typed, "unseen Wörter"]:
        text = "".join(c for c in text if unicodedata.category(c) != "Cn")
        assert tokenizer.encode(text) == theirs.encode(text).ids


def pair_counts(spelt):
    counts = Counter()
    for pieces, n in spelt.values():
        for pair in pairwise(pieces):
            counts[pair] += n
    return counts


def naive_pieces(corpus, n_merges):
    """Merge by counting anew each time; None if a tie decides."""
    spelt = {w: ([w[0], *("##" + c for c in w[1:])], n) for w, n in corpus}
    found = []
    for _ in range(n_merges):
        ranked = pair_counts(spelt).most_common(2)
        if len(ranked) < 2 or ranked[0][1] == ranked[1][1]:
            return None
        a, b = ranked[0][0]
        found.append(a + b[2:])
        for pieces, _ in spelt.values():
            i = 0
            while i < len(pieces) - 1:
                if pieces[i : i + 2] == [a, b]:
                    pieces[i : i + 2] = [found[-1]]
                i += 1
    return found


def test_trained_pieces_match_tokenizers_where_no_tie_decides():
    n_checked = 0
    for seed in range(40):
        rng = random.Random(seed)
        corpus = Counter()
        for _ in range(30):
            word = "".join(rng.choices("abcd", k=rng.randint(1, 7)))
            corpus[word] += rng.randint(1, 99)
        expected = naive_pieces(corpus.items(), 8)
        if expected is None:
            continue
        n_checked += 1
        text = " ".join(word for word in corpus.elements())
        size = 2 + 8 + len(expected)  # "a" to "d" with "##" and without
        ours = WordPieceTokenizer.train([text], size)
        assert list(ours.entries[8:]) == expected
        theirs = tokenizers.Tokenizer(tokenizers.models.WordPiece())
        theirs.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
        trainer = tokenizers.trainers.WordPieceTrainer(
            vocab_size=size,
            special_tokens=[END_OF_TEXT, UNKNOWN],
            show_progress=False,
        )
        theirs.train_from_iterator([text], trainer)
        assert set(theirs.get_vocab()) == set(ours.tokens)
    assert n_checked > 20


def test_longest_piece_from_the_left_by_hand():
    pieces = ("un", "una", "##aff", "##ffable", "##able", "##a", "##f")
    tokenizer = WordPieceTokenizer(pieces)
    ids = tokenizer.encode("unaffable unable")
    names = [tokenizer.tokens[i] for i in ids]
    # "unable": after the longest piece "una" nothing fits "ble"
    assert names == ["una", "##ffable", UNKNOWN]
    assert tokenizer.decode(ids) == "unaffable <unk>"


@settings(deadline=None)
@given(texts, texts)
def test_only_unseen_characters_make_a_word_unknown(text, other):
    tokenizer = WordPieceTokenizer.train([text], 100)
    inside = {c for word in text.split() for c in word[1:]}
    for word in other.split():
        known = word[0] in text and inside.issuperset(word[1:])
        assert (tokenizer.unk_id in tokenizer.encode(word)) == (not known)
        if known:
            assert tokenizer.decode(tokenizer.encode(word)) == word


def test_words_that_are_too_long_are_unknown():
    tokenizer = WordPieceTokenizer.train(["aaaa a"], 100)
    assert tokenizer.unk_id not in tokenizer.encode("a" * 100)
    assert tokenizer.encode("a" * 101) == [tokenizer.unk_id] == [1]


def test_rare_characters_may_be_left_out():
    tokenizer = WordPieceTokenizer.train(
        ["aaa bab bb c"], 100, limit_alphabet=2
    )
    assert tokenizer.entries[:4] == ("a", "b", "##a", "##b")
    assert tokenizer.encode("ac") == [tokenizer.unk_id]


def test_pieces_of_equal_count_come_by_their_ids():
    tokenizer = WordPieceTokenizer.train(["cd ab"], 8 + 2)
    pieces = ("a", "b", "c", "d", "##b", "##d", "ab", "cd")
    assert tokenizer.entries == pieces
    assert WordPieceTokenizer.train(["ab cd"], 10) == tokenizer


def test_min_count_stops_the_merging():
    tokenizer = WordPieceTokenizer.train(["ab ab cd"], 100, min_count=2)
    assert tokenizer.entries[-1] == "ab"
    assert "cd" not in tokenizer.entries


@settings(deadline=None)
@given(st.text() | st.text("<|>endoftxunk# "))
def test_no_text_becomes_a_special_token(text):
    tokenizer = WordPieceTokenizer.train([END_OF_TEXT, UNKNOWN, text], 1000)
    for typed in (text, END_OF_TEXT, text + END_OF_TEXT, UNKNOWN + text):
        assert 0 not in tokenizer.encode(typed)
    assert 1 not in tokenizer.encode(UNKNOWN)


def test_follows_the_protocol():
    tokenizer = WordPieceTokenizer.train(TEXTS, 110)
    assert isinstance(tokenizer, Tokenizer)
    assert tokenizer.special_ids == {END_OF_TEXT: 0}
    assert tokenizer.tokens[:2] == (END_OF_TEXT, UNKNOWN)
    assert len(tokenizer.tokens) == tokenizer.vocab_size == 110
    with pytest.raises(ValueError, match=r"surrogates, got U\+DC00 at char"):
        tokenizer.encode("cat\udc00")
    with pytest.raises(ValueError, match="from 0 to 109, got 110"):
        tokenizer.decode([110])


def test_load_undoes_save(tmp_path):
    tokenizer = WordPieceTokenizer.train(TEXTS, 110)
    path = tmp_path / "tokenizer.json"
    tokenizer.save(path)
    again = WordPieceTokenizer.load(path)
    assert again == tokenizer
    assert again.content_hash == tokenizer.content_hash
    shorter = WordPieceTokenizer(tokenizer.entries, 50)
    assert shorter.content_hash != tokenizer.content_hash
    with pytest.raises(FileExistsError, match="pass overwrite=True"):
        tokenizer.save(path)


def test_other_and_changed_files_are_refused(tmp_path):
    path = tmp_path / "tokenizer.json"
    with pytest.raises(FileNotFoundError, match=r"tokenizer\.json"):
        WordPieceTokenizer.load(path)
    WordTokenizer.train(TEXTS, 100).save(path)
    with pytest.raises(ValueError, match="of kind wordpiece, got word"):
        WordPieceTokenizer.load(path)
    WordPieceTokenizer.train(TEXTS, 110).save(path, overwrite=True)
    record = json.loads(path.read_text())
    record["model"]["max_input_chars_per_word"] = 10
    path.write_text(json.dumps(record))
    with pytest.raises(ValueError, match="the file was changed"):
        WordPieceTokenizer.load(path)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="tokens must be strings that differ"):
        WordPieceTokenizer(("a", "a"))
    with pytest.raises(ValueError, match="got one string"):
        WordPieceTokenizer.train("the cat", 100)
    with pytest.raises(ValueError, match="must be at least 5, got 4"):
        WordPieceTokenizer.train(["ab"], 4)
    with pytest.raises(ValueError, match="min_count must be at least 1"):
        WordPieceTokenizer.train(["ab"], 10, min_count=0)
