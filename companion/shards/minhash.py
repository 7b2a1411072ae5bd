"""How alike two documents are, from a few hundred bytes of each.

Chapter: book/3-tokenization/6-from-text-to-shards.ipynb
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from companion.shards.grams import comparable_words, gram_hashes, mix

_CAUGHT = 0.99  # of the pairs that are exactly at the threshold

_AT_ONCE = 512  # grams: their hashes under all keys fit into the cache


@dataclass(frozen=True, kw_only=True)
class MinHash:
    """Signatures whose equal places estimate the Jaccard similarity.

    The similarity of two documents is the number of n-grams they share over
    the number that either has. The smallest hash of all n-grams of a
    document is the same in both with just that probability, so over k
    independent hashes the share of equal smallest ones has the similarity J
    as its mean and sqrt(J (1 - J) / k) as its standard error.

    Source: Broder 1997, "On the resemblance and containment of documents".
    """

    n_hashes: int = 128
    n: int = 5  # words in a gram
    seed: int = 0

    def __post_init__(self):
        for name in ("n_hashes", "n"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"{name} must be at least 1, got {getattr(self, name)}"
                )

    @cached_property
    def _keys(self) -> np.ndarray:
        rng = np.random.default_rng(self.seed)
        return rng.integers(2**64, size=(self.n_hashes, 1), dtype=np.uint64)

    def grams(self, text: str) -> np.ndarray:
        """Hash a document's different n-grams.

        A document of fewer words is one gram; one without any has none.

        Returns:
            Sorted uint64.
        """
        words = comparable_words(text)
        n = min(self.n, max(len(words), 1))
        return np.unique(gram_hashes(words, n))

    def signature(self, text: str) -> np.ndarray:
        """Find the smallest hash of a document's grams, under each key.

        Returns:
            (n_hashes,) uint32; all ones for a text without words.
        """
        grams = self.grams(text)
        smallest = np.full(self.n_hashes, 2**64 - 1, np.uint64)
        for start in range(0, len(grams), _AT_ONCE):
            block = mix(grams[start : start + _AT_ONCE] ^ self._keys)
            np.minimum(smallest, block.min(axis=1), out=smallest)
        return (smallest >> np.uint64(32)).astype(np.uint32)

    def signatures(self, documents: Iterable[str]) -> np.ndarray:
        """Stack the signatures of documents, read once.

        Returns:
            (documents, n_hashes) uint32.
        """
        rows = [self.signature(text) for text in documents]
        return np.array(rows, np.uint32).reshape(-1, self.n_hashes)

    def similarity(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Estimate the similarity of documents from their signatures.

        Args:
            one, other: (..., n_hashes).

        Returns:
            (...,) from 0 to 1.
        """
        return (one == other).mean(axis=-1)

    def rows_per_band(self, threshold: float) -> int:
        """Choose how many hashes must agree for a pair to be looked at.

        The signature is cut into bands of r hashes; pairs equal in some band
        are compared. The largest r is taken with which a pair at the
        threshold t is met with a probability 1 - (1 - t**r)**(bands) of at
        least 0.99: fewest comparisons in vain.
        """
        for rows in range(self.n_hashes, 1, -1):
            missed = (1 - threshold**rows) ** (self.n_hashes // rows)
            if 1 - missed >= _CAUGHT:
                return rows
        return 1


def candidate_pairs(signatures: np.ndarray, rows: int) -> np.ndarray:
    """List the pairs of documents that agree in a whole band.

    Args:
        signatures: (documents, n_hashes), all different.
        rows: hashes in a band.

    Returns:
        (pairs, 2) numbers of documents, the smaller first, sorted.
    """
    n_hashes = signatures.shape[1]
    pairs: set[tuple[int, int]] = set()
    for start in range(0, n_hashes - rows + 1, rows):
        band = np.ascontiguousarray(signatures[:, start : start + rows])
        for bucket in _equal_rows(band):
            for place, first in enumerate(bucket):
                pairs.update((first, second) for second in bucket[place + 1 :])
    return np.array(sorted(pairs), np.int64).reshape(-1, 2)


def _equal_rows(band: np.ndarray) -> Iterator[list[int]]:
    """Yield the numbers of rows that are the same, two or more."""
    keys = band.view(np.dtype((np.void, band.itemsize * band.shape[1])))
    _, inverse, counts = np.unique(
        keys.ravel(), return_inverse=True, return_counts=True
    )
    order = np.argsort(inverse, kind="stable")
    ends = counts.cumsum()
    for end, count in zip(ends[counts > 1], counts[counts > 1], strict=True):
        yield order[end - count : end].tolist()
