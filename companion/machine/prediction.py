"""How long a run would take here, given how long it took elsewhere.

Chapter: book/2-environment/1-your-machine.ipynb
"""

import math
from dataclasses import astuple, dataclass

from companion.machine.calibration import Calibration


@dataclass(frozen=True, kw_only=True)
class Work:
    """Shares of the reference machine's time, by kind of work; they sum to 1.

    The defaults are a convention for this book's notebooks, whose models
    are small: most of the time goes to Python and to starting operations.
    """

    python: float = 0.6
    matmul: float = 0.3
    memory: float = 0.1

    def __post_init__(self) -> None:
        shares = astuple(self)
        if min(shares) < 0 or not math.isclose(sum(shares), 1):
            raise ValueError(
                f"shares must be at least 0 and sum to 1, got {shares}"
            )


def predict_seconds(
    reference_seconds: float,
    reference: Calibration,
    here: Calibration,
    work: Work | None = None,
) -> float:
    """Scale a run time from one machine to another.

    The rule: the reference machine's time is divided by kind of work, and
    each part is multiplied by the reference's speed at that kind over the
    speed here. It knows nothing of caches, of disks, or of how well a run
    uses its threads: believe it within a factor of two.

    Args:
        reference_seconds: what the run took there.
        reference: the speeds of that machine.
        here: the speeds of this machine.
        work: the shares; None takes the defaults of `Work`.

    Returns:
        Seconds.

    Raises:
        ValueError: `reference_seconds` is below 0 or not finite.
    """
    _check(reference_seconds)
    shares = astuple(work or Work())
    pairs = zip(shares, _ratios(reference, here), strict=True)
    return reference_seconds * sum(share * ratio for share, ratio in pairs)


def predict_range(
    reference_seconds: float, reference: Calibration, here: Calibration
) -> tuple[float, float]:
    """Compute the least and the most that any shares would predict.

    Args:
        reference_seconds: what the run took there.
        reference: the speeds of that machine.
        here: the speeds of this machine.

    Returns:
        Seconds if all the work were of the kind at which this machine
        compares best, and of the kind at which it compares worst.

    Raises:
        ValueError: `reference_seconds` is below 0 or not finite.
    """
    _check(reference_seconds)
    ratios = _ratios(reference, here)
    return reference_seconds * min(ratios), reference_seconds * max(ratios)


def _ratios(reference: Calibration, here: Calibration) -> list[float]:
    """Compute the reference's speed over ours, in the order of `Work`."""
    names = (
        "python_steps_per_s",
        "matmul_gflops_all_threads",
        "memory_bandwidth_gb_s",
    )
    return [getattr(reference, name) / getattr(here, name) for name in names]


def _check(seconds: float) -> None:
    if not 0 <= seconds < math.inf:
        raise ValueError(
            f"reference_seconds must be finite and at least 0, got {seconds}"
        )
