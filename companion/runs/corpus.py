"""A file of text, divided in what is learned from and what is kept back.

Chapter: book/5-training/8-a-run-to-trust.ipynb
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from companion.corpus.files import part_of, read_documents
from companion.corpus.reading import decode, has_separators

FRACTIONS = {"train": 0.9, "validation": 0.1}
LONGEST = 2**24  # characters of a running text that are encoded at once


class Corpus:
    """A file, and the two parts of it.

    A .jsonl, a .parquet and a .txt with lines `<|endoftext|>` hold
    documents; a hash of each decides its part, so that more of them move no
    other. Any other file is one running text: the first nine tenths of its
    characters are for training, the rest for validation, and all line ends
    are kept.

    Args:
        path: of a file.
        column: where .jsonl and .parquet have the text.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: no text, no UTF-8, or no such column.
    """

    def __init__(self, path: str | os.PathLike, column: str = "text") -> None:
        self.path, self.column = Path(path), column
        if not self.path.is_file():
            raise FileNotFoundError(f"there is no file {self.path}")
        ending = self.path.suffix.lower()
        self.running = ending not in (".jsonl", ".parquet")
        if ending == ".txt":
            self.running = not has_separators(self.path)
        if not self.running:
            read_documents(self.path, column)  # its errors come now
        elif not self._text.strip():
            raise ValueError(f"a file must hold text, {path} has none")

    @property
    def sha256(self) -> str:
        """Of the file."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @property
    def kind(self) -> str:
        """What the file is taken for."""
        return "one running text" if self.running else "documents"

    def part(self, name: str) -> Iterator[str]:
        """Yield the documents of "train", "validation", or "all".

        Of a running text these are its pieces, of 16 million characters
        each, cut at the end of a line.
        """
        if self.running:
            yield from _pieces(self._part_of_text(name))
            return
        for text in read_documents(self.path, self.column):
            if name in ("all", part_of(text, fractions=FRACTIONS)):
                yield text

    @property
    def _text(self) -> str:
        text = decode(self.path.read_bytes(), 0, self.path)
        return text.replace("\r\n", "\n")

    def _part_of_text(self, name: str) -> str:
        text = self._text
        cut = int(FRACTIONS["train"] * len(text))
        return {"all": text, "train": text[:cut], "validation": text[cut:]}[
            name
        ]


def _pieces(text: str) -> Iterator[str]:
    start = 0
    while start < len(text):
        end = start + LONGEST
        if end < len(text):
            end = text.rfind("\n", start, end) + 1 or end
        yield text[start:end]
        start = end
