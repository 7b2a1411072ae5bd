"""How much has passed, on the terminal of whoever waits.

Chapter: book/3-tokenization/6-from-text-to-shards.ipynb
"""

import sys
import time
from collections.abc import Iterable, Iterator

from companion.machine.terminal import somebody_waits

_EVERY = 0.2  # seconds between two lines


class Watched:
    """Documents that are counted as they pass, and shown to a terminal."""

    def __init__(self, documents: Iterable[str], label: str):
        self.documents, self.label = documents, label
        self.n_documents = self.n_bytes = 0

    def __iter__(self) -> Iterator[str]:
        start = shown = time.monotonic()
        looking = somebody_waits()
        for text in self.documents:
            self.n_documents += 1
            self.n_bytes += len(text.encode("utf-8", "surrogatepass"))
            yield text
            now = time.monotonic()
            if looking and now - shown > _EVERY:
                self._show(now - start)
                shown = now
        if looking and shown > start:
            print(file=sys.stderr)

    def _show(self, seconds: float) -> None:
        size = self.n_bytes / 1e6
        print(
            f"\r{self.label}: {self.n_documents:,} documents, {size:,.1f} MB, "
            f"{size / seconds:,.1f} MB/s",
            end="",
            file=sys.stderr,
            flush=True,
        )
