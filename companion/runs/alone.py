"""One process at a time in a folder.

The lock is on the folder itself: it leaves no file behind, and goes with
the process that held it, however that ends.

Chapter: book/5-training/8-a-run-to-trust.ipynb
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

try:
    import fcntl
except ImportError:  # not on Windows: there nothing is locked
    fcntl = None


@contextmanager
def alone(path: str | os.PathLike) -> Iterator[None]:
    """Keep every other process out of a folder that is there.

    Raises:
        BlockingIOError: another process has it.
    """
    if fcntl is None:
        yield
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        _lock(handle, path)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, path: str | os.PathLike) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BlockingIOError(
            f"another process is at work in {path}: wait for its end, or "
            "choose another folder"
        ) from None
