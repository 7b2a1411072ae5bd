"""Byte-pair merges as they are defined: count, join, and begin again.

Slow (each merge reads all the text) and short: the referee of the fast
trainer, and the place to read first.

Chapter: book/3-tokenization/2-byte-pairs.ipynb
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise


def count_pairs(pieces: Mapping[tuple[int, ...], int]) -> Counter:
    """Count each pair of neighbours, also where they overlap.

    Args:
        pieces: how often each piece, a row of ids, occurs.
    """
    counts = Counter()
    for piece, count in pieces.items():
        for pair in pairwise(piece):
            counts[pair] += count
    return counts


def join_pair(
    piece: tuple[int, ...], pair: tuple[int, int], new: int
) -> tuple[int, ...]:
    """Replace each `pair` in a piece by the id `new`, from left to right."""
    joined, i = [], 0
    while i < len(piece):
        found = piece[i : i + 2] == pair
        joined.append(new if found else piece[i])
        i += 2 if found else 1
    return tuple(joined)


def learn_merges(
    pieces: Mapping[Sequence[int], int],
    vocab_size: int,
    first_id: int,
    min_count: int = 1,
) -> list[tuple[int, int]]:
    """Join the most frequent pair of tokens again and again.

    Arguments and result are those of `bpe_trainer.learn_merges`.

    Source: Gage 1994; Sennrich, Haddow and Birch 2016 (arXiv:1508.07909).
    """
    rows = {tuple(piece): count for piece, count in pieces.items()}
    merges = []
    for new in range(first_id, vocab_size):
        counts = count_pairs(rows)
        if not counts:
            break
        # The highest count; of equal counts the pair with the lowest ids.
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        if counts[best] < min_count:
            break
        merges.append(best)
        rows = {join_pair(row, best, new): n for row, n in rows.items()}
    return merges
