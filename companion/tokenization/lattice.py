"""All ways to cut words into pieces, summed over at once.

Chapter: book/3-tokenization/4-other-ways-to-cut.ipynb
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np


class Lattice:
    """For each word, a graph whose paths are the ways to cut it.

    The nodes of a word are its len(word) + 1 places between characters, the
    edges its pieces. All words stand in one list of nodes and one of edges:
    edge e goes from node `start[e]` to node `end[e]` and is piece
    `piece[e]`. Sums over paths run place by place, over all words together.

    Args:
        words: each must be a row of pieces in one way at least; it is if
            all its characters are pieces.
        ids: the number of each piece, from 0.
        whole: whether a word may be one piece (to see what else could be
            in the place of a piece, it may not).
    """

    def __init__(
        self,
        words: Sequence[str],
        ids: Mapping[str, int],
        *,
        whole: bool = True,
    ) -> None:
        lengths = np.fromiter(map(len, words), np.int64, len(words))
        self.first = np.cumsum(lengths + 1) - lengths - 1  # (W,) nodes
        self.last = self.first + lengths
        self.n_nodes = int((lengths + 1).sum())
        longest = max(map(len, ids), default=0)
        ends: list[int] = []
        found: list[int] = []
        sizes: list[int] = []  # edges that leave each node
        for word, first in zip(words, self.first.tolist(), strict=True):
            n = len(word)
            for i in range(n):
                before = len(ends)
                for j in range(i + 1, min(n, i + longest) + 1):
                    piece = ids.get(word[i:j])
                    if piece is not None and (whole or j - i < n):
                        ends.append(first + j)
                        found.append(piece)
                sizes.append(len(ends) - before)
            sizes.append(0)
        nodes = np.arange(self.n_nodes)
        self.start = np.repeat(nodes, sizes)
        self.end = np.array(ends, np.int64)
        self.piece = np.array(found, np.int64)
        self.word = np.repeat(np.arange(len(words)), lengths + 1)[self.start]
        from_first = self.end - self.first[self.word]
        to_last = self.last[self.word] - self.start
        self._forward = np.lexsort((self.end, from_first))
        self._backward = np.lexsort((self.start, to_last))
        self._group()

    def _group(self) -> None:
        """Find the edges of each place, in both directions."""
        word = self.word[self._forward]
        end = self.end[self._forward]
        self._up = _steps(self._forward, end, end - self.first[word])
        word = self.word[self._backward]
        start = self.start[self._backward]
        self._down = _steps(self._backward, start, self.last[word] - start)

    def keep(
        self, new_ids: np.ndarray, words: np.ndarray | None = None
    ) -> None:
        """Leave out pieces and number the others anew.

        Args:
            new_ids: (n_pieces,) the new number of each piece, -1 for none.
            words: (W,) bool: words no longer asked for lose all edges.
        """
        kept = new_ids[self.piece] >= 0
        if words is not None:
            kept &= words[self.word]
        rank = np.cumsum(kept) - 1
        self._forward = rank[self._forward[kept[self._forward]]]
        self._backward = rank[self._backward[kept[self._backward]]]
        self.piece = new_ids[self.piece[kept]]
        self.start, self.end = self.start[kept], self.end[kept]
        self.word = self.word[kept]
        self._group()

    def log_totals(self, log_probs: np.ndarray) -> np.ndarray:
        """Log-probability of each word, all its ways to be cut together.

        Args:
            log_probs: (n_pieces,) nats.

        Returns:
            (W,) nats.
        """
        return self._sums(self.start, self._up, log_probs)[self.last]

    def expected_counts(
        self, log_probs: np.ndarray, weights: np.ndarray
    ) -> tuple[float, np.ndarray]:
        """How often each piece is used, on average over the ways to cut.

        Args:
            log_probs: (n_pieces,) nats.
            weights: (W,) how often each word occurs.

        Returns:
            The log-likelihood of all words, in nats; and (n_pieces,) the
            expected counts.
        """
        before = self._sums(self.start, self._up, log_probs)
        after = self._sums(self.end, self._down, log_probs)
        totals = before[self.last]  # (W,)
        edges = before[self.start] + log_probs[self.piece] + after[self.end]
        share = np.exp(edges - totals[self.word]) * weights[self.word]
        counts = np.bincount(self.piece, share, len(log_probs))
        return float(totals @ weights), counts

    def _sums(
        self, source: np.ndarray, steps: list, log_probs: np.ndarray
    ) -> np.ndarray:
        """Log of the summed probability of all paths up to each node."""
        sums = np.zeros(self.n_nodes)
        for edges, nodes, runs in steps:
            paths = sums[source[edges]] + log_probs[self.piece[edges]]
            top = np.maximum.reduceat(paths, runs)
            sizes = np.diff(runs, append=len(edges))
            shares = np.exp(paths - np.repeat(top, sizes))
            sums[nodes] = top + np.log(np.add.reduceat(shares, runs))
        return sums


def _steps(
    order: np.ndarray, nodes: np.ndarray, places: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Group edges by the place of the node they lead to.

    Args:
        order: (E,) the edges, ordered by place, then by node.
        nodes, places: (E,) of these edges, in this order.

    Returns:
        For each place, from the lowest: its edges; the distinct nodes; and
        where the edges of each node begin.
    """
    bounds = np.flatnonzero(np.diff(places, prepend=-1, append=-1))
    steps = []
    for a, b in pairwise(bounds.tolist()):
        runs = np.flatnonzero(np.diff(nodes[a:b], prepend=-1))
        steps.append((order[a:b], nodes[a:b][runs], runs))
    return steps
