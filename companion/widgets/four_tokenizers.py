"""Four tokenizers side by side on what the reader types.

The widget carries the trained vocabularies; the browser cuts the text with
them (`four_tokenizers.js`) and gives the ids that `encode` gives in Python.

Chapter: book/3-tokenization/4-other-ways-to-cut.ipynb
"""

import json
from collections.abc import Callable, Iterable, Sequence

import traitlets

from companion.tokenization import BPETokenizer, Tokenizer
from companion.tokenization.loading import TOKENIZERS
from companion.widgets.base import (
    MAX_STATE,
    BookWidget,
    bundle,
    check_labels,
    synced,
)
from companion.widgets.bpe_stepper import check_short
from companion.widgets.ngram_writer import DIGITS

MAX_VOCABULARIES = MAX_STATE - 50_000  # the rest for the front end
TEXT = (
    "The unhappiest tokenizers retokenized Anna's naïve plans in 2024.\n"
    "Мама мыла раму. 钥匙在花园里。 👍"
)
NAMES = {
    "word": "words",
    "word-punct": "words and runs of marks",
    "character": "characters",
    "byte": "bytes",
    "wordpiece": "WordPiece",
    "unigram": "unigram model",
    "bpe": "byte pairs",
}


def pack_numbers(numbers: Iterable[int]) -> tuple[str, int]:
    """Write numbers with as many digits to base 64 as the largest needs.

    A list would be two or three times as long, and a notebook file would
    give each number a line of its own.

    Args:
        numbers: 0 or more.

    Returns:
        The digits, end to end, and how many each number has.
    """
    numbers = list(numbers)
    width = max(1, -(-max(numbers, default=0).bit_length() // 6))
    shifts = range(6 * (width - 1), -1, -6)
    digits = [DIGITS[n >> s & 63] for n in numbers for s in shifts]
    return "".join(digits), width


def pack_texts(texts: Iterable[str]) -> str:
    r"""Write texts, none of them empty, as lines; line ends become \n."""
    return "\n".join(
        text.replace("\\", "\\\\").replace("\n", "\\n") for text in texts
    )


def _pack_list(tokenizer: Tokenizer) -> dict:
    return {"tokens": pack_texts(tokenizer.tokens[2:])}


def _pack_wordpiece(tokenizer: Tokenizer) -> dict:
    longest = tokenizer.max_word_length
    return _pack_list(tokenizer) | {"max_word_length": longest}


def _pack_unigram(tokenizer: Tokenizer) -> dict:
    scores, width = pack_numbers(round(-s * 1e6) for s in tokenizer.scores)
    tokens = pack_texts(tokenizer.pieces)
    return {"tokens": tokens, "scores": scores, "width": width}


def _pack_bpe(tokenizer: BPETokenizer) -> dict:
    ids = (i for pair in tokenizer.merges for i in pair)
    merges, width = pack_numbers(ids)
    return {"merges": merges, "width": width, "split": tokenizer.split}


PACKERS: dict[str, Callable[[Tokenizer], dict]] = {
    "word": _pack_list,
    "word-punct": _pack_list,
    "character": _pack_list,
    "byte": lambda tokenizer: {},
    "wordpiece": _pack_wordpiece,
    "unigram": _pack_unigram,
    "bpe": _pack_bpe,
}


def pack(tokenizer: Tokenizer) -> dict:
    """Write all that decides a tokenizer's ids as a few strings.

    Raises:
        ValueError: not a tokenizer of this book.
    """
    for kind, made in TOKENIZERS.items():
        if type(tokenizer) is made and kind in PACKERS:
            size = tokenizer.vocab_size
            return {"kind": kind, "size": size} | PACKERS[kind](tokenizer)
    raise ValueError(
        f"tokenizers must be of the kinds {', '.join(PACKERS)}, "
        f"got {type(tokenizer).__name__}"
    )


class FourTokenizers(BookWidget):
    """A text to type, cut by four tokenizers, and how many tokens it takes.

    A vocabulary of 4096 tokens takes about 15 kB (byte pairs), 35 kB (words,
    WordPiece) or 50 kB (unigram model), and the front end 45 kB;
    `state_bytes()` counts it all.

    Args:
        tokenizers: four, of the kinds in `companion.tokenization`.
        text: at first; the reader changes it.
        names: what to call them; by default as their kind.

    Raises:
        ValueError: not four, not of this book, two with one name,
            vocabularies of more than 100 kB, or a text with a surrogate or
            over 2000 characters.
    """

    _esm = bundle("four_tokenizers")

    tokenizers = synced(traitlets.List(traitlets.Dict()))
    text = synced(traitlets.Unicode())

    def __init__(
        self,
        *tokenizers: Tokenizer,
        text: str = TEXT,
        names: Sequence[str] | None = None,
    ) -> None:
        if len(tokenizers) != 4:
            raise ValueError(
                f"there must be four tokenizers, got {len(tokenizers)}"
            )
        packed = [pack(tokenizer) for tokenizer in tokenizers]
        names = names or [NAMES[one["kind"]] for one in packed]
        labels = check_labels("names", names, 4)
        size = len(json.dumps(packed, ensure_ascii=False).encode())
        if size > MAX_VOCABULARIES:
            raise ValueError(
                f"the vocabularies must fit in {MAX_VOCABULARIES} bytes, "
                f"got {size}; give smaller ones"
            )
        named = zip(packed, labels, strict=True)
        super().__init__(
            tokenizers=[one | {"name": label} for one, label in named],
            text=text,
        )

    @traitlets.validate("text")
    def _check_text(self, proposal: dict) -> str:
        return check_short(proposal["value"])

    def summary(self) -> str:
        """Say what they are called."""
        return ", ".join(one["name"] for one in self.tokenizers)
