"""One n-gram language model, of any order and any smoothing.

Chapter: book/1-language-models/2-smoothing.ipynb
"""

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from companion.ngrams import storage
from companion.ngrams.counts import NGramCounts
from companion.ngrams.padding import Stream, pad_documents
from companion.ngrams.smoothing import Smoothing
from companion.ngrams.tables import Table
from companion.tokenization import BOS, PAD, Vocabulary
from companion.tokenization.vocabulary import as_documents


@dataclass(frozen=True, eq=False)
class NGramModel:
    """P(word | the n - 1 words before it), from counts and a smoothing.

    Every document is read as n - 1 times `<s>`, its words, one `</s>`. What
    can be predicted is each word, `<unk>` and `</s>`.
    """

    counts: NGramCounts
    smoothing: Smoothing

    @classmethod
    def train(
        cls,
        documents: Iterable[Sequence[str]],
        order: int,
        smoothing: Smoothing,
        vocabulary: Vocabulary | None = None,
    ) -> "NGramModel":
        """Count the n-grams of documents.

        Args:
            documents: each a sequence of words; it may be empty.
            order: n, the length of the longest n-gram.
            smoothing: how counts become probabilities.
            vocabulary: None takes every word of the documents.

        Raises:
            ValueError: order below 1, no documents, or one is a string.
        """
        documents = as_documents(documents)
        if vocabulary is None:
            vocabulary = Vocabulary.build(documents)
        counts = NGramCounts.count(documents, order, vocabulary)
        return cls(counts, smoothing)

    @property
    def order(self) -> int:
        """n: a word is predicted from the n - 1 before it."""
        return self.counts.order

    @property
    def vocabulary(self) -> Vocabulary:
        """The words the model knows."""
        return self.counts.vocabulary

    @property
    def n_words(self) -> int:
        """V: how many words can follow, `<unk>` and `</s>` among them."""
        return len(self.vocabulary) - 2  # never <pad> nor <s>

    @property
    def n_parameters(self) -> int:
        """How many counts are stored, over all orders."""
        return sum(self.counts.n_ngrams)

    @cached_property
    def _tables(self) -> list[Table]:
        weighed = self.smoothing.weigh(self.counts)
        levels = self.counts.levels
        return [
            Table(level, *pair)
            for level, pair in zip(levels, weighed, strict=True)
        ]

    def distribution(self, history: Sequence[str]) -> np.ndarray:
        """Compute the probability of everything that can come next.

        Args:
            history: all the words of the document so far; fewer than n - 1
                means that the document has just begun.

        Returns:
            (len(vocabulary),) indexed by word id, sum 1; `<pad>` and `<s>`
            have 0.

        Raises:
            ValueError: maximum likelihood never saw the history.
        """
        numbers = self.counts.histories(self._last_ids(history))
        pairs = zip(self._tables, numbers, strict=True)
        evidence = [table.after(number) for table, number in pairs]
        p = self.smoothing.probability(evidence, self.n_words)
        p[[self.vocabulary.pad_id, self.vocabulary.bos_id]] = 0
        if not p.any():
            raise ValueError(
                "maximum likelihood has no distribution after a history it "
                f"never saw, got {list(history)[-self.order + 1 :]}"
            )
        return p

    def probability(self, word: str, history: Sequence[str]) -> float:
        """Compute P(word | history).

        Args:
            word: any word; "</s>" asks for the end of the document.
            history: as in `distribution`.

        Returns:
            From 0 to 1. Maximum likelihood gives 0 after a history that it
            never saw.

        Raises:
            ValueError: the word is "<s>" or "<pad>", which never follow.
        """
        if word in (BOS, PAD):
            raise ValueError(f"{word} is never predicted")
        (word_id,) = self.vocabulary.symbol_ids([word]).tolist()
        ids = [*self._last_ids(history), word_id]
        one = Stream(np.array(ids), np.array([self.order - 1]), np.ones(1))
        return float(self._probabilities(one)[0])

    def log_probs_many(
        self, documents: Iterable[Sequence[str]]
    ) -> list[np.ndarray]:
        """Score documents together, which is faster than one by one.

        Returns:
            For each document (its words + 1,), as `log_probs`.
        """
        stream = pad_documents(documents, self.vocabulary, self.order)
        p = self._probabilities(stream)  # (T,)
        with np.errstate(divide="ignore"):  # log 0 is minus infinity
            log_p = np.log(p)
        return np.split(log_p, np.cumsum(stream.lengths)[:-1])

    def log_probs(self, words: Sequence[str]) -> np.ndarray:
        """Compute the log-probability of each word, then of the end.

        Returns:
            (len(words) + 1,) nats; minus infinity where the model gives 0.
        """
        return self.log_probs_many([words])[0]

    def perplexity(self, documents: Iterable[Sequence[str]]) -> float:
        """Compute exp(total loss / total predictions), each end included.

        Raises:
            ValueError: there is no document.
        """
        documents = as_documents(documents)
        if not documents:
            raise ValueError("perplexity needs at least one document")
        log_p = np.concatenate(self.log_probs_many(documents))
        return float(np.exp(-log_p.mean()))

    def sample(
        self,
        rng: np.random.Generator,
        temperature: float = 1.0,
        max_words: int = 200,
        prompt: Sequence[str] = (),
    ) -> list[str]:
        """Draw words until the end of the document or `max_words`.

        Args:
            rng: where the chance comes from.
            temperature: T; words are drawn with p^(1/T), made to sum to 1.
                Near 0 the likeliest word always wins.
            max_words: the most words to draw.
            prompt: words that the document begins with.

        Returns:
            The words drawn, without the prompt and without `</s>`.

        Raises:
            ValueError: temperature is not above 0, or the prompt is one
                string.
        """
        if not 0 < temperature < math.inf:
            raise ValueError(
                f"temperature must be a number above 0, got {temperature}"
            )
        words = list(*as_documents([prompt]))
        while len(words) < len(prompt) + max_words:
            p = temper(self.distribution(words), temperature)
            word_id = int(rng.choice(len(p), p=p))
            if word_id == self.vocabulary.eos_id:
                break
            words.append(self.vocabulary.symbols[word_id])
        return words[len(prompt) :]

    def save(
        self, path: str | os.PathLike, *, overwrite: bool = False
    ) -> None:
        """Write counts, vocabulary and smoothing as a safetensors file."""
        storage.save(path, self.counts, self.smoothing, overwrite=overwrite)

    @classmethod
    def load(cls, path: str | os.PathLike) -> "NGramModel":
        """Read what `save` wrote; see `companion.ngrams.storage.load`."""
        return cls(*storage.load(path))

    def _last_ids(self, history: Sequence[str]) -> list[int]:
        """Look up the last n - 1 words, with `<s>` before a short history."""
        wanted = self.order - 1
        ids = self.vocabulary.ids(history[max(0, len(history) - wanted) :])
        return [self.vocabulary.bos_id] * (wanted - len(ids)) + ids.tolist()

    def _probabilities(self, stream: Stream) -> np.ndarray:
        """Compute the probability of each target of a stream: (T,)."""
        found = zip(self._tables, self.counts.match(stream), strict=True)
        evidence = [table.at(*match) for table, match in found]
        return self.smoothing.probability(evidence, self.n_words)


def temper(p: np.ndarray, temperature: float) -> np.ndarray:
    """Compute p^(1/T), divided by its sum.

    Through logarithms, so that near T = 0 the likeliest does not vanish.

    Args:
        p: (V,) probabilities.
        temperature: T, above 0.

    Returns:
        (V,) sum 1.
    """
    with np.errstate(divide="ignore"):
        logits = np.log(p) / temperature
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()
