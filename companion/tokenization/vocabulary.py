"""The words a model knows, and a number for each.

Chapter: book/1-language-models/1-counting.ipynb
"""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import ClassVar

import numpy as np

from companion.files import write_atomically

PAD, UNK, BOS, EOS = SPECIAL_SYMBOLS = ("<pad>", "<unk>", "<s>", "</s>")
KIND = "companion.tokenization.Vocabulary"
SCHEMA = 1


class _Index(dict):
    """A dictionary that gives `<unk>`'s id for every word it lacks."""

    def __missing__(self, word: str) -> int:
        return Vocabulary.unk_id


@dataclass(frozen=True)
class Vocabulary:
    """An ordered set of words; ids 0 to 3 are `<pad> <unk> <s> </s>`.

    Text never becomes a special symbol other than `<unk>`: `ids` maps the
    literal words "<pad>", "<s>" and "</s>" to `<unk>`, as it does any word
    outside the vocabulary.

    Args:
        entries: the ordinary words, in the order of their ids from 4 on.

    Raises:
        ValueError: a word is empty, not a string, named twice or the name
            of a special symbol.
    """

    entries: tuple[str, ...]

    pad_id: ClassVar[int] = 0
    unk_id: ClassVar[int] = 1
    bos_id: ClassVar[int] = 2
    eos_id: ClassVar[int] = 3

    def __post_init__(self) -> None:
        object.__setattr__(self, "entries", tuple(self.entries))
        seen = set(SPECIAL_SYMBOLS)
        for word in self.entries:
            if not isinstance(word, str) or not word:
                raise ValueError(
                    f"a word must be a string that is not empty, got {word!r}"
                )
            if word in seen:
                raise ValueError(
                    "words must differ from each other and from the special "
                    f"symbols, got {word!r} again"
                )
            seen.add(word)

    @classmethod
    def build(
        cls,
        documents: Iterable[Iterable[str]],
        min_count: int = 1,
        max_size: int | None = None,
    ) -> "Vocabulary":
        """Collect the words of documents, the most frequent first.

        Words of equal count come in the order of their code points, so the
        same documents give the same ids everywhere.

        Args:
            documents: each an iterable of words.
            min_count: keep words seen at least so often.
            max_size: the largest `len()` of the result, the four special
                symbols included; None keeps all.

        Raises:
            ValueError: min_count below 1 or max_size below 4.
        """
        if min_count < 1:
            raise ValueError(f"min_count must be at least 1, got {min_count}")
        n_special = len(SPECIAL_SYMBOLS)
        if max_size is not None and max_size < n_special:
            raise ValueError(
                f"max_size must be at least {n_special}, got {max_size}"
            )
        counts = Counter(chain.from_iterable(map(_not_text, documents)))
        for symbol in SPECIAL_SYMBOLS:
            del counts[symbol]
        kept = [word for word, n in counts.items() if n >= min_count]
        kept.sort(key=lambda word: (-counts[word], word))
        room = None if max_size is None else max_size - n_special
        return cls(tuple(kept[:room]))

    def __len__(self) -> int:
        return len(self.symbols)

    def __contains__(self, word: object) -> bool:
        """Whether a word of text has an id of its own."""
        return word in self._index

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """The name of each id: the special symbols, then the words."""
        return SPECIAL_SYMBOLS + self.entries

    @cached_property
    def _index(self) -> _Index:
        n_special = len(SPECIAL_SYMBOLS)
        return _Index(
            zip(self.entries, range(n_special, len(self)), strict=True)
        )

    def ids(self, words: Iterable[str]) -> np.ndarray:
        """Look up the words of a text; unknown ones give `unk_id`.

        Args:
            words: any iterable of n words.

        Returns:
            (n,) int32.

        Raises:
            ValueError: `words` is one string.
        """
        lookup = self._index.__getitem__
        return np.fromiter(map(lookup, _not_text(words)), np.int32)

    def symbol_ids(self, symbols: Iterable[str]) -> np.ndarray:
        """Look up words where "<s>" and "</s>" mean the special symbols.

        For questions put to a model; text goes through `ids`.

        Args:
            symbols: any iterable of n words or special symbols.

        Returns:
            (n,) int32.
        """
        symbols = list(_not_text(symbols))
        ids = self.ids(symbols)
        for place, symbol in enumerate(symbols):
            if symbol in SPECIAL_SYMBOLS:
                ids[place] = SPECIAL_SYMBOLS.index(symbol)
        return ids

    def words(self, ids: Iterable[int]) -> list[str]:
        """Name each id.

        Raises:
            ValueError: an id is not between 0 and len(self) - 1.
        """
        ids = np.asarray(ids if hasattr(ids, "__len__") else list(ids))
        if ids.size and not 0 <= ids.min() <= ids.max() < len(self):
            raise ValueError(
                f"ids must be from 0 to {len(self) - 1}, got {ids.min()} to "
                f"{ids.max()}"
            )
        return [self.symbols[i] for i in ids.tolist()]

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of the words in their order, as hexadecimal digits."""
        return hashlib.sha256(json.dumps(self.entries).encode()).hexdigest()

    def save(
        self, path: str | os.PathLike, *, overwrite: bool = False
    ) -> None:
        """Write the vocabulary as JSON; an existing file is kept unless
        `overwrite`.
        """
        record = {
            "kind": KIND,
            "schema": SCHEMA,
            "content_hash": self.content_hash,
            "words": self.entries,
        }
        text = json.dumps(record, indent=0)
        with write_atomically(path, mode="w", overwrite=overwrite) as file:
            file.write(text + "\n")

    @classmethod
    def load(cls, path: str | os.PathLike) -> "Vocabulary":
        """Read what `save` wrote.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the file is not a vocabulary, of another schema, or
                its words do not give its hash.
        """
        try:
            record = json.loads(Path(path).read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"{path} is not JSON: {error}") from error
        if not isinstance(record, dict) or record.get("kind") != KIND:
            raise ValueError(f"{path} is not a vocabulary file")
        if record.get("schema") != SCHEMA:
            raise ValueError(
                f"{path} has schema {record.get('schema')}, "
                f"this version reads {SCHEMA}"
            )
        vocabulary = cls(tuple(record.get("words", ())))
        if vocabulary.content_hash != record.get("content_hash"):
            raise ValueError(f"the words in {path} do not give its hash")
        return vocabulary


def _not_text(words: Iterable[str]) -> Iterable[str]:
    """Refuse a bare string, whose items would be characters."""
    if isinstance(words, str):
        raise ValueError(
            "a document is a sequence of words, got one string "
            f"({words[:20]!r}): split it first"
        )
    return words


def as_documents(
    documents: Iterable[Sequence[str]],
) -> list[Sequence[str]]:
    """Collect documents in a list, refusing one that is a bare string."""
    return [_not_text(document) for document in documents]
