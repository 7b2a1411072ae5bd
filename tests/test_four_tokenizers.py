"""Four tokenizers in the browser: the ids are those of Python."""

import random
import shutil

import pytest

from companion.corpus.python_text import documentation
from companion.tokenization import (
    BPETokenizer,
    ByteTokenizer,
    CharacterTokenizer,
    WordPieceTokenizer,
    WordPunctTokenizer,
    WordTokenizer,
    split_words,
)
from companion.tokenization.loading import TOKENIZERS
from companion.widgets import FourTokenizers, base
from companion.widgets import four_tokenizers as four

needs_node = pytest.mark.skipif(
    shutil.which("node") is None, reason="node is not installed"
)
READ = [
    "The key is in the garden, and the garden is green. Don't look!",
    "Мама мыла раму, а мамаша мыла рамы.\nКлюч в саду.",
    "他们在花园里找到了钥匙。钥匙在花园里。",
    "naïve café\\n C:\\new  prices: 1,234.56\n\n\ttab ½ 👍🏽👍🏽",
    "unhappy unhappier unhappiest happiness happily",
] * 3
LETTERS = [
    *"aehkntuy  '.,\n\t\\19",
    *"мауы了在钥👍🏽ñ",
    "e\u0301",
    "\u200d",
    "ſ",
]
LETTERS += ["\x1c", "\ufeff", "the", " the", "unhappi", "在花园", "мам"]


def texts(n=80, seed=0):
    """Texts like those read, and noise."""
    rng = random.Random(seed)
    noise = ["".join(rng.choices(LETTERS, k=40)) for _ in range(n)]
    return ["", *READ[:5], "a" * 130, "'S 'ſ 'LL 12345", four.TEXT, *noise]


def trained(kind, **options):
    """A tokenizer of a kind, with a vocabulary too small for all."""
    sizes = {"byte": 257, "character": 60, "word": 30, "word-punct": 30}
    size = sizes.get(kind, 400)
    return TOKENIZERS[kind].train(READ, size, **options)


def example():
    """The widget as a page shows it."""
    return FourTokenizers(
        trained("word"),
        trained("character"),
        trained("wordpiece"),
        trained("bpe"),
    )


KINDS = [kind for kind in four.PACKERS if kind in TOKENIZERS]


# ---- the same ids in both languages -----------------------------------------


@needs_node
@pytest.mark.parametrize("kind", KINDS)
def test_ids_match_python(javascript, kind):
    tokenizer = trained(kind)
    spec = four.pack(tokenizer)
    (found,) = javascript("four_tokenizers", [("encodeAll", [spec, texts()])])
    assert found == [tokenizer.encode(text) for text in texts()]
    assert len({i for ids in found for i in ids}) > 15


@needs_node
@pytest.mark.parametrize("split", ["gpt4", "lines"])
def test_ids_of_other_splits_match_python(javascript, split):
    tokenizer = trained("bpe", split=split)
    spec = four.pack(tokenizer)
    (found,) = javascript("four_tokenizers", [("encodeAll", [spec, texts()])])
    assert found == [tokenizer.encode(text) for text in texts()]


@needs_node
def test_empty_vocabularies_match_python(javascript):
    for tokenizer in (
        WordTokenizer(()),
        WordPieceTokenizer(()),
        BPETokenizer(()),
        WordPieceTokenizer(("a", "##a"), max_word_length=3),
    ):
        words = ["", "a aaa aaaa", "b"]
        call = ("encodeAll", [four.pack(tokenizer), words])
        (found,) = javascript("four_tokenizers", [call])
        assert found == [tokenizer.encode(text) for text in words]


@needs_node
def test_packed_numbers_and_texts_come_back(javascript):
    rows = [[], [0], [63, 0, 5], [64, 1, 4095], [16_777_216, 3, 64**4 - 1]]
    packed = [four.pack_numbers(row) for row in rows]
    assert [width for _, width in packed] == [1, 1, 1, 2, 5]
    calls = [("unpackNumbers", list(one)) for one in packed]
    assert javascript("four_tokenizers", calls) == rows
    lists = [[], ["a"], ["\n", "\\", "\\n", "a\nb", " ", "\r", "👍"]]
    calls = [("unpackTexts", [four.pack_texts(one)]) for one in lists]
    assert javascript("four_tokenizers", calls) == lists


@needs_node
@pytest.mark.parametrize("kind", KINDS)
def test_measures_match_python(javascript, kind):
    tokenizer = trained(kind)
    spec = four.pack(tokenizer)
    found = javascript(
        "four_tokenizers",
        [("measureAll", [spec, texts()])],
    )[0]
    unknown = getattr(tokenizer, "unk_id", None)
    for text, numbers in zip(texts(), found, strict=True):
        ids, words = tokenizer.encode(text), split_words(text)
        assert numbers["tokens"] == len(ids)
        assert numbers["words"] == len(words)
        assert numbers["unknown"] == ids.count(unknown)
        if words:
            assert numbers["perWord"] == len(ids) / len(words)
    some = sum(numbers["unknown"] for numbers in found)
    assert (some > 0) == (unknown is not None)


@needs_node
def test_sentences(javascript):
    def part(name, tokens, unknown):
        return {"name": name, "tokens": tokens, "unknown": unknown}

    words, letters = part("words", 3, 2), part("letters", 9, 0)
    calls = [
        [words, letters],
        [words, words],
        [letters, letters | {"tokens": 8}],
        [part("words", 0, 0)] * 2,
    ]
    found = javascript("four_tokenizers", [("sentence", [c]) for c in calls])
    assert found == [
        "Fewest tokens: words, 3, 2 of them unknown. "
        "Nothing is unknown to: letters (9).",
        "Fewest tokens: words, 3, 2 of them unknown. "
        "Each of the four meets something unknown.",
        "Fewest tokens: letters, 8. Nothing is unknown to any of the four.",
        "There is no text: type some.",
    ]


# ---- what a page carries ----------------------------------------------------


def test_vocabularies_of_4096_fit():
    read = documentation()
    made = [
        kind.train(read, 4096)
        for kind in (WordTokenizer, WordPieceTokenizer, BPETokenizer)
    ]
    widget = FourTokenizers(CharacterTokenizer.train(read, 4096), *made)
    assert [one["size"] for one in widget.tokenizers[1:]] == [4096] * 3
    assert 120_000 < widget.state_bytes() < base.MAX_STATE
    assert repr(widget).startswith(
        "FourTokenizers: characters, words, WordPiece, byte pairs (inter"
    )


# ---- refused input ----------------------------------------------------------

BYTES = ByteTokenizer()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: FourTokenizers(BYTES, BYTES),
            "there must be four tokenizers, got 2",
        ),
        (
            lambda: FourTokenizers(BYTES, BYTES, BYTES, None),
            "tokenizers must be of the kinds word, .*, got NoneType",
        ),
        (
            lambda: FourTokenizers(BYTES, BYTES, BYTES, BYTES),
            "names must differ, got",
        ),
        (
            lambda: FourTokenizers(*[BYTES] * 4, names=["a", "b"]),
            "names must have 4 entries, got 2",
        ),
        (
            lambda: FourTokenizers(*[BYTES] * 4, names="abcd", text="\udc00"),
            r"text must not hold surrogates, got U\+DC00 at character 0",
        ),
        (
            lambda: FourTokenizers(
                WordPunctTokenizer(tuple(f"{i:040}" for i in range(4000))),
                *[BYTES] * 3,
                names="abcd",
            ),
            r"the vocabularies must fit in 100000 bytes, got \d+; give",
        ),
    ],
)
def test_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
