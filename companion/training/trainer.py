"""The training loop: it can stop anywhere, and go on to the same end.

Source: clipping of the global norm from Pascanu, Mikolov and Bengio 2013
(arXiv:1211.5063).

Chapter: book/5-training/8-a-run-to-trust.ipynb
"""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from companion.machine import keep_freed_memory
from companion.training.batches import IGNORED
from companion.training.loss import token_losses
from companion.training.optimizer import build_optimizers
from companion.training.patience import Patience
from companion.training.progress import bar_of, show
from companion.training.train_config import TrainConfig

Entry = dict[str, float]
OnStep = Callable[[Entry], bool | None]
Validate = Callable[[nn.Module], Mapping[str, float]]


class State(NamedTuple):
    """All that a training knows: as it goes on from here, so it would have."""

    tensors: dict[str, Tensor]  # weights, optimizer, chance
    record: dict  # for JSON: counts, place in the data


class Trainer:
    """A model, its data, its optimizer and its clock.

    Two trainings with equal models, data, configs with a budget in steps,
    and numbers of threads end with the same weights to the last bit on a
    CPU; also if one was stopped, and another went on from its `state`.

    Args:
        model: (B, T) ids to (B, T, vocab_size) logits; trained in place.
        batches: an iterator of batches with `inputs` and `targets`, (B, T),
            that has `state()` and `resume(state)`: `EndlessDocuments`, or
            those of `companion.shards` with epochs=None.
        config: the budget and the optimizer's settings.
        validate: called with the model every `evaluate_every` steps and at
            the end; what it returns joins the history. Patience looks at
            "validation_loss", and the best weights are those that stay.
    """

    def __init__(
        self,
        model: nn.Module,
        batches: Iterator,
        config: TrainConfig,
        validate: Validate | None = None,
    ) -> None:
        if config.evaluate_every is not None and validate is None:
            raise ValueError("evaluate_every needs a function: pass validate=")
        self.model, self.batches, self.config = model, batches, config
        self.validate = validate
        self.optimizers = build_optimizers(model, config)
        self.step = self.tokens = 0
        self.seconds = 0.0
        self.patience = Patience(config.patience) if config.patience else None
        self.best: dict[str, Tensor] = {}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)  # for dropout
            self.chance = torch.get_rng_state()

    @property
    def progress(self) -> float:
        """The share of the budget that is spent, 0 to 1."""
        return self.config.progress(self.step, self.seconds)

    @property
    def finished(self) -> bool:
        """Whether the budget is spent, or the patience."""
        tired = self.patience is not None and self.patience.exhausted
        return tired or self.progress >= 1

    def run(
        self, on_step: OnStep | None = None, *, quiet: bool = False
    ) -> list[Entry]:
        """Train until the budget or the patience ends, or on_step says so.

        Args:
            on_step: called with each new entry of the history, when the
                step is complete; training stops early when it returns True.
            quiet: show no progress, also on a terminal.

        Returns:
            One dict a step: step (from 1), tokens (predicted so far),
            seconds (since the start), loss (of that step, nats per token,
            before its update), lr, grad_norm (before clipping), and what
            `validate` returned where it was called.

        Raises:
            FloatingPointError: a loss is not finite.
        """
        keep_freed_memory()  # each step needs again what the last one freed
        history: list[Entry] = []
        start = time.perf_counter() - self.seconds
        bar = bar_of(self.progress, quiet)
        with torch.random.fork_rng(devices=[]), bar:
            torch.set_rng_state(self.chance)
            while not self.finished:
                entry = self._update()
                self.seconds = entry["seconds"] = time.perf_counter() - start
                if self._is_time_to_validate():
                    entry |= self._validate()
                self.chance = torch.get_rng_state()
                history.append(entry)
                show(bar, entry, self.progress)
                if on_step is not None and on_step(entry):
                    break
        if self.finished and self.best:
            self.model.load_state_dict(self.best)
        self.model.eval()
        return history

    def _update(self) -> Entry:
        """Follow the gradient of one step's tokens, each counted equally."""
        self.model.train()  # each time: on_step may have scored with it
        lr = self.config.lr_at(self.progress)
        parts = [self._next() for _ in range(self.config.accumulate)]
        n_tokens = sum(int((y != IGNORED).sum()) for _, y in parts)
        total = 0.0
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        for inputs, targets in parts:
            loss = token_losses(self.model(inputs), targets) / n_tokens
            loss.backward()
            total += loss.item()
        if not abs(total) < float("inf"):
            raise FloatingPointError(
                f"a loss must be finite, at step {self.step + 1} it is "
                f"{total}: lower lr ({self.config.lr})"
            )
        norm = nn.utils.clip_grad_norm_(
            self.model.parameters(), self.config.clip_norm
        )
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = lr
            optimizer.step()
        self.step, self.tokens = self.step + 1, self.tokens + n_tokens
        return dict(
            step=self.step,
            tokens=self.tokens,
            loss=total,
            lr=lr,
            grad_norm=norm.item(),
        )

    def _next(self) -> tuple[Tensor, Tensor]:
        """Take a batch to where the model is."""
        device = next(self.model.parameters()).device
        batch = next(self.batches)
        pair = batch.inputs, batch.targets
        return tuple(torch.as_tensor(part).to(device) for part in pair)

    def _is_time_to_validate(self) -> bool:
        if self.validate is None:
            return False
        every = self.config.evaluate_every
        return self.finished or bool(every and self.step % every == 0)

    def _validate(self) -> Entry:
        """Score the model as it is; keep the best if there is patience."""
        self.model.eval()
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            found = dict(self.validate(self.model))
        if self.patience is not None and self.patience.update(
            self.step, found["validation_loss"]
        ):
            state = self.model.state_dict().items()
            self.best = {name: value.clone() for name, value in state}
        return found

    def state(self) -> State:
        """Give all that is needed to go on; the tensors are not copied."""
        tensors = {
            f"model.{name}": value
            for name, value in self.model.state_dict().items()
        }
        tensors |= {f"best.{name}": value for name, value in self.best.items()}
        tensors |= {
            f"optimizer.{number}.{place}.{name}": value
            for number, optimizer in enumerate(self.optimizers)
            for place, values in optimizer.state_dict()["state"].items()
            for name, value in values.items()
        }
        tensors["chance"] = self.chance
        record = {
            "step": self.step,
            "tokens": self.tokens,
            "seconds": self.seconds,
            "batches": self.batches.state(),
            "patience": self.patience.state() if self.patience else None,
        }
        return State(tensors, record)

    def resume(self, state: State) -> None:
        """Go on from a state of a training that was made alike.

        The state stays as it is: one can go on from it again.

        Raises:
            ValueError: the state is of other batches.
            RuntimeError: the state is of another model.
        """
        record = state.record
        tensors = {
            name: value.clone() for name, value in state.tensors.items()
        }
        parts = _by_first_name(tensors)
        self.batches.resume(record["batches"])
        self.model.load_state_dict(parts["model"])
        self.best = parts.get("best", {})
        for number, optimizer in enumerate(self.optimizers):
            whole = optimizer.state_dict()
            whole["state"] = {
                int(place): values
                for place, values in _by_first_name(
                    _by_first_name(parts["optimizer"])[str(number)]
                ).items()
            }
            optimizer.load_state_dict(whole)
        self.chance = tensors["chance"]
        self.step, self.tokens = record["step"], record["tokens"]
        self.seconds = record["seconds"]
        if self.patience is not None:
            self.patience.resume(record["patience"])


def _by_first_name(tensors: Mapping[str, Tensor]) -> dict[str, dict]:
    """Sort "a.b.c" under "a" as "b.c"."""
    found: dict[str, dict] = {}
    for name, tensor in tensors.items():
        first, _, rest = name.partition(".")
        found.setdefault(first, {})[rest] = tensor
    return found
