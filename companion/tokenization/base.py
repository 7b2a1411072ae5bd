"""What the tokenizers of this book share.

Chapter: book/3-tokenization/3-fast-and-exact.ipynb
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from itertools import chain
from typing import ClassVar

from companion.tokenization.entries import RESERVED, UNKNOWN_ID
from companion.tokenization.merging import PieceCache
from companion.tokenization.protocol import (
    END_OF_TEXT,
    check_ids,
    check_text,
)


class BaseTokenizer:
    """Ids from 0, which is the end of a text, to the last of `tokens`."""

    special_ids: ClassVar[dict[str, int]] = {END_OF_TEXT: 0}
    tokens: Sequence[str]

    @property
    def vocab_size(self) -> int:
        """How many ids there are, special ones included."""
        return len(self.tokens)


class EntriesTokenizer(BaseTokenizer):
    """Ids 0 and 1 are the end of a text and `<unk>`; then come `entries`."""

    entries: tuple[str, ...]

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        """The name of each id: the two reserved ones, then the entries."""
        return RESERVED + self.entries

    @property
    def unk_id(self) -> int:
        """The id of whatever the entries do not hold."""
        return UNKNOWN_ID


class PieceTokenizer(BaseTokenizer, ABC):
    """Cuts a text into pieces and encodes each by itself, and only once."""

    _cut: Callable[[str], Iterable[str]]

    @abstractmethod
    def _encode_piece(self, piece: str) -> list[int]:
        """The ids of one piece."""

    @cached_property
    def _cache(self) -> PieceCache:
        return PieceCache(self._encode_piece)

    def encode(self, text: str) -> list[int]:
        """Cut text into tokens; never the id of a special token.

        Raises:
            ValueError: text holds a surrogate.
        """
        check_text(text)
        ids = map(self._cache.__getitem__, self._cut(text))
        return list(chain.from_iterable(ids))


class BytesTokenizer(PieceTokenizer):
    """Each token stands for some bytes, so that every text comes back."""

    _bytes: Sequence[bytes]

    def token_bytes(self, token_id: int) -> bytes:
        """The bytes a token stands for; none for the end of a text."""
        return self._bytes[check_ids([token_id], self.vocab_size)[0]]

    def decode(self, ids: Iterable[int]) -> str:
        """Join tokens to text; special tokens are left out.

        Bytes that are no UTF-8 (a character cut in the middle) become
        U+FFFD, the replacement character.

        Raises:
            ValueError: an id is not between 0 and vocab_size - 1.
        """
        ids = check_ids(ids, self.vocab_size)
        joined = b"".join(map(self._bytes.__getitem__, ids))
        return joined.decode("utf-8", errors="replace")
