"""The list of tokens that a tokenizer with unknown words has.

Chapter: book/3-tokenization/1-units-of-text.ipynb
"""

import os
from collections.abc import Iterable

from companion.tokenization.protocol import END_OF_TEXT, UNKNOWN

RESERVED = (END_OF_TEXT, UNKNOWN)  # ids 0 and 1; the entries follow
UNKNOWN_ID = 1


def check_entries(entries: Iterable[str]) -> tuple[str, ...]:
    """Give the entries as a tuple, refusing what cannot be told apart.

    Raises:
        ValueError: a token is empty, not a string, reserved or there twice.
    """
    entries = tuple(entries)
    seen = {"", *RESERVED}
    for token in entries:
        if not isinstance(token, str) or token in seen:
            raise ValueError(
                "tokens must be strings that differ from each other, "
                f"from '' and from {RESERVED}, got {token!r}"
            )
        seen.add(token)
    return entries


def read_entries(path: str | os.PathLike, model: dict) -> tuple[str, ...]:
    """Read the entries from the model's part of a `tokenizer.json`.

    Raises:
        ValueError: the tokens do not stand in the order of their ids, or do
            not begin with the reserved ones.
    """
    ids = model.get("vocab")
    tokens = tuple(ids) if isinstance(ids, dict) else ()
    if tokens[:2] != RESERVED or [*ids.values()] != [*range(len(tokens))]:
        raise ValueError(
            f"{path} must list its tokens in the order of their ids, "
            f"{RESERVED} first"
        )
    return tokens[2:]
