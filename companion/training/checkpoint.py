"""Checkpoints: files that are whole, and what they were.

A file holds every tensor of a training's state; a record in its header says
the rest, with a SHA-256 of all of it.

Chapter: book/5-training/8-a-run-to-trust.ipynb
"""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor

from companion.config import difference
from companion.files import write_atomically
from companion.training.trainer import State

SCHEMA = 1
KEPT = 2  # the newest, and one to go back to
_NAME = "step-{:09d}.safetensors"


class OtherTraining(ValueError):
    """A checkpoint is whole, and not of this training."""


def save_checkpoint(
    state: State, folder: str | os.PathLike, about: Mapping[str, object]
) -> Path:
    """Write a state as FOLDER/step-N.safetensors, whole or not at all.

    All but the two newest are removed, once the new one is on the disk.

    Args:
        state: of `Trainer.state`.
        folder: is made if it is missing.
        about: for JSON; what the training was made with. Who resumes it
            must name the same.

    Returns:
        The file.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        name: tensor.detach().cpu().contiguous()
        for name, tensor in _untied(state.tensors).items()
    }
    record = {"schema": SCHEMA, "about": dict(about), **state.record}
    text = json.dumps(record, sort_keys=True)
    header = {"record": text, "sha256": _digest(text, tensors)}
    path = folder / _NAME.format(state.record["step"])
    with write_atomically(path, overwrite=True) as file:
        file.write(to_bytes(tensors, metadata=header))
    for old in checkpoints(folder)[:-KEPT]:
        with suppress(FileNotFoundError):
            old.unlink()
    return path


def checkpoints(folder: str | os.PathLike) -> list[Path]:
    """List the checkpoints of a folder, the newest last."""
    return sorted(Path(folder).glob("step-*.safetensors"))


def load_checkpoint(
    path: str | os.PathLike, about: Mapping[str, object]
) -> State:
    """Read a checkpoint, after making sure that it is what was written.

    Args:
        path: one of `checkpoints`.
        about: as it was given to `save_checkpoint`.

    Raises:
        FileNotFoundError: there is no such file.
        OtherTraining: it is of a training that was made otherwise: what
            differs is named.
        ValueError: the file is cut short, or no checkpoint, or its content
            is not what was written.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            names = file.keys()
            tensors = {name: file.get_tensor(name) for name in names}
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged: {error}") from error
    text = header.get("record", "")
    if header.get("sha256") != _digest(text, tensors):
        raise ValueError(
            f"{path} has changed: its SHA-256 is not the one it names"
        )
    record = json.loads(text)
    if record.pop("schema") != SCHEMA:
        raise OtherTraining(f"{path} is of another version of this package")
    ours = json.loads(json.dumps(dict(about)))  # tuples are lists there
    if found := difference(record.pop("about"), ours):
        raise OtherTraining(f"{path} is of another training: its {found}")
    return State(tensors, record)


def _untied(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Copy what shares its memory with another: the format forbids it."""
    seen: set[int] = set()
    found = {}
    for name, tensor in tensors.items():
        place = tensor.data_ptr()
        found[name] = tensor.clone() if place in seen else tensor
        seen.add(place)
    return found


def _digest(text: str, tensors: Mapping[str, Tensor]) -> str:
    """Hash a record, and the names, formats, shapes and bytes of tensors."""
    digest = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        about = [name, str(tensor.dtype), list(tensor.shape)]
        digest.update(json.dumps(about).encode())
        digest.update(tensor.numpy().reshape(-1).view("u1"))
    return digest.hexdigest()
