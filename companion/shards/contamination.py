"""Find test documents that stand in the training text.

Chapter: book/3-tokenization/6-from-text-to-shards.ipynb
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from companion.shards.grams import comparable_words, gram_hashes

N = 13  # words: Brown et al. 2020 (arXiv:2005.14165), appendix C


class Contaminated(NamedTuple):
    """A test document that shares a run of words with training text."""

    document: int  # its number, from 0
    train_document: int  # the first training document with that run
    gram: str  # the run of words, the first in the test document
    share: float  # of the test document's runs that occur in training


class Contamination(NamedTuple):
    """What was found, and what could not be looked at."""

    found: list[Contaminated]
    too_short: list[int]  # test documents with fewer words than a run


def find_contamination(
    test: Iterable[str], train: Iterable[str], *, n: int = N
) -> Contamination:
    """Find the test documents that share n words in a row with training.

    Words are compared without case, punctuation and white space; in scripts
    without spaces each character is a word. The runs are compared by 64-bit
    hashes: among a billion training runs and a million test runs the chance
    of a single false find is 0.00005.

    Args:
        test: read once and held in memory.
        train: read once, one document at a time.
        n: words in a run.

    Returns:
        The offending documents in order, and those too short to judge.

    Raises:
        ValueError: n is below 1.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    words = [comparable_words(text) for text in test]
    hashes = [gram_hashes(document, n) for document in words]
    known = np.unique(np.concatenate([np.empty(0, np.uint64), *hashes]))
    seen_in = _first_documents(known, train, n)
    found = []
    for number, grams in enumerate(hashes):
        where = seen_in[np.searchsorted(known, grams)]
        places = np.flatnonzero(where >= 0)
        if len(places):
            place = int(places[0])
            gram = " ".join(words[number][place : place + n])
            share = len(places) / len(grams)
            train_number = int(where[place])
            found.append(Contaminated(number, train_number, gram, share))
    too_short = [i for i, grams in enumerate(hashes) if not len(grams)]
    return Contamination(found, too_short)


def _first_documents(
    known: np.ndarray, train: Iterable[str], n: int
) -> np.ndarray:
    """Name the first training document with each known gram, or -1."""
    seen_in = np.full(len(known), -1)
    if not len(known):
        return seen_in
    for number, text in enumerate(train):
        grams = gram_hashes(comparable_words(text), n)
        places = np.searchsorted(known, grams).clip(max=len(known) - 1)
        met = places[known[places] == grams]
        seen_in[met[seen_in[met] < 0]] = number
    return seen_in
