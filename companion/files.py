"""Write files so that a crash loses nothing.

Chapter: book/1-language-models/2-smoothing.ipynb
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO


@contextmanager
def write_atomically(
    path: str | os.PathLike, *, mode: str = "wb", overwrite: bool = False
) -> Iterator[IO]:
    """Open a temporary file that takes its final name only when complete.

    The data go to a temporary name in the same folder, are flushed to disk
    and renamed when the block ends; if the block raises, the temporary file
    is removed and whatever stood at `path` before is untouched.

    Args:
        path: the final name.
        mode: "wb" or "w" (text is UTF-8 with "\\n" line ends).
        overwrite: allow an existing file to be replaced.

    Raises:
        FileExistsError: `path` exists and `overwrite` is False.
        FileNotFoundError: the folder does not exist.
    """
    path = Path(path)
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists; pass overwrite=True")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"the folder {path.parent} does not exist")
    text = {} if "b" in mode else {"encoding": "utf-8", "newline": "\n"}
    number, name = tempfile.mkstemp(
        prefix=f".{path.name}.", suffix=".part", dir=path.parent
    )
    try:
        with os.fdopen(number, mode, **text) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(name)
        raise


def remove_unfinished(folder: str | os.PathLike) -> None:
    """Remove what killed writers of a folder's files left behind.

    For a folder that one process writes to at a time.
    """
    for rest in Path(folder).glob(".*.part"):
        if rest.is_file():
            rest.unlink()


def _umask() -> int:
    """Read the process's umask (it can only be read by setting it)."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
