"""Questions with answers, some of them held out: to tell memory from use.

A model that has read every statement and was asked about most of them
should also answer the questions it was never asked. `held_out` says which.

Chapter: book/1-language-models/3-measuring.ipynb
"""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain

from companion.corpus.facts import Fact, FactWorld
from companion.corpus.storyworld import Story, StoryWorld

HELD_OUT = 0.2  # share of the combinations that are asked in test only
_SPLITS = ("train", "test")


@dataclass(frozen=True, kw_only=True)
class Dialogue:
    """A question with its answer."""

    question: str
    answer: str  # about facts a whole sentence, about stories a phrase
    value: str  # the short answer, a part of `answer`: for grading
    context: str  # the story the question is about; empty for facts
    held_out: bool  # the combination is never asked about in train
    subject: str  # whom or what it is about
    attribute: str  # what is asked


def fact_dialogues(
    world: FactWorld, split: str = "train"
) -> Iterator[Dialogue]:
    """Yield questions about a world's facts, in several wordings.

    A fifth of the pairs of person and attribute is asked about only in
    test; `world.statements()` says all of them. Train has the rest and the
    facts about animals and things.

    Args:
        world: decides language and facts.
        split: "train" or "test".

    Raises:
        ValueError: another split.
    """
    _check(split)
    secret = held_out_facts(world)
    return chain.from_iterable(
        _about_fact(world, fact, fact in secret)
        for fact in world.facts
        if (fact in secret) == (split == "test")
    )


def held_out_facts(world: FactWorld) -> frozenset[Fact]:
    """Choose the facts that no training question asks about.

    In the order of a hash, as many as `HELD_OUT` says, so that in train
    every person and attribute still occurs and every value of an attribute
    is still the answer for somebody else. The same in every language.
    """
    personal = [fact for fact in world.facts if not fact.general]
    wanted = round(HELD_OUT * len(personal))
    left = Counter(key for fact in personal for key in _limits(fact))
    least = {key: math.ceil(count * 0.7) for key, count in left.items()}
    chosen: set[Fact] = set()
    ordered = sorted(
        personal,
        key=lambda fact: _place(world.seed, fact.subject, fact.attribute),
    )
    for fact in ordered:
        keys = _limits(fact)
        spare = all(left[key] > max(1, least[key]) for key in keys[:2])
        if len(chosen) < wanted and spare and left[keys[2]] > 1:
            chosen.add(fact)
            left.subtract(keys)
    return frozenset(chosen)


def _limits(fact: Fact) -> tuple[tuple[str, ...], ...]:
    """Person, attribute, answer: what must not run out in train."""
    answer = (fact.attribute, fact.value)
    return (fact.subject,), ("", fact.attribute), answer


def _about_fact(
    world: FactWorld, fact: Fact, held_out: bool
) -> Iterator[Dialogue]:
    for question in world.questions(fact):
        yield Dialogue(
            question=question,
            answer=world.answer(fact),
            value=world.value(fact),
            context="",
            held_out=held_out,
            subject=world.subject(fact),
            attribute=fact.attribute,
        )


def story_dialogues(
    world: StoryWorld, stories: int, split: str = "train"
) -> Iterator[Dialogue]:
    """Yield questions about those of a world's stories that are in a split.

    About a fifth of the pairs of object and place (a kite in the park) is
    held out: a story with such a pair is asked about only in test. Train
    has every object and every place, but never these together. The pairs
    are the same in every language, so a story and its translation never
    fall on different sides.

    Args:
        world: tells the stories.
        stories: how many stories are drawn, for both splits together.
        split: "train" or "test".

    Raises:
        ValueError: another split.
    """
    _check(split)
    return chain.from_iterable(
        _about_story(story)
        for story in world.stories(stories)
        if is_held_out(story) == (split == "test")
    )


def is_held_out(story: Story) -> bool:
    """Tell whether a story's object and place are asked about in test."""
    pair = story.labels["object"], story.labels["place"]
    return _place(0, *pair) < HELD_OUT


def _about_story(story: Story) -> Iterator[Dialogue]:
    for asked in story.questions:
        yield Dialogue(
            question=asked.question,
            answer=asked.answer,
            value=asked.answer,
            context=story.text,
            held_out=is_held_out(story),
            subject=story.facts["hero"],
            attribute=asked.kind,
        )


def _check(split: str) -> None:
    if split not in _SPLITS:
        raise ValueError(f"split must be train or test, got {split!r}")


def _place(seed: int, *names: str) -> float:
    """Read a hash of names as a number in [0, 1)."""
    text = "\n".join((str(seed), *names))
    digest = blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64
