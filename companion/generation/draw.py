"""The draw: one index from a row of logits and one random number.

Chapter: book/4-architectures/7-writing.ipynb
"""

import numpy as np


def choose(
    logits: np.ndarray, rng: np.random.Generator, temperature: float = 1.0
) -> int:
    """Draw an index with probability softmax(logits / temperature).

    Args:
        logits: (vocab_size,); -inf is never drawn.
        rng: the source of randomness; one number is taken from it.
        temperature: 0 takes the largest logit.
    """
    number = rng.random()
    if temperature == 0:
        return int(logits.argmax())
    centred = (logits - logits.max()) / temperature
    return int(draw(centred[None], np.array([number]))[0])


def draw(logits: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Draw an index from each row: where the sum of weights passes a number.

    Args:
        logits: (B, vocab_size); -inf is never drawn.
        numbers: (B,), in [0, 1): as many as rows, and all the chance.

    Returns:
        (B,)
    """
    weights = np.exp(logits - logits.max(1, keepdims=True))
    sums = weights.cumsum(1)
    return (sums <= numbers[:, None] * sums[:, -1:]).sum(1)
