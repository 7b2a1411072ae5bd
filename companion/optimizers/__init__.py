"""Rules that turn gradients into steps, and the rate of the steps."""

from companion.optimizers.adam import Adam, AdamW
from companion.optimizers.clipping import clip_global_norm
from companion.optimizers.muon import Muon, orthogonal
from companion.optimizers.rmsprop import RMSprop
from companion.optimizers.rule import Optimizer
from companion.optimizers.schedules import (
    Constant,
    Cosine,
    Exponential,
    Linear,
    Restarts,
    Schedule,
    WarmupStableDecay,
)
from companion.optimizers.sgd import SGD

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "Constant",
    "Cosine",
    "Exponential",
    "Linear",
    "Muon",
    "Optimizer",
    "RMSprop",
    "Restarts",
    "Schedule",
    "WarmupStableDecay",
    "clip_global_norm",
    "orthogonal",
]
