"""A plot and a language, compiled to chunks of words and points of choice.

A `ChoicePoint` asks a question; its tables (one per state of the registers
it reads) list the open alternatives, each with the chunks of its head, the
words that tell it from the others.

Chapter: book/1-language-models/3-measuring.ipynb
"""

from bisect import bisect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import Any, NamedTuple

from companion.corpus.storyworld.choices import Alternative, Include, State
from companion.corpus.storyworld.chunks import Chunk, getter
from companion.corpus.storyworld.entities import ROLES
from companion.corpus.storyworld.language import Language
from companion.corpus.storyworld.program import PROGRAM, ROOT
from companion.corpus.storyworld.template import Recall, Slot, Token
from companion.corpus.storyworld.trie import head_log_probs


class Entry(NamedTuple):
    """An open alternative, compiled."""

    template: str
    sets: Mapping[str, Any]
    head: tuple["Chunk", ...]
    ops: tuple  # the head, then the rest


class Table(NamedTuple):
    """The open alternatives at a choice point in one state."""

    cumulative: list[float]
    entries: list[Entry]

    def at(self, uniform: float) -> Entry:
        """The entry that a uniform number in [0, 1) selects."""
        return self.entries[bisect(self.cumulative, uniform)]


class ChoicePoint(dict):
    """A choice made in a sentence: values of what it reads -> `Table`."""

    def __init__(self, grammar: "Grammar", slot: Slot) -> None:
        super().__init__()
        self.grammar = grammar
        self.slot = slot
        self.reads = grammar.reads(slot.choice)
        self.key = getter(self.reads)

    def __missing__(self, key: Any) -> Table:
        values = (key,) if len(self.reads) == 1 else key or ()
        state = dict(zip(self.reads, values, strict=True))
        self[key] = table = self.grammar.table(self.slot, state)
        return table


@dataclass(frozen=True, eq=False)
class Grammar:
    """The plot in one language.

    Args:
        language: its words.
        keep: for a reduced world, how many alternatives of a choice (or
            which templates) stay; choices not named keep one. None: all.
    """

    language: Language
    keep: Mapping[str, int | tuple[str, ...]] | None = None

    @cached_property
    def _points(self) -> dict[Slot, ChoicePoint]:
        return {}

    @cached_property
    def _rests(self) -> dict[str, tuple]:
        return {}

    def start(self) -> ChoicePoint:
        """The first choice of a story."""
        return self.point(Slot(ROOT))

    def point(self, slot: Slot) -> ChoicePoint:
        """The choice point of a slot, one for all places it stands in."""
        if slot not in self._points:
            self._points[slot] = ChoicePoint(self, slot)
        return self._points[slot]

    def reads(self, choice: str) -> tuple[str, ...]:
        """The registers that decide which alternatives are open."""
        names = list(PROGRAM[choice].reads)
        for alternative in PROGRAM[choice].alternatives:
            if isinstance(alternative, Include):
                names += self.reads(alternative.choice)
        return tuple(dict.fromkeys(names))

    def open(self, name: str, state: State) -> list[tuple[Alternative, float]]:
        """Open alternatives with their probabilities."""
        choice = PROGRAM[name]
        found = [
            a
            for a in choice.alternatives
            if isinstance(a, Include) or a.when is None or a.when(state)
        ]
        found = self._kept(name, found)
        total = sum(a.weight for a in found)
        result = []
        for a in found:
            share = a.weight / total
            if isinstance(a, Include):
                inner = self.open(a.choice, state)
                result += [(b, share * p) for b, p in inner]
            else:
                result.append((a, share))
        return result

    def _kept(self, name: str, found: list) -> list:
        if self.keep is None:
            return found
        keep = self.keep.get(name, 1)
        if isinstance(keep, int):
            return found[:keep]
        return [a for a in found if a.label in keep] or found[:1]

    def table(self, slot: Slot, state: State) -> Table:
        """Compile the alternatives that are open in a state."""
        alternatives = self.open(slot.choice, state)
        tokens = [self._tokens(slot, a) for a, _ in alternatives]
        heads = [_head(t) for t in tokens]
        masses = [p for _, p in alternatives]
        logs = head_log_probs(self.language, heads, masses, slot.choice)
        entries = [
            self._entry(a, t, log)
            for (a, _), t, log in zip(alternatives, tokens, logs, strict=True)
        ]
        cumulative = list(accumulate(masses))[:-1]  # the last takes the rest
        return Table(cumulative, entries)

    def _tokens(self, slot: Slot, alternative: Alternative) -> list[Token]:
        name = alternative.template
        if name == slot.choice and slot.form:
            name = f"{name}.{slot.form}"
        tokens = self.language.fill_in(
            self.language.tokens(name), alternative.sets
        )
        first = tokens[0]
        if slot.glued:
            tokens[0] = replace(first, glued=True)
        if slot.capital:
            text = first.text[0].upper() + first.text[1:]
            tokens[0] = replace(tokens[0], text=text)
        return tokens

    def _entry(self, alternative, tokens, logs) -> Entry:
        shown = max((i for i, p in enumerate(logs) if p < 0), default=-1)
        shown %= len(logs)  # the word that gives the choice away
        roles = tuple(r for r in alternative.sets if r in ROLES)
        head = [
            (token, log, roles if i == shown else ())
            for i, (token, log) in enumerate(
                zip(tokens[: len(logs)], logs, strict=True)
            )
        ]
        chunks = self._chunks(head)
        name = alternative.template
        if name not in self._rests:  # the same in each table
            self._rests[name] = self._ops(tokens[len(logs) :])
        rest = self._rests[name]
        sets = alternative.sets
        return Entry(name, sets, chunks, (*chunks, *rest))

    def _ops(self, tokens: list[Token]) -> tuple:
        ops, run = [], []
        for token in tokens:
            if isinstance(token, Slot):
                ops += [*self._chunks(run), self.point(token)]
                run = []
            else:
                run.append((token, 0.0, ()))
        return (*ops, *self._chunks(run))

    def _chunks(self, parts: list) -> tuple[Chunk, ...]:
        """Split so that each chunk looks up one set of registers."""
        runs: list[list] = []
        held: tuple[str, ...] = ()
        for part in parts:
            token = part[0]
            reads = (
                self.language.registers(token)
                if isinstance(token, Recall)
                else held
            )
            if runs and (not held or reads == held):
                runs[-1].append(part)
            else:
                runs.append([part])
            held = reads
        return tuple(Chunk(self.language, run) for run in runs)


def _head(tokens: list[Token]) -> list[Token]:
    for i, token in enumerate(tokens):
        if isinstance(token, Slot):
            return tokens[:i]
    return tokens
