"""One walk through the plot, and the ways to steer it.

Drawing, parsing and enumerating are the same walk; they differ in who
chooses at a choice point, and in what happens to each rendered chunk.

Chapter: book/1-language-models/3-measuring.ipynb
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from companion.corpus.storyworld.choices import INITIAL
from companion.corpus.storyworld.chunks import Chunk, Rendered
from companion.corpus.storyworld.grammar import (
    ChoicePoint,
    Entry,
    Grammar,
    Table,
)

Choose = Callable[[Table, dict], Entry]
Emit = Callable[[Rendered], Any]
BLOCK = 4096  # uniform numbers drawn at a time


class OutsideWorld(ValueError):
    """A text is no story of a world.

    Attributes:
        position: where, in characters: what stands there no choice writes.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


def walk(ops: tuple, state: dict, choose: Choose, emit: Emit) -> None:
    """Say chunks and make choices in order, writing the state."""
    for op in ops:
        if op.__class__ is Chunk:
            emit(op[op.key(state)])
        else:
            entry = choose(op[op.key(state)], state)
            state.update(entry.sets)
            walk(entry.ops, state, choose, emit)


def uniforms(seed: int) -> Iterator[float]:
    """An endless stream of uniform numbers in [0, 1)."""
    rng = np.random.Generator(np.random.PCG64(seed))
    while True:
        yield from rng.random(BLOCK).tolist()


def draw(
    start: ChoicePoint, stream: Iterator[float]
) -> tuple[list[Rendered], dict]:
    """A random story: its chunks and its final state."""
    state = dict(INITIAL)
    chunks: list[Rendered] = []
    walk(
        (start,),
        state,
        lambda table, _: table.at(next(stream)),
        chunks.append,
    )
    return chunks, state


def enumerate_walks(
    grammar: Grammar,
) -> Iterator[tuple[list[Rendered], dict]]:
    """Every story once, in the order of its choices.

    The numbers of the alternatives taken count up like an odometer.
    """
    start = grammar.start()
    path: list[int] = []
    while True:
        sizes: list[int] = []
        state = dict(INITIAL)
        chunks: list[Rendered] = []

        def choose(table: Table, _: dict, path=path, sizes=sizes) -> Entry:
            if len(sizes) == len(path):
                path.append(0)
            sizes.append(len(table.entries))
            return table.entries[path[len(sizes) - 1]]

        walk((start,), state, choose, chunks.append)
        yield chunks, state
        while path and path[-1] == sizes[len(path) - 1] - 1:
            path.pop()
        if not path:
            return
        path[-1] += 1


class Reader:
    """A text, read back to the choices that wrote it."""

    def __init__(self, text: str, spaced: bool) -> None:
        self.text = f" {text}" if spaced else text
        self.spaced = spaced
        self.position = 0
        self.chunks: list[Rendered] = []

    def read(self, start: ChoicePoint) -> dict:
        """Walk along the text; the final state.

        Raises:
            ValueError: the text leaves the world; names where.
        """
        state = dict(INITIAL)
        walk((start,), state, self._choose, self._emit)
        if self.position < len(self.text):
            self._fail(["the end of the story"])
        return state

    def _choose(self, table: Table, state: dict) -> Entry:
        expected = []
        for entry in table.entries:
            said = [chunk[chunk.key(state)] for chunk in entry.head]
            text = "".join(rendered.text for rendered in said)
            ends = not said[-1].words[-1]
            if self._follows(text, ends):
                return entry
            expected.append(text or "the end of the story")
        self._fail(expected)

    def _emit(self, rendered: Rendered) -> None:
        ends = not rendered.words[-1]
        if not self._follows(rendered.text, ends):
            self._fail([rendered.text])
        self.position += len(rendered.text)
        self.chunks.append(rendered)

    def _follows(self, text: str, ends: bool) -> bool:
        end = self.position + len(text)
        if ends or not self.spaced:
            whole = not ends or end == len(self.text)
        else:  # "ball" does not begin "balloon"
            after = self.text[end - 1 : end + 1]
            whole = not (len(after) == 2 and after.isalnum())
        return whole and self.text.startswith(text, self.position)

    def _fail(self, expected: list[str]) -> None:
        position = max(self.position - self.spaced, 0)
        shown = [repr(text.strip()) for text in dict.fromkeys(expected)]
        some = ", ".join(shown[:8]) + (", ..." if len(shown) > 8 else "")
        got = self.text[self.position : self.position + 24].strip()
        raise OutsideWorld(
            f"story leaves the world at character {position}: "
            f"expected one of {some}, got {got!r}",
            position,
        )
