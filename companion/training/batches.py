"""Put whole documents of unequal length side by side.

Chapter: book/1-language-models/4-learning.ipynb
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor

from companion.config import difference
from companion.shards.passes import IGNORED
from companion.shards.pools import batches_by_length

if TYPE_CHECKING:
    from companion.tokenization import Tokenizer, Vocabulary


class Batch(NamedTuple):
    """Some documents, each a row, filled up to the longest."""

    inputs: Tensor  # (B, T): <s> and all words
    targets: Tensor  # (B, T): all words and </s>, then IGNORED

    @property
    def n_words(self) -> int:
        """Count the predictions, padding left out."""
        return int((self.targets != IGNORED).sum())


def encode_documents(
    documents: Iterable[Sequence[str]],
    vocabulary: "Vocabulary | Tokenizer",
) -> list[np.ndarray]:
    """Turn each document into its ids, between a begin and an end.

    Args:
        documents: each a sequence of words for a `Vocabulary`, which has
            "<s>" and "</s>"; a text for a `Tokenizer`, where the end of one
            text is the begin of the next.
        vocabulary: gives the ids.

    Returns:
        One array of int64 a document, two longer than its ids.
    """
    begin, end, ids = _ids_of(vocabulary)
    return [
        np.concatenate([[begin], ids(document), [end]], dtype=np.int64)
        for document in documents
    ]


def _ids_of(vocabulary: "Vocabulary | Tokenizer") -> tuple:
    """The id before and after a document, and what gives those between."""
    if hasattr(vocabulary, "encode"):
        (end,) = vocabulary.special_ids.values()
        return end, end, vocabulary.encode
    return vocabulary.bos_id, vocabulary.eos_id, vocabulary.ids


def pad(documents: Sequence[np.ndarray], *, pad_id: int = 0) -> Batch:
    """Lay encoded documents under each other; position t predicts t + 1.

    Args:
        documents: arrays of ids from `encode_documents`.
        pad_id: fills the inputs after a document's end; never a target.

    Returns:
        Inputs and targets, (B, longest document - 1).
    """
    shape = (len(documents), max(len(d) for d in documents) - 1)
    inputs = np.full(shape, pad_id, dtype=np.int64)
    targets = np.full(shape, IGNORED, dtype=np.int64)
    for row, document in enumerate(documents):
        inputs[row, : len(document) - 1] = document[:-1]
        targets[row, : len(document) - 1] = document[1:]
    return Batch(torch.from_numpy(inputs), torch.from_numpy(targets))


def document_batches(
    documents: Sequence[np.ndarray],
    batch_size: int,
    rng: np.random.Generator,
    *,
    pad_id: int = 0,
) -> Iterator[Batch]:
    """Pass once over all documents, in random order, in padded batches.

    Documents of similar length share a batch (`batches_by_length`), so
    little of it is padding.

    Args:
        documents: arrays of ids from `encode_documents`.
        batch_size: documents in a batch; the last ones may have fewer.
        rng: decides the order, and nothing else does.
        pad_id: fills the inputs after a document's end.

    Yields:
        Batches; each document is in exactly one.

    Raises:
        ValueError: there are no documents, or batch_size is below 1.
    """
    lengths = list(map(len, documents))
    for chosen in batches_by_length(lengths, batch_size, rng):
        yield pad([documents[i] for i in chosen], pad_id=pad_id)


class EndlessDocuments:
    """Pass over documents again and again, each time in a new order.

    As the batches of `companion.shards` it says where it is, and goes on
    from there: batches made alike that `resume` a `state` give exactly the
    batches that would have come next.

    Args:
        documents: arrays of ids from `encode_documents`.
        batch_size: documents in a batch.
        seed: decides all orders.
    """

    def __init__(
        self, documents: Sequence[np.ndarray], batch_size: int, seed: int = 0
    ) -> None:
        self.documents, self.batch_size = documents, batch_size
        self.seed, self.given = seed, 0
        self._batches = self._from_the_start()

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        batch = next(self._batches)
        self.given += 1
        return batch

    def _from_the_start(self) -> Iterator[Batch]:
        rng = np.random.default_rng(self.seed)
        while True:
            yield from document_batches(self.documents, self.batch_size, rng)

    def _made_with(self) -> dict[str, int]:
        return {
            "seed": self.seed,
            "batch_size": self.batch_size,
            "documents": len(self.documents),
            "tokens": sum(map(len, self.documents)),
        }

    def state(self) -> dict[str, int]:
        """Say which batches these are, and how many were given."""
        return {**self._made_with(), "given": self.given}

    def resume(self, state: Mapping[str, int]) -> None:
        """Go on where another one stood; what it gave is passed over.

        Raises:
            ValueError: the state is of batches made differently.
        """
        if found := difference(state, self._made_with()):
            raise ValueError(
                f"a state must be of the same batches: its {found}"
            )
        self._batches = self._from_the_start()
        self.given = state["given"]
        for _ in range(self.given):
            next(self._batches)
