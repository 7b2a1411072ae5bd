"""Byte-pair encoding: merges and ids as `tokenizers` makes them."""

import json
import random
import subprocess
import sys
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from companion.corpus import python_text, split
from companion.tokenization import END_OF_TEXT, bpe_naive, bpe_trainer
from companion.tokenization.bpe import BPETokenizer
from companion.tokenization.byte_names import BYTE_IDS, BYTE_NAMES
from companion.tokenization.pieces import SPLITS, count_pieces, splitter
from companion.tokenization.streaming import StreamDecoder

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def their_tokenizer(texts, vocab_size, split="gpt2", min_count=0):
    """Train the library's tokenizer with our settings."""
    theirs = Tokenizer(models.BPE())
    by_words = pre_tokenizers.ByteLevel(add_prefix_space=False)
    if split != "gpt2":
        from tokenizers import Regex

        by_words = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(SPLITS[split]), "isolated"),
                pre_tokenizers.ByteLevel(
                    add_prefix_space=False, use_regex=False
                ),
            ]
        )
    theirs.pre_tokenizer = by_words
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        min_frequency=min_count,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    theirs.train_from_iterator(texts, trainer)
    return theirs


def their_merges(*args, **options):
    """The library's merges, as pairs of its ids."""
    model = json.loads(their_tokenizer(*args, **options).to_str())["model"]
    ids = model["vocab"]
    return [(ids[a], ids[b]) for a, b in model["merges"]]


@pytest.fixture(scope="module")
def documentation():
    return python_text.documentation()


@pytest.fixture(scope="module")
def tokenizer(documentation):
    return BPETokenizer.train(documentation, 2048)


@pytest.fixture(scope="module")
def reloaded(tokenizer, tmp_path_factory):
    path = tmp_path_factory.mktemp("bpe") / "tokenizer.json"
    tokenizer.save(path)
    return Tokenizer.from_file(str(path))


@pytest.mark.parametrize("split", SPLITS)
def test_merges_match_tokenizers_on_documentation(documentation, split):
    ours = BPETokenizer.train(documentation, 4096, split=split)
    theirs = their_merges(documentation, 4096, split=split)
    assert ours.vocab_size == 4096
    assert list(ours.merges) == theirs


def test_merges_match_tokenizers_in_three_languages():
    texts = [
        text
        for language in ("en", "ru", "zh")
        for text in split(language, "train").texts(300)
    ]
    ours = BPETokenizer.train(texts, 1500)
    assert list(ours.merges) == their_merges(texts, 1500)


def small_corpora(number):
    """Small texts with many ties, runs and few letters."""
    for seed in range(number):
        rng = random.Random(seed)
        letters = "abcdeéя \n"[: rng.randint(2, 9)]
        yield [
            "".join(rng.choices(letters, k=rng.randint(0, 60)))
            for _ in range(rng.randint(1, 8))
        ]


def test_merges_match_tokenizers_and_the_definition_on_200_corpora():
    for texts in small_corpora(200):
        ours = BPETokenizer.train(texts, 300)
        plain = BPETokenizer.train(
            texts, 300, learn_merges=bpe_naive.learn_merges
        )
        assert list(ours.merges) == their_merges(texts, 300), texts
        assert ours.merges == plain.merges, texts


def test_least_count_matches_tokenizers(documentation):
    few = documentation[:20]
    ours = BPETokenizer.train(few, 4096, min_count=5)
    assert list(ours.merges) == their_merges(few, 4096, min_count=5)
    assert 257 < ours.vocab_size < 4096


def test_three_words_merge_in_the_known_order():
    # low 5 times, lower 2, newest 6, widest 3 (the example of Sennrich et
    # al.): es, est, lo, low by their counts 9, 9, 7, 7.
    ids = {letter: 1 + n for n, letter in enumerate("delnorstwi")}
    counts = {"low": 5, "lower": 2, "newest": 6, "widest": 3}
    pieces = {
        tuple(map(ids.__getitem__, word)): count
        for word, count in counts.items()
    }
    merges = bpe_trainer.learn_merges(pieces, 15, 11)
    names = {n: letter for letter, n in ids.items()}
    for new, (a, b) in enumerate(merges, start=11):
        names[new] = names[a] + names[b]
    assert [names[n] for n in range(11, 15)] == ["es", "est", "lo", "low"]


