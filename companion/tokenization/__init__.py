"""From text to numbers: words and their ids."""

from companion.tokenization.vocabulary import (
    BOS,
    EOS,
    PAD,
    SPECIAL_SYMBOLS,
    UNK,
    Vocabulary,
)
from companion.tokenization.words import split_words

__all__ = [
    "BOS",
    "EOS",
    "PAD",
    "SPECIAL_SYMBOLS",
    "UNK",
    "Vocabulary",
    "split_words",
]
