"""A story with its answer key.

Chapter: book/1-language-models/3-measuring.ipynb
"""

from functools import cached_property

import numpy as np

from companion.corpus.storyworld.choices import State
from companion.corpus.storyworld.chunks import Rendered
from companion.corpus.storyworld.entities import ROLES, TYPES
from companion.corpus.storyworld.language import Language, Question


def render_text(chunks: list[Rendered], spaced: bool) -> str:
    """The text of a story's chunks."""
    text = "".join([chunk[0] for chunk in chunks])
    return text[1:] if spaced else text


class Story:
    """A story, and what a perfect reader knows about each of its words.

    All answers are computed when first asked for.
    """

    def __init__(
        self, language: Language, chunks: list[Rendered], state: State
    ) -> None:
        self._language = language
        self._chunks = chunks
        self._state = state

    def __repr__(self) -> str:
        return f"Story({self.text!r})"

    @cached_property
    def text(self) -> str:
        """The story as one reads it."""
        return render_text(self._chunks, self._language.spaced)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Words and punctuation marks."""
        words: list[str] = []
        for chunk in self._chunks:
            words += chunk[1]
        return tuple(words[:-1])  # all but the end

    @cached_property
    def log_probs(self) -> np.ndarray:
        """(len(words) + 1,) nats: of each word given all before, then end."""
        logs: list[float] = []
        for chunk in self._chunks:
            logs += chunk[2]
        return np.array(logs)

    @cached_property
    def log_prob(self) -> float:
        """Log-probability of the whole story, nats."""
        return sum([chunk[3] for chunk in self._chunks])

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """(len(words) + 1,): "grammar", "recall" or "free"."""
        kinds: list[str] = []
        for chunk in self._chunks:
            kinds += chunk[4]
        return tuple(kinds)

    @cached_property
    def distances(self) -> np.ndarray:
        """(len(words) + 1,) words back to a recalled word's evidence, or 0.

        The evidence is where the story last made the fact evident. A word
        that rests on two facts (an adjective: colour and gender of the noun)
        counts from the older one.
        """
        latest: dict[str, int] = {}
        start = 0
        found: list[tuple[int, int]] = []
        for chunk in self._chunks:
            for offset, needs, gives in chunk[5]:
                position = start + offset
                if needs:
                    back = position - min([latest[fact] for fact in needs])
                    found.append((position, back))
                for fact in gives:
                    latest[fact] = position
            start += len(chunk[1])
        distances = [0] * start
        for position, back in found:
            distances[position] = back
        return np.array(distances)

    @property
    def _memory(self) -> dict[str, str]:
        """Registers in use, roles replaced by who plays them."""
        state = {k: v for k, v in self._state.items() if v is not None}
        for role in ROLES:
            if role in state:
                state[role] = self._state[self._state[role]]
        return state

    @cached_property
    def facts(self) -> dict[str, str]:
        """What is true in the story, in its language; keys in English."""
        facts = {}
        for register, value in self._memory.items():
            if register == "doing":  # a passing moment, not a fact
                continue
            if register in TYPES:
                kind = TYPES[register][0]
            elif register in ROLES:
                kind = "petname" if self._pet_has(register) else "person"
            else:
                continue
            name = self._language.lexicon[kind][value]["name"]
            if not self._language.spaced:
                name = name.replace(" ", "")
            facts[register] = name
        return facts

    def _pet_has(self, role: str) -> bool:
        return self._state[role] == "petname"

    @cached_property
    def labels(self) -> dict[str, str]:
        """Classes to predict, the same in each language."""
        state = self._state
        return {
            "ending": "happy" if state["happy"] else "sad",
            "trouble": state["trouble"],
            "place": state["place"],
            "object": state["object"],
        }

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """Questions that the story answers."""
        asked = []
        for kind, templates in self._language.questions.items():
            question, answer = map(self._cast, templates)
            needed = self._needed(question + answer)
            if all(self._state[name] is not None for name in needed):
                asked.append(
                    Question(
                        self._language.render(question, self._state),
                        self._language.render(answer, self._state),
                        kind,
                    )
                )
        return tuple(asked)

    def _cast(self, sentence: str) -> str:
        """The sentence with roles replaced by who plays them."""
        for role in ROLES:
            if self._state[role] is not None:
                sentence = sentence.replace(
                    "{" + role, "{" + self._state[role]
                )
        return sentence

    def _needed(self, sentence: str) -> set[str]:
        tokens = self._language.read(sentence)
        return {r for t in tokens for r in getattr(t, "registers", ())}
