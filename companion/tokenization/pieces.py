"""Cut text into pieces that no token will span.

Chapter: book/3-tokenization/2-byte-pairs.ipynb
"""

from collections import Counter
from collections.abc import Callable, Iterable

import regex

from companion.tokenization.protocol import check_texts

# White space as Unicode defines it. Python's \s also has the four separators
# U+001C to U+001F, which the libraries in Rust do not count.
_SPACE = r"\p{White_Space}"

# How GPT-2 and GPT-4 cut, as their published code says, with \s spelt out.
# Both keep every character: joined, the pieces are the text. Letters that
# Unicode has added of late may be cut otherwise than by the library in Rust,
# whose tables are older; nothing is lost by it.
SPLITS = {
    "gpt2": (
        r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+"
        r"|\s+(?!\S)|\s+"
    ),
    "gpt4": (
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
        r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    ),
    "lines": r"[^\n]*\n|[^\n]+",
}


def splitter(split: str) -> Callable[[str], list[str]]:
    """Return the function that cuts a text into pieces.

    Args:
        split: "gpt2" (words with the space before them, numbers, marks,
            white space), "gpt4" (the same, with numbers of at most three
            digits, capital endings and line ends apart) or "lines" (no
            limit at words: to see what the limit is good for).

    Raises:
        ValueError: no such way of splitting.
    """
    if split not in SPLITS:
        raise ValueError(
            f"split must be one of {', '.join(SPLITS)}, got {split!r}"
        )
    pattern = SPLITS[split]
    pattern = pattern.replace(r"[^\s", rf"[^{_SPACE}")
    pattern = pattern.replace(r"\S", r"\P{White_Space}")
    return regex.compile(pattern.replace(r"\s", _SPACE)).findall


def count_pieces(texts: Iterable[str], split: str = "gpt2") -> Counter[str]:
    """Count the pieces of all texts.

    Raises:
        ValueError: a text holds a surrogate, `texts` is one string, or
            there is no such way of splitting.
    """
    cut, counts = splitter(split), Counter()
    for text in check_texts(texts):
        counts.update(cut(text))
    return counts
