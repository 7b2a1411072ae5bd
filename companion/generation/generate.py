"""Write on from prompts, token by token.

Chapter: book/4-architectures/7-writing.ipynb
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from torch import nn

from companion.generation.readers import reader_of
from companion.generation.sampling import SamplingConfig

WhenFull = Literal["stop", "slide"]


@dataclass
class Continuation:
    """What was written after a prompt, and why it ended.

    `log_probs` are the model's own, in nats, before any filter: one for
    each token, and one for the end if there was one.
    """

    prompt: list[int]
    tokens: list[int] = field(default_factory=list)  # without the end
    log_probs: list[float] = field(default_factory=list)
    reason: Literal["stop", "max_tokens", "context"] | None = None  # going on

    @property
    def text(self) -> list[int]:
        """Prompt and continuation."""
        return self.prompt + self.tokens


def generate(
    model: nn.Module,
    prompts: Sequence[Sequence[int]],
    config: SamplingConfig,
    rng: np.random.Generator,
    *,
    max_tokens: int,
    when_full: WhenFull = "stop",
) -> list[Continuation]:
    """Continue each prompt until it ends, or may go on no further.

    One text draws from `rng` itself. Several draw each from a generator of
    its own, made by `rng.spawn`, so that no text depends on another.

    A Transformer sees `context_length` tokens at most. Where a text has
    more, `when_full="stop"` ends it; the last token has been written, but
    not read. "slide" goes on with its newest tokens: `seen_from` says from
    which. Its places are then counted anew, and a begin of the text, a
    title or an instruction at its head, is forgotten.

    Args:
        model: a `Transformer`, a model with `run(token_ids, state)`, or any
            causal (B, T) to (B, T, vocab_size); put in evaluation mode.
        prompts: token ids, at least one a prompt, as the begin of a text.
        config: how the next token is chosen, and which ones end a text.
        rng: the only source of randomness, NumPy's.
        max_tokens: most tokens to write.
        when_full: what to do at the end of the context.

    Returns:
        A continuation for each prompt.

    Raises:
        ValueError: max_tokens is negative, there is no prompt, one is
            empty, or one does not fit into the context and is to stop.
    """
    *_, texts = _steps(model, prompts, config, rng, max_tokens, when_full)
    return texts


def write(
    model: nn.Module,
    prompt: Sequence[int],
    config: SamplingConfig,
    rng: np.random.Generator,
    *,
    max_tokens: int,
    when_full: WhenFull = "stop",
) -> Iterator[Continuation]:
    """Do as `generate` with one prompt, but after each token say so.

    Yields:
        The same continuation again and again, one token or its end longer;
        first as it is before anything is written.
    """
    steps = _steps(model, [prompt], config, rng, max_tokens, when_full)
    return (texts[0] for texts in steps)


def seen_from(n_tokens: int, context_length: int) -> int:
    """Say which token is the first that a sliding context still shows.

    Whenever a text outgrows the context, the older half of a context is
    given up at once. What is left is read again, since each token counts
    its place from there: half a context read for every half one written.

    Returns:
        0 up to `context_length` tokens, then a multiple of half of it.
    """
    half = max(1, context_length // 2)
    return -(-max(0, n_tokens - context_length) // half) * half


@torch.inference_mode()
def _steps(
    model: nn.Module,
    prompts: Sequence[Sequence[int]],
    config: SamplingConfig,
    rng: np.random.Generator,
    max_tokens: int,
    when_full: WhenFull,
) -> Iterator[list[Continuation]]:
    """Yield all continuations before the first step and after each."""
    texts = [Continuation(list(map(int, prompt))) for prompt in prompts]
    reader = reader_of(model.eval())
    _check(texts, max_tokens, reader.limit, when_full)
    limit = reader.limit if when_full == "stop" else None
    rngs = [rng] if len(texts) == 1 else rng.spawn(len(texts))
    owners = {id(text): own for text, own in zip(texts, rngs, strict=True)}
    for text in texts:
        text.reason = None if max_tokens else "max_tokens"
    yield texts
    rows: list[Continuation] = []  # those that the reader holds
    while any(text.reason is None for text in texts):
        if not rows or reader.full:
            rows = [text for text in texts if text.reason is None]
            logits = reader.read([_seen(t.text, reader.limit) for t in rows])
        else:
            logits = reader.next(
                [(text.tokens or text.prompt)[-1] for text in rows]
            )
        numbers = [
            owners[id(text)].random() if text.reason is None else 0.0
            for text in rows
        ]
        _extend(rows, logits.double(), config, np.array(numbers))
        for text in rows:
            _end(text, max_tokens, limit)
        yield texts


def _check(
    texts: list[Continuation],
    max_tokens: int,
    limit: int | None,
    when_full: WhenFull,
) -> None:
    if max_tokens < 0:
        raise ValueError(f"max_tokens must be >= 0, got {max_tokens}")
    if when_full not in ("stop", "slide"):
        raise ValueError(
            f"when_full must be 'stop' or 'slide', got {when_full!r}"
        )
    if not texts:
        raise ValueError("there must be a prompt, got none")
    for text in texts:
        n = len(text.prompt)
        if not n:
            raise ValueError(
                "a prompt needs at least one token: begin with the one that "
                "begins a text"
            )
        if limit is not None and when_full == "stop" and n > limit:
            raise ValueError(
                f"a prompt must have at most context_length ({limit}) "
                f"tokens, got {n}; or let the context slide"
            )


def _seen(token_ids: list[int], limit: int | None) -> list[int]:
    """Give what a model sees of a text."""
    if limit is None:
        return token_ids
    return token_ids[seen_from(len(token_ids), limit) :]


def _extend(
    rows: list[Continuation],
    logits: torch.Tensor,
    config: SamplingConfig,
    numbers: np.ndarray,
) -> None:
    """Add a token to each text that goes on, or find it ended."""
    going = [text for text in rows if text.reason is None]
    written = (text.text for text in rows)
    chosen = config.pick(logits, written, len(going[0].tokens), numbers)
    log_probs = _log_probs(logits.cpu().numpy(), chosen).tolist()
    for text, token, log_prob in zip(
        rows, chosen.tolist(), log_probs, strict=True
    ):
        if text.reason is None:
            text.log_probs.append(log_prob)
            if token in config.stop_ids:
                text.reason = "stop"
            else:
                text.tokens.append(token)


def _log_probs(logits: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The model's own log-probability of one token a row, (B,), nats."""
    logits = logits - logits.max(1, keepdims=True)
    sums = np.log(np.exp(logits).sum(1))
    return logits[np.arange(len(chosen)), chosen] - sums


def _end(text: Continuation, max_tokens: int, limit: int | None) -> None:
    """End a text that has no more room."""
    if text.reason is not None:
        return
    n = len(text.tokens)
    if n == max_tokens:
        text.reason = "max_tokens"
    elif limit is not None and len(text.prompt) + n > limit:
        text.reason = "context"
