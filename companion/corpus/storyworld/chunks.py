"""Runs of words without a choice, rendered with their answer key.

Chapter: book/1-language-models/3-measuring.ipynb
"""

from collections.abc import Callable
from operator import itemgetter
from typing import Any, NamedTuple

from companion.corpus.storyworld.choices import State
from companion.corpus.storyworld.language import Language
from companion.corpus.storyworld.template import End, Recall, Word

END = ""  # stands for the end of a story among its words


class Rendered(NamedTuple):
    """A chunk in words, with its part of the answer key."""

    text: str
    words: tuple[str, ...]
    log_probs: tuple[float, ...]  # nats
    log_prob: float  # their sum
    kinds: tuple[str, ...]
    events: tuple  # (offset, facts needed, facts given)


class Chunk(dict):
    """Words without a choice: registers' values -> `Rendered`."""

    def __init__(self, language: Language, parts: list) -> None:
        super().__init__()
        self.language = language
        self.parts = parts  # (token, log-probability, facts given)
        self.registers = _registers(language, parts)
        self.key = getter(self.registers)

    def __missing__(self, key: Any) -> Rendered:
        texts, words, logs, kinds, events = [], [], [], [], []
        for token, log_prob, gives in self.parts:
            said, tags, need, give = self._say(token, key, log_prob)
            give = (*give, *gives)
            for offset, tag in enumerate(tags):
                last = offset == len(said) - 1
                asked = need if tag == "recall" else ()
                given = give if last else ()
                if asked or given:
                    events.append((len(words) + offset, asked, given))
            glued = self.language.spaced and not getattr(token, "glued", True)
            space = " " if self.language.spaced else ""
            texts.append((" " if glued else "") + space.join(said))
            words += said
            logs += [log_prob] + [0.0] * (len(said) - 1)
            kinds += tags
        self[key] = rendered = Rendered(
            "".join(texts),
            tuple(words),
            tuple(logs),
            sum(logs),
            tuple(kinds),
            tuple(events),
        )
        return rendered

    def _say(self, token, key, log_prob):
        """Words, kinds, facts needed, facts given."""
        chosen = "free" if log_prob < 0 else "grammar"
        if isinstance(token, End):
            return (END,), (chosen,), (), ()
        if isinstance(token, Word):
            return (token.text,), (chosen,), (), token.gives
        table = self.language.table(token)
        words = table[key]
        tags = [
            "recall" if words[:i] in table.branching else "grammar"
            for i in range(len(words))
        ]
        if tags[0] == "grammar":
            tags[0] = chosen
        gives = (*self.language.gives(token, key), *token.gives)
        return words, tags, self.language.needs(token), gives


def _registers(language: Language, parts: list) -> tuple[str, ...]:
    for token, _, _ in parts:
        if isinstance(token, Recall):
            return language.registers(token)
    return ()


def getter(registers: tuple[str, ...]) -> Callable[[State], Any]:
    return itemgetter(*registers) if registers else lambda state: None
