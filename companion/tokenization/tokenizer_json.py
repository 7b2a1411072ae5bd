"""The file `tokenizer.json`, which the `tokenizers` library reads too.

What this book adds (its schema, the tokenizer's kind and hash) stands in the
model's part, where that library skips what it does not know.

Chapter: book/3-tokenization/3-fast-and-exact.ipynb
"""

import hashlib
import json
import os
from pathlib import Path

from companion.files import write_atomically
from companion.tokenization.protocol import END_OF_TEXT

SCHEMA = 1
_OURS = "companion"


def content_hash(*parts: object) -> str:
    """SHA-256, in hexadecimal, of anything that JSON can say."""
    text = json.dumps(parts, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def write_tokenizer_json(
    path: str | os.PathLike,
    *,
    kind: str,
    content_hash: str,
    model: dict,
    pre_tokenizer: dict | None,
    decoder: dict | None,
    normalizer: dict | None = None,
    settings: dict | None = None,
    overwrite: bool = False,
) -> None:
    """Write a tokenizer, complete or not at all.

    Args:
        path: where to.
        kind: the class that can read it.
        content_hash: of all that decides encode and decode.
        model: what `tokenizers` calls the model: its type, vocabulary ...
        pre_tokenizer, decoder, normalizer: as `tokenizers` writes them.
        settings: what our class needs beside them.
        overwrite: allow an existing file to be replaced.

    Raises:
        FileExistsError: the file exists and `overwrite` is False.
    """
    ours = {
        "schema": SCHEMA,
        "kind": kind,
        "content_hash": content_hash,
        **(settings or {}),
    }
    special = {
        "id": 0,
        "content": END_OF_TEXT,
        "single_word": False,
        "lstrip": False,
        "rstrip": False,
        "normalized": False,
        "special": True,
    }
    record = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [special],
        "normalizer": normalizer,
        "pre_tokenizer": pre_tokenizer,
        "post_processor": None,
        "decoder": decoder,
        "model": {**model, _OURS: ours},
    }
    text = json.dumps(record, ensure_ascii=False, indent=1)
    with write_atomically(path, mode="w", overwrite=overwrite) as file:
        file.write(text + "\n")


def read_kind(path: str | os.PathLike) -> str:
    """Say which kind of tokenizer a file holds.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not a tokenizer of this book.
    """
    return _read(path)["model"][_OURS]["kind"]


def read_tokenizer_json(
    path: str | os.PathLike, kind: str
) -> tuple[dict, dict]:
    """Read a tokenizer's file.

    Returns:
        The model's part of the file; and what this book added: schema,
        kind, content_hash and the settings.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not a tokenizer of this book, of another
            schema or another kind.
    """
    model = _read(path)["model"]
    if model[_OURS]["kind"] != kind:
        raise ValueError(
            f"{path} must hold a tokenizer of kind {kind}, got "
            f"{model[_OURS]['kind']}"
        )
    return model, model[_OURS]


def check_hash(path: str | os.PathLike, stored: str, found: str) -> None:
    """Refuse a file whose content is not what was written.

    Raises:
        ValueError: the hashes differ.
    """
    if stored != found:
        raise ValueError(
            f"the content of {path} must give its hash {stored[:12]}, got "
            f"{found[:12]}: the file was changed"
        )


def _read(path: str | os.PathLike) -> dict:
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    try:
        ours = record["model"][_OURS]
        schema, _ = ours["schema"], (ours["kind"], ours["content_hash"])
    except (KeyError, TypeError):
        raise ValueError(f"{path} is not a tokenizer of this book") from None
    if schema != SCHEMA:
        raise ValueError(
            f"{path} has schema {schema}, this version reads {SCHEMA}"
        )
    return record