def test_vocabulary_grows_by_one_and_the_text_never_grows(documentation):
    pieces = {
        tuple(BYTE_IDS[byte] for byte in piece.encode()): count
        for piece, count in count_pieces(documentation[:5]).items()
    }
    merges = bpe_trainer.learn_merges(pieces, 400, 257)
    lengths, rows = [], pieces
    for new, pair in enumerate(merges, start=257):
        rows = {bpe_naive.join_pair(r, pair, new): n for r, n in rows.items()}
        lengths.append(sum(len(row) * n for row, n in rows.items()))
    assert all(b < a for a, b in pairwise(lengths))


@pytest.mark.parametrize("split", SPLITS)
def test_ids_match_tokenizers_loading_our_file(documentation, tmp_path, split):
    ours = BPETokenizer.train(documentation[:40], 1000, split=split)
    ours.save(tmp_path / "t.json")
    theirs = Tokenizer.from_file(str(tmp_path / "t.json"))
    for text in [*documentation[40:80], "Ёж 中文 👩‍👩‍👧 naïve\r\n\tx  y"]:
        ids = ours.encode(text)
        assert ids == theirs.encode(text).ids
        assert theirs.decode(ids) == text
    assert theirs.get_vocab_size() == ours.vocab_size


@given(
    st.text(st.sampled_from("aB1's \t\n\x1c\x85\u2028é中я-.!\u0301👩\u200d"))
)
def test_ids_match_tokenizers_on_any_mixture(tokenizer, reloaded, text):
    assert tokenizer.encode(text) == reloaded.encode(text).ids


def test_long_pieces_match_tokenizers(tokenizer, reloaded):
    letters = random.Random(0).choices("acetinos", k=20_000)
    for text in ("a" * 9_999, "".join(letters)):
        assert tokenizer.encode(text) == reloaded.encode(text).ids


@given(ANY_TEXT)
def test_decode_gives_the_text_back(tokenizer, text):
    assert tokenizer.decode(tokenizer.encode(text)) == text


@given(ANY_TEXT)
def test_pieces_join_to_the_text(text):
    for name in SPLITS:
        assert "".join(splitter(name)(text)) == text


def test_no_token_spans_two_words(tokenizer):
    for token in tokenizer.tokens[1:]:
        assert "Ġ" not in token.lstrip("Ġ") or set(token) <= set("ĠĊĉ")


def test_without_the_limit_tokens_span_words(documentation):
    free = BPETokenizer.train(documentation[:40], 1000, split="lines")
    assert any("Ġ" in token.strip("Ġ") for token in free.tokens[1:])


@given(ANY_TEXT, ANY_TEXT)
def test_text_never_becomes_a_special_token(tokenizer, before, after):
    ids = tokenizer.encode(before + END_OF_TEXT + after)
    assert 0 not in ids
    assert tokenizer.decode([*ids, 0]) == before + END_OF_TEXT + after


def test_training_on_the_special_text_makes_no_special_token():
    trained = BPETokenizer.train([END_OF_TEXT * 50], 300, split="lines")
    assert 0 not in trained.encode(END_OF_TEXT * 3)


def test_surrogates_are_refused(tokenizer):
    message = r"must not hold surrogates, got U\+D800 at character 3"
    with pytest.raises(ValueError, match=message):
        tokenizer.encode("abc\ud800")
    with pytest.raises(ValueError, match=message):
        BPETokenizer.train(["abc\ud800"], 300)


@given(st.lists(st.integers(0, 2047), max_size=30))
@settings(max_examples=200)
def test_stream_gives_what_decode_gives(tokenizer, ids):
    stream = StreamDecoder(tokenizer)
    parts = [stream.push(token) for token in ids]
    assert "".join([*parts, stream.end()]) == tokenizer.decode(ids)


@given(st.text("aя中👩\u0301", max_size=20))
def test_stream_of_real_text_never_shows_half_a_character(text):
    byte_by_byte = BPETokenizer(())
    stream = StreamDecoder(byte_by_byte)
    parts = [stream.push(token) for token in byte_by_byte.encode(text)]
    assert "\ufffd" not in "".join(parts)
    assert "".join(parts) == text
    assert stream.end() == ""


def test_stream_ends_with_a_mark_for_half_a_character():
    byte_by_byte = BPETokenizer(())
    stream = StreamDecoder(byte_by_byte)
    assert [stream.push(t) for t in byte_by_byte.encode("я")[:1]] == [""]
    assert stream.end() == "\ufffd"


