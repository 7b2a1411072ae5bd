"""One table of every model in the book, each row measured and checked.

Chapter: book/1-language-models/3-measuring.ipynb
"""

import json
import os
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from html import escape
from pathlib import Path

from companion.files import write_atomically

RENEW = "COMPANION_RENEW"  # set to 1, `record` writes instead of comparing


class LadderError(AssertionError):
    """A measured row is not the row that the table shows."""


@dataclass(frozen=True, kw_only=True)
class LadderRow:
    """One model, what it is made of, and what it reaches on the test split."""

    model: str  # its name in the table
    chapter: int
    notebook: str  # "4-learning"
    parameters: int  # numbers the model stores
    train_words: int  # words seen in training, repetitions counted
    nats_per_word: float
    bits_per_byte: float
    floor_nats_per_word: float  # of the source, on the same documents
    seconds: float  # of training, on 2 cores
    seed: int = 0
    corpus: str = "story world, English"

    @property
    def ratio(self) -> float:
        """Loss over floor: 1 is the best any model can do."""
        return self.nats_per_word / self.floor_nats_per_word

    @property
    def slug(self) -> str:
        """The name of the row's file, from chapter, model and corpus."""
        name = f"{self.chapter} {self.model} {self.corpus}"
        plain = unicodedata.normalize("NFKD", name.lower())
        return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def record(
    row: LadderRow, folder: str | os.PathLike, *, within: float = 0.02
) -> None:
    """Compare a measured row with the stored one, or store it.

    With the environment variable COMPANION_RENEW=1 the row is written;
    otherwise it must agree with the row that is there: parameters and
    training words exactly, losses within a share of them.

    A notebook that was opened without the rest of the repository, as Colab
    does, finds no table; then the row is printed and compared with nothing.

    Args:
        row: as measured now.
        folder: the table's folder.
        within: largest relative difference of the losses and the floor.

    Raises:
        LadderError: there is no such row yet, or it says something else.
    """
    path = Path(folder) / f"{row.slug}.json"
    line = f"{row.model}: {row.bits_per_byte:.4f} bits per byte"
    if not path.parent.is_dir():
        print(f"{line} (no table at {path.parent} to compare with)")
        return
    if os.environ.get(RENEW) == "1":
        with write_atomically(path, mode="w", overwrite=True) as file:
            json.dump(asdict(row), file, indent=1, ensure_ascii=False)
            file.write("\n")
        print(f"✓ {line} (now in the table)")
        return
    if not path.exists():
        raise LadderError(f"{line}; not in the table: set {RENEW}=1 to add it")
    stored = _load(path)
    _compare(row, stored, within)
    print(f"✓ {line} (the table says {stored.bits_per_byte:.4f})")


def _compare(row: LadderRow, stored: LadderRow, within: float) -> None:
    """Raise LadderError at the first field that differs by too much."""
    losses = ("bits_per_byte", "nats_per_word", "floor_nats_per_word")
    for name in ("parameters", "train_words", *losses):
        now, then = getattr(row, name), getattr(stored, name)
        allowed = within * abs(then) if name in losses else 0
        if not abs(now - then) <= allowed:  # also catches NaN
            share = f" ± {within:.0%}" if allowed else ""
            raise LadderError(
                f"{row.model}: {name} is {now:.10g}, but the table says "
                f"{then:.10g}{share}"
            )


def _load(path: Path) -> LadderRow:
    """Read one row; the file must hold exactly its fields."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return LadderRow(**data)
    except (json.JSONDecodeError, TypeError) as error:
        names = ", ".join(field.name for field in fields(LadderRow))
        raise ValueError(
            f"{path.name} must be a JSON object with the fields {names}: "
            f"{error}"
        ) from error


def read(folder: str | os.PathLike) -> list[LadderRow]:
    """Read the table: corpus by corpus, the highest loss first.

    Args:
        folder: one JSON file a row, as `record` writes them.

    Raises:
        FileNotFoundError: the folder does not exist.
        ValueError: a file is not a row.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"the folder {folder} does not exist")
    rows = [_load(path) for path in sorted(folder.glob("*.json"))]
    return sorted(rows, key=lambda row: (row.corpus, -row.nats_per_word))


def show(folder: str | os.PathLike) -> "Ladder":
    """Read the table and give it a form that a notebook displays.

    Without the folder, as on Colab, the table is empty.
    """
    return Ladder(read(folder) if Path(folder).is_dir() else [])


class Ladder:
    """Rows that display as an accessible table, as Markdown or as text."""

    HEADERS = (
        "model",
        "parameters",
        "training words",
        "nats per word",
        "bits per byte",
        "loss ÷ floor",
        "seconds",
    )
    CAPTION = "Every model so far on the test stories; the floor is 1.00"

    def __init__(self, rows: Sequence[LadderRow]) -> None:
        self.rows = list(rows)

    def cells(self) -> list[tuple[str, ...]]:
        """Write each row as text, in the order of HEADERS."""
        several = len({row.corpus for row in self.rows}) > 1
        return [
            (
                f"{row.model} ({row.corpus})" if several else row.model,
                f"{row.parameters:,}",
                f"{row.train_words:,}",
                f"{row.nats_per_word:.3f}",
                f"{row.bits_per_byte:.3f}",
                f"{row.ratio:.2f}",
                f"{row.seconds:.0f}"
                if row.seconds >= 10
                else f"{row.seconds:.1f}",
            )
            for row in self.rows
        ]

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{h}</th>' for h in self.HEADERS)
        body = "".join(
            f'<tr><th scope="row">{escape(first)}</th>'
            + "".join(f"<td>{escape(cell)}</td>" for cell in rest)
            + "</tr>"
            for first, *rest in self.cells()
        )
        return (
            f'<table class="ladder"><caption>{self.CAPTION}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )

    def _repr_markdown_(self) -> str:
        marks = [":--", *["--:"] * (len(self.HEADERS) - 1)]
        rows = [self.HEADERS, marks, *self.cells()]
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)

    def __repr__(self) -> str:
        rows = [self.HEADERS, *self.cells()]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join(
            "  ".join(
                cell.ljust(width) if i == 0 else cell.rjust(width)
                for i, (cell, width) in enumerate(
                    zip(row, widths, strict=True)
                )
            )
            for row in rows
        )
