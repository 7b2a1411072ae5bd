"""Folders that the library transformers reads, and reading such folders.

Chapter: book/4-architectures/9-two-famous-models.ipynb
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from companion.files import write_atomically
from companion.interop.hf import (
    HEAD,
    config_from_hf,
    config_to_hf,
    state_from_hf,
    state_to_hf,
)
from companion.models import Transformer
from companion.models.storage import (
    CONFIG,
    TOKENIZER,
    WEIGHTS,
    Stored,
    check_fits,
    check_replaceable,
    model_type,
)
from companion.models.tensors import (
    build_from,
    name_of,
    read_tensors,
    write_tensors,
)
from companion.shards.whole import folder_written_whole
from companion.tokenization import (
    END_OF_TEXT,
    UNKNOWN,
    Tokenizer,
    Vocabulary,
    load_tokenizer,
)

INDEX = "model.safetensors.index.json"
_IDS = ("bos_token_id", "eos_token_id", "pad_token_id")


def export_model(
    model: Transformer,
    tokenizer: Tokenizer | None,
    folder: str | os.PathLike,
    *,
    overwrite: bool = False,
    begins: bool | None = None,
) -> None:
    """Write what `AutoModelForCausalLM` and `AutoTokenizer` load.

    The folder holds `config.json`, `model.safetensors` and
    `generation_config.json`, and with a tokenizer `tokenizer.json` and
    `tokenizer_config.json`, all of it or nothing. The end of a text is
    where generation stops.

    Args:
        model: of a family that the library knows (`family_of`).
        tokenizer: what the model's ids mean; None leaves it out, and then
            nothing says where a text ends.
        folder: its name; folders above it are made.
        overwrite: allow a folder with a model to be replaced.
        begins: whether texts were learned with the end of a text before
            them, which `AutoTokenizer` then puts there; None says nothing.

    Raises:
        FileExistsError: the folder exists and `overwrite` is False, or it
            holds no model.
        ValueError: the model belongs to no family; the tokenizer has ids
            that the model lacks, or is a `Vocabulary`, which has no form
            that the library reads.
    """
    if isinstance(tokenizer, Vocabulary):
        raise ValueError(
            "a Vocabulary has no tokenizer.json: train a WordTokenizer"
        )
    config = model.config
    check_fits(config, tokenizer)
    check_replaceable(folder)
    tensors = state_to_hf(model.state_dict(), config)
    if config.tied:
        del tensors[HEAD]
    end = tokenizer.special_ids[END_OF_TEXT] if tokenizer else None
    stop = {name: end for name in _IDS}
    dtype = name_of(model.token_embedding.weight.dtype)
    record = {**config_to_hf(config), "torch_dtype": dtype, **stop}
    with folder_written_whole(folder, overwrite=overwrite) as part:
        write_tensors(tensors, part / WEIGHTS)
        _write_json(record, part / CONFIG)
        _write_json(stop, part / "generation_config.json")
        if tokenizer:
            tokenizer.save(part / TOKENIZER)
            described = _describe(tokenizer, config.context_length)
            if begins is not None:
                described["add_bos_token"] = begins
            if begins:
                _put_end_first(part / TOKENIZER, end)
            _write_json(described, part / "tokenizer_config.json")


def import_model(
    folder: str | os.PathLike, dtype: torch.dtype = torch.float32
) -> Stored:
    """Read a folder of the library's as our model, ready for use.

    Args:
        folder: with `config.json` and `model.safetensors`, or with shards
            of it and their index.
        dtype: the format to compute in; the files may hold another.

    Returns:
        The model, and its tokenizer if `tokenizer.json` is one of this
        book; any other is None here, and `tokenizers` reads it.

    Raises:
        FileNotFoundError: there is no such folder, or a file is missing.
        ValueError: the model is of no family we know; a setting is beyond
            ours; the tensors are not those of the config; the tokenizer
            was changed.
    """
    folder = Path(folder)
    if model_type(folder) == "companion":
        raise ValueError(
            f"{folder} holds a model of this book: read it with "
            "companion.models.storage.load"
        )
    values = _read_json(folder / CONFIG)
    try:
        config = config_from_hf(values)
        state = state_from_hf(read_weights(folder), values)
    except ValueError as error:
        raise ValueError(f"{folder}: {error}") from None
    tokenizer = _read_tokenizer(folder / TOKENIZER)
    check_fits(config, tokenizer)
    state = {name: tensor.to(dtype) for name, tensor in state.items()}
    return Stored(build_from(config, state, dtype), tokenizer)


def read_weights(folder: str | os.PathLike) -> dict[str, Tensor]:
    """Read all tensors of a folder: of one file, or of several.

    Raises:
        FileNotFoundError: there are no weights, or one file is missing.
        ValueError: the index and the files say different things.
    """
    folder = Path(folder)
    if (folder / WEIGHTS).is_file():
        return read_tensors(folder / WEIGHTS)
    if not (folder / INDEX).is_file():
        raise FileNotFoundError(
            f"there is neither {WEIGHTS} nor {INDEX} in {folder}; other "
            "formats are not read, since a pickle can run any code"
        )
    where = _read_json(folder / INDEX).get("weight_map")
    if not isinstance(where, Mapping) or not where:
        raise ValueError(f"{folder / INDEX} must hold a weight_map")
    tensors: dict[str, Tensor] = {}
    for name in sorted(set(where.values())):
        if Path(name).name != name:  # no way out of the folder
            raise ValueError(f"{INDEX} must name files beside it, got {name}")
        shard = read_tensors(folder / name)
        listed = {tensor for tensor, file in where.items() if file == name}
        if listed != set(shard):
            differ = ", ".join(sorted(listed ^ set(shard)))
            raise ValueError(f"{INDEX} and {name} must agree on {differ}")
        tensors |= shard
    return tensors


def _describe(tokenizer: Tokenizer, context_length: int) -> dict[str, object]:
    """Say what `AutoTokenizer` has to know beside `tokenizer.json`."""
    described = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": context_length,
        "clean_up_tokenization_spaces": False,  # or decoding drops some
        "bos_token": END_OF_TEXT,
        "eos_token": END_OF_TEXT,
        "pad_token": END_OF_TEXT,
    }
    if UNKNOWN in tokenizer.tokens:
        described["unk_token"] = UNKNOWN
    return described


def _put_end_first(path: Path, end: int) -> None:
    """Have `tokenizers` put the end of a text before each text."""
    special = {"SpecialToken": {"id": END_OF_TEXT, "type_id": 0}}
    first, second = ({"Sequence": {"id": name, "type_id": 0}} for name in "AB")
    record = _read_json(path)
    record["post_processor"] = {
        "type": "TemplateProcessing",
        "single": [special, first],
        "pair": [special, first, special, second],
        "special_tokens": {
            END_OF_TEXT: {
                "id": END_OF_TEXT,
                "ids": [end],
                "tokens": [END_OF_TEXT],
            }
        },
    }
    text = json.dumps(record, ensure_ascii=False, indent=1)
    with write_atomically(path, mode="w", overwrite=True) as file:
        file.write(text + "\n")


def _read_tokenizer(path: Path) -> Tokenizer | None:
    """Read a tokenizer of this book; pass over any other."""
    if not path.is_file():
        return None
    model = _read_json(path).get("model")
    ours = isinstance(model, Mapping) and "companion" in model
    return load_tokenizer(path) if ours else None


def _write_json(values: Mapping[str, object], path: Path) -> None:
    with write_atomically(path, mode="w") as file:
        file.write(json.dumps(values, indent=2) + "\n")


def _read_json(path: Path) -> dict:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise ValueError(f"{path} must hold a JSON object, got {values!r}")
    return values
