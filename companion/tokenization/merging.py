"""Apply learned merges to the tokens of one piece of text.

Chapter: book/3-tokenization/3-fast-and-exact.ipynb
"""

from collections.abc import Callable, Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise

_CACHED = 1_000_000  # pieces whose ids are kept, at most


def merge_ids(
    ids: Sequence[int], merged: dict[tuple[int, int], int]
) -> list[int]:
    """Join pairs of neighbours, the lowest new id first, until none is left.

    A heap holds the pairs that can be joined and a linked list the tokens,
    so that n tokens take about n log n steps.

    Args:
        ids: the tokens of one piece.
        merged: the id that each pair becomes.

    Returns:
        The tokens after all merges.
    """
    ids, n = list(ids), len(ids)
    after, before = list(range(1, n + 1)), list(range(-1, n - 1))
    heap = [
        (merged[pair], place)
        for place, pair in enumerate(pairwise(ids))
        if pair in merged
    ]
    heapify(heap)
    while heap:
        new, place = heappop(heap)
        second = after[place]
        if second == n or merged.get((ids[place], ids[second])) != new:
            continue  # an earlier join has changed the pair
        ids[place], ids[second] = new, 0
        after[place] = right = after[second]
        if right < n:
            before[right] = place
            if pair := merged.get((new, ids[right])):
                heappush(heap, (pair, place))
        left = before[place]
        if left >= 0 and (pair := merged.get((ids[left], new))):
            heappush(heap, (pair, left))
    return [token for token in ids if token]


class PieceCache(dict):
    """The ids of the pieces seen so far."""

    def __init__(self, encode: Callable[[str], list[int]]) -> None:
        self.encode = encode

    def __missing__(self, piece: str) -> list[int]:
        if len(self) >= _CACHED:
            self.clear()
        self[piece] = ids = self.encode(piece)
        return ids
