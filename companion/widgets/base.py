"""What the book's widgets share: one file of front end, and its twins.

A widget is a Python class here and an ES module of the same name beside it.
The files it imports (`shared.js`, ...) are put in front of the module, because
a static page cannot resolve `./shared.js`; Node imports them as they are.

Chapter: book/1-language-models/1-counting.ipynb
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import anywidget
import traitlets

FOLDER = Path(__file__).parent
MAX_STATE = 150_000  # bytes of JSON; a page may weigh 300 kB in all

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+)\.js";\n', re.M)
_EXPORT = re.compile(r"^export (?!default\b)", re.M)


def bundle(name: str) -> str:
    """Join `<name>.js` and what it imports into one module without imports.

    Args:
        name: the widget's file, without `.js`.

    Returns:
        Source text whose only export is the default one.

    Raises:
        FileNotFoundError: there is no such file.
    """
    parts: dict[str, str] = {}
    _collect(name, parts)
    return _EXPORT.sub("", "".join(parts.values()))


def _collect(name: str, parts: dict[str, str]) -> None:
    """Add a file to `parts`, after the files it imports, each once."""
    source = (FOLDER / f"{name}.js").read_text(encoding="utf-8")
    for imported in _IMPORT.findall(source):
        if imported not in parts:
            _collect(imported, parts)
    parts[name] = _IMPORT.sub("", source)


def stylesheet() -> str:
    """Read the one stylesheet of all widgets."""
    return (FOLDER / "shared.css").read_text(encoding="utf-8")


class BookWidget(anywidget.AnyWidget):
    """A widget that computes in the browser and prints as one short line."""

    _css = stylesheet()

    def summary(self) -> str:
        """Say in a few words what the widget holds."""
        raise NotImplementedError(f"{type(self).__name__} has no summary()")

    def state_bytes(self) -> int:
        """Count the bytes of JSON that this object adds to a page."""
        return len(json.dumps(self.get_state(), ensure_ascii=False).encode())

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}: {self.summary()} "
            "(interactive on the website and in JupyterLab)"
        )


def check_between(name: str, value: float, low: float, high: float) -> float:
    """Return a number, once it is from `low` to `high`.

    Raises:
        ValueError: it is not.
    """
    if not low <= value <= high:
        raise ValueError(
            f"{name} must be from {low:g} to {high:g}, got {value}"
        )
    return value


def check_distribution(name: str, values: Sequence[float]) -> list[float]:
    """Return the values as floats, once they are a distribution.

    Args:
        name: what to call it in the error.
        values: probabilities.

    Raises:
        ValueError: one is outside [0, 1], or the sum is not 1.
    """
    floats = [float(value) for value in values]
    if not all(0 <= value <= 1 for value in floats):
        raise ValueError(f"{name} must lie between 0 and 1, got {floats}")
    if abs(sum(floats) - 1) > 1e-6:
        raise ValueError(
            f"{name} must sum to 1, got {floats} with sum {sum(floats):.6g}"
        )
    return floats


def check_labels(name: str, labels: Sequence[str], n: int) -> list[str]:
    """Return the labels as a list, once there are n different ones.

    Raises:
        ValueError: another number of them, or one twice.
    """
    if len(labels) != n:
        raise ValueError(
            f"{name} must have {n} entries, got {len(labels)}: {list(labels)}"
        )
    if len(set(labels)) != n:
        raise ValueError(f"{name} must differ, got {list(labels)}")
    return list(labels)


def mulberry32(seed: int):
    """Return a generator function of numbers in [0, 1), as in `shared.js`.

    Source: Tommy Ettinger's mulberry32 (public domain).

    Args:
        seed: taken modulo 2**32.
    """
    state = seed & 0xFFFFFFFF

    def random() -> float:
        nonlocal state
        state = (state + 0x6D2B79F5) & 0xFFFFFFFF
        mixed = (state ^ (state >> 15)) * (state | 1) & 0xFFFFFFFF
        step = (mixed ^ (mixed >> 7)) * (mixed | 61) & 0xFFFFFFFF
        mixed ^= (mixed + step) & 0xFFFFFFFF
        return (mixed ^ (mixed >> 14)) / 2**32

    return random


def pick(probabilities: Sequence[float], u: float) -> int:
    """Return the outcome that u in [0, 1) picks, as in `shared.js`."""
    cumulative, last = 0.0, 0
    for i, p in enumerate(probabilities):
        if p <= 0:
            continue
        cumulative += p
        last = i
        if u < cumulative:
            return i
    return last


def renormalise(
    probabilities: Sequence[float], index: int, value: float
) -> list[float]:
    """Set one probability and scale the others, as in `shared.js`."""
    others = 0.0
    for i, p in enumerate(probabilities):
        if i != index:
            others += p
    rest = 1 - value
    share = rest / (len(probabilities) - 1)
    scaled = [p * rest / others if others else share for p in probabilities]
    scaled[index] = value
    return scaled


def synced(trait: traitlets.TraitType) -> traitlets.TraitType:
    """Mark a trait as part of the state that the browser sees."""
    return trait.tag(sync=True)
