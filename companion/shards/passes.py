"""Passes over numbered rows that a seed orders and a restart continues.

Chapter: book/3-tokenization/6-from-text-to-shards.ipynb
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from companion.config import difference
from companion.shards.reading import TokenShards

IGNORED = -100  # torch's own mark for a target that does not count


class Batch(NamedTuple):
    """Rows of ids; `torch.from_numpy` takes them as they are."""

    inputs: np.ndarray  # (B, T) int64
    targets: np.ndarray  # (B, T) int64: the id after each input, or IGNORED

    @property
    def n_tokens(self) -> int:
        """Count the predictions, padding left out."""
        return int((self.targets != IGNORED).sum())


class Batches(ABC):
    """An iterator over batches of rows, which ends after `epochs` passes.

    `state()` is a small dict for JSON: batches made alike that `resume` it
    give exactly the batches that would have come next.
    """

    def __init__(
        self,
        shards: TokenShards,
        n_rows: int,
        *,
        batch_size: int,
        context_length: int | None,
        seed: int,
        shuffle: bool,
        epochs: int | None,
    ):
        for name, value in [
            ("batch_size", batch_size),
            ("context_length", context_length),
            ("epochs", epochs),
        ]:
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        self.shards, self.n_rows = shards, n_rows
        self.batch_size, self.context_length = batch_size, context_length
        self.seed, self.shuffle, self.epochs = seed, shuffle, epochs
        self.epoch = self.position = 0  # batches given in this epoch
        self._plan: tuple[int, np.ndarray] | None = None  # epoch, its order

    def __len__(self) -> int:
        """Count the batches of one epoch; the last may be smaller."""
        return -(-self.n_rows // self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        if self.position == len(self):
            self.epoch, self.position = self.epoch + 1, 0
        if self.epochs is not None and self.epoch >= self.epochs:
            raise StopIteration
        if self._plan is None or self._plan[0] != self.epoch:
            rng = np.random.default_rng([self.seed, self.epoch])
            self._plan = self.epoch, self._order(rng)
        start = self.position * self.batch_size
        self.position += 1
        return self._batch(self._plan[1][start : start + self.batch_size])

    def _order(self, rng: np.random.Generator) -> np.ndarray:
        """Put the rows in the order of an epoch."""
        rows = np.arange(self.n_rows)
        return rng.permutation(rows) if self.shuffle else rows

    @abstractmethod
    def _batch(self, rows: np.ndarray) -> Batch:
        """Make a batch of some rows."""

    def _made_with(self) -> dict[str, object]:
        return {
            "kind": type(self).__name__,
            "shards": self.shards.content_hash,
            "batch_size": self.batch_size,
            "context_length": self.context_length,
            "shuffle": self.shuffle,
        }

    def state(self) -> dict[str, object]:
        """Say where we are: seed, epoch, position, and in what."""
        place = {"seed": self.seed, "epoch": self.epoch}
        return place | {"position": self.position} | self._made_with()

    def resume(self, state: Mapping[str, object]) -> None:
        """Continue from a state, its seed included.

        Raises:
            ValueError: the state is of batches made differently.
        """
        if found := difference(state, self._made_with()):
            raise ValueError(
                f"a state must be of the same batches: its {found}"
            )
        self.seed, self.epoch = state["seed"], state["epoch"]
        self.position, self._plan = state["position"], None
