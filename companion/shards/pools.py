"""Which texts share a batch: those of similar length, and else by chance.

Chapter: book/1-language-models/4-learning.ipynb
"""

from collections.abc import Iterator, Sequence

import numpy as np

POOL = 16  # batches' worth of texts that are sorted by length together


def batches_by_length(
    lengths: Sequence[int], batch_size: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Pass once over all texts, in random order, with little padding.

    The shuffled texts are cut into pools of 16 batches, each pool is sorted
    by length and cut, and its batches are shuffled.

    Args:
        lengths: of each text.
        batch_size: texts in a batch; the last ones may have fewer.
        rng: decides the order, and nothing else does.

    Yields:
        The numbers of the texts of a batch; each is in exactly one.

    Raises:
        ValueError: there are no texts, or batch_size is below 1.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    if not len(lengths):
        raise ValueError("there must be texts to learn from, got none")
    lengths = np.asarray(lengths)
    order = rng.permutation(len(lengths))
    for start in range(0, len(order), POOL * batch_size):
        pool = order[start : start + POOL * batch_size]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        for first in rng.permutation(range(0, len(pool), batch_size)):
            yield pool[first : first + batch_size]
