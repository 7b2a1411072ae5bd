"""Stream documents from .txt, .jsonl and .parquet files.

Chapter: book/1-language-models/1-counting.ipynb
"""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path

SEPARATOR = "<|endoftext|>"  # on a line of its own, as TinyStories has it
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_documents(
    path: str | os.PathLike, column: str = "text"
) -> Iterator[str]:
    """Yield the documents of a file one by one, never the file as a whole.

    - .txt: UTF-8; documents end at a line `<|endoftext|>` if the file has
      one, else at blank lines. Blank lines around a document are dropped,
      Windows line ends become "\\n".
    - .jsonl: one JSON object a line; the document is in field `column`.
    - .parquet: the document is in the string column `column`.

    The file's first document is read at once, so that most errors appear
    here and not at the first use of the result.

    Args:
        path: a file whose name ends in .txt, .jsonl or .parquet.
        column: field or column that holds the text; .txt ignores it.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: unknown ending, no document, no such column, or content
            that is not what the ending says; the message names the place.
    """
    path = Path(path)
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise ValueError(
            f"a file must end in .txt, .jsonl or .parquet, got {path.name}"
        )
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    documents = reader(path, column)
    first = next(documents, None)
    if first is None:
        raise ValueError(f"a file must hold a document, {path} has none")
    return chain([first], documents)


def _read_text(path: Path, column: str) -> Iterator[str]:
    """Yield the blocks of lines between separators (or blank lines)."""
    ends_document = _is_separator if has_separators(path) else _is_blank
    block, start, offset = [], 0, 0  # offsets in bytes
    with path.open("rb") as file:
        for line in file:
            offset += len(line)
            if not ends_document(line):
                block.append(line)
                continue
            yield from _decode_block(block, start, path)
            block, start = [], offset
    yield from _decode_block(block, start, path)


def has_separators(path: str | os.PathLike) -> bool:
    """Tell whether a text file has a line that parts documents."""
    with open(path, "rb") as file:
        return any(map(_is_separator, file))


def _is_separator(line: bytes) -> bool:
    return line.strip() == SEPARATOR.encode()


def _is_blank(line: bytes) -> bool:
    return not line.strip()


def _decode_block(lines: list[bytes], start: int, path: Path) -> list[str]:
    """Return the block's document, or nothing if it is blank."""
    text = decode(b"".join(lines), start, path).replace("\r\n", "\n")
    return [text.strip("\n")] if text.strip(" \t\n\r\v\f") else []


def decode(data: bytes, start: int, path: Path) -> str:
    """Decode UTF-8 that stands at offset `start` of a file, without a mark.

    Raises:
        ValueError: it is no UTF-8; the message names the byte.
    """
    if start == 0 and data.startswith(_BYTE_ORDER_MARK):
        data, start = data[len(_BYTE_ORDER_MARK) :], len(_BYTE_ORDER_MARK)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ValueError(
            f"a text file must be UTF-8, {path} is not at byte "
            f"{start + error.start}: {error.reason}"
        ) from None


def _read_jsonl(path: Path, column: str) -> Iterator[str]:
    """Yield one field of each line's object."""
    offset = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            text = decode(line, offset, path)
            offset += len(line)
            if text.strip():
                yield _field(text, column, f"line {number} of {path}")


def read_rows(
    path: str | os.PathLike,
    columns: Sequence[str],
    optional: Sequence[str] = (),
) -> list[dict[str, str]]:
    """Read some fields of each line of a .jsonl file.

    Args:
        path: one JSON object a line; blank lines are passed over.
        columns: fields that each line must have, with text in them.
        optional: fields that a line may have.

    Returns:
        One dict a line, of the fields asked for.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: another ending, no line, or a line that is not as it
            must be; the message names it.
    """
    path = Path(path)
    if path.suffix.lower() != ".jsonl":
        raise ValueError(f"a file of rows must end in .jsonl, got {path.name}")
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    rows, offset = [], 0
    with path.open("rb") as file:
        for number, data in enumerate(file, 1):
            line = decode(data, offset, path)
            offset += len(data)
            if line.strip():
                place = f"line {number} of {path}"
                rows.append(_fields(line, columns, optional, place))
    if not rows:
        raise ValueError(f"a file must hold a row, {path} has none")
    return rows


def _fields(
    line: str, columns: Sequence[str], optional: Sequence[str], place: str
) -> dict[str, str]:
    row = _object(line, place)
    found = {name: _named(row, name, place) for name in columns}
    for name in optional:
        if name in row:
            found[name] = _named(row, name, place)
    for name, text in found.items():
        if not text.strip():
            raise ValueError(
                f"{name!r} must hold text, in {place} it is empty"
            )
    return found


def _field(line: str, column: str, place: str) -> str:
    """Return one field of a JSON object, checked."""
    return _named(_object(line, place), column, place)


def _object(line: str, place: str) -> dict:
    """Read one JSON object."""
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{place} must be JSON, at column {error.colno}: "
            f"{error.msg[0].lower()}{error.msg[1:]}"
        ) from None
    if not isinstance(row, dict):
        raise ValueError(f"{place} must be a JSON object, got {line.strip()}")
    return row


def _named(row: dict, column: str, place: str) -> str:
    if column not in row:
        raise ValueError(_no_column(place, column, row))
    return _string(row[column], column, place)


def _no_column(place: str, column: str, names: object) -> str:
    return f"{place} has no column {column!r}, it has {', '.join(names)}"


def _string(value: object, column: str, place: str) -> str:
    if isinstance(value, str):
        return value
    kind = type(value).__name__
    raise ValueError(f"{column!r} must be a string, in {place} it is {kind}")


def _read_parquet(path: Path, column: str) -> Iterator[str]:
    """Yield a column's values, one batch of rows in memory at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    row = 0
    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            if column not in names:
                raise ValueError(_no_column(str(path), column, names))
            for batch in file.iter_batches(1024, columns=[column]):
                for value in batch.column(0).to_pylist():
                    row += 1
                    yield _string(value, column, f"row {row} of {path}")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"a text must be UTF-8, one after row {row} of {path} is not: "
            f"{error.reason}"
        ) from None
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"a parquet file must be whole, {path} is not: {reason}"
        ) from error


_READERS: dict[str, Callable[[Path, str], Iterator[str]]] = {
    ".txt": _read_text,
    ".jsonl": _read_jsonl,
    ".parquet": _read_parquet,
}
