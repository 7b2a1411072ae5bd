"""A log of a training: one JSON object a line, for people and programs.

Chapter: book/5-training/8-a-run-to-trust.ipynb
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from companion.files import write_atomically


class Log:
    """Appends entries to a file, each on the disk's way before the next.

    Args:
        path: is made if it is missing.
        after: entries of later steps are dropped: they belong to steps
            that a resumed training will make again.
    """

    def __init__(self, path: str | os.PathLike, *, after: int = 0) -> None:
        path = Path(path)
        kept = [e for e in read_log(path) if e["step"] <= after]
        lines = "".join(map(_line, kept))
        with write_atomically(path, mode="w", overwrite=True) as file:
            file.write(lines)
        self._file = path.open("a", encoding="utf-8")

    def write(self, entry: Mapping[str, float]) -> None:
        """Append an entry; it has a "step"."""
        self._file.write(_line(entry))
        self._file.flush()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def read_log(path: str | os.PathLike) -> list[dict[str, float]]:
    """Read the entries of a log; none if there is no file.

    A last line without its end is passed over: its writer was killed.

    Raises:
        ValueError: a line is no JSON object with a step.
    """
    path = Path(path)
    if not path.is_file():
        return []
    *lines, _ = path.read_text(encoding="utf-8").split("\n")
    return [
        _read(line, f"{path}, line {n}") for n, line in enumerate(lines, 1)
    ]


def _read(line: str, place: str) -> dict[str, float]:
    try:
        entry = json.loads(line)
        entry["step"] + 0
    except (ValueError, TypeError, KeyError):
        raise ValueError(
            f"{place} must be a JSON object with a step, got {line[:40]!r}"
        ) from None
    return entry


def _line(entry: Mapping[str, float]) -> str:
    return json.dumps(dict(entry)) + "\n"
