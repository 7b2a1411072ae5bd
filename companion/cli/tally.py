"""The size and the floor of a corpus, counted while it is written.

Chapter: book/1-language-models/3-measuring.ipynb
"""

import math
from collections.abc import Iterable, Iterator

import numpy as np


class Tally:
    """Sums over stories: nats, predictions, bytes."""

    def __init__(self) -> None:
        self._rows: list[tuple[float, int, int]] = []

    def watch(
        self, rows: Iterable[dict[str, object]]
    ) -> Iterator[dict[str, object]]:
        """Pass on rows with `text`, `log_prob` (nats) and `words`."""
        for row in rows:
            predictions = row["words"] + 1  # the end is predicted too
            size = len(row["text"].encode())
            self._rows.append((-row["log_prob"], predictions, size))
            yield row

    def floor(self) -> dict[str, tuple[float, float]]:
        """Return the floor of the rows seen, with its standard error.

        Returns:
            "nats per word" and "bits per byte" -> (ratio of the means,
            standard error of that ratio to first order; nan for one row).
        """
        nats, words, size = np.array(self._rows).T
        return {
            "nats per word": _ratio(nats, words),
            "bits per byte": _ratio(nats / math.log(2), size),
        }

    def summary(self) -> str:
        """Say the size and the floor in two lines."""
        _, predictions, size = np.array(self._rows).sum(axis=0)
        words = int(predictions) - len(self._rows)
        floor = ", ".join(
            f"{mean:.5f} ± {error:.5f} {unit}"
            for unit, (mean, error) in self.floor().items()
        )
        return (
            f"{words:,} words, {size / 1e6:,.2f} MB of text\n"
            f"floor: {floor} (± standard error)"
        )


def _ratio(above: np.ndarray, below: np.ndarray) -> tuple[float, float]:
    """Divide two means; give the quotient and its standard error."""
    ratio = above.mean() / below.mean()
    if len(above) < 2:
        return float(ratio), math.nan
    spread = (above - ratio * below).std(ddof=1)
    error = spread / (below.mean() * math.sqrt(len(above)))
    return float(ratio), float(error)
