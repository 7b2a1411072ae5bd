"""Choices and the memory that they write: the parts a plot is made of.

A `Choice` is a question ("what goes wrong?") with weighted alternatives. An
`Alternative` may set registers (the memory of the story) and may be open only
in some states. Languages give the words; the odds stand here alone, so that
one stream of random numbers tells the same story in each language.

Chapter: book/1-language-models/3-measuring.ipynb
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from companion.corpus.storyworld import entities as e

State = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """One answer to a choice.

    `template` names the sentence that a language has for it; `sets` is what it
    writes into the registers; `when` says in which states it is open.
    """

    template: str
    label: str  # tells it from the others of its choice
    weight: float = 1.0
    sets: Mapping[str, Any] = field(default_factory=dict)
    when: Callable[[State], bool] | None = None


@dataclass(frozen=True, kw_only=True)
class Include:
    """The alternatives of another choice, sharing this much weight."""

    choice: str
    weight: float = 1.0

    @property
    def label(self) -> str:
        """The name of the choice."""
        return self.choice


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A question with weighted answers; `reads` names what `when` reads."""

    name: str
    alternatives: tuple[Alternative | Include, ...]
    reads: tuple[str, ...] = ()


POSSIBLE = ("wide", "flies", "floats", "breaks", "grabs", "has_pet")
HAPPENED = ("met", "rained", "ate", "asked", "looked", "cheered", "happy")
INITIAL: dict[str, Any] = {  # the registers when a story begins
    **dict.fromkeys((*e.TYPES, *e.ROLES, "trouble")),
    **dict.fromkeys((*POSSIBLE, *HAPPENED), False),
}
