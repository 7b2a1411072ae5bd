"""Real text that every machine has: Python's own documentation and source.

Both change from one Python version to the next, so a number measured on
them holds only roughly elsewhere.

Chapter: book/1-language-models/1-counting.ipynb
"""

import hashlib
import sysconfig
from collections.abc import Iterator
from pathlib import Path

# a topic is left out when this share of it stands in longer ones
REPEATED = 0.2

# SHA-256 of the topics on which the book's numbers were measured: Python 3.11
_BOOKS_EDITION = (
    "af5d1307db21f779230029e0e5efd55791737434bfd55964ff13599bf9092394"
)

_SKIPPED = {"test", "tests", "idle_test", "__pycache__"}
_SKIPPED |= {"site-packages", "dist-packages"}  # not the standard library


def documentation() -> list[str]:
    """Return the help topics of Python's documentation, in English.

    About 0.4 MB of technical prose: what `help("FORMATTING")` and its like
    print, sorted by topic. Marks of the source format (asterisks, quotes,
    underlines) are left as they are; blank lines at either end are dropped.
    Topics quote one another whole, so a topic that repeats what longer ones
    say is left out: text to be tested on would stand in the text to learn
    from. It differs between Python versions.
    """
    from pydoc_data.topics import topics

    seen: set[str] = set()
    kept = []
    for name in sorted(topics, key=lambda name: (-len(topics[name]), name)):
        paragraphs = [p.strip() for p in topics[name].split("\n\n")]
        known = sum(len(p) for p in paragraphs if p in seen)
        if known < REPEATED * sum(map(len, paragraphs)):
            kept.append(name)
            seen.update(paragraphs)
    return [topics[name].strip("\n") for name in sorted(kept)]


def is_books_edition() -> bool:
    """Whether `documentation` is the text on which the book measured.

    Where it is not, a number that hangs on a few of its topics is another
    one, and a claim about it must not be compared.
    """
    text = "\0".join(documentation())
    return hashlib.sha256(text.encode()).hexdigest() == _BOOKS_EDITION


def source(max_bytes: int | None = None) -> Iterator[str]:
    """Yield the modules of Python's standard library, one text each.

    Sorted by path; without tests, without installed packages, without files
    that differ from machine to machine or are not UTF-8. Blank lines at
    either end are dropped. It differs between Python versions.

    Args:
        max_bytes: stop before the UTF-8 bytes yielded would exceed this.

    Raises:
        ValueError: not even the first module fits into `max_bytes`.
    """
    total = 0
    for path in _modules(Path(sysconfig.get_path("stdlib"))):
        text = _text(path)
        if not text:
            continue
        size = len(text.encode())
        if max_bytes is not None and total + size > max_bytes:
            if not total:
                raise ValueError(
                    f"max_bytes ({max_bytes}) must be at least the size "
                    f"of {path.name} ({size})"
                )
            return
        total += size
        yield text


def _modules(folder: Path) -> list[Path]:
    """List the library's .py files in an order that no file system moves."""
    found = []
    for path in folder.rglob("*.py"):
        parts = path.relative_to(folder).parts
        if not (_SKIPPED.intersection(parts) or _is_local(path, parts)):
            found.append((parts, path))
    return [path for _, path in sorted(found)]


def _is_local(path: Path, parts: tuple[str, ...]) -> bool:
    """Tell what describes this machine, not Python."""
    return (
        path.is_symlink()
        or parts[0].startswith(("_sysconfigdata", "config-"))
        or parts[-1] == "sitecustomize.py"
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip("\n")
    except UnicodeDecodeError:
        return ""
