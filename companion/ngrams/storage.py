"""Keep an n-gram model in a safetensors file.

The tables are tensors; order, smoothing and vocabulary are one JSON string in
the file's metadata, with hashes of the vocabulary and of the tables.

Chapter: book/1-language-models/2-smoothing.ipynb
"""

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_bytes

from companion.files import write_atomically
from companion.ngrams.counts import Level, NGramCounts
from companion.ngrams.smoothing import (
    AddK,
    GoodTuring,
    KneserNey,
    MaximumLikelihood,
    Smoothing,
)
from companion.tokenization import Vocabulary

KEY = "companion.ngrams"
SCHEMA = 1
TABLES = ("histories", "ngrams", "counts")
SMOOTHINGS = {
    kind.__name__: kind
    for kind in (MaximumLikelihood, AddK, GoodTuring, KneserNey)
}


def save(
    path: str | os.PathLike,
    counts: NGramCounts,
    smoothing: Smoothing,
    *,
    overwrite: bool = False,
) -> None:
    """Write a model's counts and smoothing.

    Raises:
        FileExistsError: the file exists and `overwrite` is False.
        ValueError: the smoothing is not one of this package's four.
    """
    name = type(smoothing).__name__
    if SMOOTHINGS.get(name) is not type(smoothing):
        raise ValueError(
            f"only {', '.join(SMOOTHINGS)} can be saved, got {name}"
        )
    tensors = {
        f"{order}.{table}": getattr(level, table)
        for order, level in enumerate(counts.levels, start=1)
        for table in TABLES
    }
    record = {
        "schema": SCHEMA,
        "order": counts.order,
        "smoothing": {"name": name, "parameters": asdict(smoothing)},
        "vocabulary": counts.vocabulary.entries,
        "vocabulary_hash": counts.vocabulary.content_hash,
        "tables_hash": _hash(tensors, counts.order, counts.vocabulary),
    }
    data = to_bytes(tensors, metadata={KEY: json.dumps(record)})
    with write_atomically(path, overwrite=overwrite) as file:
        file.write(data)


def load(path: str | os.PathLike) -> tuple[NGramCounts, Smoothing]:
    """Read what `save` wrote.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not in the safetensors format, not an n-gram
            model, of another schema, or damaged: its contents do not give
            its hashes.
    """
    record, tensors = _read(Path(path))
    if record.get("schema") != SCHEMA:
        raise ValueError(
            f"{path} has schema {record.get('schema')}, "
            f"this version reads {SCHEMA}"
        )
    try:
        return _rebuild(record, tensors)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is damaged: {error}") from error


def _rebuild(
    record: dict, tensors: dict[str, np.ndarray]
) -> tuple[NGramCounts, Smoothing]:
    """Put a model together, checking that its parts belong together."""
    order, vocabulary = record["order"], Vocabulary(record["vocabulary"])
    if vocabulary.content_hash != record["vocabulary_hash"]:
        raise ValueError("the vocabulary does not give its hash")
    if _hash(tensors, order, vocabulary) != record["tables_hash"]:
        raise ValueError("the tables do not give their hash")
    name = record["smoothing"]["name"]
    if name not in SMOOTHINGS:
        raise ValueError(f"there is no smoothing named {name}")
    smoothing = SMOOTHINGS[name](**record["smoothing"]["parameters"])
    levels = tuple(
        Level(len(vocabulary), *(tensors[f"{k}.{table}"] for table in TABLES))
        for k in range(1, order + 1)
    )
    return NGramCounts(vocabulary, levels), smoothing


def _read(path: Path) -> tuple[dict, dict[str, np.ndarray]]:
    """Read the record and the tensors of a file."""
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(
            f"{path} is not a safetensors file: {error}"
        ) from error
    if KEY not in metadata:
        raise ValueError(f"{path} is not an n-gram model of this package")
    return json.loads(metadata[KEY]), tensors


def _hash(
    tensors: dict[str, np.ndarray], order: int, vocabulary: Vocabulary
) -> str:
    """Hash tables together with the order and vocabulary they belong to."""
    digest = hashlib.sha256(f"{order} {vocabulary.content_hash} ".encode())
    for name in sorted(tensors):
        array = np.ascontiguousarray(tensors[name])
        digest.update(f"{name} {array.dtype} {array.shape} ".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
