"""Three ways to read on: with a cache, with a state, or all over again.

Each kind of model gets a reader with the same two methods, so that
`generate` need not know the kind: `read` starts anew from whole texts,
`next` adds one token to each. Both give the logits of what follows.

Chapter: book/4-architectures/7-writing.ipynb
"""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from companion.generation.step import Step
from companion.models import KVCache, Transformer

Texts = Sequence[Sequence[int]]


class Reader(Protocol):
    """Reads texts that grow by a token at a time."""

    limit: int | None  # most tokens a text may have; None: no limit

    @property
    def full(self) -> bool:
        """Whether there is no room for `next`."""
        ...

    def read(self, texts: Texts) -> Tensor:
        """Forget all, read whole texts; (B, vocab_size)."""
        ...

    def next(self, token_ids: Sequence[int]) -> Tensor:
        """Read one more token of each text; (B, vocab_size)."""
        ...


def reader_of(model: nn.Module) -> Reader:
    """Choose the reader for a model.

    Raises:
        ValueError: the model is an encoder.
    """
    if isinstance(model, Transformer):
        if not model.config.causal:
            raise ValueError(
                "only a causal model can write, got an encoder: it sees "
                "what follows, and there is nothing"
            )
        return CacheReader(model)
    return StateReader(model) if hasattr(model, "run") else WholeReader(model)


class CacheReader:
    """A Transformer, with keys and values in a cache.

    Shorter texts get padding on their left, so that all end at one place.
    """

    def __init__(self, model: Transformer) -> None:
        self.model = model
        self.limit = model.config.context_length
        self.step = Step(model) if Step.suits(model) else None

    @property
    def full(self) -> bool:
        """Whether the cache has no place left, padding included."""
        return self.cache.length == self.limit

    def read(self, texts: Texts) -> Tensor:
        """Forget all, read whole texts; (B, vocab_size)."""
        longest = max(map(len, texts))
        gaps = [longest - len(text) for text in texts]
        rows = [
            [0] * gap + list(text)
            for gap, text in zip(gaps, texts, strict=True)
        ]
        token_ids, visible = _tensor(self.model, rows), None
        if any(gaps):
            places = torch.arange(longest)
            visible = places >= torch.tensor(gaps)[:, None]
            visible = visible.to(token_ids.device)
        weight = self.model.token_embedding.weight
        self.cache = KVCache(self.model.config, len(texts), weight)
        hidden = self.model.hidden(token_ids, self.cache, visible)
        # scores at the last place only: there may be many tokens to score
        return self.model.lm_head(hidden[:, -1])

    def next(self, token_ids: Sequence[int]) -> Tensor:
        """Read one more token of each text; (B, vocab_size)."""
        if self.step is not None and len(token_ids) == 1:
            scores = self.step(token_ids[0], self.cache)
            return torch.from_numpy(scores)[None]
        column = _tensor(self.model, token_ids)[:, None]
        logits, _ = self.model.run(column, self.cache)
        return logits[:, -1]


class StateReader:
    """A model with `run`, which carries a state from token to token.

    A state would remember padding, so texts of unequal length are read one
    by one; their states are then put side by side.
    """

    limit = None
    full = False

    def __init__(self, model: nn.Module) -> None:
        self.model = model

    def read(self, texts: Texts) -> Tensor:
        """Forget all, read whole texts; (B, vocab_size)."""
        if len(set(map(len, texts))) == 1:
            logits, self.state = self.model.run(_tensor(self.model, texts))
            return logits[:, -1]
        alone = [self.model.run(_tensor(self.model, [text])) for text in texts]
        self.state = _side_by_side([state for _, state in alone])
        return torch.cat([logits[:, -1] for logits, _ in alone])

    def next(self, token_ids: Sequence[int]) -> Tensor:
        """Read one more token of each text; (B, vocab_size)."""
        column = _tensor(self.model, token_ids)[:, None]
        logits, self.state = self.model.run(column, self.state)
        return logits[:, -1]


class WholeReader:
    """Any causal model, (B, T) to (B, T, vocab_size): reads all each time.

    Padding stands on the right here, where nothing looks at it.
    """

    limit = None
    full = False

    def __init__(self, model: nn.Module) -> None:
        self.model = model

    def read(self, texts: Texts) -> Tensor:
        """Forget all, read whole texts; (B, vocab_size)."""
        self.texts = [list(text) for text in texts]
        lengths = [len(text) for text in texts]
        longest = max(lengths)
        rows = [text + [0] * (longest - len(text)) for text in self.texts]
        logits = self.model(_tensor(self.model, rows))
        return logits[range(len(rows)), [length - 1 for length in lengths]]

    def next(self, token_ids: Sequence[int]) -> Tensor:
        """Read one more token of each text; (B, vocab_size)."""
        pairs = zip(self.texts, token_ids, strict=True)
        return self.read([[*text, token] for text, token in pairs])


def _tensor(model: nn.Module, ids: Sequence) -> Tensor:
    return torch.tensor(ids).to(next(model.parameters()).device)


def _side_by_side(states: list) -> Tensor | tuple[Tensor, ...]:
    """Join states of one text each, (layers, 1, d_hidden), into a batch."""
    if isinstance(states[0], Tensor):
        return torch.cat(states, dim=1)
    return tuple(map(_side_by_side, map(list, zip(*states, strict=True))))
