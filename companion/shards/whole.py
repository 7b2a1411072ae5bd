"""Write a folder that is complete or not there.

Chapter: book/3-tokenization/6-from-text-to-shards.ipynb
"""

import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def folder_written_whole(
    path: str | os.PathLike, *, overwrite: bool = False
) -> Iterator[Path]:
    """Give an empty folder that takes its final name when the block ends.

    The folder stands beside `path` under a hidden name with this process's
    number. If the block raises it is removed, and what stood at `path` is
    untouched. A process that is killed leaves the hidden folder behind; the
    next one that writes to `path` removes it.

    A folder cannot be renamed onto another, so replacing takes two renames;
    a process killed exactly between them leaves no folder at `path`, and the
    old one is put back by the next that writes there.

    Args:
        path: the final name; missing folders above it are made.
        overwrite: allow an existing folder to be replaced.

    Raises:
        FileExistsError: `path` exists and `overwrite` is False.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path)
    _check_free(path, overwrite)
    part, old = (_hidden(path, ending) for ending in ("part", "old"))
    part.mkdir()
    try:
        yield part
        _check_free(path, overwrite)  # it may have come in the meantime
        if path.exists():
            path.rename(old)
        part.rename(path)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        if old.exists() and not path.exists():
            old.rename(path)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _check_free(path: Path, overwrite: bool) -> None:
    if path.exists() and not (overwrite and path.is_dir()):
        advice = "" if path.is_dir() else " and is no folder"
        raise FileExistsError(f"{path} exists{advice}; pass overwrite=True")


def _hidden(path: Path, ending: str) -> Path:
    node = platform.node() or "here"
    return path.with_name(f".{path.name}.{node}.{os.getpid()}.{ending}")


def _sweep(path: Path) -> None:
    """Remove what killed writers of `path` left on this machine."""
    start = f".{path.name}.{platform.node() or 'here'}."
    for found in path.parent.iterdir():
        number, _, ending = found.name.removeprefix(start).partition(".")
        if not (found.name.startswith(start) and number.isdecimal()):
            continue
        if ending not in ("part", "old") or _is_running(int(number)):
            continue
        if ending == "old" and not path.exists():
            found.rename(path)
        else:
            shutil.rmtree(found, ignore_errors=True)


def _is_running(process: int) -> bool:
    """Tell whether a process lives; where one cannot ask, say yes."""
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)  # signal 0 does nothing but ask
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
