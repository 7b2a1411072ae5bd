"""A small world of facts, some true everywhere, some true only here.

Chapter: book/1-language-models/3-measuring.ipynb
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from companion.corpus.facts_chinese import CHINESE
from companion.corpus.facts_english import ENGLISH
from companion.corpus.facts_russian import RUSSIAN
from companion.corpus.wording import Language, Wording, agree, forms, say

_LANGUAGES = {"en": ENGLISH, "ru": RUSSIAN, "zh": CHINESE}

# attribute -> value -> the animals and things it is true of
_TRUE = {
    "sound": {
        **{"woof": "dog", "meow": "cat", "moo": "cow", "baa": "sheep"},
        **{"quack": "duck", "ribbit": "frog", "squeak": "mouse"},
        **{"cluck": "hen", "oink": "pig"},
    },
    "diet": {
        **{"grass": "cow sheep", "hay": "horse", "bamboo": "panda"},
        **{"nuts": "squirrel", "mice": "owl", "nectar": "bee"},
        **{"grain": "hen", "insects": "frog", "fruit": "monkey"},
        **{"leaves": "koala", "berries": "brown_bear", "fish": "penguin"},
    },
    "habitat": {
        **{"hive": "bee", "pond": "frog", "desert": "camel"},
        **{"antarctica": "penguin", "arctic": "polar_bear"},
        **{"ocean": "whale", "forest": "brown_bear", "burrow": "rabbit"},
        **{"tree": "squirrel", "web": "spider", "ground": "mole"},
        **{"stable": "horse", "savannah": "lion", "australia": "kangaroo"},
    },
    "colour": {
        **{"green": "grass", "white": "snow milk", "blue": "sky"},
        **{"yellow": "lemon banana", "black": "coal raven"},
        **{"red": "tomato blood", "orange": "carrot"},
        **{"pink": "flamingo", "brown": "chestnut"},
    },
    "legs": {
        **{"2": "hen ostrich", "4": "horse cow sheep"},
        **{"6": "bee ant beetle", "8": "spider"},
    },
}


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A fact before any language words it: three keys."""

    subject: str
    attribute: str
    value: str
    general: bool  # true everywhere, or only of a person of this world


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One sentence that says a fact."""

    text: str
    subject: str
    attribute: str
    value: str  # the short answer to a question about it


@dataclass(frozen=True)
class FactWorld:
    """32 people with 8 attributes each, and true facts about nature.

    What is true of people is drawn at random (uniformly, independently), so
    a model can answer about them only if it has read it; what is true of
    animals and things can be known from elsewhere. The same seed gives the
    same facts in every language, and no person of it is in a story.

    Args:
        language: "en", "ru" or "zh".
        seed: decides the facts about people.

    Raises:
        ValueError: another language, or a negative seed.
    """

    language: str = "en"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.language not in _LANGUAGES:
            raise ValueError(
                f"language must be en, ru or zh, got {self.language!r}"
            )
        if self.seed < 0:
            raise ValueError(f"seed must be >= 0, got {self.seed}")

    @property
    def words(self) -> Language:
        """How this world's language says things."""
        return _LANGUAGES[self.language]

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        """Everything that is true, people first; the same in each language."""
        rng = np.random.default_rng(self.seed)
        found = []
        for person in ENGLISH.people:
            for attribute, wording in ENGLISH.personal.items():
                values = tuple(wording.values)
                value = values[rng.integers(len(values))]
                found.append((person, attribute, value, False))
        for attribute, table in _TRUE.items():
            for value, subjects in table.items():
                for subject in subjects.split():
                    found.append((subject, attribute, value, True))
        names = ("subject", "attribute", "value", "general")
        return tuple(
            Fact(**dict(zip(names, fact, strict=True))) for fact in found
        )

    def statements(self) -> list[Statement]:
        """Return every fact in each of its wordings, fact by fact."""
        return [
            Statement(
                text=self.say(template, fact),
                subject=self.subject(fact),
                attribute=fact.attribute,
                value=self.value(fact),
            )
            for fact in self.facts
            for template in self.wording(fact).statements
        ]

    def wording(self, fact: Fact) -> Wording:
        """Return the sentences about the fact's attribute."""
        kinds = self.words.general if fact.general else self.words.personal
        return kinds[fact.attribute]

    def say(self, template: str, fact: Fact) -> str:
        """Put a fact into a sentence of its wording."""
        return say(template, self._forms(fact))

    def questions(self, fact: Fact) -> list[str]:
        """Return the questions whose answer the fact is."""
        return [self.say(text, fact) for text in self.wording(fact).questions]

    def answer(self, fact: Fact) -> str:
        """Return the fact as a whole sentence."""
        return self.say(self.wording(fact).statements[0], fact)

    def value(self, fact: Fact) -> str:
        """Return the short answer, which the whole one contains."""
        return self.wording(fact).short.format_map(self._forms(fact))

    def subject(self, fact: Fact) -> str:
        """Return the name of whom or what the fact is about."""
        names = self._forms(fact)
        return names.get("who") or names["nom"]

    def _forms(self, fact: Fact) -> dict[str, str]:
        words, wording = self.words, self.wording(fact)
        if fact.general:
            names = forms(words.subject_forms, words.subjects[fact.subject])
        else:
            names = forms(words.person_forms, words.people[fact.subject])
        values = forms(wording.forms, wording.values[fact.value])
        return agree(names | values)
