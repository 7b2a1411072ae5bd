import math
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import normalizers

from companion.tokenization.normalisation import (
    ALPHANUMERIC,
    CLASSIC_CLEANING,
    COLLAPSE_SPACE,
    LOWER_CASE,
    NFC,
    NFKC,
    STAGES,
    STRIP_ACCENTS,
    Loss,
    graphemes,
    lost,
    normalise,
    round_trip_cost,
)

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
# Letters of four scripts, marks, ligatures, signs and kinds of space.
texts = st.text(
    "aAéÉe\u0301ßİıÅåﬁ²½ŀйи\u0306ЁΣσς你好字한각각"
    "\u0e33ก🇫🇷👍🏽-'.,!+ \t\n\u00a0",
    max_size=30,
)


@settings(deadline=None)
@given(texts)
def test_matches_tokenizers(text):
    assert NFC(text) == normalizers.NFC().normalize_str(text)
    assert NFKC(text) == normalizers.NFKC().normalize_str(text)
    theirs = normalizers.Sequence(
        [
            normalizers.NFD(),
            normalizers.StripAccents(),
            normalizers.NFC(),
        ]
    ).normalize_str(text)
    assert STRIP_ACCENTS(text) == theirs


@pytest.mark.parametrize(
    ("stage", "before", "after"),
    [
        (NFC, "e\u0301", "é"),
        (NFKC, "ﬁ²½", "fi21⁄2"),
        (LOWER_CASE, "ΟΔΟΣ", "οδος"),
        (STRIP_ACCENTS, "Éй ёлка", "Eи елка"),
        (COLLAPSE_SPACE, " a\n\n b ", "a b"),
        (ALPHANUMERIC, "well-known C++, 3.5!", "wellknown C 35"),
    ],
)
def test_stages_by_hand(stage, before, after):
    assert stage(before) == after


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
@settings(deadline=None)
@given(text=st.text() | texts)
@example(text="ΑΣ.")
@example(text="İ")
def test_twice_is_once(stage, text):
    assert stage(stage(text)) == stage(text)


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
@settings(deadline=None)
@given(text=st.text(max_size=20) | texts)
def test_the_losses_explain_the_difference(stage, text):
    changed, end, losses = "", 0, lost(text, stage)
    for loss in losses:
        assert text.startswith(loss.before, loss.start)
        assert loss.before != loss.after
        changed += text[end : loss.start] + loss.after
        end = loss.start + len(loss.before)
    assert changed + text[end:] == stage(text)
    assert bool(losses) == (stage(text) != text)


def test_losses_by_hand():
    assert lost("a well-known é", ALPHANUMERIC) == [Loss(6, "-", "")]
    assert lost("Ann is in", LOWER_CASE) == [Loss(0, "A", "a")]
    assert lost("un café", STRIP_ACCENTS) == [Loss(6, "é", "e")]
    assert lost("plain", NFC) == []


def test_stages_are_shown_one_by_one():
    assert normalise("It's a  C++ day", CLASSIC_CLEANING) == [
        ("as it came", "It's a  C++ day"),
        ("lower-case", "it's a  c++ day"),
        ("keep only letters, digits, space", "its a  c day"),
        ("collapse white space", "its a c day"),
    ]


@pytest.mark.parametrize(
    ("text", "count"),
    [("й", 1), ("e\u0301t", 2), (FAMILY, 1), ("🇫🇷🇩🇪", 2), ("\r\n", 1)],
)
def test_graphemes_are_what_a_reader_counts(text, count):
    assert len(graphemes(text)) == count
    assert len(graphemes(unicodedata.normalize("NFD", text))) == count


@given(st.text())
def test_graphemes_joined_are_the_text(text):
    assert "".join(graphemes(text)) == text


def test_cost_by_hand():
    # "The" and "the" become one: 4 runs of 1 bit each; 15 characters
    cost = round_trip_cost(["The the", "the The", "b"], LOWER_CASE)
    assert cost.texts_changed == pytest.approx(2 / 3)
    assert (cost.forms_before, cost.forms_after) == (4, 3)
    assert cost.bits_per_character == pytest.approx(4 / 15)


def test_a_change_that_merges_nothing_costs_no_bits():
    cost = round_trip_cost(["Ann", "Ben"], LOWER_CASE)
    assert cost.texts_changed == 1
    assert cost.bits_per_character == 0


@settings(deadline=None)
@given(st.lists(st.text("aAbB ", min_size=1), min_size=1))
def test_bits_match_the_entropy_of_each_class(documents):
    runs = [run for text in documents for run in _runs(text)]
    bits = 0.0
    for run in runs:
        same = [r for r in runs if r.lower() == run.lower()]
        bits -= math.log2(same.count(run) / len(same))
    cost = round_trip_cost(documents, LOWER_CASE)
    n = sum(map(len, documents))
    assert cost.bits_per_character == pytest.approx(bits / n, abs=1e-9)


def _runs(text):
    runs = [""]
    for c in text:
        if runs[-1] and runs[-1][-1].isspace() != c.isspace():
            runs.append("")
        runs[-1] += c
    return runs


def test_no_text_has_no_cost():
    with pytest.raises(ValueError, match="must hold a character, got 2"):
        round_trip_cost(["", ""], NFC)
