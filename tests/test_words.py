import re

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.tokenize import RegexpTokenizer

from companion.tokenization import SPECIAL_SYMBOLS, split_words


def test_matches_nltk():
    text = "Don't stop: the well-known fox, aged 3, said “no”! x_1 ≠ — Ёж"
    nltk = RegexpTokenizer(r"\w+(?:['’-]\w+)*|[^\w\s]")
    assert split_words(text) == nltk.tokenize(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" \n\t", []),
        ("Hello, world.", ["Hello", ",", "world", "."]),
        ("it's Anna’s", ["it's", "Anna’s"]),
        ("well-known", ["well-known"]),
        ("'quoted' -", ["'", "quoted", "'", "-"]),
        ("a--b", ["a", "-", "-", "b"]),
        ("Кошка спит.", ["Кошка", "спит", "."]),
        ("Й\u0438\u0306", ["Й\u0438\u0306"]),  # a decomposed й stays whole
        ("...", [".", ".", "."]),
    ],
)
def test_splits(text, words):
    assert split_words(text) == words


@settings(deadline=None)
@given(st.text())
def test_nothing_but_space_is_lost(text):
    assert "".join(split_words(text)) == regex.sub(r"\s+", "", text)


@settings(deadline=None)
@given(st.text())
def test_splitting_words_again_changes_nothing(text):
    words = split_words(text)
    assert [w for word in words for w in split_words(word)] == words


@settings(deadline=None)
@given(st.lists(st.sampled_from([*SPECIAL_SYMBOLS, "a", " "])).map("".join))
def test_text_holds_no_special_symbol(text):
    assert not set(split_words(text)) & set(SPECIAL_SYMBOLS)


def test_ascii_agrees_with_the_standard_library():
    text = "".join(map(chr, range(128))) * 3
    words = re.findall(r"\w+(?:['’-]\w+)*|[^\w\s]", text, re.ASCII)
    # \x1c to \x1f are white space to Python's str and re without ASCII
    assert [w for w in split_words(text) if w.isprintable()] == [
        w for w in words if w.isprintable()
    ]
