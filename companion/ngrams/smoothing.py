"""Turn counts into probabilities: four ways.

Write c for the count of an n-gram, N for the sum of c over its history, and
V for the number of words that can follow. A smoothing says, for each order,
what a count is (`count`) and how much of it is given away (`discount`); then
it turns what was found about a history and a word into a probability.

Chapter: book/1-language-models/2-smoothing.ipynb
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import NamedTuple

import numpy as np

from companion.ngrams.counts import NGramCounts
from companion.ngrams.good_turing import good_turing_counts

# Church and Gale's (1991) measured discount, near enough for any count; used
# where a text has no n-gram of count one to estimate from.
USUAL_DISCOUNT = 0.75
ROUNDING = 1e-9  # a sum of discounts below this is 0 but for rounding


class Evidence(NamedTuple):
    """What training says, at one order, of a word after a history.

    All are arrays that broadcast; an unseen history has total 0.
    """

    count: np.ndarray  # c(h, w)
    discount: np.ndarray  # d(h, w), the part of c(h, w) given away
    total: np.ndarray  # N(h): the sum of c(h, w) over w
    freed: np.ndarray  # the sum of d(h, w) over w


class Smoothing(ABC):
    """What all four share: raw counts, of which nothing is given away."""

    def weigh(self, counts: NGramCounts) -> list[tuple]:
        """Give (count, discount), both (G,), for order 1, 2, ... n."""
        return [(lv.counts, 0.0 * lv.counts) for lv in counts.levels]

    @abstractmethod
    def probability(
        self, evidence: Sequence[Evidence], n_words: int
    ) -> np.ndarray:
        """Compute P(word | history).

        Args:
            evidence: for order 1, 2, ... n.
            n_words: V, how many words can follow.
        """


@dataclass(frozen=True)
class MaximumLikelihood(Smoothing):
    """P(w | h) = c(h, w) / N(h); after an unseen history 0 for every w."""

    def probability(
        self, evidence: Sequence[Evidence], n_words: int
    ) -> np.ndarray:
        longest = evidence[-1]
        return longest.count / np.maximum(longest.total, 1)


@dataclass(frozen=True)
class AddK(Smoothing):
    """P(w | h) = (c(h, w) + k) / (N(h) + k V); Laplace's rule at k = 1.

    Raises:
        ValueError: k is not above 0.
    """

    k: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.k < np.inf:
            raise ValueError(f"k must be a number above 0, got {self.k}")

    def probability(
        self, evidence: Sequence[Evidence], n_words: int
    ) -> np.ndarray:
        longest = evidence[-1]
        total = longest.total + self.k * n_words
        return (longest.count + self.k) / total


class Interpolated(Smoothing):
    """P(w | h) = (c - d) / N + freed / N x P(w | h less its first word).

    What a history gives away goes to the next shorter history, the shortest
    to 1 / V; an unseen history gives everything.
    """

    def probability(
        self, evidence: Sequence[Evidence], n_words: int
    ) -> np.ndarray:
        p = 1 / n_words
        for count, discount, total, freed in evidence:
            n = np.maximum(total, 1)  # whatever, where total is 0
            p = np.where(total > 0, (count - discount + freed * p) / n, p)
        return p


@dataclass(frozen=True)
class GoodTuring(Interpolated):
    """Discount each count c to its simple Good-Turing count c*.

    At each order d = c - c*, not below 0 nor above c: together the share
    N(1) / N that Good (1953) gives to the unseen, here spread over it as the
    next shorter history says (Katz 1987 backs off; this interpolates). The
    raw N(r) are bumpy, so all c* after a history may be c or more, and it
    would give nothing away: such a history gives 1 / (N(h) + 1), Doug Paul's
    rule in the CMU and SRILM toolkits.
    """

    def weigh(self, counts: NGramCounts) -> list[tuple]:
        weighed = []
        for level in counts.levels:
            r, which, n_r = np.unique(
                level.counts, return_inverse=True, return_counts=True
            )
            fall = np.clip(r - good_turing_counts(r, n_r), 0, r)
            freed = level.per_history(fall[which])
            paul = r[which] / (1 + level.per_history(r[which]))[level.history]
            gives = freed[level.history] > ROUNDING
            discount = np.where(gives, fall[which], paul)
            weighed.append((level.counts, discount))
        return weighed


@dataclass(frozen=True)
class KneserNey(Interpolated):
    """Interpolated Kneser-Ney: subtract D, and below count left neighbours.

    Below the highest order c(h, w) is the number of different words seen
    before the n-gram, not how often it was seen.

    Source: Kneser and Ney 1995; interpolated as in Chen and Goodman 1999.

    Args:
        discount: D, from 0 to 1; None estimates D = n1 / (n1 + 2 n2) at each
            order from how many counts are one and two.
        uniform: give a share D of the shortest history to 1 / V, so that a
            word never seen is possible; False stops there, as nltk does.

    Raises:
        ValueError: discount is outside 0 to 1.
    """

    discount: float | None = 0.75
    _: KW_ONLY
    uniform: bool = True

    def __post_init__(self) -> None:
        if self.discount is not None and not 0 <= self.discount <= 1:
            raise ValueError(
                f"discount must be from 0 to 1, got {self.discount}"
            )

    def weigh(self, counts: NGramCounts) -> list[tuple]:
        below = [counts.continuation(k) for k in range(1, counts.order)]
        weighed = []
        for c in [*below, counts.levels[-1].counts]:
            d = self.discount if weighed or self.uniform else 0.0
            d = estimated_discount(c) if d is None else d
            weighed.append((c, np.minimum(c, d)))
        return weighed


def estimated_discount(counts: np.ndarray) -> float:
    """Estimate D = n1 / (n1 + 2 n2); 0.75 where no count is one.

    Source: Ney, Essen and Kneser 1994.
    """
    n1, n2 = int(np.sum(counts == 1)), int(np.sum(counts == 2))
    return n1 / (n1 + 2 * n2) if n1 else USUAL_DISCOUNT
