"""Make texts more alike, and see what each step destroys.

Every stage here may be applied twice with the result of once. So a text that
a stage changes is lost for good: the text and its changed form come out the
same, and no decoder can tell which of the two went in.

Chapter: book/3-tokenization/1-units-of-text.ipynb
"""

import math
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

import regex

_GRAPHEME = regex.compile(r"\X")
_SPACE = regex.compile(r"\s+")
_RUN = regex.compile(r"\s+|\S+")


def graphemes(text: str) -> list[str]:
    """Cut text into what a reader calls characters; joined, they are it.

    Source: Unicode Standard Annex 29, extended grapheme clusters.
    """
    return _GRAPHEME.findall(text)


@dataclass(frozen=True)
class Stage:
    """One step of a normalisation: `stage(text)` gives the new text."""

    name: str
    apply: Callable[[str], str]

    def __call__(self, text: str) -> str:
        return self.apply(text)


def _strip_accents(text: str) -> str:
    """Take apart, leave out the marks that stand on letters, recompose."""
    parts = unicodedata.normalize("NFD", text)
    kept = "".join(c for c in parts if unicodedata.category(c) != "Mn")
    return unicodedata.normalize("NFC", kept)


def _collapse_space(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


def _alphanumeric(text: str) -> str:
    return "".join(c for c in text if c.isalnum() or c.isspace())


NFC = Stage("NFC", lambda text: unicodedata.normalize("NFC", text))
NFKC = Stage("NFKC", lambda text: unicodedata.normalize("NFKC", text))
LOWER_CASE = Stage("lower-case", str.lower)
STRIP_ACCENTS = Stage("strip accents", _strip_accents)
COLLAPSE_SPACE = Stage("collapse white space", _collapse_space)
ALPHANUMERIC = Stage("keep only letters, digits, space", _alphanumeric)
STAGES = (
    NFC,
    NFKC,
    LOWER_CASE,
    STRIP_ACCENTS,
    COLLAPSE_SPACE,
    ALPHANUMERIC,
)

# What many tutorials do before anything else. It glues "well-known" to
# "wellknown" and leaves nothing of "C++" but a letter.
CLASSIC_CLEANING = (LOWER_CASE, ALPHANUMERIC, COLLAPSE_SPACE)


def normalise(text: str, stages: Iterable[Stage]) -> list[tuple[str, str]]:
    """Apply stages one after the other and keep what each one gives.

    Returns:
        (name of the stage, text after it), the text itself ("as it came")
        before all others; so `normalise(text, stages)[-1][1]` is the result.
    """
    steps = [("as it came", text)]
    for stage in stages:
        text = stage(text)
        steps.append((stage.name, text))
    return steps


@dataclass(frozen=True)
class Loss:
    """A stretch of text that a stage changed beyond recovery."""

    start: int  # code points of the text before it
    before: str
    after: str


def lost(text: str, stage: Stage) -> list[Loss]:
    """Show where a text differs from what comes back after a stage.

    Args:
        text: up to a page; the comparison is slow for much more.
        stage: one of `STAGES`.

    Returns:
        The changed stretches in order, in whole graphemes; none if the text
        survives. Each `before` replaced by its `after` gives `stage(text)`.
    """
    before, after = graphemes(text), graphemes(stage(text))
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    starts = [0]
    for grapheme in before:
        starts.append(starts[-1] + len(grapheme))
    return [
        Loss(starts[i], "".join(before[i:j]), "".join(after[k:m]))
        for tag, i, j, k, m in matcher.get_opcodes()
        if tag != "equal"
    ]


@dataclass(frozen=True)
class RoundTripCost:
    """What a stage destroys in a collection of texts."""

    texts_changed: float  # share of texts that do not come back, 0 to 1
    forms_before: int  # distinct runs of characters between spaces
    forms_after: int
    bits_per_character: float  # to say which form a run had, given the stage


def round_trip_cost(texts: Iterable[str], stage: Stage) -> RoundTripCost:
    """Count what would be needed to undo a stage.

    The bits are the entropy of a run given what the stage makes of it,
    H(run | stage(run)), with each run (of white space, or of anything else)
    drawn by its count alone. A stage that changes no text costs 0 bits; so
    does one that changes every form but gives no two the same result.

    Args:
        texts: at least one.
        stage: one of `STAGES`.

    Raises:
        ValueError: there are no texts, or all are empty.
    """
    forms: Counter[str] = Counter()
    n_texts = n_changed = n_characters = 0
    for text in texts:
        n_texts += 1
        n_changed += stage(text) != text
        n_characters += len(text)
        forms.update(_RUN.findall(text))
    if not n_characters:
        raise ValueError(
            f"texts must hold a character, got {n_texts} without one"
        )
    results: Counter[str] = Counter()
    for form, count in forms.items():
        results[stage(form)] += count
    # H(run | result) = H(run) - H(result), the result following from the run
    bits = sum(n * math.log2(n) for n in results.values())
    bits -= sum(n * math.log2(n) for n in forms.values())
    return RoundTripCost(
        texts_changed=n_changed / n_texts,
        forms_before=len(forms),
        forms_after=len(results),
        bits_per_character=max(bits, 0.0) / n_characters,
    )
