"""Train a model on documents: a loop short enough to read.

Source: AdamW from Loshchilov and Hutter 2019 (arXiv:1711.05101), the
cosine schedule from the same authors (arXiv:1608.03983), clipping from
Pascanu, Mikolov and Bengio 2013 (arXiv:1211.5063).

Chapter: book/1-language-models/4-learning.ipynb
"""

import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from companion.machine import keep_freed_memory
from companion.training.batches import IGNORED, Batch, document_batches


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """How long and how fast to train; a budget of steps, seconds or both."""

    steps: int | None = None  # batches; the same result on every run
    seconds: float | None = None  # of wall clock; ends after the step in hand
    batch_size: int = 32  # documents
    lr: float = 3e-3  # the highest learning rate, reached after warm-up
    warmup: float = 0.05  # share of the budget with a rising rate
    weight_decay: float = 0.01
    clip_norm: float = 1.0  # longest gradient a step may follow
    seed: int = 0  # order of the documents, and dropout

    def __post_init__(self) -> None:
        if self.steps is None and self.seconds is None:
            raise ValueError("give a budget: steps, seconds or both")
        for name in ("steps", "seconds", "batch_size", "lr", "clip_norm"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"{name} must be above 0, got {value}")
        if not 0 <= self.warmup < 1:
            raise ValueError(f"warmup must be in [0, 1), got {self.warmup}")

    def progress(self, step: int, seconds: float) -> float:
        """Compute the share of the budget that is spent, 0 to 1."""
        by_steps = step / self.steps if self.steps else 0.0
        by_clock = seconds / self.seconds if self.seconds else 0.0
        return min(1.0, max(by_steps, by_clock))

    def lr_at(self, progress: float) -> float:
        """Compute the learning rate: a line up, then half a cosine down."""
        if progress < self.warmup:
            # 0.02 and not 0, or the first step would teach nothing.
            return self.lr * max(progress / self.warmup, 0.02)
        after = (progress - self.warmup) / (1 - self.warmup)
        return self.lr * (1 + math.cos(math.pi * after)) / 2


def next_word_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Average the surprise over all words that count, each word equally.

    Args:
        logits: (B, T, vocab_size)
        targets: (B, T), with IGNORED where there is no word.

    Returns:
        A scalar: nats per word.
    """
    return F.cross_entropy(
        logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED
    )


def fit(
    model: nn.Module,
    documents: Sequence[np.ndarray],
    config: TrainConfig,
    *,
    on_step: Callable[[dict], bool | None] | None = None,
) -> list[dict]:
    """Train `model` in place and leave it in evaluation mode.

    A budget in steps with equal seeds gives equal results. The learning
    rate follows the budget, steps or seconds, whichever is further spent.

    Args:
        model: (B, T) ids to (B, T, vocab_size) logits.
        documents: arrays of ids from `encode_documents`; passed over again
            and again in new orders until the budget is spent.
        config: the budget and the optimiser's settings.
        on_step: called with each new entry of the history; training ends
            early when it returns True.

    Returns:
        One dict a step: step (from 1), tokens (words predicted so far),
        seconds (since the start), loss (of that batch, nats per word) and
        lr.
    """
    keep_freed_memory()  # each step needs again what the last one freed
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=config.lr, weight_decay=config.weight_decay
    )
    batches = _endless(documents, config)
    history: list[dict] = []
    tokens, start = 0, time.perf_counter()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)  # for dropout
        for step, batch in enumerate(batches, start=1):
            spent = time.perf_counter() - start
            lr = config.lr_at(config.progress(step - 1, spent))
            loss = _update(model, optimizer, batch, lr, config.clip_norm)
            tokens += batch.n_words
            spent = time.perf_counter() - start
            entry = dict(
                step=step, tokens=tokens, seconds=spent, loss=loss, lr=lr
            )
            history.append(entry)
            progress = config.progress(step, spent)
            _show(entry, progress)
            stop = on_step is not None and on_step(entry)
            if stop or progress >= 1:
                break
    model.eval()
    return history


def _update(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    batch: Batch,
    lr: float,
    clip_norm: float,
) -> float:
    """Follow the gradient of one batch; return its loss before that."""
    model.train()  # each time: on_step may have scored with it
    for group in optimizer.param_groups:
        group["lr"] = lr
    device = next(model.parameters()).device
    logits = model(batch.inputs.to(device))
    loss = next_word_loss(logits, batch.targets.to(device))
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
    optimizer.step()
    return loss.item()


def _endless(
    documents: Sequence[np.ndarray], config: TrainConfig
) -> Iterator[Batch]:
    """Pass over the documents again and again, each time in a new order."""
    rng = np.random.default_rng(config.seed)
    while True:
        yield from document_batches(documents, config.batch_size, rng)


def _show(entry: dict, progress: float) -> None:
    """Keep one line up to date, where somebody can see it."""
    if not sys.stderr.isatty():
        return
    end = "\n" if progress >= 1 else ""
    print(
        f"\r{progress:4.0%}  step {entry['step']}  "
        f"{entry['loss']:.3f} nats per word  {entry['seconds']:.0f} s",
        end=end,
        file=sys.stderr,
        flush=True,
    )
