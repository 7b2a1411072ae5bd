"""Two kinds of batches: windows of a long row, and whole documents.

Chapter: book/3-tokenization/6-from-text-to-shards.ipynb
"""

import numpy as np

from companion.shards.passes import IGNORED, Batch, Batches
from companion.shards.pools import POOL
from companion.shards.reading import TokenShards


class PackedBatches(Batches):
    """Windows of documents laid end to end: no padding, no id unused.

    Window i predicts the ids from i * context_length + 1 on, from the ids
    before each, so one pass predicts every id once, except the very first
    and the last few that fill no window. A window may begin inside a
    document and may hold several, parted by END_OF_TEXT.
    """

    def __init__(
        self,
        shards: TokenShards,
        *,
        context_length: int,
        batch_size: int,
        seed: int = 0,
        shuffle: bool = True,
        epochs: int | None = 1,
    ):
        """Prepare passes over the shards.

        Args:
            shards: from `open_shards`.
            context_length: predictions in a row.
            batch_size: rows in a batch; an epoch's last may have fewer.
            seed: decides the order, with the epoch's number.
            shuffle: False gives the windows as they stand.
            epochs: passes to make; None never ends.

        Raises:
            ValueError: a number below 1, or shards too short for a window.
        """
        n_windows = (shards.n_tokens - 1) // max(context_length, 1)
        super().__init__(
            shards,
            n_windows,
            batch_size=batch_size,
            context_length=context_length,
            seed=seed,
            shuffle=shuffle,
            epochs=epochs,
        )
        if not n_windows:
            raise ValueError(
                "the shards must have at least context_length + 1 = "
                f"{context_length + 1} tokens, they have {shards.n_tokens}"
            )

    def _batch(self, rows: np.ndarray) -> Batch:
        length = self.context_length
        tokens, dtype = self.shards.tokens, self.shards.manifest.dtype
        ids = np.empty((len(rows), length + 1), dtype)
        for place, start in enumerate((rows * length).tolist()):
            ids[place] = tokens(start, start + length + 1)
        inputs, targets = (
            a.astype(np.int64, order="C") for a in (ids[:, :-1], ids[:, 1:])
        )
        return Batch(inputs, targets)


class DocumentBatches(Batches):
    """Whole documents, each a row, filled up to the batch's longest.

    A row starts with END_OF_TEXT, which predicts the first id, and its last
    target is END_OF_TEXT. Documents of similar length share a batch: the
    shuffled documents are cut into pools of 16 batches, each pool is sorted
    by length and cut, and its batches are shuffled.
    """

    def __init__(
        self,
        shards: TokenShards,
        *,
        batch_size: int,
        context_length: int | None = None,
        seed: int = 0,
        shuffle: bool = True,
        epochs: int | None = 1,
    ):
        """Prepare passes over the documents.

        Args:
            shards: from `open_shards`.
            batch_size: documents in a batch; one may have fewer.
            context_length: longer documents lose what goes past it (`n_cut`
                says how many do); None keeps all.
            seed: decides the order, with the epoch's number.
            shuffle: False gives the documents as they stand.
            epochs: passes to make; None never ends.

        Raises:
            ValueError: a number below 1.
        """
        super().__init__(
            shards,
            shards.n_documents,
            batch_size=batch_size,
            context_length=context_length,
            seed=seed,
            shuffle=shuffle,
            epochs=epochs,
        )
        self._lengths = shards.lengths()
        longest = context_length or self._lengths.max()
        self.n_cut = int((self._lengths > longest).sum())

    def _order(self, rng: np.random.Generator) -> np.ndarray:
        if not self.shuffle:
            return super()._order(rng)
        rows, size = rng.permutation(self.n_rows), self.batch_size
        order = []
        for start in range(0, self.n_rows, POOL * size):
            pool = rows[start : start + POOL * size]
            pool = pool[np.argsort(self._lengths[pool], kind="stable")]
            whole = len(pool) - len(pool) % size
            order += rng.permutation(pool[:whole].reshape(-1, size)).tolist()
            order.append(pool[whole:])  # a smaller batch is the last one
        return np.concatenate(order)

    def _batch(self, rows: np.ndarray) -> Batch:
        end = self.shards.manifest.end_id
        width = self._lengths[rows].max()
        shape = (len(rows), min(width, self.context_length or width))
        inputs = np.full(shape, end, np.int64)
        targets = np.full(shape, IGNORED, np.int64)
        for place, number in enumerate(rows.tolist()):
            ids = self.shards.document(number)[: shape[1]]
            targets[place, : len(ids)] = ids
            inputs[place, 1 : len(ids)] = ids[:-1]
        return Batch(inputs, targets)
