"""Find documents that are there twice, exactly or nearly.

Chapter: book/3-tokenization/6-from-text-to-shards.ipynb
"""

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import NamedTuple

import numpy as np

from companion.shards.grams import comparable
from companion.shards.minhash import MinHash, candidate_pairs

THRESHOLD = 0.8  # a usual choice: Lee et al. 2022 (arXiv:2107.06499)


def exact_duplicates(documents: Iterable[str]) -> dict[int, int]:
    """Find documents that an earlier one repeats.

    Upper and lower case, compatibility forms and the amount of white space
    make no difference.

    Args:
        documents: read once; 16 bytes of each different one are kept.

    Returns:
        Number (from 0) of each repetition -> number of the first.
    """
    first: dict[bytes, int] = {}
    found = {}
    for number, text in enumerate(documents):
        known = first.setdefault(_digest(text), number)
        if known != number:
            found[number] = known
    return found


def unique_documents(documents: Iterable[str]) -> Iterator[str]:
    """Pass on the documents that are not `exact_duplicates`."""
    seen: set[bytes] = set()
    for text in documents:
        digest = _digest(text)
        if digest not in seen:
            seen.add(digest)
            yield text


def _digest(text: str) -> bytes:
    data = comparable(text).encode("utf-8", "surrogatepass")
    return blake2b(data, digest_size=16).digest()


class NearDuplicate(NamedTuple):
    """Two documents that are much alike."""

    first: int  # numbers, from 0
    second: int
    similarity: float  # estimated share of common grams


def near_duplicates(
    documents: Iterable[str],
    *,
    threshold: float = THRESHOLD,
    minhash: MinHash | None = None,
) -> list[NearDuplicate]:
    """Find the pairs of documents whose similarity reaches a threshold.

    Similarities are MinHash's estimates, so pairs near the threshold may
    fall on either side; `MinHash` says how near. Pairs are found by locality
    sensitive hashing, not by comparing all with all: one exactly at the
    threshold is looked at with a probability of 0.99, more alike ones with a
    higher one. Of documents with the same signature only the first is paired
    with others; the rest are paired with it. Documents without a word have
    no duplicates.

    Args:
        documents: read once; 4 bytes a hash of each are kept (512 bytes).
        threshold: from 0 (not included) to 1.
        minhash: makes the signatures; by default 128 hashes of 5-grams.

    Returns:
        The pairs, in order of their numbers.

    Raises:
        ValueError: the threshold is out of range.
    """
    if not 0 < threshold <= 1:
        raise ValueError(
            f"threshold must be above 0 and at most 1, got {threshold}"
        )
    minhash = minhash or MinHash()
    signatures = minhash.signatures(documents)
    different, first, inverse = np.unique(
        signatures, axis=0, return_index=True, return_inverse=True
    )
    wordless = (different == 2**32 - 1).all(axis=1)
    pairs = candidate_pairs(different, minhash.rows_per_band(threshold))
    alike = minhash.similarity(*(different[pairs[:, i]] for i in (0, 1)))
    kept = (alike >= threshold) & ~wordless[pairs].any(axis=1)
    ends = np.sort(first[pairs[kept]], axis=1).tolist()
    found = [
        NearDuplicate(*pair, similarity)
        for pair, similarity in zip(ends, alike[kept].tolist(), strict=True)
    ]
    for number, which in enumerate(inverse.ravel().tolist()):
        if number != first[which] and not wordless[which]:
            found.append(NearDuplicate(int(first[which]), number, 1.0))
    return sorted(found)


def first_of_each(
    n_documents: int, pairs: Iterable[NearDuplicate]
) -> list[int]:
    """Choose the documents to keep: one of each group of duplicates.

    A document that is like another belongs to its group, and so does one
    that is like a member; the first of a group stays.

    Args:
        n_documents: how many there are.
        pairs: from `near_duplicates`.

    Returns:
        Numbers of the documents kept, in order.
    """
    leader = list(range(n_documents))

    def find(number: int) -> int:
        while leader[number] != number:
            leader[number] = number = leader[leader[number]]
        return number

    for first, second, _ in pairs:
        one, other = sorted((find(first), find(second)))
        leader[other] = one
    return [number for number, of in enumerate(leader) if number == of]
