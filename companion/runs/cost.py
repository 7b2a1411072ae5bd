"""What a run will cost, before it starts; and what it did cost.

Money is a product, tokens x FLOPs a token / FLOPs a second x price a
second, so each factor is written down.

Source: 6 N FLOPs a token from Kaplan et al. 2020 (arXiv:2001.08361); the
share of a machine's speed that is used from Chowdhery et al. 2022
(arXiv:2204.02311), appendix B.

Chapter: book/5-training/8-a-run-to-trust.ipynb
"""

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from itertools import pairwise

import torch
from torch import nn

from companion.machine import calibrate
from companion.models.budget import flops, parameters, rule_of_six
from companion.models.transformer_config import TransformerConfig
from companion.training.train_config import TrainConfig
from companion.training.trainer import Trainer, Validate

TIMED = 5  # steps, after one that warms up
WORTH_MEASURING = 20.0  # seconds; a shorter run needs no speed of the machine
SIDE, REPEATS = 4096, 5  # of a GPU's matrix product


@dataclass(frozen=True, kw_only=True)
class Cost:
    """A sheet: each line is a factor of the next."""

    parameters: int
    tokens: int  # predictions that are learned from
    passes: float  # tokens over those of the training part
    flops_per_token: float  # matrix products, forward and backward
    rule_of_six: float  # 6 N, the usual estimate of it
    flops: float  # of the whole run
    steps: int
    seconds: float  # of training
    other_seconds: float = 0.0  # data, pre-flight, baselines, validation
    machine_flops: float | None = None  # a second, in a large product
    price_per_hour: float | None = None

    @property
    def utilisation(self) -> float | None:
        """Share of the machine's speed that training uses."""
        if self.machine_flops is None or not self.seconds:
            return None
        return self.flops / self.seconds / self.machine_flops

    @property
    def price(self) -> float | None:
        """Hours, all of them, times the price of one."""
        if self.price_per_hour is None:
            return None
        hours = (self.seconds + self.other_seconds) / 3600
        return hours * self.price_per_hour

    def to_dict(self) -> dict[str, float | None]:
        """Say it all; JSON can hold it."""
        more = {"utilisation": self.utilisation, "price": self.price}
        return {**asdict(self), **more}

    def lines(self) -> list[str]:
        """Say it in words, a factor a line."""
        said = [
            f"{self.parameters:,} parameters",
            f"{self.tokens:,} tokens in {self.steps:,} steps, "
            f"{self.passes:.2f} passes over the training part",
            f"{self.flops_per_token:.3g} FLOPs a token (6 N: "
            f"{self.rule_of_six:.3g}), {self.flops:.3g} in all",
            f"{_time(self.seconds)} of training, "
            f"{self.tokens / max(self.seconds, 1e-9):,.0f} tokens a second",
        ]
        if self.utilisation is not None:
            said.append(
                f"{100 * self.utilisation:.0f} % of this machine's "
                f"{self.machine_flops / 1e9:,.0f} GFLOP/s"
            )
        if self.other_seconds:
            said.append(f"{_time(self.other_seconds)} of all else")
        if self.price is not None:
            hours = (self.seconds + self.other_seconds) / 3600
            said.append(
                f"{hours:.2f} h x {self.price_per_hour:.2f} an hour = "
                f"{self.price:.2f}; a run that is lost and made again "
                "costs as much again"
            )
        return said


def sheet(
    config: TransformerConfig,
    length: float,
    *,
    tokens: int,
    steps: int,
    seconds: float,
    train_tokens: int,
    **more: float | None,
) -> Cost:
    """Fill in a sheet.

    Args:
        config: of the model.
        length: tokens of a row, on average.
        tokens: predictions learned from.
        steps: updates.
        seconds: of training.
        train_tokens: of the training part.
        more: other fields of `Cost`.
    """
    per_token = sum(flops(config, length, training=True).values())
    return Cost(
        parameters=sum(parameters(config).values()),
        tokens=tokens,
        passes=tokens / train_tokens,
        flops_per_token=per_token,
        rule_of_six=rule_of_six(config),
        flops=per_token * tokens,
        steps=steps,
        seconds=seconds,
        **more,
    )


def predict(
    make_model: Callable[[], nn.Module],
    make_batches: Callable[[], Iterator],
    config: TrainConfig,
    model: TransformerConfig,
    length: float,
    train_tokens: int,
    price_per_hour: float | None = None,
    validate: Validate | None = None,
    other_seconds: float = 0.0,
) -> Cost:
    """Time a few steps of a copy, and multiply.

    Args:
        make_model: gives a new model, on its device.
        make_batches: gives the batches from their start.
        config: of the run.
        model: the model's config.
        length: tokens of a row, on average.
        train_tokens: of the training part.
        price_per_hour: of the machine, in any money.
        validate: what the run will call every `evaluate_every` steps.
        other_seconds: what all else takes, or took so far.
    """
    short = replace(
        config,
        steps=TIMED + 1,
        seconds=None,
        evaluate_every=None,
        patience=None,
    )
    with torch.random.fork_rng():
        trainer = Trainer(make_model(), make_batches(), short)
        history = trainer.run(quiet=True)
        device = next(trainer.model.parameters()).device
    ends = [entry["seconds"] for entry in history]
    each = statistics.median(b - a for a, b in pairwise(ends))
    if validate is not None and config.evaluate_every:
        begin = time.perf_counter()
        validate(trainer.model)
        took = time.perf_counter() - begin
        each += took / config.evaluate_every
    by_clock = config.seconds / each if config.seconds else float("inf")
    steps = max(1, int(min(config.steps or by_clock, by_clock)))
    tokens = round(history[-1]["tokens"] / len(history) * steps)
    seconds = steps * each
    speed = machine_flops(device) if seconds > WORTH_MEASURING else None
    return sheet(
        model,
        length,
        tokens=tokens,
        steps=steps,
        seconds=seconds,
        train_tokens=train_tokens,
        machine_flops=speed,
        price_per_hour=price_per_hour,
        other_seconds=other_seconds,
    )


def compared(predicted: dict, measured: dict) -> list[str]:
    """Lay a sheet that was foretold beside the one that came true."""
    lines = [f"{'cost':24}{'predicted':>14}{'measured':>14}"]
    for name, title, form in (
        ("tokens", "tokens", ",.0f"),
        ("passes", "passes", ".2f"),
        ("flops", "FLOPs", ".3g"),
        ("seconds", "training, s", ",.1f"),
        ("other_seconds", "all else, s", ",.1f"),
        ("utilisation", "share of the machine", ".0%"),
        ("price", "price", ",.2f"),
    ):
        pair = [sheet[name] for sheet in (predicted, measured)]
        if pair[1] is not None:
            said = ["" if n is None else format(n, form) for n in pair]
            lines.append(f"  {title:22}{said[0]:>14}{said[1]:>14}")
    return lines


def machine_flops(device: torch.device) -> float:
    """Measure FLOPs a second in a large product of float32 matrices."""
    if device.type == "cpu":
        return 1e9 * calibrate().matmul_gflops_all_threads
    a, b = torch.rand(2, SIDE, SIDE, device=device)
    (a @ b).sum().item()  # the first one also loads
    start = time.perf_counter()
    for _ in range(REPEATS):
        product = a @ b
    product.sum().item()  # waits for all
    return REPEATS * 2 * SIDE**3 / (time.perf_counter() - start)


def _time(seconds: float) -> str:
    """Say a time in the unit that suits it."""
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes = seconds / 60
    return f"{minutes:.1f} min" if minutes < 100 else f"{minutes / 60:.1f} h"
