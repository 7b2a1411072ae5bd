"""Tokenizers as JSON files that say what they are.

Chapter: book/3-tokenization/1-units-of-text.ipynb
"""

import hashlib
import json
import os
from pathlib import Path

from companion.files import write_atomically

SCHEMA = 1
LABEL = "companion"  # the entry that says what the file is


def hash_of(content: object) -> str:
    """SHA-256, in hexadecimal, of JSON content; key order does not matter."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def save_json(
    path: str | os.PathLike, kind: str, content: dict, *, overwrite: bool
) -> None:
    """Write content as JSON, with its kind, its schema and its hash.

    Args:
        path: complete when it appears.
        kind: the name of the class that can read it.
        content: anything JSON can hold, under keys other than "companion".
        overwrite: whether an existing file may be replaced.
    """
    label = {"kind": kind, "schema": SCHEMA, "content_hash": hash_of(content)}
    text = json.dumps({LABEL: label, **content}, indent=0, ensure_ascii=False)
    with write_atomically(path, mode="w", overwrite=overwrite) as file:
        file.write(text + "\n")


def load_json(path: str | os.PathLike, kind: str) -> dict:
    """Read the content that `save_json` wrote.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not JSON, of another kind or schema, or its
            content does not give its hash.
    """
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    label = record.pop(LABEL, None) if isinstance(record, dict) else None
    if not isinstance(label, dict) or label.get("kind") != kind:
        found = label.get("kind") if isinstance(label, dict) else None
        raise ValueError(f"{path} must hold a {kind}, got {found}")
    if label.get("schema") != SCHEMA:
        raise ValueError(
            f"{path} has schema {label.get('schema')}, "
            f"this version reads {SCHEMA}"
        )
    if hash_of(record) != label.get("content_hash"):
        raise ValueError(f"the content of {path} does not give its hash")
    return record
