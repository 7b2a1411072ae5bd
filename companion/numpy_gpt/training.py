"""Train a decoder in NumPy: epochs of padded batches, Adam, clipping.

Chapter: book/projects/1-chat-in-numpy.ipynb
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from companion.numpy_gpt.backward import loss_and_gradients
from companion.numpy_gpt.decoder import Decoder
from companion.numpy_gpt.examples import Example, batches
from companion.optimizers import Adam, Cosine, clip_global_norm

Entry = dict[str, float]
Lesson = Callable[[np.random.Generator], Sequence[Example]]


@dataclass(frozen=True, kw_only=True)
class EpochsConfig:
    """How often to read, and how fast to learn."""

    epochs: int = 60
    batch_size: int = 16  # examples a step
    lr: float = 3e-3  # the highest; a cosine follows a short rise
    warmup: float = 0.03  # share of all steps in which it rises
    final: float = 0.1  # of lr, at the end
    clip_norm: float = 1.0  # longest gradient a step may follow

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "lr", "clip_norm"):
            if not getattr(self, name) > 0:
                raise ValueError(
                    f"{name} must be above 0, got {getattr(self, name)}"
                )
        Cosine(warmup=self.warmup, final=self.final)  # refuses wrong shares


def train(
    decoder: Decoder,
    lesson: Lesson,
    config: EpochsConfig,
    rng: np.random.Generator,
    on_epoch: Callable[[Entry], object] | None = None,
) -> list[Entry]:
    """Change the weights of a decoder until it has read all epochs.

    Args:
        decoder: its arrays are changed in place.
        lesson: gives what is read in an epoch; it may draw anew each time.
        config: how often, how fast.
        rng: decides the order, and what the lesson draws.
        on_epoch: called with each new entry of the history.

    Returns:
        One dict an epoch: epoch (from 1), step, tokens (learned so far),
        seconds, loss (mean over the epoch's tokens, each before its
        update, nats), grad_norm (the longest, before clipping) and clipped
        (share of the steps).

    Raises:
        FloatingPointError: a loss is not finite.
    """
    schedule = Cosine(warmup=config.warmup, final=config.final)
    parameters = decoder.parameters
    adam = Adam(lr=config.lr)
    history: list[Entry] = []
    step = tokens = 0
    start = time.perf_counter()
    for epoch in range(config.epochs):
        parts = list(batches(lesson(rng), config.batch_size, rng))
        total, counted, norms = 0.0, 0, []
        for number, batch in enumerate(parts):
            loss, found = loss_and_gradients(decoder, *batch)
            step += 1
            if not np.isfinite(loss):
                raise FloatingPointError(
                    f"a loss must be finite, at step {step} it is {loss}: "
                    f"lower lr ({config.lr})"
                )
            gradients = list(found.values())
            norms.append(clip_global_norm(gradients, config.clip_norm))
            progress = (epoch + number / len(parts)) / config.epochs
            adam.lr = config.lr * schedule(progress)
            adam.step(list(parameters.values()), gradients)
            total += loss * batch.n_targets
            counted += batch.n_targets
        tokens += counted
        history.append(
            {
                "epoch": epoch + 1,
                "step": step,
                "tokens": tokens,
                "seconds": time.perf_counter() - start,
                "loss": total / counted,
                "grad_norm": max(norms),
                "clipped": float(np.mean(np.array(norms) > config.clip_norm)),
            }
        )
        if on_epoch is not None:
            on_epoch(history[-1])
    return history
