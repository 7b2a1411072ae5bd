"""A plot and a language, compiled to chunks of words and points of choice.

A `ChoicePoint` asks a question; its tables (one per state of the registers
it reads) list the open alternatives. The words of an alternative up to its
next choice are its head. Heads of one table are prefix-free, so a reader
knows which alternative it is, and a word's probability is the mass of the
alternatives that go on with it over the mass of those that got so far: the
trie of the heads.

Chapter: book/1-language-models/3-measuring.ipynb
"""

import math
from bisect import bisect
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, combinations
from operator import itemgetter
from typing import Any, NamedTuple

from companion.corpus.storyworld.entities import DISTINCT, ROLES
from companion.corpus.storyworld.language import Language
from companion.corpus.storyworld.program import (
    PROGRAM,
    ROOT,
    Alternative,
    Include,
    State,
)
from companion.corpus.storyworld.template import (
    End,
    Recall,
    Slot,
    Token,
    Word,
)

END = ""  # stands for the end of a story among its words


class Rendered(NamedTuple):
    """A chunk in words, with its part of the answer key."""

    text: str
    words: tuple[str, ...]
    log_probs: tuple[float, ...]  # nats
    log_prob: float  # their sum
    kinds: tuple[str, ...]
    events: tuple  # (offset, facts needed, facts given)


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


class Chunk(dict):
    """Words without a choice: registers' values -> `Rendered`."""

    def __init__(self, language: Language, parts: list) -> None:
        super().__init__()
        self.language = language
        self.parts = parts  # (token, log-probability, facts given)
        self.registers = _registers(language, parts)
        self.key = _getter(self.registers)

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
            "recall" if _branches(table, words[:i]) else "grammar"
            for i in range(len(words))
        ]
        if tags[0] == "grammar":
            tags[0] = chosen
        gives = (*self.language.gives(token, key), *token.gives)
        return words, tags, self.language.needs(token), gives


def _branches(table: Mapping[Any, tuple], before: tuple[str, ...]) -> bool:
    n = len(before)
    after = {w[n] for w in table.values() if w[:n] == before and len(w) > n}
    return len(after) > 1


def _registers(language: Language, parts: list) -> tuple[str, ...]:
    for token, _, _ in parts:
        if isinstance(token, Recall):
            return language.registers(token)
    return ()


def _getter(registers: tuple[str, ...]) -> Callable[[State], Any]:
    return itemgetter(*registers) if registers else lambda state: None


class ChoicePoint(dict):
    """A choice made in a sentence: values of what it reads -> `Table`."""

    def __init__(self, grammar: "Grammar", slot: Slot) -> None:
        super().__init__()
        self.grammar = grammar
        self.slot = slot
        self.reads = grammar.reads(slot.choice)
        self.key = _getter(self.reads)

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
        return [
            a
            for a in found
            if (a.choice if isinstance(a, Include) else a.template) in keep
        ]

    def table(self, slot: Slot, state: State) -> Table:
        """Compile the alternatives that are open in a state."""
        alternatives = self.open(slot.choice, state)
        tokens = [self._tokens(slot, a) for a, _ in alternatives]
        heads = [_head(t) for t in tokens]
        masses = [p for _, p in alternatives]
        logs = trie_log_probs(self.language, heads, masses, slot.choice)
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


def _identity(token: Token) -> tuple:
    if isinstance(token, Word):
        return ("word", token.text)
    if isinstance(token, End):
        return ("end",)
    return (token.registers, token.form, token.options, token.capital)


def trie_log_probs(
    language: Language,
    heads: list[list[Token]],
    masses: list[float],
    choice: str,
) -> list[list[float]]:
    """Conditional log-probability of each token of each head, nats.

    Raises:
        ValueError: two heads cannot be told apart by their words.
    """
    mass: dict[tuple, float] = defaultdict(float)
    children: dict[tuple, dict] = defaultdict(dict)
    paths = [tuple(map(_identity, head)) for head in heads]
    for head, path, p in zip(heads, paths, masses, strict=True):
        for i in range(len(path) + 1):
            mass[path[:i]] += p
        for i, token in enumerate(head):
            children[path[:i]][path[i]] = token
    if len(set(paths)) < len(paths) or any(p in children for p in paths):
        raise ValueError(
            f"alternatives of a choice must begin differently: {choice}"
        )
    for siblings in children.values():
        _check_siblings(language, list(siblings.values()), choice)
    return [
        [
            math.log(mass[path[: i + 1]] / mass[path[:i]])
            if len(children[path[:i]]) > 1
            else 0.0
            for i in range(len(path))
        ]
        for path in paths
    ]


def _check_siblings(language, tokens: list[Token], choice: str) -> None:
    if all(isinstance(t, Word) for t in tokens) and language.spaced:
        return
    for a, b in combinations(tokens, 2):
        if {a_register(a), a_register(b)} == DISTINCT:
            continue
        for x in _sayings(language, a):
            for y in _sayings(language, b):
                if x.startswith(y) or y.startswith(x):
                    raise ValueError(
                        f"alternatives of a choice must begin differently: "
                        f"{choice}, {x!r} and {y!r}"
                    )


def a_register(token: Token) -> str:
    """The register that a plain name is looked up in, or nothing."""
    plain = isinstance(token, Recall) and not token.options
    return token.registers[0] if plain else ""


def _sayings(language: Language, token: Token) -> set[str]:
    space = " " if language.spaced else ""
    if isinstance(token, Recall):
        table = language.table(token).values()
        return {space.join((*words, "")) for words in table}
    return {(token.text if isinstance(token, Word) else "\0") + space}
