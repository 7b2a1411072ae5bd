"""From logits to one token: filters, and which of them apply.

A filter takes logits and gives logits; what it forbids becomes -inf. So
filters can follow each other, and a softmax makes probabilities of what
they leave.

Source: top-k from Fan, Lewis and Dauphin 2018 (arXiv:1805.04833), top-p
from Holtzman et al. 2020 (arXiv:1904.09751), min-p from Nguyen et al. 2025
(arXiv:2407.01082), the penalty from Keskar et al. 2019 (arXiv:1909.05858).

Chapter: book/4-architectures/7-writing.ipynb
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from companion.generation.draw import draw

if TYPE_CHECKING:
    from companion.tokenization import Tokenizer, Vocabulary

NEVER = float("-inf")


def temperature(logits: Tensor, t: float) -> Tensor:
    """Divide: below 1 sharper, above 1 flatter, 0 leaves the largest alone.

    Args:
        logits: (..., vocab_size)
        t: at 0, of equal largest logits the one of the lowest id stays.
    """
    if t == 0:
        best = logits.argmax(-1, keepdim=True)
        largest = logits.gather(-1, best)
        return torch.full_like(logits, NEVER).scatter(-1, best, largest)
    return logits if t == 1 else logits / t


def top_k(logits: Tensor, k: int) -> Tensor:
    """Keep the k largest; of equal ones, those of the lowest ids.

    Args:
        logits: (..., vocab_size)
        k: at least 1; all are kept if there are no more than k.
    """
    k = min(k, logits.shape[-1])
    smallest = logits.topk(k).values[..., -1:]
    above, equal = logits > smallest, logits == smallest
    room = k - above.sum(-1, keepdim=True)
    return _keep(logits, above | (equal & (equal.cumsum(-1) <= room)))


def top_p(logits: Tensor, p: float) -> Tensor:
    """Keep the smallest set of tokens whose probability reaches p.

    The likeliest come first, of equal ones those of the lowest ids; the
    one that reaches p is the last to be kept.

    Args:
        logits: (..., vocab_size)
        p: above 0, at most 1.
    """
    ordered, order = logits.sort(dim=-1, descending=True, stable=True)
    probabilities = ordered.softmax(-1)
    before = probabilities.cumsum(-1) - probabilities
    kept = (before < p) | (p >= 1)  # rounding must not cost the last one
    return _keep(logits, torch.zeros_like(kept).scatter(-1, order, kept))


def min_p(logits: Tensor, p: float) -> Tensor:
    """Keep what is at least p times as probable as the likeliest.

    Args:
        logits: (..., vocab_size)
        p: from 0 to 1.
    """
    probabilities = logits.softmax(-1)
    least = p * probabilities.amax(-1, keepdim=True)
    return _keep(logits, probabilities >= least)


def repetition_penalty(
    logits: Tensor, token_ids: Tensor, penalty: float
) -> Tensor:
    """Make tokens that were there less likely: once, however often seen.

    Positive logits are divided, negative ones multiplied. Logits that
    differ by a constant mean the same probabilities, and yet are not
    treated alike: this is a rule of thumb, not a rule of probability.

    Args:
        logits: (..., vocab_size)
        token_ids: (..., T), the tokens that were there.
        penalty: above 0; 1 changes nothing, below 1 invites repetition.
    """
    if penalty == 1:
        return logits
    seen = logits.gather(-1, token_ids)
    less = torch.where(seen < 0, seen * penalty, seen / penalty)
    return logits.scatter(-1, token_ids, less)


def _keep(logits: Tensor, kept: Tensor) -> Tensor:
    return logits.masked_fill(~kept, NEVER)


@dataclass(frozen=True, kw_only=True)
class SamplingConfig:
    """Which token comes next, given the logits; the defaults change nothing.

    What is set is applied in the order of the library transformers:
    repetition penalty, least length, forbidden tokens, temperature, top-k,
    top-p, min-p.
    """

    temperature: float = 1.0  # 0: always the likeliest
    top_k: int | None = None  # tokens
    top_p: float = 1.0  # probability
    min_p: float = 0.0  # share of the likeliest token's probability
    repetition_penalty: float = 1.0
    penalty_window: int | None = None  # last tokens it looks at; all
    min_tokens: int = 0  # no end before so many
    stop_ids: tuple[int, ...] = ()  # each ends a text
    never_ids: tuple[int, ...] = ()  # what no text holds, as padding

    def __post_init__(self) -> None:
        for name, fine, rule in (
            ("temperature", self.temperature >= 0, ">= 0"),
            ("top_k", self.top_k is None or self.top_k >= 1, "at least 1"),
            ("top_p", 0 < self.top_p <= 1, "in (0, 1]"),
            ("min_p", 0 <= self.min_p <= 1, "in [0, 1]"),
            ("repetition_penalty", self.repetition_penalty > 0, "above 0"),
            (
                "penalty_window",
                self.penalty_window is None or self.penalty_window >= 1,
                "at least 1",
            ),
            ("min_tokens", self.min_tokens >= 0, ">= 0"),
        ):
            if not fine:
                raise ValueError(
                    f"{name} must be {rule}, got {getattr(self, name)}"
                )
        both = set(self.stop_ids) & set(self.never_ids)
        if both:
            raise ValueError(
                f"a token cannot both end a text and never come: {both}"
            )

    @classmethod
    def of(
        cls, vocabulary: "Vocabulary | Tokenizer", **settings: object
    ) -> "SamplingConfig":
        """Make one that knows how texts begin and end.

        Args:
            vocabulary: words, which have "</s>" for the end, and "<s>" and
                padding that no text holds; or a tokenizer, with one token
                between texts.
            settings: the other fields.
        """
        if hasattr(vocabulary, "special_ids"):
            stop = tuple(vocabulary.special_ids.values())
            return cls(stop_ids=stop, **settings)
        never = vocabulary.pad_id, vocabulary.bos_id
        stop = (vocabulary.eos_id,)
        return cls(stop_ids=stop, never_ids=never, **settings)

    def apply(
        self, logits: Tensor, texts: Iterable[Sequence[int]], n_written: int
    ) -> Tensor:
        """Change the logits of the next token as the settings say.

        Args:
            logits: (B, vocab_size)
            texts: the tokens of each text so far, prompt included; read
                only for a penalty.
            n_written: how many of them were generated.

        Returns:
            (B, vocab_size)
        """
        logits = self._allowed(logits, texts, n_written)
        logits = temperature(logits, self.temperature)
        if self.top_k is not None:
            logits = top_k(logits, self.top_k)
        if self.top_p < 1:
            logits = top_p(logits, self.top_p)
        return min_p(logits, self.min_p) if self.min_p > 0 else logits

    def pick(
        self,
        logits: Tensor,
        texts: Iterable[Sequence[int]],
        n_written: int,
        numbers: np.ndarray,
    ) -> np.ndarray:
        """Draw the next token of each text from what `apply` leaves.

        Args:
            logits, texts, n_written: as for `apply`.
            numbers: (B,), in [0, 1): all the chance there is.

        Returns:
            (B,), token ids.
        """
        if self.temperature == 0:  # no filter forbids the likeliest
            logits = self._allowed(logits, texts, n_written)
            return logits.cpu().numpy().argmax(-1)
        shaped = self.apply(logits, texts, n_written)
        return draw(shaped.cpu().numpy(), numbers)

    def _allowed(
        self, logits: Tensor, texts: Iterable[Sequence[int]], n_written: int
    ) -> Tensor:
        """The penalty, and what may not come here."""
        if self.repetition_penalty != 1:
            logits = self._penalised(logits, texts)
        never = list(self.never_ids)
        if n_written < self.min_tokens:
            never += self.stop_ids
        if never:
            logits = logits.clone()
            logits[..., never] = NEVER
        return logits

    def _penalised(
        self, logits: Tensor, texts: Iterable[Sequence[int]]
    ) -> Tensor:
        rows = [
            repetition_penalty(
                row,
                torch.tensor(text[-(self.penalty_window or len(text)) :]).to(
                    row.device
                ),
                self.repetition_penalty,
            )
            for row, text in zip(logits, texts, strict=True)
        ]
        return torch.stack(rows)
