"""Token ids to learn from, of unequal length, side by side in batches.

Chapter: book/projects/1-chat-in-numpy.ipynb
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from companion.numpy_gpt.layers import IGNORED

POOL = 16  # batches' worth of examples that are sorted by length together


class Example(NamedTuple):
    """A text as ids, and from where on its tokens are to be learned."""

    token_ids: np.ndarray  # (n,), n at least 2
    learned_from: int = 1  # the first place whose token counts in the loss


class Batch(NamedTuple):
    """Some texts, each a row, filled up to the longest."""

    inputs: np.ndarray  # (B, T)
    targets: np.ndarray  # (B, T): the next token, or IGNORED

    @property
    def n_targets(self) -> int:
        """Count the tokens that are to be learned."""
        return int((self.targets != IGNORED).sum())


def pad(examples: Sequence[Example]) -> Batch:
    """Lay examples under each other; place t predicts the token at t + 1.

    What fills a row has no target, and in a causal model nothing before it
    sees it: id 0 does as well as any.

    Raises:
        ValueError: an example has nothing to learn.
    """
    longest = max(len(example.token_ids) for example in examples)
    inputs = np.zeros((len(examples), longest - 1), dtype=np.int64)
    targets = np.full_like(inputs, IGNORED)
    for row, (ids, learned_from) in enumerate(examples):
        if not 1 <= learned_from < len(ids):
            raise ValueError(
                "an example must learn from a place of its own, 1 to "
                f"{len(ids) - 1}, got {learned_from}"
            )
        inputs[row, : len(ids) - 1] = ids[:-1]
        targets[row, learned_from - 1 : len(ids) - 1] = ids[learned_from:]
    return Batch(inputs, targets)


def batches(
    examples: Sequence[Example], batch_size: int, rng: np.random.Generator
) -> Iterator[Batch]:
    """Pass once over all examples in random order, in padded batches.

    Examples of similar length share a batch, so that little of it is
    padding: the shuffled examples are cut into pools of 16 batches, each
    pool is sorted by length and cut, and its batches are shuffled.

    Raises:
        ValueError: there are no examples, or batch_size is below 1.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    if not len(examples):
        raise ValueError("there must be examples to learn from, got none")
    order = rng.permutation(len(examples))
    for start in range(0, len(order), POOL * batch_size):
        pool = order[start : start + POOL * batch_size]
        lengths = [len(examples[i].token_ids) for i in pool]
        pool = pool[np.argsort(lengths, kind="stable")]
        for first in rng.permutation(range(0, len(pool), batch_size)):
            chosen = pool[first : first + batch_size]
            yield pad([examples[i] for i in chosen])
