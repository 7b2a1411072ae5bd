"""Recipes with a name: tokenizer, rows, model and training together.

Chapter: book/5-training/8-a-run-to-trust.ipynb
"""

import math
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from companion.models.transformer_config import (
    DropoutConfig,
    TransformerConfig,
)
from companion.training.train_config import TrainConfig

PATIENCE = 5  # evaluations without a new best that end a run
CEILING = 4  # times the budget of a preset


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What fixes a model but the number of its tokens.

    Each family is one that transformers knows, so that every run ends with
    a model that it loads.
    """

    family: Literal["llama", "gpt2"] = "llama"
    context_length: int = 128  # most tokens that can be seen at once
    d_model: int = 128  # width of the residual stream
    n_layers: int = 4  # blocks
    n_heads: int = 4  # query heads
    n_kv_heads: int | None = None  # fewer: grouped queries; as n_heads
    d_ff: int | None = None  # 4 d_model; for llama 8/3, a multiple of 32
    tied: bool = False  # output weights are the token vectors
    dropout: float = 0.0  # as GPT-2 has it; llama: of attention weights

    def config(self, vocab_size: int) -> TransformerConfig:
        """Make the model's config for a tokenizer."""
        d_ff, llama = self.d_ff, self.family == "llama"
        if d_ff is None and llama:  # three matrices cost as much as two
            d_ff = -(-self.d_model * 8 // 3 // 32) * 32
        make = TransformerConfig.llama if llama else TransformerConfig
        weights = DropoutConfig(weights=self.dropout)
        return make(
            vocab_size=vocab_size,
            context_length=self.context_length,
            d_model=self.d_model,
            n_layers=self.n_layers,
            n_heads=self.n_heads,
            n_kv_heads=self.n_kv_heads,
            d_ff=d_ff,
            tied=self.tied,
            dropout=weights if llama else DropoutConfig.gpt2(self.dropout),
        )


@dataclass(frozen=True, kw_only=True)
class Preset:
    """All that a run is made of besides its corpus and its seed."""

    purpose: str  # what it is for
    costs: str  # parameters, tokens, minutes on two cores
    tokenizer: Literal[
        "bpe",
        "wordpiece",
        "unigram",
        "word",
        "word-punct",
        "character",
        "byte",
    ]
    vocab_size: int  # most tokens
    rows: Literal["windows", "documents"]  # of a batch
    model: Choices = field(default_factory=Choices)
    train: TrainConfig
    passes: float | None = None  # over the training part; instead of steps
    evaluate_rows: int = 256  # of the validation part, while it trains
    device: Literal["cpu", "best"] = "cpu"  # best: a GPU if there is one

    def __post_init__(self) -> None:
        for name in ("vocab_size", "evaluate_rows"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"{name} must be at least 1, got {getattr(self, name)}"
                )
        if self.passes is not None and not self.passes > 0:
            raise ValueError(f"passes must be above 0, got {self.passes}")

    def training(self, batches_a_pass: int) -> TrainConfig:
        """Make the training's config; passes become steps."""
        if self.passes is None:
            return self.train
        n_batches = self.passes * batches_a_pass
        steps = math.ceil(n_batches / self.train.accumulate)
        return replace(self.train, steps=steps, seconds=None)


def with_budget(
    preset: Preset,
    *,
    steps: int | None = None,
    seconds: float | None = None,
    passes: float | None = None,
    until_converged: bool = False,
) -> Preset:
    """Give a preset another budget, or end it by its validation loss.

    Args:
        preset: stays as it is.
        steps, seconds: what to spend, instead of the preset's.
        passes: over the training part, instead of both.
        until_converged: end after five evaluations without a new best. The
            budget is then a ceiling: the one given, or four times the
            preset's, if that did not end so before.

    Raises:
        ValueError: passes beside another budget, or a number below 0.
    """
    if passes is not None:
        if steps is not None or seconds is not None:
            raise ValueError("passes are a budget: give no steps, no seconds")
        preset = replace(preset, passes=passes)
    elif steps is not None or seconds is not None:
        train = replace(preset.train, steps=steps, seconds=seconds)
        preset = replace(preset, train=train, passes=None)
    elif until_converged and preset.train.patience is None:
        train, passes = preset.train, preset.passes
        preset = replace(
            preset,
            passes=passes and passes * CEILING,
            train=replace(
                train,
                steps=train.steps and train.steps * CEILING,
                seconds=train.seconds and train.seconds * CEILING,
            ),
        )
    if not until_converged:
        return preset
    return replace(preset, train=replace(preset.train, patience=PATIENCE))


_FAST = dict(
    optimizer="muon",
    schedule="linear",
    warmup=0.03,
    beta2=0.99,
    weight_decay=0.1,
)

PRESETS = MappingProxyType(
    {
        "tiny": Preset(
            purpose="to try things out: any text, in seconds",
            costs="30,000 parameters, 20,000 tokens, seconds",
            tokenizer="character",
            vocab_size=256,
            rows="windows",
            model=Choices(
                context_length=32, d_model=32, n_layers=2, n_heads=2
            ),
            train=TrainConfig(
                steps=80, batch_size=8, lr=1e-2, evaluate_every=40, **_FAST
            ),
            evaluate_rows=64,
        ),
        "char-cpu": Preset(
            purpose="one running text, letter by letter",
            costs="0.46 million parameters, 0.3 million tokens, half a minute",
            tokenizer="character",
            vocab_size=5_000,
            rows="windows",
            model=Choices(context_length=64, d_model=96),
            train=TrainConfig(
                steps=400, batch_size=12, lr=15e-3, evaluate_every=100, **_FAST
            ),
        ),
        "story-cpu": Preset(
            purpose="many short documents, as the story world or TinyStories",
            costs="0.24 million parameters, about 8 million tokens, 3 minutes",
            tokenizer="bpe",
            vocab_size=1_024,
            rows="documents",
            model=Choices(context_length=320, d_model=64, n_layers=2),
            train=TrainConfig(
                seconds=180,
                batch_size=32,
                lr=15e-3,
                evaluate_every=100,
                **_FAST,
            ),
        ),
        "text-cpu": Preset(
            purpose="prose of a megabyte or more: books, documentation",
            costs="1.9 million parameters, about 5 million tokens, 10 minutes",
            tokenizer="bpe",
            vocab_size=4_096,
            rows="windows",
            model=Choices(context_length=128, d_model=128, n_layers=4),
            train=TrainConfig(
                seconds=600,
                batch_size=16,
                lr=1e-2,
                evaluate_every=100,
                **_FAST,
            ),
        ),
        "story-gpu": Preset(
            purpose="as story-cpu, larger, for a machine with a GPU",
            costs="32 million parameters, 30 minutes on one GPU",
            tokenizer="bpe",
            vocab_size=8_192,
            rows="documents",
            model=Choices(
                context_length=512,
                d_model=512,
                n_layers=8,
                n_heads=8,
                n_kv_heads=4,
            ),
            train=TrainConfig(
                seconds=1_800,
                batch_size=64,
                lr=5e-3,
                evaluate_every=500,
                **_FAST,
            ),
            device="best",
        ),
    }
)


def preset(name: str) -> Preset:
    """Return a preset by its name.

    Raises:
        ValueError: there is none of that name.
    """
    if name not in PRESETS:
        raise ValueError(
            f"preset must be one of {', '.join(PRESETS)}, got {name!r}"
        )
    return PRESETS[name]
