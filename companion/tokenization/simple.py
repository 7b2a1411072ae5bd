"""Tokenizers that are a list: of words or of characters.

Chapter: book/3-tokenization/1-units-of-text.ipynb
"""

import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import regex

from companion.tokenization.base import EntriesTokenizer
from companion.tokenization.entries import (
    RESERVED,
    UNKNOWN_ID,
    check_entries,
    read_entries,
)
from companion.tokenization.protocol import (
    UNKNOWN,
    check_ids,
    check_text,
    check_texts,
    check_vocab_size,
)
from companion.tokenization.tokenizer_json import (
    check_hash,
    content_hash,
    read_tokenizer_json,
    write_tokenizer_json,
)
from companion.tokenization.words import WORD_PATTERN, split_words

# What \w means here; in Oniguruma, which `tokenizers` uses, it has "½" too.
_W = r"\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}"


def _spelt_out(pattern: str) -> str:
    r"""Replace \w by what it stands for."""
    return pattern.replace(r"[^\w", f"[^{_W}").replace(r"\w", f"[{_W}]")


class _Index(dict):
    """A dictionary that gives `<unk>`'s id for every token it lacks."""

    def __missing__(self, token: str) -> int:
        return UNKNOWN_ID


@dataclass(frozen=True)
class _ListTokenizer(EntriesTokenizer):
    """A cut and a list of tokens; what is not in the list is `<unk>`.

    Args:
        entries: the tokens with ids 2, 3 ...

    Raises:
        ValueError: a token is empty, not a string, reserved or there twice.
    """

    entries: tuple[str, ...]

    kind: ClassVar[str]
    pattern: ClassVar[str]  # what a token looks like
    cut: ClassVar[Callable[[str], Iterable[str]]]
    glue: ClassVar[str]

    def __post_init__(self) -> None:
        object.__setattr__(self, "entries", check_entries(self.entries))

    @classmethod
    def train(
        cls, texts: Iterable[str], vocab_size: int, *, min_count: int = 1
    ) -> Self:
        """Keep the most frequent tokens; of equals, by code point.

        Args:
            texts: documents, read once.
            vocab_size: the largest number of ids, `<|endoftext|>` and
                `<unk>` included.
            min_count: keep tokens seen at least so often.

        Raises:
            ValueError: vocab_size below 2, min_count below 1, or texts is
                one string.
        """
        check_vocab_size(vocab_size, len(RESERVED))
        if min_count < 1:
            raise ValueError(f"min_count must be at least 1, got {min_count}")
        counts: Counter[str] = Counter()
        for text in check_texts(texts):
            counts.update(cls.cut(text))
        for name in RESERVED:
            del counts[name]
        kept = [token for token, n in counts.items() if n >= min_count]
        kept.sort(key=lambda token: (-counts[token], token))
        return cls(tuple(kept[: vocab_size - len(RESERVED)]))

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of all that decides encode and decode."""
        return content_hash(self.kind, self.entries)

    @cached_property
    def _index(self) -> _Index:
        return _Index((token, i) for i, token in enumerate(self.entries, 2))

    def encode(self, text: str) -> list[int]:
        """Look up each piece of the text; unknown ones give `unk_id`.

        Raises:
            ValueError: text holds a surrogate.
        """
        check_text(text)
        return list(map(self._index.__getitem__, type(self).cut(text)))

    def decode(self, ids: Iterable[int]) -> str:
        """Join the names of the ids; `<|endoftext|>` is left out.

        Raises:
            ValueError: an id is not between 0 and vocab_size - 1.
        """
        ids = check_ids(ids, self.vocab_size)
        return self.glue.join([self.tokens[i] for i in ids if i])

    def save(
        self, path: str | os.PathLike, *, overwrite: bool = False
    ) -> None:
        """Write a `tokenizer.json` that the `tokenizers` library reads too.

        Raises:
            FileExistsError: the file exists and `overwrite` is False.
        """
        vocabulary = {token: i for i, token in enumerate(self.tokens)}
        split = {
            "type": "Split",
            "pattern": {"Regex": _spelt_out(self.pattern)},
            "behavior": "Removed",
            "invert": True,  # what does not match is removed
        }
        write_tokenizer_json(
            path,
            kind=self.kind,
            content_hash=self.content_hash,
            model={
                "type": "WordLevel",
                "vocab": vocabulary,
                "unk_token": UNKNOWN,
            },
            pre_tokenizer=split,
            decoder=None if self.glue else {"type": "Fuse"},
            overwrite=overwrite,
        )

    @classmethod
    def load(cls, path: str | os.PathLike) -> Self:
        """Read what `save` wrote.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the file holds something else, or was changed.
        """
        model, ours = read_tokenizer_json(path, cls.kind)
        tokenizer = cls(read_entries(path, model))
        check_hash(path, ours["content_hash"], tokenizer.content_hash)
        return tokenizer


class WordTokenizer(_ListTokenizer):
    """Words as chapter 1 cuts them ("don't", "well-known"), marks alone.

    Not reversible: white space is dropped, `decode` puts one space between
    tokens, and an unknown word comes back as "<unk>".
    """

    kind = "word"
    pattern = WORD_PATTERN
    cut = staticmethod(split_words)
    glue = " "


class WordPunctTokenizer(_ListTokenizer):
    """Runs of word characters and runs of other marks: "don ' t", "?!".

    That is all it does; it knows no parts of words, so a word outside the
    list is unknown as a whole. Not reversible: white space is dropped,
    `decode` puts one space between tokens, and an unknown word comes back
    as "<unk>".
    """

    kind = "word-punct"
    pattern = r"\w+|[^\w\s]+"
    cut = staticmethod(regex.compile(pattern).findall)
    glue = " "


class CharacterTokenizer(_ListTokenizer):
    """One token a code point.

    `decode(encode(text)) == text` if every character of the text is in the
    list; others come back as "<unk>".
    """

    kind = "character"
    pattern = r"(?m:.)"  # Oniguruma's m: the dot takes line ends too
    cut = staticmethod(iter)
    glue = ""
