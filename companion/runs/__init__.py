"""Whole runs: from a file of text to a model that others load."""

from companion.runs.baselines import baselines
from companion.runs.corpus import Corpus
from companion.runs.cost import Cost, predict, sheet
from companion.runs.data import Data, prepare
from companion.runs.folder import RunFolder
from companion.runs.opening import Opened, open_model
from companion.runs.pipeline import Outcome, train_run
from companion.runs.preflight import Check, preflight
from companion.runs.presets import (
    PRESETS,
    Choices,
    Preset,
    preset,
    with_budget,
)
from companion.runs.validation import Score, score_shards, validator

__all__ = [
    "PRESETS",
    "Check",
    "Choices",
    "Corpus",
    "Cost",
    "Data",
    "Opened",
    "Outcome",
    "Preset",
    "RunFolder",
    "Score",
    "baselines",
    "open_model",
    "predict",
    "preflight",
    "prepare",
    "preset",
    "score_shards",
    "sheet",
    "train_run",
    "validator",
    "with_budget",
]
