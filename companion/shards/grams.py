"""Documents as sets of hashed word n-grams, for comparing them.

Chapter: book/3-tokenization/6-from-text-to-shards.ipynb
"""

import unicodedata
from functools import lru_cache
from hashlib import blake2b

import numpy as np
import regex

# scripts that put no space between words: each character counts as a word
_DENSE = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_WORD = regex.compile(rf"(?V1)[{_DENSE}]|[\w--[{_DENSE}]]+")
_BASE = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio; odd


def comparable(text: str) -> str:
    """Take away what does not make a text another one.

    Compatibility forms (NFKC), upper and lower case, and how much white
    space stands between words and around them.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(folded.split())


def comparable_words(text: str) -> list[str]:
    """Cut `comparable(text)` into words, without punctuation.

    In scripts without spaces between words each character is a word.
    """
    return _WORD.findall(comparable(text))


def gram_hashes(words: list[str], n: int) -> np.ndarray:
    """Hash each run of n words, in order.

    Args:
        words: of one document.
        n: words in a run.

    Returns:
        (len(words) - n + 1,) uint64, or none if there are too few words.
    """
    count = len(words) - n + 1
    if count < 1:
        return np.empty(0, np.uint64)
    hashed = np.fromiter(map(_hash, words), np.uint64, len(words))
    total = np.zeros(count, np.uint64)
    for start in range(n):  # a polynomial in _BASE, modulo 2**64
        total = total * _BASE + hashed[start : start + count]
    return mix(total)


def mix(values: np.ndarray) -> np.ndarray:
    """Scatter uint64 values, one to one.

    Source: the finaliser of SplitMix64 (Steele et al. 2014).
    """
    values = (values ^ (values >> np.uint64(30))) * np.uint64(
        0xBF58476D1CE4E5B9
    )
    values = (values ^ (values >> np.uint64(27))) * np.uint64(
        0x94D049BB133111EB
    )
    return values ^ (values >> np.uint64(31))


@lru_cache(2**18)
def _hash(word: str) -> int:
    data = word.encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "little")
