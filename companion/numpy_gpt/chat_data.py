"""What a chat model learns from: statements, and questions with answers.

Chapter: book/projects/1-chat-in-numpy.ipynb
"""

import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from companion.corpus.dialogues import fact_dialogues
from companion.corpus.facts import FactWorld
from companion.corpus.reading import read_rows
from companion.numpy_gpt.examples import Example
from companion.tokenization import Tokenizer, WordPunctTokenizer

# questions as no training dialogue words them, in words that occur there
REWORDED = {
    "pet": "What animal does {who} have?",
    "favourite_colour": "What colour does {who} love?",
    "favourite_food": "Which food does {who} like best?",
    "home": "Where is {who}'s family?",
    "hobby": "What does {who} enjoy?",
    "mothers_job": "What is {who}'s mother?",
    "instrument": "Which instrument can {who} play?",
    "age": "How many years old is {who}?",
}
END = 0  # `<|endoftext|>`: between texts, so also before and after each


class Pair(NamedTuple):
    """A question and its answer."""

    question: str
    answer: str
    value: str  # the part of the answer that must be right


class ChatData(NamedTuple):
    """All texts of a run."""

    statements: list[str]
    train: list[Pair]
    test: list[Pair]  # never seen in training; may be empty


def world_data(seed: int = 0) -> ChatData:
    """The world of facts: what is true, and who is asked about what."""
    world = FactWorld("en", seed)
    train, test = (
        [Pair(d.question, d.answer, d.value) for d in found]
        for found in (fact_dialogues(world, s) for s in ("train", "test"))
    )
    return ChatData([s.text for s in world.statements()], train, test)


def reworded(seed: int = 0) -> list[Pair]:
    """Ask about each fact of each person in words that are new."""
    world = FactWorld("en", seed)
    return [
        Pair(
            REWORDED[fact.attribute].format(who=world.subject(fact)),
            world.answer(fact),
            world.value(fact),
        )
        for fact in world.facts
        if not fact.general
    ]


def read_statements(path: str | os.PathLike) -> list[str]:
    """Read a .jsonl file with a field "text" on each line.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a line is not as it must be; the message names it.
    """
    return [row["text"] for row in read_rows(path, ["text"])]


def read_pairs(path: str | os.PathLike) -> list[Pair]:
    """Read a .jsonl file with "question" and "answer" on each line.

    A line may also have "value", the part of the answer that must be right;
    without one it is the whole answer.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a line is not as it must be; the message names it.
    """
    rows = read_rows(path, ["question", "answer"], optional=["value"])
    return [
        Pair(row["question"], row["answer"], row.get("value", row["answer"]))
        for row in rows
    ]


def prompt(question: str) -> str:
    """Say whose words are whose."""
    return f"User: {question} Assistant:"


def build_tokenizer(
    statements: Sequence[str], pairs: Sequence[Pair]
) -> WordPunctTokenizer:
    """Take every word and mark of the training texts."""
    said = [f"{prompt(pair.question)} {pair.answer}" for pair in pairs]
    texts = [*statements, *said]
    n_words = len({w for text in texts for w in WordPunctTokenizer.cut(text)})
    return WordPunctTokenizer.train(texts, n_words + 2)  # two are reserved


def prompt_ids(question: str, tokenizer: Tokenizer) -> list[int]:
    """What stands before an answer, as ids."""
    return [END, *tokenizer.encode(prompt(question))]


def dialogue(pair: Pair, tokenizer: Tokenizer) -> Example:
    """A question and its answer, of which the answer alone is learned."""
    asked = prompt_ids(pair.question, tokenizer)
    said = [*tokenizer.encode(pair.answer), END]
    return Example(np.array([*asked, *said]), learned_from=len(asked))


def packed(
    texts: Sequence[Sequence[int]], most: int, rng: np.random.Generator
) -> list[Example]:
    """Lay texts in random order behind each other, 1 to `most` together.

    So each text is seen at many places, and after many others.
    """
    return [
        Example(np.array([END, *(i for text in some for i in text), END]))
        for some in _groups(
            [texts[i] for i in rng.permutation(len(texts))], most, rng
        )
    ]


def _groups(
    texts: list[Sequence[int]], most: int, rng: np.random.Generator
) -> Iterator[list[Sequence[int]]]:
    start = 0
    while start < len(texts):
        size = int(rng.integers(1, most + 1))
        yield texts[start : start + size]
        start += size
