"""One process at a time in a folder.

The lock is on the folder itself: it leaves no file behind, and goes with
the process that held it, however that ends.

Chapter: book/5-training/8-a-run-to-trust.ipynb
"""

import os
from pathlib import Path
from types import TracebackType

try:
    import fcntl
except ImportError:  # not on Windows: there nothing is locked
    fcntl = None


class Alone:
    """A folder that no other process, and no other `Alone`, may have.

    Args:
        path: of the folder; as long as it is missing there is nothing to
            take.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self.path = Path(path)
        self._handle: int | None = None

    def take(self) -> None:
        """Take the folder, unless it is missing or taken by us.

        Raises:
            BlockingIOError: another process has it.
        """
        if fcntl is None or self._handle is not None:
            return
        if not self.path.is_dir():
            return
        handle = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise BlockingIOError(
                f"another process is at work in {self.path}: wait for its "
                "end, or choose another folder"
            ) from None
        self._handle = handle

    def __enter__(self) -> "Alone":
        self.take()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
