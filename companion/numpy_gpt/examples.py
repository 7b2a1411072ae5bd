"""Token ids to learn from, of unequal length, side by side in batches.

Chapter: book/projects/1-chat-in-numpy.ipynb
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from companion.numpy_gpt.layers import IGNORED
from companion.shards.pools import batches_by_length


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

    Examples of similar length share a batch (`batches_by_length`), so that
    little of it is padding.

    Raises:
        ValueError: there are no examples, or batch_size is below 1.
    """
    lengths = [len(example.token_ids) for example in examples]
    for chosen in batches_by_length(lengths, batch_size, rng):
        yield pad([examples[i] for i in chosen])
