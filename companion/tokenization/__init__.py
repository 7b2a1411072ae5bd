"""From text to numbers: words and their ids."""

from companion.tokenization.bpe import BPETokenizer
from companion.tokenization.byte_tokenizer import ByteTokenizer
from companion.tokenization.loading import TOKENIZERS, load_tokenizer
from companion.tokenization.protocol import END_OF_TEXT, UNKNOWN, Tokenizer
from companion.tokenization.simple import (
    CharacterTokenizer,
    WordPunctTokenizer,
    WordTokenizer,
)
from companion.tokenization.unigram import UnigramTokenizer
from companion.tokenization.vocabulary import (
    BOS,
    EOS,
    PAD,
    SPECIAL_SYMBOLS,
    UNK,
    Vocabulary,
)
from companion.tokenization.wordpiece import WordPieceTokenizer
from companion.tokenization.words import split_words

__all__ = [
    "BOS",
    "END_OF_TEXT",
    "EOS",
    "PAD",
    "SPECIAL_SYMBOLS",
    "TOKENIZERS",
    "UNK",
    "UNKNOWN",
    "BPETokenizer",
    "ByteTokenizer",
    "CharacterTokenizer",
    "Tokenizer",
    "UnigramTokenizer",
    "Vocabulary",
    "WordPieceTokenizer",
    "WordPunctTokenizer",
    "WordTokenizer",
    "load_tokenizer",
    "split_words",
]
