"""Write documents to .txt, .jsonl and .parquet files, streamed and whole.

Chapter: book/1-language-models/1-counting.ipynb
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import IO

from companion.corpus.reading import SEPARATOR
from companion.files import write_atomically

_ROWS_A_GROUP = 10_000  # of a parquet file: what is held in memory at once


def write_documents(
    path: str | os.PathLike,
    documents: Iterable[str],
    *,
    overwrite: bool = False,
    column: str = "text",
) -> int:
    """Write documents so that `read_documents` gives back the same ones.

    Args:
        path: a name that ends in .txt, .jsonl or .parquet.
        documents: the texts; read once, in order.
        overwrite: allow an existing file to be replaced.
        column: field or column that takes the text; .txt has none.

    Returns:
        How many documents were written.

    Raises:
        FileExistsError: `path` exists and `overwrite` is False.
        ValueError: unknown ending, no documents, a document that is no
            string, or one that .txt cannot hold.
    """
    if isinstance(documents, str):
        raise ValueError("documents must be several strings, got one string")
    rows = ({column: document} for document in documents)
    return write_rows(path, rows, overwrite=overwrite, column=column)


def write_rows(
    path: str | os.PathLike,
    rows: Iterable[Mapping[str, object]],
    *,
    overwrite: bool = False,
    column: str = "text",
) -> int:
    """Write documents together with what is known about them.

    .jsonl and .parquet keep every field, .txt only the text. Every row of a
    parquet file has the fields of the first one.

    Args and raises: as `write_documents`, a row being one document.
    """
    path = Path(path)
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise ValueError(
            f"a file must end in .txt, .jsonl or .parquet, got {path.name}"
        )
    counter = _Checked(rows, column)
    with write_atomically(path, overwrite=overwrite) as file:
        writer(file, iter(counter), column)
        if not counter.count:
            raise ValueError(f"a file must hold a document, none for {path}")
    return counter.count


class _Checked:
    """Rows whose text is a string that UTF-8 can hold, counted."""

    def __init__(self, rows: Iterable[Mapping[str, object]], column: str):
        self.rows, self.column, self.count = rows, column, 0

    def __iter__(self) -> Iterator[Mapping[str, object]]:
        for row in self.rows:
            self.count += 1
            text = row[self.column]
            if not isinstance(text, str):
                raise ValueError(
                    f"a document must be a string, document {self.count} "
                    f"is {type(text).__name__}"
                )
            try:
                text.encode()
            except UnicodeEncodeError as error:
                raise ValueError(
                    f"UTF-8 cannot hold document {self.count}: {error.reason}"
                    f" at character {error.start}"
                ) from None
            yield row


def _write_text(file: IO, rows: Iterator[Mapping], column: str) -> None:
    """Write each text and a separator line after it."""
    for number, row in enumerate(rows, 1):
        text = row[column]
        if reason := _not_for_text(text, first=number == 1):
            raise ValueError(
                f".txt cannot hold document {number}: it {reason}; "
                "write .jsonl or .parquet"
            )
        file.write(f"{text}\n{SEPARATOR}\n".encode())


def _not_for_text(text: str, *, first: bool) -> str | None:
    """Say what a plain text file would lose of a document, if anything."""
    if not text.strip(" \t\n\r\v\f"):
        return "is blank"
    if text != text.strip("\n"):
        return "begins or ends with a line break"
    if "\r" in text:
        return "has a carriage return"
    if first and text.startswith("\ufeff"):
        return "begins with a byte-order mark"
    lines = text.split("\n") if SEPARATOR in text else ()
    if any(line.strip(" \t\v\f") == SEPARATOR for line in lines):
        return f"has a line {SEPARATOR}"
    return None


def _write_jsonl(file: IO, rows: Iterator[Mapping], column: str) -> None:
    for row in rows:
        line = json.dumps(dict(row), ensure_ascii=False)
        file.write(f"{line}\n".encode())


def _write_parquet(file: IO, rows: Iterator[Mapping], column: str) -> None:
    """Write groups of rows; the first group decides the types."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    group = list(islice(rows, _ROWS_A_GROUP))
    if not group:
        return
    schema = pa.schema(
        field.with_type(pa.string()) if pa.types.is_null(field.type) else field
        for field in pa.Table.from_pylist(group).schema
    )
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        while group:
            _check_fields(group, schema.names)
            try:
                table = pa.Table.from_pylist(group, schema)
            except pa.ArrowException as error:
                raise ValueError(
                    f"a column must have one type: {error}"
                ) from error
            writer.write_table(table)
            group = list(islice(rows, _ROWS_A_GROUP))


def _check_fields(group: list[Mapping], names: list[str]) -> None:
    for row in group:
        if set(row) != set(names):
            raise ValueError(
                f"rows must have the columns {', '.join(names)}, "
                f"one has {', '.join(row)}"
            )


_WRITERS: dict[str, Callable[[IO, Iterator[Mapping], str], None]] = {
    ".txt": _write_text,
    ".jsonl": _write_jsonl,
    ".parquet": _write_parquet,
}
