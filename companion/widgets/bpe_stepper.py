"""Byte-pair encoding of what the reader types, merge by merge.

Everything is computed in the browser (`bpe_stepper.js`): the same merges as
`companion.tokenization.bpe_naive` learns from the same text, cut as GPT-2
cuts it. So `BPETokenizer.train([text], 257 + merges)` is the widget in Python.

Chapter: book/3-tokenization/2-byte-pairs.ipynb
"""

import traitlets

from companion.tokenization.protocol import check_text
from companion.widgets.base import BookWidget, bundle, check_between, synced

MAX_MERGES = 500
MAX_TEXT = 2000  # characters
TEXT = (
    "low lower lowest, slow slower slowest\n"
    "new newer newest, renew renewed renewing\n"
    "old older oldest, hold holding told telling\n"
    "now we know how slowly snow flows below\n"
)


def check_short(text: str) -> str:
    """Return a text that a widget may show.

    Raises:
        ValueError: it holds a surrogate, or more than 2000 characters.
    """
    check_text(text)
    if len(text) > MAX_TEXT:
        raise ValueError(
            f"text must have at most {MAX_TEXT} characters, got {len(text)}"
        )
    return text


class BPEStepper(BookWidget):
    """A text to type, and byte-pair merges learned from it one by one.

    Args:
        text: at first; the reader changes it.
        merges: how many are made at first, from 0 to 500. A short text runs
            out of pairs earlier: there the widget stops.

    Raises:
        ValueError: text holds a surrogate or more than 2000 characters, or
            merges is out of range.
    """

    _esm = bundle("bpe_stepper")

    text = synced(traitlets.Unicode())
    merges = synced(traitlets.Int())

    def __init__(self, text: str = TEXT, *, merges: int = 0) -> None:
        super().__init__(text=text, merges=merges)

    @traitlets.validate("text")
    def _check_text(self, proposal: dict) -> str:
        return check_short(proposal["value"])

    @traitlets.validate("merges")
    def _check_merges(self, proposal: dict) -> int:
        return check_between("merges", proposal["value"], 0, MAX_MERGES)

    def summary(self) -> str:
        """Say how long the text is."""
        return f"{self.merges} merges on {len(self.text.encode())} bytes"
