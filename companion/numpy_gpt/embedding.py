"""Token ids become vectors: a look-up, and its gradient.

Chapter: book/4-architectures/5-one-token.ipynb
"""

import numpy as np


def embedding(token_ids: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Take the row of each id.

    Args:
        token_ids: (...), whole numbers from 0 to vocab_size - 1.
        weight: (vocab_size, d_model)

    Returns:
        (..., d_model)

    Raises:
        ValueError: an id is no row's number.
    """
    if not np.issubdtype(token_ids.dtype, np.integer):
        raise ValueError(f"token_ids must be integers, got {token_ids.dtype}")
    if token_ids.size:
        low, high = token_ids.min(), token_ids.max()
        if low < 0 or high >= len(weight):  # NumPy would count from the end
            raise ValueError(
                f"token_ids must be from 0 to {len(weight) - 1}, got {low} "
                f"to {high}"
            )
    return weight[token_ids]


def embedding_backward(
    grad: np.ndarray, token_ids: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """Return the gradient with respect to weight.

    A token that occurs twice gets both gradients, added up. (Written as
    `total[token_ids] += grad`, NumPy would keep only one of them; `np.add.at`
    keeps both, and is slower than to sort and add up runs.)

    Args:
        grad: (..., d_model): of the loss, with respect to the vectors.
        token_ids: (...)
        weight: (vocab_size, d_model)
    """
    order = np.argsort(token_ids, axis=None)  # the same tokens side by side
    ids = token_ids.reshape(-1)[order]
    first = np.flatnonzero(np.diff(ids, prepend=-1))  # of each token
    rows = grad.reshape(-1, grad.shape[-1])[order]
    total = np.zeros_like(weight)
    total[ids[first]] = np.add.reduceat(rows, first, axis=0)
    return total
