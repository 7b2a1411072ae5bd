"""WordPiece: each word as the longest pieces that are in the list.

Chapter: book/3-tokenization/4-other-ways-to-cut.ipynb
"""

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import regex

from companion.tokenization.base import EntriesTokenizer, PieceTokenizer
from companion.tokenization.entries import (
    UNKNOWN_ID,
    check_entries,
    read_entries,
)
from companion.tokenization.protocol import (
    UNKNOWN,
    check_ids,
    check_texts,
)
from companion.tokenization.tokenizer_json import (
    check_hash,
    content_hash,
    read_tokenizer_json,
    write_tokenizer_json,
)
from companion.tokenization.wordpiece_trainer import PREFIX, learn_pieces

KIND = "wordpiece"
# A word is a run without white space; punctuation and symbols stand alone.
PATTERN = r"[^\s\p{P}\p{S}]+|[\p{P}\p{S}]"
_split = regex.compile(PATTERN).findall


@dataclass(frozen=True)
class WordPieceTokenizer(EntriesTokenizer, PieceTokenizer):
    """Cut a word from the left, each time the longest piece in the list.

    A piece that does not begin a word carries "##": "token ##ization". If at
    some place no piece fits, the whole word is `<unk>`. Not reversible:
    white space is dropped and `decode` puts one space between words.

    Source: Schuster and Nakajima 2012 (the list); Devlin et al. 2019,
    arXiv:1810.04805 (the longest match from the left).

    Args:
        entries: the pieces with ids 2, 3 ...
        max_word_length: a longer word, in characters, is `<unk>`.

    Raises:
        ValueError: a piece is empty, not a string, reserved or there twice.
    """

    entries: tuple[str, ...]
    max_word_length: int = 100

    _cut = staticmethod(_split)

    def __post_init__(self) -> None:
        object.__setattr__(self, "entries", check_entries(self.entries))

    @classmethod
    def train(
        cls,
        texts: Iterable[str],
        vocab_size: int,
        *,
        min_count: int = 1,
        limit_alphabet: int = 1000,
    ) -> Self:
        """Learn the pieces of some texts; see `wordpiece_trainer`.

        Args:
            texts: documents, read once.
            vocab_size: the largest number of ids: two reserved ones, the
                characters (most of them twice, with "##" and without) and
                the merges.
            min_count: a pair less frequent than this is not merged.
            limit_alphabet: keep so many characters, the most frequent; a
                word with any other is unknown.

        Raises:
            ValueError: vocab_size has no room for the characters, min_count
                below 1, or texts is one string.
        """
        if min_count < 1:
            raise ValueError(f"min_count must be at least 1, got {min_count}")
        words: Counter[str] = Counter()
        for text in check_texts(texts):
            words.update(_split(text))
        return cls(learn_pieces(words, vocab_size, min_count, limit_alphabet))

    @cached_property
    def content_hash(self) -> str:
        """SHA-256, in hexadecimal, of the pieces and the longest word."""
        return content_hash(KIND, PATTERN, self.max_word_length, self.entries)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {piece: i for i, piece in enumerate(self.entries, 2)}

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self.entries), default=0)

    def _encode_piece(self, word: str) -> list[int]:
        """Take the longest piece that fits, until the word is used up."""
        if len(word) > self.max_word_length:
            return [UNKNOWN_ID]
        ids, start, prefix = [], 0, ""
        while start < len(word):
            for end in range(min(len(word), start + self._longest), start, -1):
                if piece := self._ids.get(prefix + word[start:end]):
                    break
            else:
                return [UNKNOWN_ID]
            ids.append(piece)
            start, prefix = end, PREFIX
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """Join pieces to words, words by spaces; special tokens are left out.

        A piece with "##" at the very beginning keeps its mark.

        Raises:
            ValueError: an id is not between 0 and vocab_size - 1.
        """
        ids = check_ids(ids, self.vocab_size)
        joined = " ".join([self.tokens[i] for i in ids if i])
        return joined.replace(" " + PREFIX, "")

    def save(
        self, path: str | os.PathLike, *, overwrite: bool = False
    ) -> None:
        """Write a `tokenizer.json` that the library `tokenizers` reads.

        There, other than here, its name in a text becomes the
        special token.

        Raises:
            FileExistsError: the file exists and `overwrite` is False.
        """
        split = {
            "type": "Split",
            "pattern": {"Regex": PATTERN},
            "behavior": "Removed",
            "invert": True,  # what does not match is removed
        }
        write_tokenizer_json(
            path,
            kind=KIND,
            content_hash=self.content_hash,
            model={
                "type": "WordPiece",
                "unk_token": UNKNOWN,
                "continuing_subword_prefix": PREFIX,
                "max_input_chars_per_word": self.max_word_length,
                "vocab": {token: i for i, token in enumerate(self.tokens)},
            },
            pre_tokenizer=split,
            decoder={"type": "WordPiece", "prefix": PREFIX, "cleanup": False},
            overwrite=overwrite,
        )

    @classmethod
    def load(cls, path: str | os.PathLike) -> Self:
        """Read what `save` wrote.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the file holds something else, or was changed.
        """
        model, ours = read_tokenizer_json(path, KIND)
        longest = model.get("max_input_chars_per_word")
        tokenizer = cls(read_entries(path, model), longest)
        check_hash(path, ours["content_hash"], tokenizer.content_hash)
        return tokenizer
