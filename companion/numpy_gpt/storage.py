"""Keep a decoder in a folder, as `companion.models.storage` keeps its own.

The files are the same, so each of the two reads what the other wrote, if
the model is one that a `Decoder` can be.

Chapter: book/projects/1-chat-in-numpy.ipynb
"""

import json
import os
from dataclasses import asdict, fields
from pathlib import Path
from typing import NamedTuple

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as from_bytes
from safetensors.numpy import save as to_bytes

from companion.files import write_atomically
from companion.numpy_gpt.config import DecoderConfig
from companion.numpy_gpt.decoder import Decoder
from companion.shards.whole import folder_written_whole
from companion.tokenization import Tokenizer
from companion.tokenization.loading import load_tokenizer

CONFIG, WEIGHTS = "config.json", "model.safetensors"
TOKENIZER = "tokenizer.json"
KINDS = ("embedding", "weights", "attention", "hidden", "ffn", "skip")
# what every decoder here is, in the words of `TransformerConfig`
FIXED = {
    "norm": "layer",
    "norm_position": "pre",
    "bias": True,
    "causal": True,
    "window": None,
}


class Stored(NamedTuple):
    """What a folder holds."""

    config: DecoderConfig
    decoder: Decoder
    tokenizer: Tokenizer


def save(
    stored: Stored, folder: str | os.PathLike, *, overwrite: bool = False
) -> None:
    """Write a decoder's folder, complete or not at all.

    Args:
        stored: a decoder with its config and tokenizer.
        folder: its name; folders above it are made.
        overwrite: allow a folder to be replaced.

    Raises:
        FileExistsError: the folder exists and `overwrite` is False.
        ValueError: the tokenizer has ids that the decoder lacks.
    """
    config, decoder, tokenizer = stored
    if tokenizer.vocab_size > config.vocab_size:
        raise ValueError(
            f"the model's vocab_size ({config.vocab_size}) must be at least "
            f"that of the tokenizer ({tokenizer.vocab_size})"
        )
    arrays = decoder.parameters
    (dtype,) = {array.dtype.name for array in arrays.values()}
    model = asdict(config) | FIXED | {"n_kv_heads": config.n_heads}
    record = {
        "model_type": "companion",
        "schema": 1,
        "dtype": dtype,
        "model": model | {"dropout": dict.fromkeys(KINDS, 0.0)},
        "tokenizer_file": TOKENIZER,
        "tokenizer_hash": tokenizer.content_hash,
    }
    own = {name: np.ascontiguousarray(a) for name, a in arrays.items()}
    with folder_written_whole(folder, overwrite=overwrite) as part:
        with write_atomically(part / WEIGHTS) as file:
            file.write(to_bytes(own, metadata={"format": "pt"}))
        with write_atomically(part / CONFIG, mode="w") as file:
            file.write(json.dumps(record, indent=2) + "\n")
        tokenizer.save(part / TOKENIZER)


def load(folder: str | os.PathLike) -> Stored:
    """Read what `save` wrote.

    Raises:
        FileNotFoundError: the folder or one of its files is missing.
        ValueError: the folder holds another kind of model, a file is
            damaged, or the arrays or the tokenizer are not the model's.
    """
    folder = Path(folder)
    for name in (CONFIG, WEIGHTS, TOKENIZER):
        if not (folder / name).is_file():
            raise FileNotFoundError(f"there is no file {folder / name}")
    config, record = _read_config(folder / CONFIG)
    try:
        arrays = from_bytes((folder / WEIGHTS).read_bytes())
    except SafetensorError as error:
        raise ValueError(
            f"{folder / WEIGHTS} is not a safetensors file: {error}"
        ) from error
    found = {name: array.shape for name, array in arrays.items()}
    if found != config.shapes():
        wrong = sorted(set(found.items()) ^ set(config.shapes().items()))
        raise ValueError(
            f"{folder / WEIGHTS} must hold the arrays of its config, it "
            f"differs in {', '.join(sorted({name for name, _ in wrong}))}"
        )
    tokenizer = load_tokenizer(folder / TOKENIZER)
    if tokenizer.content_hash != record["tokenizer_hash"]:
        raise ValueError(
            f"{folder / TOKENIZER} must be the tokenizer that the model was "
            f"saved with, hash {record['tokenizer_hash'][:12]}, got "
            f"{tokenizer.content_hash[:12]}"
        )
    return Stored(config, config.decoder(arrays), tokenizer)


def _read_config(path: Path) -> tuple[DecoderConfig, dict]:
    """Read the sizes, and refuse a model that no `Decoder` can be."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        model = record["model"]
        record["tokenizer_hash"][:12]
        values = {
            each.name: model[each.name] for each in fields(DecoderConfig)
        }
        for name, value in (FIXED | {"n_kv_heads": model["n_heads"]}).items():
            if model[name] != value:
                raise ValueError(f"{name} must be {value}, got {model[name]}")
        return DecoderConfig(**values), record
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"{path} must be the config of a decoder with a tokenizer; "
            f"wrong: {error}"
        ) from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
