"""The story world: endless short stories whose probability is known.

In the manner of TinyStories (Eldan & Li 2023, arXiv:2305.07759), but written
by a probabilistic program, so that the entropy of the corpus, the loss that
no model can beat, is not estimated by a model but counted.

Chapter: book/1-language-models/3-measuring.ipynb
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from itertools import islice

import numpy as np

from companion.corpus.storyworld.grammar import Grammar
from companion.corpus.storyworld.language import Language
from companion.corpus.storyworld.story import Story, render_text
from companion.corpus.storyworld.walk import (
    Reader,
    draw,
    enumerate_walks,
    uniforms,
)
from companion.ratio import ratio_se

LANGUAGES = {"en": "english", "ru": "russian", "zh": "chinese"}

# The reduced world, small enough to list every story: how many alternatives
# of each choice stay (one where not named).
REDUCED: dict[str, int | tuple[str, ...]] = {
    "hero": ("anna", "max"),
    "thing": ("big red ball", "new blue kite"),
    "second": ("pet.has", "go"),
    "friend": ("friend_f kate", "cousin_m leo"),
    "trouble": ("trouble.lost", "trouble.wind", "trouble.water"),
    "talk": ("talk.worry", "middle"),
    "middle": ("mid.animal", "resolve"),
    "animal": 2,
    "resolve": 3,
    "where": 2,
    "keep": ("keep.hero", "keep.friend"),
    "evening": ("eve.animal", "close"),
    "close": ("close.bed",),
    "last": ("last.end", "last.day"),
}


@dataclass(frozen=True, kw_only=True)
class EntropyRate:
    """The floor: entropy of the source, with standard errors of the mean."""

    nats_per_word: float
    nats_per_word_se: float
    bits_per_byte: float
    bits_per_byte_se: float
    nats_per_story: float
    nats_per_story_se: float
    words_per_story: float  # the end of a story not counted
    bytes_per_story: float


def _language(code: str) -> Language:
    if code not in LANGUAGES:
        raise ValueError(
            f"language must be one of {', '.join(LANGUAGES)}, got {code!r}"
        )
    module = import_module(f"companion.corpus.storyworld.{LANGUAGES[code]}")
    return module.LANGUAGE


@cache
def _whole_grammar(code: str) -> Grammar:
    """Worlds that differ only in their seed share what they compile."""
    return Grammar(_language(code))


class StoryWorld:
    """Stories from a seed, each with its answer key.

    Args:
        language: "en", "ru" or "zh"; one seed tells the same stories in each.
        seed: where the stream of random numbers starts.
        reduced: a world so small that `enumerate_stories` can list it.

    Raises:
        ValueError: no such language.
    """

    def __init__(
        self,
        language: str = "en",
        seed: int = 0,
        *,
        reduced: bool | Mapping[str, int | tuple[str, ...]] = False,
    ) -> None:
        self.language = language
        self.seed = seed
        self._language = _language(language)
        keep = REDUCED if reduced is True else reduced or None
        self._grammar = (
            Grammar(self._language, keep) if keep else _whole_grammar(language)
        )
        self._start = self._grammar.start()

    def __repr__(self) -> str:
        return f"StoryWorld(language={self.language!r}, seed={self.seed})"

    def _draw(self, n: int, seed: int) -> Iterator[tuple[list, dict]]:
        stream = uniforms(seed)
        return (draw(self._start, stream) for _ in range(n))

    def stories(self, n: int) -> Iterator[Story]:
        """The first n stories, with their answer keys."""
        for chunks, state in self._draw(n, self.seed):
            yield Story(self._language, chunks, state)

    def texts(self, n: int) -> Iterator[str]:
        """The texts of the first n stories, and nothing else."""
        spaced = self._language.spaced
        for chunks, _ in self._draw(n, self.seed):
            yield render_text(chunks, spaced)

    def parse(self, text: str) -> Story:
        """The story that a text tells: the inverse of `story.text`.

        Raises:
            OutsideWorld: the text is no story of this world; says where.
        """
        reader = Reader(text, self._language.spaced)
        state = reader.read(self._start)
        return Story(self._language, reader.chunks, state)

    def log_prob(self, text: str) -> float:
        """Log-probability of a text, nats; raises like `parse`."""
        return self.parse(text).log_prob

    def enumerate_stories(self, limit: int = 1_000_000) -> Iterator[Story]:
        """Every story of a reduced world, once.

        Raises:
            ValueError: the world is not a reduced one.
        """
        if self._grammar.keep is None:
            raise ValueError("only a reduced world can be enumerated")
        for chunks, state in islice(enumerate_walks(self._grammar), limit):
            yield Story(self._language, chunks, state)

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """Every word the world can say, sorted."""
        return tuple(sorted(self._language.vocabulary()))

    def entropy_rate(
        self, stories: int = 20_000, seed: int | None = None
    ) -> EntropyRate:
        """The floor, estimated from this many stories.

        Means of independent stories; for the ratios (per word, per byte) the
        standard error is that of a ratio of means.

        Raises:
            ValueError: fewer than two stories.
        """
        if stories < 2:
            raise ValueError(f"stories must be at least 2, got {stories}")
        spaced = self._language.spaced
        rows = np.empty((stories, 3))  # nats, words, bytes
        walks = self._draw(stories, self.seed if seed is None else seed)
        for row, (chunks, _) in zip(rows, walks, strict=True):
            nats = -sum([chunk[3] for chunk in chunks])
            words = sum([len(chunk[1]) for chunk in chunks])
            size = sum([len(chunk[0].encode()) for chunk in chunks]) - spaced
            row[:] = nats, words, size
        nats, words, size = rows.T
        bits = nats / math.log(2)
        return EntropyRate(
            nats_per_word=float(nats.sum() / words.sum()),
            nats_per_word_se=ratio_se(nats, words),
            bits_per_byte=float(bits.sum() / size.sum()),
            bits_per_byte_se=ratio_se(bits, size),
            nats_per_story=float(nats.mean()),
            nats_per_story_se=float(nats.std(ddof=1) / math.sqrt(stories)),
            words_per_story=float(words.mean()) - 1,
            bytes_per_story=float(size.mean()),
        )
