"""Count every n-gram of documents, of each order up to n.

A history of k words has a dense number, built from the right: its last k - 1
words are a shorter history with a number of its own, and the word to their
left makes it longer. So the number of a history, divided by the size of the
vocabulary, leads to the next shorter history, and all the n-grams after one
history lie side by side in a sorted array of whole numbers.

Chapter: book/1-language-models/1-counting.ipynb
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from companion.ngrams.padding import Stream, pad_documents
from companion.tokenization import Vocabulary


@dataclass(frozen=True, eq=False)
class Level:
    """The n-grams of one order k, sorted by history, then by last word."""

    base: int  # size of the vocabulary, the base of both kinds of key
    histories: np.ndarray  # (H,) int64: shorter history x base + left word
    ngrams: np.ndarray  # (G,) int64: history x base + last word
    counts: np.ndarray  # (G,) int64

    @cached_property
    def history(self) -> np.ndarray:
        """(G,) The number of each n-gram's history."""
        return self.ngrams // self.base

    def per_history(self, values: np.ndarray) -> np.ndarray:
        """Sum values of n-grams (G,) over each history: (H,)."""
        return np.bincount(self.history, values, len(self.histories))

    def after(self, history: int) -> slice:
        """Where the n-grams of a history (-1: of none) stand."""
        ends = [history * self.base, (history + 1) * self.base]
        return slice(*np.searchsorted(self.ngrams, ends).tolist())


@dataclass(frozen=True, eq=False)
class NGramCounts:
    """How often each n-gram of order 1 to n was seen.

    Counted are the n-grams that end in a word or in `</s>`: `<s>` is only
    ever a history, since no model has to predict it.
    """

    vocabulary: Vocabulary
    levels: tuple[Level, ...]  # of order 1, 2, ... n

    @classmethod
    def count(
        cls,
        documents: Iterable[Sequence[str]],
        order: int,
        vocabulary: Vocabulary,
    ) -> "NGramCounts":
        """Count all n-grams of documents up to `order`.

        Raises:
            ValueError: order below 1, or no document at all.
        """
        if order < 1:
            raise ValueError(f"order must be at least 1, got {order}")
        stream = pad_documents(documents, vocabulary, order)
        if not len(stream.lengths):
            raise ValueError("counting needs at least one document, got none")
        base = len(vocabulary)
        words = stream.ids[stream.targets]  # (T,)
        keys, history = np.zeros(1, np.int64), np.zeros_like(words)
        levels = []
        for distance in range(order):
            if distance:
                left = stream.ids[stream.targets - distance]
                keys, history = np.unique(
                    history * base + left, return_inverse=True
                )
            ngrams, counts = np.unique(
                history * base + words, return_counts=True
            )
            levels.append(Level(base, keys, ngrams, counts))
        return cls(vocabulary, tuple(levels))

    @property
    def order(self) -> int:
        """The length of the longest n-grams."""
        return len(self.levels)

    @property
    def n_ngrams(self) -> tuple[int, ...]:
        """How many different n-grams were seen, for order 1, 2, ... n."""
        return tuple(len(level.ngrams) for level in self.levels)

    @property
    def n_bytes(self) -> int:
        """Memory of all the tables, in bytes."""
        return sum(
            table.nbytes
            for level in self.levels
            for table in (level.histories, level.ngrams, level.counts)
        )

    def match(self, stream: Stream) -> list[tuple[np.ndarray, np.ndarray]]:
        """Find, for every target of a stream, what was seen in training.

        Args:
            stream: documents padded for this order.

        Returns:
            For order 1, 2, ... n: the number of the history (T,) and the
            place of the n-gram in its level (T,); -1 where never seen.
        """
        words = stream.ids[stream.targets]  # (T,)
        history = np.zeros_like(words)
        found = []
        for distance, level in enumerate(self.levels):
            if distance:
                left = stream.ids[stream.targets - distance]
                history = _find(level.histories, history * level.base + left)
            rows = _find(level.ngrams, history * level.base + words)
            found.append((history, rows))
        return found

    def histories(self, ids: Sequence[int]) -> list[int]:
        """Number the last 0, 1, ... len(ids) ids of a history.

        Args:
            ids: at most n - 1, the last one nearest.

        Returns:
            len(ids) + 1 numbers, -1 for a history never seen.
        """
        numbers = [0]
        for left, level in zip(reversed(ids), self.levels[1:], strict=False):
            key = np.int64(numbers[-1] * level.base + left)
            numbers.append(int(_find(level.histories, key)))
        return numbers

    def continuation(self, order: int) -> np.ndarray:
        """Count the different words seen to the left of each n-gram.

        Source: Kneser and Ney 1995, N1+(. w_1 ... w_k).

        Returns:
            (G,) for the n-grams of `order`, which must be below n.
        """
        level, longer = self.levels[order - 1], self.levels[order]
        shorter = (longer.histories // level.base)[longer.history]
        keys = shorter * level.base + longer.ngrams % level.base
        rows = np.searchsorted(level.ngrams, keys)
        return np.bincount(rows, minlength=len(level.ngrams))

    def followers(self, history: Sequence[str]) -> dict[str, int]:
        """Count the words seen after exactly this history, most first.

        Args:
            history: 0 to n - 1 words, nothing added; "<s>" and "</s>" mean
                the special symbols.

        Raises:
            ValueError: the history is longer than n - 1.
        """
        level, number = self._place(history)
        rows = level.after(number)
        words = self.vocabulary.words(level.ngrams[rows] % level.base)
        pairs = zip(words, level.counts[rows].tolist(), strict=True)
        return dict(sorted(pairs, key=lambda pair: -pair[1]))

    def seen(self, history: Sequence[str], word: str) -> int:
        """Look up how often `word` was seen after exactly this history.

        Args and errors are those of `followers`.
        """
        level, number = self._place(history)
        (word_id,) = self.vocabulary.symbol_ids([word]).tolist()
        row = _find(level.ngrams, np.int64(number * level.base + word_id))
        return int(level.counts[row]) if row >= 0 else 0

    def _place(self, history: Sequence[str]) -> tuple[Level, int]:
        """Find the level of a history's n-grams, and its number there."""
        if len(history) >= self.order:
            raise ValueError(
                f"a history has at most {self.order - 1} words here, "
                f"got {len(history)}"
            )
        ids = self.vocabulary.symbol_ids(history).tolist()
        return self.levels[len(ids)], self.histories(ids)[-1]


def unseen_share(
    counts: NGramCounts, documents: Iterable[Sequence[str]], order: int
) -> float:
    """Compute the share of n-grams in documents that were never counted.

    Every place in the documents counts once, the end of each included; an
    n-gram with an unknown word is seen only if `<unk>` was.

    Args:
        counts: of the training documents.
        documents: others.
        order: from 1 to `counts.order`.

    Raises:
        ValueError: another order, or no document at all.
    """
    if not 1 <= order <= counts.order:
        raise ValueError(
            f"order must be from 1 to {counts.order}, got {order}"
        )
    shorter = NGramCounts(counts.vocabulary, counts.levels[:order])
    stream = pad_documents(documents, counts.vocabulary, order)
    if not len(stream.lengths):
        raise ValueError("a share needs at least one document, got none")
    _, rows = shorter.match(stream)[-1]
    return float(np.mean(rows < 0))


def _find(keys: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Find each wanted number in sorted keys; -1 where it is missing.

    An unseen history (-1) gives a negative number, which is never a key.
    """
    places = np.searchsorted(keys, wanted) % len(keys)
    return np.where(keys[places] == wanted, places, -1)
