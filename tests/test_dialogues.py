"""Questions and answers: what is held out is stated but never asked."""

from collections import Counter
from itertools import product

import pytest

from companion.corpus import StoryWorld
from companion.corpus.dialogues import (
    fact_dialogues,
    held_out_facts,
    is_held_out,
    story_dialogues,
)
from companion.corpus.facts import FactWorld

CODES = ["en", "ru", "zh"]


def both(code: str, seed: int = 0) -> tuple[FactWorld, list, list]:
    world = FactWorld(code, seed)
    train = list(fact_dialogues(world))
    return world, train, list(fact_dialogues(world, "test"))


@pytest.mark.parametrize("code", CODES)
def test_matches_the_facts(code):
    """Every question's answer is the statement the world makes of it."""
    world, train, test = both(code)
    said = {s.text: s for s in world.statements()}
    for dialogue in train + test:
        statement = said[dialogue.answer]
        assert statement.value == dialogue.value
        assert statement.subject == dialogue.subject
        assert statement.attribute == dialogue.attribute
        assert dialogue.context == ""
    assert len(train) + len(test) == 3 * len(world.facts)


@pytest.mark.parametrize(("code", "seed"), list(product(CODES, (0, 1))))
def test_held_out_facts(code, seed):
    world, train, test = both(code, seed)
    pairs = {(d.subject, d.attribute) for d in test}
    assert len(pairs) == round(0.2 * 256)
    assert not pairs & {(d.subject, d.attribute) for d in train}
    stated = {(s.subject, s.attribute) for s in world.statements()}
    assert pairs < stated
    assert all(d.held_out for d in test)
    assert not any(d.held_out for d in train)
    questions = [d.question for d in train + test]
    assert len(set(questions)) == len(questions)


@pytest.mark.parametrize("seed", range(5))
def test_train_has_every_person_attribute_and_answer(seed):
    world, train, test = both("en", seed)
    people = {text.split("|")[0] for text in world.words.people.values()}
    assert people <= {d.subject for d in train}
    assert {d.attribute for d in test} == set(world.words.personal)
    answers = {(d.attribute, d.value) for d in train}
    assert {(d.attribute, d.value) for d in test} <= answers
    asked = Counter((d.subject, d.attribute) for d in train)
    per_person = Counter(subject for subject, _ in asked)
    assert min(per_person[name] for name in people) >= 6


def test_held_out_facts_agree_between_languages():
    chosen = [held_out_facts(FactWorld(code)) for code in CODES]
    assert chosen[0] == chosen[1] == chosen[2]
    assert chosen[0] != held_out_facts(FactWorld("en", 1))


@pytest.fixture(scope="module")
def stories():
    world = StoryWorld("en", 0)
    return {
        split: list(story_dialogues(world, 1500, split))
        for split in ("train", "test")
    }


def pairs(dialogues):
    world = StoryWorld("en")
    told = {d.context for d in dialogues}
    labels = [world.parse(text).labels for text in told]
    return {(label["object"], label["place"]) for label in labels}


def test_story_dialogues_match_the_stories(stories):
    world = StoryWorld("en", 0)
    found = stories["train"] + stories["test"]
    expected = [
        (story.text, asked.question, asked.answer)
        for story in world.stories(1500)
        for asked in story.questions
    ]
    mine = [(d.context, d.question, d.answer) for d in found]
    assert Counter(mine) == Counter(expected)
    assert all(d.value == d.answer and d.subject for d in found)


def test_story_splits_share_no_pair(stories):
    train, test = pairs(stories["train"]), pairs(stories["test"])
    assert not train & test
    assert all(d.held_out for d in stories["test"])
    assert not any(d.held_out for d in stories["train"])
    for position in (0, 1):  # object, place
        seen = {pair[position] for pair in train}
        assert {pair[position] for pair in test} <= seen
    share = len(test) / len(train | test)
    assert 0.1 < share < 0.3


def test_story_kinds_occur_in_both(stories):
    kinds = [{d.attribute for d in part} for part in stories.values()]
    assert kinds[0] == kinds[1]


@pytest.mark.parametrize("code", CODES)
def test_story_dialogues_of_a_prefix_are_a_prefix(code):
    world = StoryWorld(code, 5)
    short = list(story_dialogues(world, 20, "train"))
    assert short == list(story_dialogues(world, 60, "train"))[: len(short)]


def test_a_translation_is_on_the_same_side():
    worlds = [StoryWorld(code, 3).stories(50) for code in CODES]
    for told in zip(*worlds, strict=True):
        assert len({is_held_out(story) for story in told}) == 1


def test_errors():
    with pytest.raises(ValueError, match="train or test, got 'dev'"):
        fact_dialogues(FactWorld(), "dev")
    with pytest.raises(ValueError, match="train or test, got 'dev'"):
        story_dialogues(StoryWorld(), 3, "dev")
