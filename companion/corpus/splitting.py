"""Divide documents into parts that do not change when more arrive.

Chapter: book/1-language-models/3-measuring.ipynb
"""

import math
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from types import MappingProxyType

FRACTIONS = MappingProxyType({"train": 0.8, "validation": 0.1, "test": 0.1})


def split_documents(
    documents: Iterable[str],
    *,
    fractions: Mapping[str, float] = FRACTIONS,
    seed: int = 0,
) -> dict[str, list[str]]:
    """Divide documents into named parts, each decided by its own text.

    A hash of the text, keyed by the seed, is read as a number in [0, 1) and
    compared with the cumulated fractions. So a document that occurs twice
    falls into one part only (a test document is never also a training
    document), and adding documents or changing their order moves no other.
    The sizes are therefore right on average, not exactly.

    Args:
        documents: the texts, read once.
        fractions: part -> share of the documents; the shares sum to 1.
        seed: another seed is another division.

    Returns:
        Part -> its documents, in the order they came.

    Raises:
        ValueError: a share is negative, or they do not sum to 1.
    """
    _check(fractions)
    parts: dict[str, list[str]] = {name: [] for name in fractions}
    for document in documents:
        parts[_part(document, fractions, seed)].append(document)
    return parts


def part_of(
    document: str,
    *,
    fractions: Mapping[str, float] = FRACTIONS,
    seed: int = 0,
) -> str:
    """Name the part that `split_documents` puts a document into.

    Raises:
        ValueError: a share is negative, or they do not sum to 1.
    """
    _check(fractions)
    return _part(document, fractions, seed)


def _check(fractions: Mapping[str, float]) -> None:
    total = math.fsum(fractions.values())
    if any(share < 0 for share in fractions.values()):
        raise ValueError(f"fractions must be >= 0, got {dict(fractions)}")
    if not abs(total - 1) < 1e-9:
        raise ValueError(f"fractions must sum to 1, they sum to {total:.6g}")


def _part(document: str, fractions: Mapping[str, float], seed: int) -> str:
    """Name the part whose interval holds the document's number."""
    data = document.encode("utf-8", "surrogatepass")
    digest = blake2b(data, digest_size=8, key=str(seed).encode()).digest()
    place, bound, name = int.from_bytes(digest) / 2**64, 0.0, ""
    for name, share in fractions.items():
        bound += share
        if place < bound:
            return name
    return max(fractions, key=fractions.get)  # bound rounded below 1