def test_extension_keeps_the_ids_and_shortens_new_text(documentation):
    first = BPETokenizer.train(documentation[:40], 600)
    russian = list(split("ru", "train").texts(200))
    longer = first.extend(russian, 900)
    assert longer.merges[: len(first.merges)] == first.merges
    assert longer.vocab_size == 900
    text = "".join(russian)
    assert len(longer.encode(text)) < 0.5 * len(first.encode(text))
    assert longer.decode(longer.encode(text)) == text


def test_extension_equals_training_on(documentation):
    whole = BPETokenizer.train(documentation, 800)
    half = BPETokenizer.train(documentation, 500)
    assert half.extend(documentation, 800).merges == whole.merges


def test_load_gives_the_same_tokenizer(tokenizer, tmp_path):
    path = tmp_path / "t.json"
    tokenizer.save(path)
    again = BPETokenizer.load(path)
    assert again.merges == tokenizer.merges
    assert again.content_hash == tokenizer.content_hash
    with pytest.raises(FileExistsError, match="pass overwrite=True"):
        tokenizer.save(path)


def test_hash_tells_tokenizers_apart(tokenizer):
    others = [
        BPETokenizer(tokenizer.merges[:-1]),
        BPETokenizer(tokenizer.merges, "gpt4"),
    ]
    hashes = {t.content_hash for t in [tokenizer, *others]}
    assert len(hashes) == 3


def test_hash_is_the_same_in_every_process():
    code = (
        "from companion.tokenization.bpe import BPETokenizer as B;"
        "print(B.train(['to be or not to be'] * 3, 270).content_hash)"
    )
    hashes = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(hashes) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r["model"]["merges"].pop(), "must fit its merges"),
        (lambda r: r["model"]["merges"].reverse(), "broken model: merge"),
        (lambda r: r["model"].pop("vocab"), "broken model: 'vocab'"),
        (lambda r: r["model"].pop("companion"), "not a tokenizer of this"),
        (
            lambda r: r["model"]["companion"].update(split="gpt4"),
            "must give its hash .* the file was changed",
        ),
        (
            lambda r: r["model"]["companion"].update(kind="word"),
            "must hold a tokenizer of kind bpe, got word",
        ),
        (
            lambda r: r["model"]["companion"].update(schema=9),
            "has schema 9, this version reads 1",
        ),
    ],
)
def test_load_refuses_what_was_not_saved(tmp_path, change, message):
    path = tmp_path / "t.json"
    BPETokenizer.train(["to be or not to be"], 265).save(path)
    record = json.loads(path.read_text(encoding="utf-8"))
    change(record)
    path.write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        BPETokenizer.load(path)


def test_load_refuses_what_is_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        BPETokenizer.load(tmp_path / "none.json")
    (tmp_path / "t.json").write_text("not JSON")
    with pytest.raises(ValueError, match="is not JSON"):
        BPETokenizer.load(tmp_path / "t.json")


def test_wrong_arguments_are_refused(tokenizer):
    with pytest.raises(ValueError, match="at least 257, got 256"):
        BPETokenizer.train(["a"], 256)
    with pytest.raises(ValueError, match="one string"):
        BPETokenizer.train("a text", 300)
    with pytest.raises(ValueError, match="min_count must be at least 1"):
        BPETokenizer.train(["a"], 300, min_count=0)
    with pytest.raises(ValueError, match="split must be one of gpt2, gpt4"):
        BPETokenizer.train(["a"], 300, split="words")
    with pytest.raises(ValueError, match="merge 0 must join two ids from 1"):
        BPETokenizer([(0, 5)])
    with pytest.raises(ValueError, match="from 0 to 2047, got 2048"):
        tokenizer.decode([2048])


def test_bytes_have_the_names_of_gpt2():
    assert set(BYTE_NAMES) == set(pre_tokenizers.ByteLevel.alphabet())
    assert BYTE_NAMES[ord(" ")] == "Ġ"
    assert BYTE_NAMES[ord("\n")] == "Ċ"
    assert sorted(BYTE_IDS) == list(range(1, 257))


def test_one_token_for_each_of_the_most_frequent_words(documentation):
    trained = BPETokenizer.train(documentation, 2048)
    pieces = Counter(count_pieces(documentation)).most_common(50)
    assert all(len(trained.encode(piece)) == 1 for piece, _ in pieces)
