"""The world of facts: laws that hold in each language."""

import re
from collections import Counter

import numpy as np
import pytest

from companion.corpus import StoryWorld
from companion.corpus.facts import FactWorld

CODES = ["en", "ru", "zh"]
WORLDS = {code: FactWorld(code) for code in CODES}


def test_matches_numpy_draws():
    """The facts about people are one generator's draws, in order."""
    rng = np.random.default_rng(3)
    world = FactWorld("en", seed=3)
    kinds = world.words.personal
    for fact in world.facts[: 32 * 8]:
        values = list(kinds[fact.attribute].values)
        assert fact.value == values[rng.integers(len(values))]


def test_size():
    people = [fact for fact in WORLDS["en"].facts if not fact.general]
    assert len({fact.subject for fact in people}) == 32
    assert len({fact.attribute for fact in people}) == 8
    assert len(people) == 32 * 8


def test_the_same_facts_in_every_language():
    assert WORLDS["en"].facts == WORLDS["ru"].facts == WORLDS["zh"].facts
    for code in CODES:
        words, english = WORLDS[code].words, WORLDS["en"].words
        assert list(words.people) == list(english.people)
        assert set(words.subjects) == set(english.subjects)
        for mine, theirs in [
            (words.personal, english.personal),
            (words.general, english.general),
        ]:
            assert list(mine) == list(theirs)
            for attribute, wording in mine.items():
                assert list(wording.values) == list(theirs[attribute].values)
                assert len(wording.statements) == 3
                assert len(wording.questions) == 3


@pytest.mark.parametrize("code", CODES)
def test_statements(code):
    world = WORLDS[code]
    statements = world.statements()
    assert statements == FactWorld(code).statements()
    assert len(statements) == 3 * len(world.facts)
    assert len({s.text for s in statements}) == len(statements)
    pattern = r"[^<>{}|\s][^<>{}|\n]*[.。]"
    for statement in statements:
        assert re.fullmatch(pattern, statement.text)
        assert "  " not in statement.text
        assert statement.text[0] == statement.text[0].upper()


@pytest.mark.parametrize("code", CODES)
def test_the_whole_answer_holds_the_short_one(code):
    world = WORLDS[code]
    for fact in world.facts:
        value = world.value(fact)
        assert value.lower() in world.answer(fact).lower()
        for question in world.questions(fact):
            assert question[-1] in "?？"


@pytest.mark.parametrize("code", CODES)
def test_no_answer_contains_another(code):
    """Else a grader that looks for the short answer would be fooled."""
    world = WORLDS[code]
    answers = {}
    for seed in range(4):
        for fact in FactWorld(code, seed).facts:
            key = (fact.general, fact.attribute)
            answers.setdefault(key, {})[fact.value] = world.value(fact)
    for values in answers.values():
        for key, value in values.items():
            for other, longer in values.items():
                assert key == other or value not in longer
    for world in WORLDS.values():
        names = [text.split("|")[0] for text in world.words.people.values()]
        inside = [a for a in names for b in names if a in b]
        assert len(inside) == len(names)


@pytest.mark.parametrize("code", CODES)
def test_a_question_names_its_subject(code):
    world = WORLDS[code]
    asked = Counter(q for fact in world.facts for q in world.questions(fact))
    assert set(asked.values()) == {1}


def test_a_seed_decides_about_people_only():
    first, second = FactWorld("en", 0), FactWorld("en", 1)
    same = [a == b for a, b in zip(first.facts, second.facts, strict=True)]
    assert all(same[256:])
    # about a tenth agrees by chance: 256 draws, 5 standard errors
    assert sum(same[:256]) / 256 == pytest.approx(0.11, abs=0.1)


def test_values_cannot_be_guessed():
    """Always naming the commonest value is right for few of the people."""
    for seed in range(3):
        for attribute in WORLDS["en"].words.personal:
            counts = Counter(
                fact.value
                for fact in FactWorld("en", seed).facts
                if fact.attribute == attribute
            )
            assert counts.most_common(1)[0][1] <= 0.4 * 32


def test_no_person_is_in_a_story():
    for code in CODES:
        vocabulary = set(StoryWorld(code).vocabulary)
        for names in WORLDS[code].words.people.values():
            assert vocabulary.isdisjoint(names.split("|")[:-1])


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("en", "An owl eats mice."),
        ("en", "Olivia and her family live in the forest."),
        ("ru", "Недавно Лена завела золотую рыбку."),
        ("ru", "Недавно Антон завёл ежа."),
        ("ru", "Молоко белое."),
        ("ru", "Трава зелёная."),
        ("ru", "У пауков по восемь ног."),
        ("zh", "劳拉有一匹小马。"),
        ("zh", "莲娜的宠物是一条金鱼。"),
        ("zh", "彼得会拉小提琴。"),
    ],
)
def test_agreement(code, text):
    assert text in {s.text for s in WORLDS[code].statements()}


def test_russian_cases():
    """Names follow the tables of declension."""
    for text in WORLDS["ru"].words.people.values():
        name, genitive, dative, gender = text.split("|")
        stem = name[:-1]
        if gender == "m" and name not in ("Павел", "Пётр"):
            expected = (name + "а", name + "у")
        elif gender == "m":
            stem = {"Павел": "Павл", "Пётр": "Петр"}[name]
            expected = (stem + "а", stem + "у")
        elif name.endswith("ия"):
            expected = (stem + "и", stem + "и")
        else:  # after a soft sign's or velar's letter и, not ы
            soft = name.endswith(("я", "га", "ка", "ха"))
            expected = (stem + "ыи"[soft], stem + "е")
        assert (genitive, dative) == expected


def test_errors():
    with pytest.raises(ValueError, match="en, ru or zh, got 'fr'"):
        FactWorld("fr")
    with pytest.raises(ValueError, match="seed must be >= 0, got -1"):
        FactWorld("en", -1)
