"""Documents in one row of numbers, each with its own beginning and end.

Chapter: book/1-language-models/1-counting.ipynb
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from companion.tokenization import Vocabulary
from companion.tokenization.vocabulary import as_documents


class Stream(NamedTuple):
    """Documents in one row: n - 1 times `<s>`, the words, one `</s>`."""

    ids: np.ndarray  # (N,) int64: every symbol
    targets: np.ndarray  # (T,) where the words and the `</s>` stand
    lengths: np.ndarray  # (n documents,) predictions in each, its end too


def pad_documents(
    documents: Iterable[Sequence[str]], vocabulary: Vocabulary, order: int
) -> Stream:
    """Put documents in one row, each with `order` - 1 `<s>` and a `</s>`.

    Raises:
        ValueError: a document is one string.
    """
    documents = as_documents(documents)
    lengths = np.array([len(d) for d in documents], dtype=np.int64)
    ends = np.cumsum(lengths + order) - 1
    starts = ends - lengths - (order - 1)
    size = int(ends[-1]) + 1 if len(ends) else 0
    is_target = np.ones(size, dtype=bool)
    is_target[starts[:, None] + np.arange(order - 1)] = False
    is_word = is_target.copy()
    is_word[ends] = False
    ids = np.full(size, vocabulary.bos_id, dtype=np.int64)
    ids[ends] = vocabulary.eos_id
    ids[is_word] = vocabulary.ids(chain.from_iterable(documents))
    return Stream(ids, np.flatnonzero(is_target), lengths + 1)
