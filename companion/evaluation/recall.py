"""Split a loss by what each word depends on, and by how far back that is.

The stories of the story world know the probability of each of their own
words. What a model pays above that is its excess, and excess is all that
learning could still remove.

Chapter: book/1-language-models/5-remembering.ipynb
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from companion.ratio import ratio_se

KINDS = ("grammar", "recall", "free")
EDGES = (1, 4, 8, 16, 32, 64)  # words; the last bin has no upper end


class AnswerKey(Protocol):
    """What a story must know about its own words, the end included."""

    log_probs: np.ndarray  # (len(words) + 1,), nats
    kinds: tuple[str, ...]  # as long: "grammar", "recall" or "free"
    distances: np.ndarray  # as long: words back to the evidence, for recall


@dataclass(frozen=True, kw_only=True)
class Excess:
    """The loss on one group of words, beside the floor on the same words."""

    label: str
    n_words: int
    model_nats: float  # total
    source_nats: float  # total, of the source itself: the floor
    standard_error: float  # of nats_per_word, over stories; nats

    @property
    def nats(self) -> float:
        """Total excess; over all groups it sums to loss minus floor."""
        return self.model_nats - self.source_nats

    @property
    def nats_per_word(self) -> float:
        """Mean excess of a word of this group; NaN without words."""
        return self.nats / self.n_words if self.n_words else float("nan")


def loss_by_kind(
    log_probs: Sequence[np.ndarray], stories: Sequence[AnswerKey]
) -> list[Excess]:
    """Split a model's excess loss by the kind of word.

    Args:
        log_probs: the model's, one (len(words) + 1,) array a story; nats.
        stories: the stories it scored, in the same order.

    Returns:
        One `Excess` a kind, in the order of KINDS.

    Raises:
        ValueError: scores and stories differ in number or in length, or a
            kind is none of KINDS.
    """
    kinds = np.array([k for story in stories for k in story.kinds])
    strange = sorted(set(kinds.tolist()) - set(KINDS))
    if strange:
        raise ValueError(
            f"a kind must be one of {', '.join(KINDS)}, got {strange[0]!r}"
        )
    groups = {kind: kinds == kind for kind in KINDS}
    return _excess(log_probs, stories, groups)


def loss_by_distance(
    log_probs: Sequence[np.ndarray],
    stories: Sequence[AnswerKey],
    edges: Sequence[int] = EDGES,
) -> list[Excess]:
    """Split the excess loss on recalled words by distance of recall.

    Args:
        log_probs: the model's, one (len(words) + 1,) array a story; nats.
        stories: the stories it scored, in the same order.
        edges: first distance of each bin, in words, rising; the last bin
            takes all beyond.

    Returns:
        One `Excess` a bin, labelled "1-3", "4-7", ..., "64+".

    Raises:
        ValueError: scores and stories differ in number or in length, the
            edges do not rise, or a distance lies below the first.
    """
    if not len(edges) or any(np.diff(edges) <= 0):
        raise ValueError(f"edges must rise, got {list(edges)}")
    recall = np.array([k == "recall" for s in stories for k in s.kinds])
    distances = np.concatenate([s.distances for s in stories])
    if recall.any() and distances[recall].min() < edges[0]:
        raise ValueError(
            f"the first edge must be at most the shortest distance "
            f"({distances[recall].min()}), got {edges[0]}"
        )
    bins = np.digitize(distances, edges) - 1
    ends = [*(str(last - 1) for last in edges[1:]), ""]
    groups = {
        _bin_label(str(first), last): recall & (bins == i)
        for i, (first, last) in enumerate(zip(edges, ends, strict=True))
    }
    return _excess(log_probs, stories, groups)


def _bin_label(first: str, last: str) -> str:
    """Write a bin of distances: "1-3", "4", "64+"."""
    if not last:
        return f"{first}+"
    return first if first == last else f"{first}-{last}"


def _excess(
    log_probs: Sequence[np.ndarray],
    stories: Sequence[AnswerKey],
    groups: dict[str, np.ndarray],
) -> list[Excess]:
    """Add up model and source over the words that each mask selects."""
    lengths = [len(story.log_probs) for story in stories]
    got = [len(p) for p in log_probs]
    if lengths != got:
        raise ValueError(
            f"each story needs one score a word and one for its end: "
            f"{len(lengths)} stories of {sum(lengths)} words and ends, "
            f"got {len(got)} arrays of {sum(got)}"
        )
    owner = np.repeat(np.arange(len(stories)), lengths)  # (words,)
    model = -np.concatenate(log_probs)  # (words,)
    source = -np.concatenate([s.log_probs for s in stories])  # (words,)

    def by_story(weights: np.ndarray) -> np.ndarray:
        return np.bincount(owner, weights, minlength=len(stories))

    return [
        Excess(
            label=label,
            n_words=int(mask.sum()),
            model_nats=float(model[mask].sum()),
            source_nats=float(source[mask].sum()),
            standard_error=ratio_se(
                by_story(np.where(mask, model - source, 0.0)), by_story(mask)
            ),
        )
        for label, mask in groups.items()
    ]
