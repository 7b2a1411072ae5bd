"""Corpora: the story world with its answer key, and real text.

Chapter: book/1-language-models/3-measuring.ipynb
"""

from companion.corpus.splits import (
    TEST_SEED,
    TRAIN_SEED,
    VALIDATION_SEED,
    split,
)
from companion.corpus.storyworld import (
    EntropyRate,
    OutsideWorld,
    Question,
    Story,
    StoryWorld,
)

__all__ = [
    "TEST_SEED",
    "TRAIN_SEED",
    "VALIDATION_SEED",
    "EntropyRate",
    "OutsideWorld",
    "Question",
    "Story",
    "StoryWorld",
    "split",
]
