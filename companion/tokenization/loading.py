"""Tokenizers by the name of their kind.

Chapter: book/3-tokenization/6-from-text-to-shards.ipynb
"""

import os

from companion.tokenization.bpe import BPETokenizer
from companion.tokenization.byte_tokenizer import ByteTokenizer
from companion.tokenization.protocol import Tokenizer
from companion.tokenization.simple import (
    CharacterTokenizer,
    WordPunctTokenizer,
    WordTokenizer,
)
from companion.tokenization.tokenizer_json import read_kind
from companion.tokenization.unigram import UnigramTokenizer
from companion.tokenization.wordpiece import WordPieceTokenizer

TOKENIZERS: dict[str, type[Tokenizer]] = {
    "bpe": BPETokenizer,
    "wordpiece": WordPieceTokenizer,
    "unigram": UnigramTokenizer,
    "word": WordTokenizer,
    "word-punct": WordPunctTokenizer,
    "character": CharacterTokenizer,
    "byte": ByteTokenizer,
}


def tokenizer_class(kind: str) -> type[Tokenizer]:
    """Return the class of a kind: "bpe" is `BPETokenizer`.

    Raises:
        ValueError: there is no such kind.
    """
    if kind not in TOKENIZERS:
        raise ValueError(
            f"kind must be one of {', '.join(TOKENIZERS)}, got {kind!r}"
        )
    return TOKENIZERS[kind]


def load_tokenizer(path: str | os.PathLike) -> Tokenizer:
    """Read a tokenizer of any kind: the file says which.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not a tokenizer of this book, or was changed.
    """
    return tokenizer_class(read_kind(path)).load(path)
