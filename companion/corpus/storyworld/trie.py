"""Probabilities of words, from the trie of the alternatives.

The words of an alternative up to its next choice are its head. Heads at one
choice are prefix-free, so a reader always knows which alternative it is; and
the probability of a word is the mass of the alternatives that go on with it
over the mass of those that got so far.

Chapter: book/1-language-models/3-measuring.ipynb
"""

import math
from collections import defaultdict
from itertools import combinations

from companion.corpus.storyworld.entities import DISTINCT
from companion.corpus.storyworld.language import Language
from companion.corpus.storyworld.template import End, Recall, Token, Word


def _identity(token: Token) -> tuple:
    if isinstance(token, Word):
        return ("word", token.text)
    if isinstance(token, End):
        return ("end",)
    return (token.registers, token.form, token.options, token.capital)


def head_log_probs(
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
        if {_plain_register(a), _plain_register(b)} == DISTINCT:
            continue
        for x in _sayings(language, a):
            for y in _sayings(language, b):
                if x.startswith(y) or y.startswith(x):
                    raise ValueError(
                        f"alternatives of a choice must begin differently: "
                        f"{choice}, {x!r} and {y!r}"
                    )


def _plain_register(token: Token) -> str:
    """The register that a plain name is looked up in, or nothing."""
    plain = isinstance(token, Recall) and not token.options
    return token.registers[0] if plain else ""


def _sayings(language: Language, token: Token) -> set[str]:
    space = " " if language.spaced else ""
    if isinstance(token, Recall):
        table = language.table(token).values()
        return {space.join((*words, "")) for words in table}
    return {(token.text if isinstance(token, Word) else "\0") + space}
