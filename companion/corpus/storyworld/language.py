"""What a language brings to the story world: names, forms, sentences.

The plot (`program`) asks; a `Language` answers in words. It knows how each
entity is called in each form, and the template of each alternative.

Chapter: book/1-language-models/3-measuring.ipynb
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from operator import itemgetter
from typing import Any

from companion.corpus.storyworld.entities import ROLES, TYPES
from companion.corpus.storyworld.template import (
    End,
    Recall,
    Slot,
    Token,
    Word,
    read_template,
)

Forms = Mapping[str, str]
GENDERS = "mfn"


@dataclass(frozen=True)
class Question:
    """A question about a story, with its one right answer."""

    question: str
    answer: str
    kind: str


class Lookup(dict):
    """Words for each value of the registers, and what they tell."""

    @cached_property
    def told(self) -> bool:
        """Whether different values always have different words."""
        return len(set(self.values())) == len(self)

    @cached_property
    def branching(self) -> frozenset[tuple[str, ...]]:
        """Beginnings that can go on in more than one way."""
        after: dict[tuple[str, ...], set[str]] = {}
        for words in set(self.values()):
            for i, word in enumerate(words):
                after.setdefault(words[:i], set()).add(word)
        return frozenset(b for b, words in after.items() if len(words) > 1)


@dataclass(frozen=True, kw_only=True)
class Language:
    """The words of one language; tables are filled in when first asked."""

    code: str  # "en", "ru", "zh"
    spaced: bool  # words stand apart
    lexicon: Mapping[str, Mapping[str, Forms]]  # type -> entity -> forms
    templates: Mapping[str, str]  # alternative or choice.form -> sentence
    questions: Mapping[str, tuple[str, str]]  # kind -> question, answer
    agree: Callable[[Forms, Forms, str], str]  # adjective, noun, case

    @cached_property
    def _tables(self) -> dict[tuple, Lookup]:
        return {}

    @cached_property
    def _tokens(self) -> dict[str, list[Token]]:
        return {}

    def tokens(self, template: str) -> list[Token]:
        """The tokens of the template of this name."""
        if template not in self._tokens:
            self._tokens[template] = self.read(self.templates[template])
        return self._tokens[template]

    def read(self, sentence: str) -> list[Token]:
        """The tokens of a sentence with gaps."""
        return read_template(sentence, straight_quotes=self.code == "en")

    def _word(self, recall: Recall, values: tuple[str, ...]) -> str:
        forms = [
            self.lexicon[TYPES[register][0]][value]
            for register, value in zip(recall.registers, values, strict=True)
        ]
        if recall.options:
            text = recall.options[GENDERS.index(forms[0]["gender"])]
        elif len(forms) == 2:
            text = self.agree(forms[0], forms[1], recall.form)
        else:
            text = forms[0][recall.form or "name"]
        return text[0].upper() + text[1:] if recall.capital else text

    def registers(self, recall: Recall) -> tuple[str, ...]:
        """The registers that decide the words: a role reads its people."""
        (first, *_) = recall.registers
        return (first, *ROLES[first]) if first in ROLES else recall.registers

    def table(self, recall: Recall) -> Lookup:
        """Words for each value of the registers (as `itemgetter` reads)."""
        key = (recall.registers, recall.form, recall.options, recall.capital)
        if key not in self._tables:
            self._tables[key] = Lookup(self._fill(recall))
        return self._tables[key]

    def _fill(self, recall: Recall) -> dict[Any, tuple[str, ...]]:
        first = recall.registers[0]
        if first in ROLES:
            people = [TYPES[role][1] for role in ROLES[first]]
            return {
                (role, *values): self._as_role(recall, role, values[i])
                for values in product(*people)
                for i, role in enumerate(ROLES[first])
            }
        columns = [TYPES[register][1] for register in recall.registers]
        return {
            values if len(values) > 1 else values[0]: tuple(
                self._word(recall, values).split()
            )
            for values in product(*columns)
        }

    def _as_role(self, recall, role, value) -> tuple[str, ...]:
        same = Recall((role,), recall.form, recall.options, recall.capital)
        return tuple(self._word(same, (value,)).split())

    def needs(self, recall: Recall) -> tuple[str, ...]:
        """The facts one must remember to say these words."""
        first, *rest = recall.registers
        if first in ROLES:
            return (first,)
        if recall.options:
            return (f"{first}.gender",)
        return (first, *(f"{noun}.gender" for noun in rest))

    def gives(self, recall: Recall, value: Any) -> tuple[str, ...]:
        """The facts that these words make evident."""
        first, *rest = recall.registers
        if first in ROLES:
            role = value[0]
            named = () if recall.options else (role,)
            return (first, f"{role}.gender", *named)
        if recall.options:
            return (f"{first}.gender",)
        if rest:
            return (first, *(f"{noun}.gender" for noun in rest))
        told = self.table(recall).told
        return (first, f"{first}.gender") if told else ()

    def fill_in(self, tokens: list[Token], sets: Mapping) -> list[Token]:
        """Replace what is known already by words that give those facts."""
        filled: list[Token] = []
        for token in tokens:
            if isinstance(token, Recall) and all(
                name in sets for name in self.registers(token)
            ):
                filled += self._words(token, sets)
            else:
                filled.append(token)
        return filled

    def _words(self, recall: Recall, state: Mapping) -> list[Word]:
        value = itemgetter(*self.registers(recall))(state)
        *front, last = self.table(recall)[value]
        gives = (*self.gives(recall, value), *recall.gives)
        words = [Word(text) for text in front] + [Word(last, gives=gives)]
        first = words[0]
        words[0] = Word(first.text, recall.glued, first.gives)
        return words

    def render(self, sentence: str, state: Mapping) -> str:
        """A sentence without choices, filled in from a state."""
        tokens = self.fill_in(self.read(sentence), state)
        return self.join(tokens).removeprefix(" ")

    def join(self, words: list[Word]) -> str:
        """The text of words, each after a space where it has one."""
        return "".join(
            word.text if word.glued or not self.spaced else f" {word.text}"
            for word in words
        )

    def vocabulary(self) -> set[str]:
        """Every word that some template can say."""
        words: set[str] = set()
        for sentence in self.templates.values():
            for token in self.read(sentence):
                if isinstance(token, Word):
                    words.add(token.text)
                elif not isinstance(token, Slot | End):
                    words.update(*self.table(token).values())
        return words
