"""What must hold before a long run: tried in seconds, on copies.

Chapter: book/5-training/8-a-run-to-trust.ipynb
"""

import math
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from companion.evaluation import context_flow
from companion.runs.preflight_storage import same_when_stored
from companion.tokenization import Tokenizer
from companion.training.batches import IGNORED
from companion.training.checkpoint import load_checkpoint, save_checkpoint
from companion.training.loss import token_losses
from companion.training.train_config import TrainConfig
from companion.training.trainer import State, Trainer

NEAR = 0.1  # share of ln V that a first loss may be off
SEEN = 12  # tokens whose every change is tried
ROWS, WIDTH, STEPS = 2, 16, 60  # the small batch that is to be learned
LEAST_LR = 3e-3
LEARNED = 0.5  # share of its first loss that may be left

Make = Callable[[], nn.Module]
Answer = tuple[bool, str]


@dataclass(frozen=True)
class Check:
    """One thing that was tried."""

    name: str
    passed: bool
    measured: str  # in words

    def __str__(self) -> str:
        mark = "ok" if self.passed else "FAILED"
        return f"{self.name}: {mark}, {self.measured}"


def preflight(
    make_model: Make,
    make_batches: Callable[[], Iterator],
    config: TrainConfig,
    tokenizer: Tokenizer | None = None,
) -> list[Check]:
    """Try what a long run relies on.

    Args:
        make_model: gives a new model, the same each time, on its device.
        make_batches: gives the batches from their start, with `state()`.
        config: of the run; its budget does not count here.
        tokenizer: what is stored with the model.

    Returns:
        The checks, in the order they were made. What raises an error has
        failed, and the error is what was measured.
    """
    with torch.random.fork_rng():
        model = make_model().eval()
        batch = next(make_batches())
        device = next(model.parameters()).device
        inputs, targets = (
            torch.as_tensor(part).to(device)
            for part in (batch.inputs, batch.targets)
        )
        small = inputs[:ROWS, :WIDTH], targets[:ROWS, :WIDTH]
        ids = inputs[0, :SEEN]
        checks = (
            ("first loss", lambda: _first_loss(model, inputs, targets)),
            ("no look ahead", lambda: _no_look_ahead(model, ids)),
            ("learns one batch", lambda: _learns(make_model, small, config)),
            ("stored", lambda: same_when_stored(model, tokenizer, ids)),
            ("resumed", lambda: _resumes(make_model, make_batches, config)),
        )
        return [Check(name, *_answer(check)) for name, check in checks]


def _answer(check: Callable[[], Answer]) -> Answer:
    try:
        return check()
    except Exception as error:  # whatever it is, it has failed
        return False, f"{type(error).__name__}: {error}"


def _first_loss(model: nn.Module, inputs: Tensor, targets: Tensor) -> Answer:
    """Before it learns, a model can only guess: ln V nats per token."""
    with torch.no_grad():
        logits = model(inputs)
    n = int((targets != IGNORED).sum())
    loss = token_losses(logits, targets).item() / n
    guess = math.log(logits.shape[-1])
    return (
        abs(loss - guess) <= NEAR * guess,
        f"{loss:.3f} nats per token, ln {logits.shape[-1]} is {guess:.3f}",
    )


def _no_look_ahead(model: nn.Module, ids: Tensor) -> Answer:
    """A guess may depend on no later token, and must on the last two."""
    flow = context_flow(model, ids)
    ahead = flow.triu(1)
    if ahead.any():
        place, seen = ahead.nonzero()[0].tolist()
        return False, f"the guess at place {place} sees the token at {seen}"
    for back in (0, 1):
        blind = ~flow.diagonal(-back)
        if blind.any():
            place = blind.nonzero()[0].item()
            return False, (
                f"the guess at place {place + back} does not see the token "
                f"at {place}"
            )
    return True, f"each of {len(ids)} places sees itself and what was before"


class _Same:
    """One batch, for ever."""

    def __init__(self, inputs: Tensor, targets: Tensor) -> None:
        self.inputs, self.targets = inputs, targets

    def __next__(self) -> "_Same":
        return self


def _learns(
    make_model: Make, small: tuple[Tensor, Tensor], config: TrainConfig
) -> Answer:
    """A few tokens, seen again and again, must become known."""
    alone = replace(
        config,
        steps=STEPS,
        seconds=None,
        lr=max(config.lr, LEAST_LR),  # a slow run may still learn
        accumulate=1,
        evaluate_every=None,
        patience=None,
    )
    history = Trainer(make_model(), _Same(*small), alone).run(quiet=True)
    first, last = history[0]["loss"], history[-1]["loss"]
    n = int((small[1] != IGNORED).sum())
    return last <= LEARNED * first, (
        f"{n} tokens from {first:.3f} to {last:.3f} nats per token in "
        f"{STEPS} steps"
    )


def _resumes(
    make_model: Make,
    make_batches: Callable[[], Iterator],
    config: TrainConfig,
) -> Answer:
    """Two steps, a file, two steps: as four steps without a stop."""
    four = replace(
        config, steps=4, seconds=None, evaluate_every=None, patience=None
    )
    whole = Trainer(make_model(), make_batches(), four)
    whole.run(quiet=True)
    first = Trainer(make_model(), make_batches(), four)
    first.run(lambda entry: entry["step"] == 2, quiet=True)
    second = Trainer(make_model(), make_batches(), four)
    with tempfile.TemporaryDirectory() as folder:
        path = save_checkpoint(first.state(), Path(folder), {})
        second.resume(load_checkpoint(path, {}))
    second.run(quiet=True)
    on_cpu = next(whole.model.parameters()).device.type == "cpu"
    return _equal(whole.state(), second.state(), exact=on_cpu)


def _equal(one: State, two: State, *, exact: bool) -> Answer:
    """Compare two states: to the bit, or elsewhere than on a CPU nearly."""
    for name, tensor in one.tensors.items():
        other = two.tensors[name]
        near = torch.equal(tensor, other) or (
            not exact and torch.allclose(tensor, other, 1e-3, 1e-4)
        )
        if not near:
            far = (tensor.float() - other.float()).abs().max().item()
            return False, f"{name} differs by {far:.2g} after 2 + 2 steps"
    how = "to the bit" if exact else "to a thousandth"
    return True, (
        f"2 + 2 steps give {len(one.tensors)} tensors equal {how} to those "
        "of 4 steps"
    )
