"""The tokenizer that needs no list: bytes.

Chapter: book/3-tokenization/1-units-of-text.ipynb
"""

import os
from collections.abc import Iterable
from typing import ClassVar, Self

from companion.tokenization.protocol import (
    END_OF_TEXT,
    check_ids,
    check_text,
    check_vocab_size,
)
from companion.tokenization.tokenizer_json import (
    check_hash,
    content_hash,
    read_tokenizer_json,
    write_tokenizer_json,
)

KIND = "byte"
# How `tokenizers` writes a byte that is a token of its own.
BYTE_TOKENS = tuple(f"<0x{byte:02X}>" for byte in range(256))
BYTES_DECODER = {
    "type": "Sequence",
    "decoders": [{"type": "ByteFallback"}, {"type": "Fuse"}],
}


class ByteTokenizer:
    """One token a byte of UTF-8: byte b has id b + 1.

    `decode(encode(text)) == text` for every text. Ids that do not come from
    a text may give bytes that are no UTF-8; they decode to U+FFFD.
    """

    vocab_size = 257
    special_ids: ClassVar[dict[str, int]] = {END_OF_TEXT: 0}
    tokens = (END_OF_TEXT, *BYTE_TOKENS)
    content_hash = content_hash(KIND)

    @classmethod
    def train(cls, texts: Iterable[str] = (), vocab_size: int = 257) -> Self:
        """Give the tokenizer: there is nothing to learn, no text is read.

        Raises:
            ValueError: vocab_size below 257.
        """
        check_vocab_size(vocab_size, cls.vocab_size)
        return cls()

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return hash(self.content_hash)

    def encode(self, text: str) -> list[int]:
        """Give the bytes of the text, each plus 1.

        Raises:
            ValueError: text holds a surrogate.
        """
        check_text(text)
        return [byte + 1 for byte in text.encode()]

    def decode(self, ids: Iterable[int]) -> str:
        """Read the bytes as UTF-8; `<|endoftext|>` is left out.

        Raises:
            ValueError: an id is not between 0 and 256.
        """
        ids = check_ids(ids, self.vocab_size)
        return bytes([i - 1 for i in ids if i]).decode(errors="replace")

    def save(
        self, path: str | os.PathLike, *, overwrite: bool = False
    ) -> None:
        """Write a `tokenizer.json` that the `tokenizers` library reads too.

        Raises:
            FileExistsError: the file exists and `overwrite` is False.
        """
        # Merging no pairs and falling back to bytes for all it lacks.
        model = {
            "type": "BPE",
            "vocab": {name: i for i, name in enumerate(self.tokens)},
            "merges": [],
            "byte_fallback": True,
        }
        write_tokenizer_json(
            path,
            kind=KIND,
            content_hash=self.content_hash,
            model=model,
            pre_tokenizer=None,
            decoder=BYTES_DECODER,
            overwrite=overwrite,
        )

    @classmethod
    def load(cls, path: str | os.PathLike) -> Self:
        """Read what `save` wrote.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the file holds something else, or was changed.
        """
        _, ours = read_tokenizer_json(path, KIND)
        check_hash(path, ours["content_hash"], cls.content_hash)
        return cls()
