"""Short stories from a probabilistic program, with an exact answer key.

Chapter: book/1-language-models/3-measuring.ipynb
"""

from companion.corpus.storyworld.language import Question
from companion.corpus.storyworld.story import Story
from companion.corpus.storyworld.walk import OutsideWorld
from companion.corpus.storyworld.world import EntropyRate, StoryWorld

__all__ = ["EntropyRate", "OutsideWorld", "Question", "Story", "StoryWorld"]
