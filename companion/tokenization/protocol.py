"""What every tokenizer of this book can do, and what it refuses.

Chapter: book/3-tokenization/1-units-of-text.ipynb
"""

import os
from collections.abc import Iterable, Iterator
from operator import index
from typing import Protocol, Self, runtime_checkable

END_OF_TEXT = "<|endoftext|>"
UNKNOWN = "<unk>"


@runtime_checkable
class Tokenizer(Protocol):
    """Text to ids and back.

    Id 0 is the special token `<|endoftext|>` in each class. Only a program
    puts it between documents: `encode` never gives it, whatever the text.
    """

    @classmethod
    def train(
        cls, texts: Iterable[str], vocab_size: int, **options: object
    ) -> Self:
        """Choose the tokens for some texts; the same texts, the same tokens.

        Args:
            texts: documents; those who train read them once.
            vocab_size: the largest number of tokens, special ones included.
        """
        ...

    @property
    def vocab_size(self) -> int:
        """How many ids there are, special tokens included."""
        ...

    @property
    def special_ids(self) -> dict[str, int]:
        """The special tokens and their ids; END_OF_TEXT has id 0."""
        ...

    @property
    def tokens(self) -> tuple[str, ...]:
        """A printable name for each id."""
        ...

    @property
    def content_hash(self) -> str:
        """SHA-256, in hexadecimal, of all that decides encode and decode."""
        ...

    def encode(self, text: str) -> list[int]:
        """Cut text into tokens; never the id of a special token.

        Raises:
            ValueError: text holds a surrogate.
        """
        ...

    def decode(self, ids: Iterable[int]) -> str:
        """Join tokens to text; special tokens are left out.

        Raises:
            ValueError: an id is not between 0 and vocab_size - 1.
        """
        ...

    def save(
        self, path: str | os.PathLike, *, overwrite: bool = False
    ) -> None:
        """Write the tokenizer as one JSON file, complete or not at all.

        Raises:
            FileExistsError: the file exists and `overwrite` is False.
        """
        ...

    @classmethod
    def load(cls, path: str | os.PathLike) -> Self:
        """Read what `save` wrote.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the file is of another kind or its hash is wrong.
        """
        ...


def check_text(text: str) -> None:
    """Refuse what is no Unicode text: surrogates have no UTF-8.

    Raises:
        ValueError: text holds a surrogate (U+D800 to U+DFFF) or is no
            string.
    """
    if not isinstance(text, str):
        raise ValueError(f"text must be a string, got {type(text).__name__}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            "text must not hold surrogates, got "
            f"U+{ord(text[error.start]):04X} at character {error.start}"
        ) from None


def check_ids(ids: Iterable[int], vocab_size: int) -> list[int]:
    """List ids as plain integers, refusing those outside the vocabulary.

    Args:
        ids: integers: a list, a generator, a one-dimensional array.
        vocab_size: ids go from 0 to vocab_size - 1.

    Raises:
        ValueError: an id is out of range or not an integer.
    """
    if hasattr(ids, "tolist"):  # an array gives Python integers at once
        ids = ids.tolist()
    try:
        ids = list(map(index, ids))
    except TypeError as error:
        raise ValueError(f"ids must be integers: {error}") from None
    if ids and not 0 <= min(ids) <= max(ids) < vocab_size:
        bad = next(i for i in ids if not 0 <= i < vocab_size)
        raise ValueError(f"ids must be from 0 to {vocab_size - 1}, got {bad}")
    return ids


def check_vocab_size(vocab_size: int, smallest: int) -> None:
    """Refuse a vocabulary too small for the tokens that must be in it.

    Raises:
        ValueError: vocab_size is less than `smallest`.
    """
    if vocab_size < smallest:
        raise ValueError(
            f"vocab_size must be at least {smallest}, got {vocab_size}"
        )


def check_texts(texts: Iterable[str]) -> Iterator[str]:
    """Pass on texts one by one, each checked.

    Raises:
        ValueError: texts is one string, or `check_text` refuses one.
    """
    if isinstance(texts, str):
        raise ValueError(
            f"texts must be several documents, got one string ({texts[:20]!r})"
        )
    for text in texts:
        check_text(text)
        yield text
