"""Look up the evidence for a word after a history, one or a million.

Chapter: book/1-language-models/2-smoothing.ipynb
"""

import numpy as np

from companion.ngrams.counts import Level
from companion.ngrams.smoothing import Evidence


class Table:
    """The counts of one order as a smoothing sees them.

    Args:
        level: the n-grams.
        count: (G,) c of each, as the smoothing counts.
        discount: (G,) d of each, the part of c given away.
    """

    def __init__(
        self, level: Level, count: np.ndarray, discount: np.ndarray
    ) -> None:
        self.level = level
        # one 0 at the end: what the number -1, "never seen", finds
        self.count = np.append(count, 0.0)
        self.discount = np.append(discount, 0.0)
        self.total = np.append(level.per_history(count), 0.0)
        self.freed = np.append(level.per_history(discount), 0.0)

    def at(self, history: np.ndarray, rows: np.ndarray) -> Evidence:
        """Look up pairs of a history's number and an n-gram's place.

        Args:
            history: (T,) numbers, -1 where never seen.
            rows: (T,) places, -1 where never seen.

        Returns:
            Four arrays (T,).
        """
        return Evidence(
            self.count[rows],
            self.discount[rows],
            self.total[history],
            self.freed[history],
        )

    def after(self, history: int) -> Evidence:
        """Look up every word after one history.

        Returns:
            count and discount (V,) by word id, total and freed as numbers.
        """
        rows = self.level.after(history)
        words = self.level.ngrams[rows] % self.level.base
        count, discount = np.zeros((2, self.level.base))
        count[words] = self.count[rows]
        discount[words] = self.discount[rows]
        return Evidence(
            count, discount, self.total[history], self.freed[history]
        )
