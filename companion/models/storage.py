"""Keep a Transformer in a folder: weights, config and tokenizer together.

Chapter: book/4-architectures/9-two-famous-models.ipynb
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from companion import config as configs
from companion.models.tensors import (
    DTYPES,
    build_from,
    check_tensors,
    empty_state,
    name_of,
    read_tensors,
    write_tensors,
)
from companion.models.transformer import Transformer
from companion.models.transformer_config import TransformerConfig
from companion.shards.whole import folder_written_whole
from companion.tokenization import Tokenizer, Vocabulary, load_tokenizer

SCHEMA = 1
CONFIG, WEIGHTS = "config.json", "model.safetensors"
TOKENIZER, VOCABULARY = "tokenizer.json", "vocabulary.json"


class Stored(NamedTuple):
    """What a folder holds: a model, and the tokenizer it was trained with."""

    model: Transformer
    tokenizer: Tokenizer | Vocabulary | None


@dataclass(frozen=True, kw_only=True)
class StoredConfig:
    """The content of `config.json`."""

    model_type: Literal["companion"] = "companion"
    schema: int = SCHEMA
    dtype: Literal["float32", "float64", "bfloat16", "float16"] = "float32"
    model: TransformerConfig
    tokenizer_file: Literal["tokenizer.json", "vocabulary.json"] | None = None
    tokenizer_hash: str | None = None  # its content_hash

    def __post_init__(self) -> None:
        if self.schema != SCHEMA:
            raise ValueError(
                f"schema is {self.schema}, this version reads {SCHEMA}"
            )
        if (self.tokenizer_file is None) != (self.tokenizer_hash is None):
            raise ValueError(
                "tokenizer_file and tokenizer_hash must be given together, "
                f"got {self.tokenizer_file} and {self.tokenizer_hash}"
            )


def save(
    model: Transformer,
    folder: str | os.PathLike,
    tokenizer: Tokenizer | Vocabulary | None = None,
    *,
    overwrite: bool = False,
) -> None:
    """Write a model's folder, complete or not at all.

    It holds `model.safetensors`, where tied weights stand once;
    `config.json`; and `tokenizer.json`, or `vocabulary.json` for a
    `Vocabulary`, whose content hash stands in the config.

    Args:
        model: in any mode, on any device.
        folder: its name; folders above it are made.
        tokenizer: what the model's ids mean.
        overwrite: allow a folder with a model to be replaced.

    Raises:
        FileExistsError: the folder exists and `overwrite` is False, or it
            holds no model.
        ValueError: the tokenizer has ids that the model lacks.
    """
    check_fits(model.config, tokenizer)
    check_replaceable(folder)
    tensors = model.state_dict()
    if model.config.tied:
        del tensors["lm_head.weight"]
    name = None
    if tokenizer is not None:
        name = VOCABULARY if isinstance(tokenizer, Vocabulary) else TOKENIZER
    record = StoredConfig(
        dtype=name_of(model.token_embedding.weight.dtype),
        model=model.config,
        tokenizer_file=name,
        tokenizer_hash=tokenizer.content_hash if name else None,
    )
    with folder_written_whole(folder, overwrite=overwrite) as part:
        write_tensors(tensors, part / WEIGHTS)
        configs.save_config(record, part / CONFIG)
        if name:
            tokenizer.save(part / name)


def load(folder: str | os.PathLike) -> Stored:
    """Read what `save` wrote; the model is ready for use, dropout off.

    Raises:
        FileNotFoundError: the folder or one of its files is missing.
        ValueError: the folder holds another kind of model; its tensors are
            not those of its config; or its tokenizer is not the one the
            model was saved with.
    """
    folder = Path(folder)
    kind = model_type(folder)
    if kind != "companion":
        raise ValueError(
            f"{folder} holds a model of type {kind!r}, not one of this "
            "book: read it with companion.interop.import_model"
        )
    record = configs.load_config(StoredConfig, folder / CONFIG)
    tensors = read_tensors(folder / WEIGHTS)
    expected = empty_state(record.model)
    if record.model.tied:
        del expected["lm_head.weight"]
    dtype = DTYPES[record.dtype]
    try:
        check_tensors(tensors, expected, dtype)
    except ValueError as error:
        raise ValueError(f"{folder / WEIGHTS}: {error}") from None
    if record.model.tied:
        tensors["lm_head.weight"] = tensors["token_embedding.weight"]
    tokenizer = _read_tokenizer(folder, record)
    return Stored(build_from(record.model, tensors, dtype), tokenizer)


def model_type(folder: str | os.PathLike) -> str:
    """Say what kind of model a folder's `config.json` names.

    Raises:
        FileNotFoundError: there is no such folder or file.
        ValueError: the file names no kind of model.
    """
    path = Path(folder) / CONFIG
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return record["model_type"]
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no file {path}") from None
    except (ValueError, TypeError, KeyError):
        raise ValueError(f"{path} must name a model_type") from None


def check_fits(
    config: TransformerConfig, tokenizer: Tokenizer | Vocabulary | None
) -> None:
    """Refuse a tokenizer with ids that a model lacks.

    A model may have more: sizes are often rounded up.

    Raises:
        ValueError: the tokenizer's ids go beyond the model's.
    """
    if tokenizer is None:
        return
    counted = isinstance(tokenizer, Vocabulary)
    n_ids = len(tokenizer) if counted else tokenizer.vocab_size
    if n_ids > config.vocab_size:
        raise ValueError(
            f"the model's vocab_size ({config.vocab_size}) must be at least "
            f"that of the tokenizer ({n_ids})"
        )


def check_replaceable(folder: str | os.PathLike) -> None:
    """Refuse to replace a folder that holds something else than a model.

    Raises:
        FileExistsError: there are files in it, and no `config.json`.
    """
    folder = Path(folder)
    if not folder.is_dir() or (folder / CONFIG).is_file():
        return
    if any(folder.iterdir()):
        raise FileExistsError(
            f"{folder} holds files and no model: choose another name"
        )


def _read_tokenizer(
    folder: Path, record: StoredConfig
) -> Tokenizer | Vocabulary | None:
    """Read the tokenizer and make sure that it is the model's."""
    if record.tokenizer_file is None:
        return None
    path = folder / record.tokenizer_file
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    is_list = record.tokenizer_file == VOCABULARY
    tokenizer = Vocabulary.load(path) if is_list else load_tokenizer(path)
    if tokenizer.content_hash != record.tokenizer_hash:
        raise ValueError(
            f"{path} must be the tokenizer that the model was saved with, "
            f"hash {record.tokenizer_hash[:12]}, got "
            f"{tokenizer.content_hash[:12]}"
        )
    check_fits(record.model, tokenizer)
    return tokenizer
