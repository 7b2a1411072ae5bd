"""The folder of a run: what stands where, and what it is of.

    run.json        preset, seed, corpus, hashes, cost, result
    tokenizer.json  trained on the training part
    data/           both parts, as ids
    log.jsonl       one line a step
    checkpoints/    the two newest
    model/          what transformers loads, at the end

Chapter: book/5-training/8-a-run-to-trust.ipynb
"""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from companion import config as configs
from companion.files import remove_unfinished, write_atomically
from companion.runs.presets import Preset

SCHEMA = 1
RECORD, LOG = "run.json", "log.jsonl"
CHECKPOINTS, MODEL = "checkpoints", "model"
PARTS = (RECORD, "tokenizer.json", "data", LOG, CHECKPOINTS, MODEL)


class RunFolder:
    """A folder, and the record in it.

    Args:
        path: of the folder; it may be missing.

    Attributes:
        record: what run.json holds, or will hold: plain values.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self.path = Path(path)
        self.record: dict = {}

    @property
    def log(self) -> Path:
        return self.path / LOG

    @property
    def checkpoints(self) -> Path:
        return self.path / CHECKPOINTS

    @property
    def model(self) -> Path:
        return self.path / MODEL

    @property
    def exists(self) -> bool:
        """Whether a run was begun here."""
        return (self.path / RECORD).is_file()

    @property
    def preset(self) -> Preset:
        """The preset with what was changed in it."""
        return configs.from_dict(Preset, self.record["settings"])

    def begin(self, about: Mapping[str, object], *, force: bool) -> None:
        """Make the folder for a new run, and write what it is of.

        Args:
            about: preset, settings, seed, corpus.
            force: remove a run that is there.

        Raises:
            FileExistsError: there are files, and `force` is False or they
                are no run.
        """
        remove_unfinished(self.path)
        if self.path.exists() and (
            not self.path.is_dir() or any(self.path.iterdir())
        ):
            self._make_room(force)
        self.path.mkdir(parents=True, exist_ok=True)
        self.record = {"schema": SCHEMA, **about}
        self.write()

    def _make_room(self, force: bool) -> None:
        if not self.exists:
            raise FileExistsError(
                f"{self.path} holds files and no run: choose another name"
            )
        if not force:
            raise FileExistsError(
                f"{self.path} holds a run: use --resume to go on with it, "
                "or --force to begin anew"
            )
        self._remove()

    def go_on(self, about: Mapping[str, object]) -> None:
        """Read the record of a run, and make sure that it is this one.

        Args:
            about: what is known of the run that is asked for; what it
                leaves out is not compared.

        Raises:
            FileNotFoundError: there is no run.
            ValueError: it is another one: what differs is named.
        """
        remove_unfinished(self.path)
        self.read()
        ours = json.loads(json.dumps(about))
        if found := configs.difference(self.record, ours):
            raise ValueError(
                f"{self.path} holds another run: its {found}: go on with the "
                "same, or choose another folder"
            )

    def read(self) -> None:
        """Read run.json.

        Raises:
            FileNotFoundError: there is none.
            ValueError: it is no record of a run.
        """
        path = self.path / RECORD
        if not self.exists:
            raise FileNotFoundError(
                f"there is no run in {self.path}: {RECORD} is missing"
            )
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            schema, _ = record["schema"], record["settings"]
        except (ValueError, KeyError, TypeError):
            raise ValueError(f"{path} is no record of a run") from None
        if schema != SCHEMA:
            raise ValueError(
                f"{path} has schema {schema}, this version reads {SCHEMA}"
            )
        self.record = record

    def write(self, **more: object) -> None:
        """Add to the record, and write it, whole or not at all."""
        self.record |= more
        text = json.dumps(self.record, indent=2, ensure_ascii=False)
        path = self.path / RECORD
        with write_atomically(path, mode="w", overwrite=True) as file:
            file.write(text + "\n")

    def discard(self) -> None:
        """Remove a run that never began, and its folder if that is empty."""
        self._remove()
        if not any(self.path.iterdir()):
            self.path.rmdir()

    def _remove(self) -> None:
        for name in reversed(PARTS):  # run.json last: until then it is a run
            part = self.path / name
            if part.is_dir():
                shutil.rmtree(part)
            else:
                part.unlink(missing_ok=True)

    def about(self) -> dict[str, object]:
        """Give what a checkpoint must be of."""
        names = ("preset", "settings", "seed", "corpus", "hashes")
        return {name: self.record[name] for name in names}
