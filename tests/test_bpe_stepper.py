"""The stepper: its merges are those that Python learns from the same text."""

import random
import shutil
import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from companion.tokenization import BPETokenizer, split_words
from companion.tokenization import bpe_naive as naive
from companion.tokenization.byte_names import BYTES
from companion.tokenization.pieces import SPLITS, count_pieces, splitter
from companion.widgets import BPEStepper
from companion.widgets.bpe_stepper import MAX_MERGES, MAX_TEXT, TEXT

needs_node = pytest.mark.skipif(
    shutil.which("node") is None, reason="node is not installed"
)
SAMPLES = [
    "",
    "a",
    "a" * 37,
    "aaa aaaa aaa bbb\n\n\n  abab",
    "we'll see: it's 1999, I'd say! WE'LL",
    "Мама мыла раму. Мыла мама раму, мамаша!",
    "他们在花园里找到了钥匙。钥匙在花园里,在花园里。",
    "naïve café, cafe\u0301; ½ ٣ ⅷ",
    "👩‍👩‍👧 likes 👍🏽👍🏽 and 🇫🇷🇫🇷 ⚠️⚠️",
    "tab\tnew\r\nline\x85next\u2028\x1c\x00 \u00a0 \ufeff.",
    "עברית ועברית، العربية والعربية",
    TEXT,
]


def mixed_texts(n, seed):
    """n texts of many scripts, with repeats that give ties and runs."""
    rng = random.Random(seed)
    letters = [
        *"aabbc  '.\n\t1",
        *"мама了在钥👍🏽",
        "e\u0301",
        "\u200d",
        "ſ",
        "\x1c",
    ]
    return ["".join(rng.choices(letters, k=60)) for _ in range(n)]


TEXTS = [*SAMPLES, *mixed_texts(60, seed=0)]


def python_steps(text, most):
    """Merges, counts and lengths by the plain trainer."""
    size = 257 + most
    plain = naive.learn_merges
    tokenizer = BPETokenizer.train([text], size, learn_merges=plain)
    merges = [list(pair) for pair in tokenizer.merges]
    rows = {
        tuple(1 + BYTES.index(byte) for byte in piece.encode()): n
        for piece, n in count_pieces([text]).items()
    }
    counts, lengths = [], [sum(len(row) * n for row, n in rows.items())]
    for new, pair in enumerate(tokenizer.merges, 257):
        counts.append(naive.count_pairs(rows)[pair])
        joined = {}
        for row, n in rows.items():
            joined[naive.join_pair(row, pair, new)] = n
        rows = joined
        lengths.append(sum(len(row) * n for row, n in rows.items()))
    return {"merges": merges, "counts": counts, "lengths": lengths}


# ---- the same tokens in both languages -------------------------------------


@needs_node
def test_merges_match_bpe_naive(javascript):
    found = javascript("bpe_stepper", [("learn", [t, 40]) for t in TEXTS])
    assert found == [python_steps(text, 40) for text in TEXTS]
    assert any(len(set(steps["counts"])) < 5 for steps in found[-60:])


@needs_node
@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.text(max_size=40), min_size=15, max_size=15))
def test_merges_of_any_text_match_bpe_naive(javascript, texts):
    texts = [
        text.translate({c: "x" for c in _unassigned(text)}) for text in texts
    ]
    found = javascript("bpe_stepper", [("learn", [t, 30]) for t in texts])
    assert found == [python_steps(text, 30) for text in texts]


def _unassigned(text):
    """Code points whose class depends on the version of Unicode."""
    return {ord(c) for c in text if unicodedata.category(c) == "Cn"}


@needs_node
def test_learning_goes_on_until_no_pair_is_left(javascript):
    (found,) = javascript("bpe_stepper", [("learn", [TEXT, MAX_MERGES])])
    assert found == python_steps(TEXT, MAX_MERGES)
    assert 50 < len(found["merges"]) < MAX_MERGES
    assert found["lengths"][-1] == len(splitter("gpt2")(TEXT))


@needs_node
@pytest.mark.parametrize("merges", [0, 1, 7, 40])
def test_tokens_match_bpe_tokenizer(javascript, merges):
    tokenizers = [BPETokenizer.train([t], 257 + merges) for t in TEXTS]
    cases = [
        ("encode", [text, [list(pair) for pair in tokenizer.merges]])
        for text, tokenizer in zip(TEXTS, tokenizers, strict=True)
    ]
    for text, tokenizer, rows in zip(
        TEXTS, tokenizers, javascript("bpe_stepper", cases), strict=True
    ):
        assert [i for row in rows for i in row] == tokenizer.encode(text)
        assert len(rows) == len(tokenizer.pieces(text))


@needs_node
def test_top_pairs_match_count_pairs(javascript):
    tokenizers = [BPETokenizer.train([t], 262) for t in TEXTS]
    rows = [
        [tokenizer.encode(piece) for piece in tokenizer.pieces(text)]
        for text, tokenizer in zip(TEXTS, tokenizers, strict=True)
    ]
    found = javascript("bpe_stepper", [("topPairs", [r]) for r in rows])
    for row, pairs in zip(rows, found, strict=True):
        counts = {}
        for ids in row:
            for pair, n in naive.count_pairs({tuple(ids): 1}).items():
                counts[pair] = counts.get(pair, 0) + n
        best = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        assert pairs == [
            {"a": a, "b": b, "count": n} for (a, b), n in best[:5]
        ]


