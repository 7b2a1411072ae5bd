"""Find the model in a folder, and how a text for it begins.

Chapter: book/5-training/8-a-run-to-trust.ipynb
"""

import json
import os
from pathlib import Path
from typing import NamedTuple

from companion.interop import import_model
from companion.models import Transformer
from companion.models.storage import load, model_type
from companion.runs.folder import RECORD, RunFolder
from companion.tokenization import END_OF_TEXT, Tokenizer, Vocabulary


class Opened(NamedTuple):
    """A model that can read and write text."""

    model: Transformer
    tokenizer: Tokenizer
    begins: bool  # texts begin with END_OF_TEXT; else anywhere

    @property
    def end_id(self) -> int:
        """The id between texts."""
        return self.tokenizer.special_ids[END_OF_TEXT]

    def prompt_ids(self, prompt: str) -> list[int]:
        """Encode the begin of a text.

        A model of one running text has met no begin of a text: for it an
        empty prompt is a new line.
        """
        if self.begins:
            return [self.end_id, *self.tokenizer.encode(prompt)]
        ids = self.tokenizer.encode(prompt or "\n")
        return ids or [self.end_id]


def open_model(folder: str | os.PathLike) -> Opened:
    """Open a run's folder, a model folder of this book or of transformers.

    Raises:
        FileNotFoundError: there is no model; the run may have to go on.
        ValueError: the model is of another kind, or has no tokenizer that
            this book reads.
    """
    folder = Path(folder)
    if (folder / RECORD).is_file():
        run = RunFolder(folder)
        run.read()
        if not run.model.is_dir():
            raise FileNotFoundError(
                f"the run in {folder} has no model yet: go on with "
                f"companion train --out {folder} --resume"
            )
        folder = run.model
    read = load if model_type(folder) == "companion" else import_model
    model, tokenizer = read(folder)
    if tokenizer is None or isinstance(tokenizer, Vocabulary):
        raise ValueError(
            f"the model in {folder} must have a tokenizer.json of this book"
        )
    return Opened(model, tokenizer, _begins(folder))


def _begins(folder: Path) -> bool:
    """Ask the file that transformers asks; else say yes."""
    path = folder / "tokenizer_config.json"
    if not path.is_file():
        return True
    described = json.loads(path.read_text(encoding="utf-8"))
    return bool(described.get("add_bos_token", True))
