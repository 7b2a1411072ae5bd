"""Which stories are for training, validation and test.

Splits are different seeds: whole stories, never windows of one text.

Chapter: book/1-language-models/3-measuring.ipynb
"""

from companion.corpus.storyworld.world import StoryWorld

TRAIN_SEED = 0
VALIDATION_SEED = 1
TEST_SEED = 2
SEEDS = {
    "train": TRAIN_SEED,
    "validation": VALIDATION_SEED,
    "test": TEST_SEED,
}


def split(language: str, name: str) -> StoryWorld:
    """The story world of a split.

    Args:
        language: "en", "ru" or "zh".
        name: "train", "validation" or "test".

    Raises:
        ValueError: no such split or language.
    """
    if name not in SEEDS:
        raise ValueError(
            f"name must be one of {', '.join(SEEDS)}, got {name!r}"
        )
    return StoryWorld(language, SEEDS[name])
