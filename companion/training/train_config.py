"""What decides a training besides the model and the data.

Chapter: book/5-training/8-a-run-to-trust.ipynb
"""

from dataclasses import dataclass
from typing import Literal

from companion.optimizers import schedules

SCHEDULES = {
    "constant": schedules.Constant,
    "cosine": schedules.Cosine,
    "linear": schedules.Linear,
    "exponential": schedules.Exponential,
    "restarts": schedules.Restarts,
    "warmup_stable_decay": schedules.WarmupStableDecay,
}


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """How long and how fast to train; a budget of steps, seconds or both."""

    steps: int | None = None  # updates; the same result on every run
    seconds: float | None = None  # of wall clock; ends after the step in hand
    batch_size: int = 32  # documents, or windows
    accumulate: int = 1  # batches a step
    optimizer: Literal["adamw", "muon"] = "adamw"
    lr: float = 3e-3  # the highest learning rate
    schedule: Literal[
        "constant",
        "cosine",
        "linear",
        "exponential",
        "restarts",
        "warmup_stable_decay",
    ] = "cosine"
    warmup: float = 0.05  # share of the budget with a rising rate
    beta1: float = 0.9  # memory of the mean gradient
    beta2: float = 0.999  # memory of its square
    weight_decay: float = 0.01  # of matrices, not of norms and biases
    clip_norm: float = 1.0  # longest gradient a step may follow
    evaluate_every: int | None = None  # steps; never, but at the end
    patience: int | None = None  # evaluations without a new best to end after
    seed: int = 0  # order of the documents, and dropout

    def __post_init__(self) -> None:
        if self.steps is None and self.seconds is None:
            raise ValueError("give a budget: steps, seconds or both")
        for name in (
            *("steps", "seconds", "batch_size", "accumulate", "lr"),
            *("clip_norm", "evaluate_every", "patience"),
        ):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"{name} must be above 0, got {value}")
        for name in ("warmup", "beta1", "beta2"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(
                    f"{name} must be in [0, 1), got {getattr(self, name)}"
                )
        if not self.weight_decay >= 0:
            raise ValueError(
                f"weight_decay must be >= 0, got {self.weight_decay}"
            )
        if self.patience is not None and self.evaluate_every is None:
            raise ValueError("patience counts evaluations: set evaluate_every")

    def progress(self, step: int, seconds: float) -> float:
        """Compute the share of the budget that is spent, 0 to 1."""
        by_steps = step / self.steps if self.steps else 0.0
        by_clock = seconds / self.seconds if self.seconds else 0.0
        return min(1.0, max(by_steps, by_clock))

    def lr_at(self, progress: float) -> float:
        """Compute the learning rate at a share of the budget."""
        return self.lr * SCHEDULES[self.schedule](warmup=self.warmup)(progress)
