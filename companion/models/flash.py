"""Exact attention in tiles: the T x T matrix is never there.

Source: the running maximum and sum from Milakov and Gimelshein 2018
(arXiv:1805.02867); attention in tiles from Dao et al. 2022
(arXiv:2205.14135), algorithm 1; one pass over the keys for each tile of
queries, divided once at the end, from Dao 2023 (arXiv:2307.08691).

In NumPy, to be read: the gain in speed needs a kernel whose tiles stay in
fast memory.

Chapter: book/4-architectures/8-long-texts.ipynb
"""

from dataclasses import dataclass

import numpy as np


@dataclass
class OnlineSoftmax:
    """A softmax-weighted mean of values whose scores come bit by bit.

    All three are what they would be if the scores read so far were all;
    `total` and `mixed` are both relative to exp(`highest`).

    Args:
        highest: (T, 1), the largest score so far.
        total: (T, 1), the sum of exp(score - highest).
        mixed: (T, d_value), the sum of exp(score - highest) * value.
    """

    highest: np.ndarray
    total: np.ndarray
    mixed: np.ndarray

    @classmethod
    def start(cls, n_queries: int, d_value: int) -> "OnlineSoftmax":
        """Begin before the first score."""
        return cls(
            np.full((n_queries, 1), -np.inf),
            np.zeros((n_queries, 1)),
            np.zeros((n_queries, d_value)),
        )

    def read(self, scores: np.ndarray, values: np.ndarray) -> None:
        """Take in the next scores, (T, n), and their values, (n, d_value).

        A score may be -inf, but each query needs a finite one in what it
        reads first.
        """
        highest = np.maximum(self.highest, scores.max(-1, keepdims=True))
        shrink = np.exp(self.highest - highest)  # of all before; 0 at first
        weights = np.exp(scores - highest)
        self.total = self.total * shrink + weights.sum(-1, keepdims=True)
        self.mixed = self.mixed * shrink + weights @ values
        self.highest = highest

    @property
    def result(self) -> np.ndarray:
        """The mean of the values read so far: (T, d_value)."""
        return self.mixed / self.total

    @property
    def log_total(self) -> np.ndarray:
        """The log of the sum of exp(score), (T, 1): all that training keeps.

        With it, exp(score - log_total) is a weight again, whenever the
        backward pass needs it.
        """
        return self.highest + np.log(self.total)


def flash_attention(
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    *,
    causal: bool = True,
    tile: int = 64,
) -> np.ndarray:
    """Compute attention with at most tile x tile scores at a time.

    Args:
        q: (T, d_head)
        k: (T, d_head)
        v: (T, d_value)
        causal: hide from each query the keys behind its own place.
        tile: queries, and keys, that are in hand at once.

    Returns:
        (T, d_value), equal to the definition up to rounding.

    Raises:
        ValueError: q and k differ in shape, or tile is below 1.
    """
    if q.shape != k.shape:
        raise ValueError(
            f"q and k must have one shape, got {q.shape} and {k.shape}"
        )
    if tile < 1:
        raise ValueError(f"tile must be at least 1, got {tile}")
    length, d_head = q.shape
    answers = np.empty((length, v.shape[1]))
    for first in range(0, length, tile):
        rows = np.arange(first, min(first + tile, length))
        state = OnlineSoftmax.start(len(rows), v.shape[1])
        end = rows[-1] + 1 if causal else length  # no tile beyond
        for start in range(0, end, tile):
            columns = np.arange(start, min(start + tile, end))
            scores = q[rows] @ k[columns].T / np.sqrt(d_head)
            if causal:
                scores[rows[:, None] < columns] = -np.inf
            state.read(scores, v[columns])
        answers[rows] = state.result
    return answers
