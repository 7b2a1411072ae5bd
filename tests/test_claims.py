import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.claims import ClaimError, claim


def test_prints_the_line_that_the_book_shows(capsys):
    claim("floor, nats per word", 0.44093, says=0.441, within=0.003)
    assert capsys.readouterr().out == (
        "✓ floor, nats per word: 0.4409 (the text says 0.441 ± 0.003)\n"
    )


def test_a_failure_names_label_value_says_and_within(capsys):
    with pytest.raises(ClaimError) as failure:
        claim("trigram, bits", 1.8611, says=1.83, within=0.02)
    message = str(failure.value)
    assert message == "trigram, bits: 1.8611, but the text says 1.83 ± 0.02"
    assert capsys.readouterr().out == ""


def test_a_failed_claim_is_a_failed_assertion():
    with pytest.raises(AssertionError):
        claim("two", 3, says=2, within=0.5)


def test_a_failure_shows_the_digits_that_made_it_fail():
    with pytest.raises(ClaimError, match=r"0\.4440001, but .* 0\.441 ± 0"):
        claim("floor", 0.4440001, says=0.441, within=0.003)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_finite_number_never_holds(value):
    with pytest.raises(ClaimError, match="but the text says"):
        claim("loss", value, says=1.0, within=1e300)


def test_bounds_are_decimal_as_written():
    claim("on the edge", 0.4, says=0.3, within=0.1)
    claim("on the edge", 0.1 + 0.2, says=0.3, within=0)


@pytest.mark.parametrize(
    ("value", "says", "within", "line"),
    [
        (27, 27, 0, "27 (the text says 27 exactly)"),
        (0.25, 0.25, 0, "0.25 (the text says 0.25 exactly)"),
        (1.8349, 1.8, 0.05, "1.835 (the text says 1.80 ± 0.05)"),
        (120_345.6, 120_000, 5_000, "120346 (the text says 120000 ± 5000)"),
        (2.3e-7, 2e-7, 1e-7, "0.00000023 (the text says 0.0000002 ± 0.0"),
        (-0.51, -0.5, 0.02, "-0.510 (the text says -0.50 ± 0.02)"),
        (np.float32(0.5), 0.5, 0.1, "0.50 (the text says 0.5 ± 0.1)"),
    ],
)
def test_digits(capsys, value, says, within, line):
    claim("x", value, says=says, within=within)
    assert line in capsys.readouterr().out


@pytest.mark.parametrize("says", [math.nan, math.inf])
def test_refuses_a_text_without_a_number(says):
    with pytest.raises(ValueError, match="says must be a finite number"):
        claim("x", 1.0, says=says, within=1.0)


@pytest.mark.parametrize("within", [math.nan, math.inf, -0.1])
def test_refuses_a_tolerance_that_allows_all_or_nothing(within):
    with pytest.raises(ValueError, match="within must be finite and >= 0"):
        claim("x", 1.0, says=1.0, within=within)


@given(
    value=st.floats(-1e6, 1e6),
    says=st.floats(-1e6, 1e6),
    within=st.floats(1e-6, 1e6),
)
def test_holds_exactly_when_the_difference_is_within(value, says, within):
    difference = abs(value - says)
    if math.isclose(difference, within, rel_tol=1e-9, abs_tol=1e-9):
        return
    try:
        claim("x", value, says=says, within=within)
    except ClaimError:
        assert difference > within
    else:
        assert difference < within


def test_on_other_data_both_numbers_are_printed_and_not_compared(capsys):
    claim("pages, nats", 3.2, says=2.5, within=0.1, when=False)
    assert capsys.readouterr().out == (
        "- pages, nats: 3.20 on other data (the text says 2.5 ± 0.1)\n"
    )
    with pytest.raises(ClaimError, match="but the text says"):
        claim("pages, nats", 3.2, says=2.5, within=0.1, when=True)
