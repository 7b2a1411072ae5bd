"""Score documents word by word, with any kind of model.

Chapter: book/1-language-models/5-remembering.ipynb
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from companion.ratio import ratio_se

# torch is imported where it is used, so that counting models need none.
if TYPE_CHECKING:
    from torch import nn

    from companion.tokenization import Tokenizer, Vocabulary
    from companion.training import Batch


@runtime_checkable
class LanguageModel(Protocol):
    """Anything that gives each word of a document a log-probability."""

    def log_probs(self, words: Sequence[str]) -> np.ndarray:
        """Score each word given all before it, then the end.

        Args:
            words: a whole document.

        Returns:
            (len(words) + 1,): natural logarithms.
        """
        ...


class NeuralScorer:
    """A neural model and its vocabulary, seen as a `LanguageModel`.

    A word the vocabulary lacks is scored as <unk>. With a `Tokenizer` in
    place of a vocabulary a document is a text, and tokens are scored.
    """

    def __init__(
        self, model: "nn.Module", vocabulary: "Vocabulary | Tokenizer"
    ) -> None:
        self.model = model
        self.vocabulary = vocabulary

    def log_probs(self, words: Sequence[str]) -> np.ndarray:
        """Score each word of a document, then its end.

        Args:
            words: a whole document.

        Returns:
            (len(words) + 1,) float64: nats, natural logarithms.
        """
        return self.log_probs_many([words])[0]

    def log_probs_many(
        self, documents: Iterable[Sequence[str]], batch_size: int = 64
    ) -> list[np.ndarray]:
        """Score many documents, those of similar length side by side.

        Args:
            documents: each a sequence of words.
            batch_size: documents in one pass; changes the speed only.

        Returns:
            What `log_probs` gives for each, in the order they came.
        """
        import torch

        from companion.training.batches import encode_documents, pad

        self.model.eval()
        encoded = encode_documents(documents, self.vocabulary)
        order = np.argsort([len(e) for e in encoded], kind="stable")
        scores: list[np.ndarray] = [np.empty(0)] * len(encoded)
        for first in range(0, len(order), batch_size):
            chosen = order[first : first + batch_size]
            with torch.no_grad():
                table = self._table(pad([encoded[i] for i in chosen]))
            for row, i in enumerate(chosen):
                scores[i] = table[row, : len(encoded[i]) - 1].copy()
        return scores

    def _table(self, batch: "Batch") -> np.ndarray:
        """Score the targets of a padded batch: (B, T), padding included."""
        device = next(self.model.parameters()).device
        logits = self.model(batch.inputs.to(device)).double()
        targets = batch.targets.to(device).clamp_min(0)[..., None]
        right = logits.gather(2, targets).squeeze(2)  # (B, T)
        return (right - logits.logsumexp(2)).cpu().numpy()


@dataclass(frozen=True, kw_only=True)
class Loss:
    """What a model pays for some documents, in total and per unit."""

    nats: float  # total, ends of documents included
    n_words: int  # predictions: every word, and an end for each document
    n_bytes: int | None = None  # UTF-8 bytes of the text, if it was given
    nats_per_word_se: float = math.nan  # standard error, by document

    @property
    def nats_per_word(self) -> float:
        """Total loss over the number of predictions."""
        return self.nats / self.n_words

    @property
    def perplexity(self) -> float:
        """exp(nats per word)."""
        return math.exp(self.nats_per_word)

    @property
    def bits_per_byte(self) -> float:
        """Total bits over the UTF-8 bytes of the text.

        Raises:
            ValueError: the texts were not given.
        """
        if self.n_bytes is None:
            raise ValueError("bits per byte needs the texts; pass texts=")
        return self.nats / math.log(2) / self.n_bytes


def score(
    model: LanguageModel, documents: Iterable[Sequence[str]]
) -> list[np.ndarray]:
    """Score documents, in batches where the model can.

    Args:
        model: has `log_probs`, and `log_probs_many` if batches help it.
        documents: each a sequence of words.

    Returns:
        One (len(words) + 1,) array of natural logarithms a document.
    """
    if hasattr(model, "log_probs_many"):
        return model.log_probs_many(documents)
    return [np.asarray(model.log_probs(words)) for words in documents]


def total_loss(
    model: LanguageModel,
    documents: Iterable[Sequence[str]],
    *,
    texts: Iterable[str] | None = None,
) -> Loss:
    """Add up a model's loss over documents, each prediction counted once.

    Args:
        model: scores words.
        documents: each a sequence of words.
        texts: the same documents as text, for bits per byte.

    Returns:
        Totals, from which the means follow.

    Raises:
        ValueError: there are no documents.
    """
    log_probs = score(model, documents)
    n_bytes = None
    if texts is not None:
        n_bytes = sum(len(text.encode()) for text in texts)
    return loss_of(log_probs, n_bytes=n_bytes)


def stories_loss(model: LanguageModel, stories: Sequence) -> Loss:
    """Compute `total_loss` of stories, which carry both words and text."""
    return total_loss(
        model,
        [story.words for story in stories],
        texts=[story.text for story in stories],
    )


def loss_of(
    log_probs: Sequence[np.ndarray], *, n_bytes: int | None = None
) -> Loss:
    """Add up log-probabilities that were computed before.

    Args:
        log_probs: one array of natural logarithms a document.
        n_bytes: UTF-8 bytes of the text of all documents.

    Returns:
        Totals, from which the means follow.

    Raises:
        ValueError: there are no documents.
    """
    if not len(log_probs):
        raise ValueError("there must be documents to score, got none")
    nats = np.array([-np.sum(p) for p in log_probs])  # (documents,)
    words = np.array([len(p) for p in log_probs])  # (documents,)
    return Loss(
        nats=float(nats.sum()),
        n_words=int(words.sum()),
        n_bytes=n_bytes,
        nats_per_word_se=ratio_se(nats, words),
    )
