"""The learning rate over a training, its shape on sliders.

Everything is computed in the browser (`schedule_designer.js`); the Python
twin is `companion.optimizers.schedules`, and `totals` here.

Chapter: book/5-training/4-schedules.ipynb
"""

from collections.abc import Mapping

import traitlets

from companion.optimizers import schedules
from companion.widgets.base import BookWidget, bundle, check_between, synced

KINDS = {  # each with the fields that it has besides warmup
    "constant": (schedules.Constant, ()),
    "cosine": (schedules.Cosine, ("final",)),
    "warmup_stable_decay": (
        schedules.WarmupStableDecay,
        ("decay", "final"),
    ),
    "exponential": (schedules.Exponential, ("final",)),
    "restarts": (schedules.Restarts, ("cycles", "factor", "final")),
}
START = {"warmup": 0.05, "final": 0.01, "decay": 0.2}
START |= {"cycles": 3, "factor": 2.0}
LR = (1e-5, 1.0)
TOKENS = (1e4, 1e13)  # of a training
TOKENS_PER_STEP = (1, 1e8)
SHOWN = 1_000  # steps that are added up at most


def schedule_of(kind: str, settings: Mapping) -> schedules.Schedule:
    """Make the schedule that the widget's settings describe.

    Args:
        kind: a name in `KINDS`.
        settings: warmup, and at least what the kind needs.

    Raises:
        ValueError: there is no such kind, or a setting is out of range.
    """
    if kind not in KINDS:
        raise ValueError(
            f"schedule must be one of {', '.join(KINDS)}, got {kind!r}"
        )
    make, names = KINDS[kind]
    chosen = {name: settings[name] for name in ("warmup", *names)}
    return make(**chosen)


def totals(
    kind: str, settings: Mapping, lr: float, tokens: float, per_step: float
) -> dict[str, float]:
    """Add up the rates of all steps.

    Returns:
        steps, at least one; area, the mean factor, which is the area under
        the curve as a share of the rectangle; length, the sum of the rates.
    """
    schedule = schedule_of(kind, settings)
    steps = max(1, int(tokens // per_step))
    n = min(steps, SHOWN)
    area = sum(schedule((step + 0.5) / n) for step in range(n)) / n
    return {"steps": steps, "area": area, "length": lr * area * steps}


class ScheduleDesigner(BookWidget):
    """A curve of the rate over tokens, with the area under it.

    Args:
        schedule: "constant", "cosine", "warmup_stable_decay", "exponential"
            or "restarts".
        lr: the highest rate, from 0.00001 to 1.
        tokens: of the whole training, from 10^4 to 10^13.
        tokens_per_step: from 1 to 10^8.
        settings: what differs from a warm-up of 0.05, a final factor of
            0.01, a decay of 0.2, three cycles, each twice the last.

    Raises:
        ValueError: one of these does not hold.
    """

    _esm = bundle("schedule_designer")

    schedule = synced(traitlets.Unicode())
    settings = synced(traitlets.Dict())
    lr = synced(traitlets.Float())
    tokens = synced(traitlets.Float())
    tokens_per_step = synced(traitlets.Float())

    def __init__(
        self,
        schedule: str = "cosine",
        *,
        lr: float = 1e-2,
        tokens: float = 1e6,
        tokens_per_step: float = 1e3,
        settings: Mapping | None = None,
    ) -> None:
        settings = dict(settings or {})
        if unknown := sorted(settings.keys() - START.keys()):
            raise ValueError(
                f"settings must be among {', '.join(START)}, got {unknown}"
            )
        schedule_of(schedule, START | settings)
        super().__init__(
            schedule=schedule,
            settings=START | settings,
            lr=lr,
            tokens=tokens,
            tokens_per_step=tokens_per_step,
        )

    @traitlets.validate("schedule")
    def _check_schedule(self, proposal: dict) -> str:
        schedule_of(proposal["value"], self.settings or START)
        return proposal["value"]

    @traitlets.validate("settings")
    def _check_settings(self, proposal: dict) -> dict:
        schedule_of(self.schedule or "constant", START | proposal["value"])
        return proposal["value"]

    @traitlets.validate("lr", "tokens", "tokens_per_step")
    def _check_number(self, proposal: dict) -> float:
        name = proposal["trait"].name
        limits = {
            "lr": LR,
            "tokens": TOKENS,
            "tokens_per_step": TOKENS_PER_STEP,
        }
        return check_between(name, proposal["value"], *limits[name])

    def summary(self) -> str:
        """Say which schedule, and what lies under it."""
        found = totals(
            self.schedule,
            self.settings,
            self.lr,
            self.tokens,
            self.tokens_per_step,
        )
        name = self.schedule.replace("_", "-")
        return f"{name}, {100 * found['area']:.0f} % of the rectangle"
