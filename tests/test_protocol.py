import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.tokenization.protocol import (
    check_ids,
    check_text,
    check_vocab_size,
)


@given(st.text())
def test_text_without_surrogates_passes(text):
    check_text(text)


@given(st.text(), st.integers(0xD800, 0xDFFF), st.text())
def test_surrogates_are_refused(before, surrogate, after):
    rule = (
        "text must not hold surrogates, got "
        rf"U\+{surrogate:04X} at character {len(before)}$"
    )
    with pytest.raises(ValueError, match=rule):
        check_text(before + chr(surrogate) + after)


def test_bytes_are_no_text():
    with pytest.raises(ValueError, match="text must be a string, got bytes"):
        check_text(b"cat")


@pytest.mark.parametrize(
    "ids", [[0, 4, 2], (0, 4, 2), iter([0, 4, 2]), np.array([0, 4, 2])]
)
def test_ids_become_plain_integers(ids):
    checked = check_ids(ids, 5)
    assert checked == [0, 4, 2]
    assert {type(i) for i in checked} == {int}


def test_no_ids_are_fine():
    assert check_ids([], 5) == check_ids(np.zeros(0, np.uint16), 5) == []


@pytest.mark.parametrize("bad", [-1, 5, 10**30])
def test_ids_out_of_range_are_refused(bad):
    with pytest.raises(
        ValueError, match=f"ids must be from 0 to 4, got {bad}"
    ):
        check_ids([0, bad, 1], 5)


@pytest.mark.parametrize("ids", [[1.0], ["1"], np.ones((2, 2), int), 3])
def test_what_is_no_row_of_integers_is_refused(ids):
    with pytest.raises(ValueError, match="ids must be integers"):
        check_ids(ids, 5)


def test_a_vocabulary_must_have_room():
    check_vocab_size(257, 257)
    with pytest.raises(ValueError, match="must be at least 257, got 256"):
        check_vocab_size(256, 257)
