"""Two distributions to drag: entropy, divergence, cross-entropy, perplexity.

Everything is computed in the browser (`two_distributions.js`); `measures` is
the same in Python.

Chapter: book/1-language-models/3-measuring.ipynb
"""

import math
from collections.abc import Sequence

import traitlets

from companion.widgets.base import (
    BookWidget,
    bundle,
    check_distribution,
    check_labels,
    synced,
)


def measures(p: Sequence[float], q: Sequence[float]) -> dict[str, float]:
    """Compute what the widget shows, in nats.

    Args:
        p: what happens.
        q: what is believed; a 0 where p is not 0 makes the cost infinite.

    Returns:
        entropy, divergence and crossEntropy in nats, and the perplexity of
        q on p.
    """
    entropy = sum(-a * math.log(a) for a in p if a > 0)
    cross = divergence = 0.0
    for a, b in zip(p, q, strict=True):
        if a > 0:
            cross += -a * math.log(b) if b > 0 else math.inf
            divergence += a * math.log(a / b) if b > 0 else math.inf
    return {
        "entropy": entropy,
        "divergence": max(0.0, divergence),
        "crossEntropy": cross,
        "perplexity": math.exp(cross),
    }


class TwoDistributions(BookWidget):
    """Sliders for p and q; entropy and divergence stacked to cross-entropy.

    Args:
        p: (n,): the probabilities of what happens, 2 to 6 outcomes.
        q: (n,): the probabilities that are believed.
        labels: the n outcomes.
        unit: "bits" or "nats"; the reader can toggle it.

    Raises:
        ValueError: p or q is no distribution, or a length or the unit is
            wrong.
    """

    _esm = bundle("two_distributions")

    p = synced(traitlets.List(traitlets.Float()))
    q = synced(traitlets.List(traitlets.Float()))
    labels = synced(traitlets.List(traitlets.Unicode()))
    unit = synced(traitlets.Unicode("bits"))

    def __init__(
        self,
        p: Sequence[float] = (0.5, 0.25, 0.15, 0.1),
        q: Sequence[float] = (0.25, 0.25, 0.25, 0.25),
        *,
        labels: Sequence[str] = ("ball", "book", "key", "cup"),
        unit: str = "bits",
    ) -> None:
        if not 2 <= len(p) <= 6:
            raise ValueError(f"p must have 2 to 6 outcomes, got {len(p)}")
        names = check_labels("labels", labels, len(p))
        super().__init__(p=list(p), q=list(q), labels=names, unit=unit)

    @traitlets.validate("p", "q")
    def _check(self, proposal: dict) -> list[float]:
        values, n = proposal["value"], len(self.labels)
        name = proposal["trait"].name
        if len(values) != n:
            raise ValueError(
                f"{name} must have {n} entries, one a label, got {len(values)}"
            )
        return check_distribution(name, values)

    @traitlets.validate("unit")
    def _check_unit(self, proposal: dict) -> str:
        if proposal["value"] not in ("bits", "nats"):
            raise ValueError(
                f'unit must be "bits" or "nats", got {proposal["value"]!r}'
            )
        return proposal["value"]

    def summary(self) -> str:
        """Say how many outcomes there are."""
        return f"{len(self.labels)} outcomes"