@needs_node
@pytest.mark.parametrize("split", [*SPLITS, "words"])
def test_pieces_match_python(javascript, split):
    cut = split_words if split == "words" else splitter(split)
    found = javascript("tokens", [("cut", [t, split]) for t in TEXTS])
    assert found == [cut(text) for text in TEXTS]


@needs_node
def test_token_bytes_match_bpe_tokenizer(javascript):
    tokenizer = BPETokenizer.train(SAMPLES, 400)
    merges = [list(pair) for pair in tokenizer.merges]
    (found,) = javascript("tokens", [("tokenBytes", [merges])])
    assert found == [[*tokenizer.token_bytes(i)] for i in range(400)]


@needs_node
def test_half_a_surrogate_pair_becomes_the_replacement_character(javascript):
    assert javascript("tokens", [("wellFormed", ["a\ud83db👍"])]) == [
        "a\ufffdb👍"
    ]


# ---- what the reader sees ---------------------------------------------------


def seen(parts):
    """Parts as Python writes bytes that are no UTF-8."""
    marks = {"␣": " ", "↵": "\n", "⇥": "\t"}
    return "".join(
        f"\\x{part['text'].lower()}"
        if part["code"]
        else marks.get(part["text"], part["text"])
        for part in parts
    )


@needs_node
def test_unfinished_characters_are_shown_as_hex(javascript):
    text = "a мы\n\t了花👍🏽é"
    raw = text.encode()
    slices = [
        raw[i:j] for i in range(len(raw)) for j in range(i + 1, len(raw) + 1)
    ]
    found = javascript("tokens", [("partsOfBytes", [[*s]]) for s in slices])
    for piece, parts in zip(slices, found, strict=True):
        assert seen(parts) == piece.decode(errors="backslashreplace")


@needs_node
def test_unseen_characters_are_named(javascript):
    (parts,) = javascript(
        "tokens", [("partsOfText", ["a\u200d\u00a0\ufe0f\x01"])]
    )
    assert [part["text"] for part in parts] == [
        "a",
        "U+200D",
        "U+00A0",
        "U+FE0F",
        "U+0001",
    ]


@needs_node
def test_bytes_in_a_sentence_stand_in_brackets(javascript):
    parts = javascript(
        "tokens",
        [("partsOfBytes", [[*b]]) for b in (b" a\xd0", "👍".encode()[:3])],
    )
    assert javascript("tokens", [("quoted", [p]) for p in parts]) == [
        "'␣a‹D0›'",
        "'‹F0 9F 91›'",
    ]


@needs_node
def test_sentences(javascript):
    text, names = "low low aaa", {}
    steps = python_steps(text, 500)
    tokenizer = BPETokenizer.train([text], 757)
    (bytes_,) = javascript("tokens", [("tokenBytes", [steps["merges"]])])
    parts = javascript("tokens", [("partsOfBytes", [b]) for b in bytes_])
    names = javascript("tokens", [("quoted", [p]) for p in parts])
    ends = [0, 1, 2, len(steps["merges"])]
    none, first, second, last = javascript(
        "bpe_stepper", [("sentence", [steps, n, names]) for n in ends]
    )
    assert tokenizer.token_bytes(257) == b"aa"
    assert none == "No merges yet: each byte is a token. Next: 'a' + 'a'."
    assert first == (
        "Merge 1: 'a' + 'a' → 'aa', 2 times (they overlap: only 1 could be "
        "joined). Next: 'l' + 'o'."
    )
    assert second.startswith("Merge 2: 'l' + 'o' → 'lo', 2 times. Next: ")
    assert last.endswith(
        "once. No pair is left: each piece of the text has become one token."
    )
    empty = {"merges": [], "counts": [], "lengths": [0]}
    assert javascript("bpe_stepper", [("sentence", [empty, 0, names])]) == [
        "There is no text: type some."
    ]


@needs_node
def test_marks_are_where_the_pair_will_be_joined(javascript):
    pair = {"a": 1, "b": 1, "count": 3}
    rows = [[1, 1, 1, 2, 1, 1], [1, 2], []]
    assert javascript(
        "bpe_stepper", [("marked", [r, pair]) for r in rows]
    ) == [
        [True, True, False, False, True, True],
        [False, False],
        [],
    ]


@needs_node
def test_axis_ends_at_a_round_number(javascript):
    values = [1, 2, 3, 9, 257, 300, 401, 999, 2000, 6100]
    found = javascript("bpe_stepper", [("roundUp", [v]) for v in values])
    assert found == [1, 2, 4, 10, 400, 400, 500, 1000, 2000, 8000]


# ---- refused input ----------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: BPEStepper("x" * (MAX_TEXT + 1)),
            "text must have at most 2000 characters, got 2001",
        ),
        (
            lambda: BPEStepper("a\ud800"),
            r"text must not hold surrogates, got U\+D800 at character 1",
        ),
        (
            lambda: BPEStepper(merges=501),
            "merges must be from 0 to 500, got 501",
        ),
        (
            lambda: BPEStepper(merges=-1),
            "merges must be from 0 to 500, got -1",
        ),
    ],
)
def test_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_change_from_python_is_checked_too():
    stepper = BPEStepper("low lower", merges=3)
    assert repr(stepper).startswith("BPEStepper: 3 merges on 9 bytes (")
    with pytest.raises(ValueError, match="merges must be from 0 to 500"):
        stepper.merges = 600
    stepper.text = "new text"
    assert stepper.get_state("text") == {"text": "new text"}
