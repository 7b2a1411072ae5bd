"""Check that a number in the text is the number that was measured.

Chapter: book/1-language-models/1-counting.ipynb
"""

import math
import sys
from decimal import Decimal


class ClaimError(AssertionError):
    """A measured value is not what the text says."""


def claim(
    label: str,
    value: float,
    *,
    says: float,
    within: float,
    when: bool = True,
) -> None:
    """Print one line if `value` is what the text says, raise if it is not.

    Args:
        label: what was measured, with its unit.
        value: the measurement: a number, or an array or tensor of one.
        says: the number printed in bold in the text.
        within: the largest difference that still makes the text true; 0
            for a number that must be exact.
        when: False where the data are not those the text speaks of (another
            Python's documentation): then the value is printed beside what
            the text says, and not compared.

    Raises:
        ClaimError: the difference is larger, or `value` is not finite.
        ValueError: `says` is not finite, or `within` is negative or not
            finite.
    """
    value, says, within = float(value), float(says), float(within)
    if not math.isfinite(says):
        raise ValueError(f"says must be a finite number, got {says}")
    if not (math.isfinite(within) and within >= 0):
        raise ValueError(f"within must be finite and >= 0, got {within}")
    text = _in_words(says, within)
    if not when:
        shown = _shown(value, within)
        print(f"- {label}: {shown} on other data (the text says {text})")
        return
    # 0.4 - 0.3 is 0.10000000000000003: a decimal bound is kept as written.
    rounding = 4 * sys.float_info.epsilon * max(abs(value), abs(says))
    near = abs(value - says) <= within + rounding
    if not (math.isfinite(value) and near):
        raise ClaimError(f"{label}: {value:.10g}, but the text says {text}")
    print(f"✓ {label}: {_shown(value, within)} (the text says {text})")


def _in_words(says: float, within: float) -> str:
    """Write the claimed number and its tolerance with equal decimals."""
    decimals = max(_decimals(says), _decimals(within))
    if within == 0:
        return f"{says:.{decimals}f} exactly"
    return f"{says:.{decimals}f} ± {within:.{decimals}f}"


def _shown(value: float, within: float) -> str:
    """Write a measured value with one digit more than its tolerance."""
    if within == 0:
        return f"{value:.{_decimals(value)}f}"
    return f"{value:.{max(0, 1 - math.floor(math.log10(within)))}f}"


def _decimals(number: float) -> int:
    """Count the decimals needed to write a number as it was typed."""
    if not math.isfinite(number) or number == int(number):
        return 0
    return max(0, -int(Decimal(repr(number)).as_tuple().exponent))
