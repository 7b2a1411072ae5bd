"""The long part of a run: steps, checkpoints, and being stopped.

Chapter: book/5-training/8-a-run-to-trust.ipynb
"""

import time
from dataclasses import dataclass

from companion.files import remove_unfinished
from companion.runs.run import Run, Say
from companion.runs.stopping import Stopping
from companion.training.checkpoint import (
    OtherTraining,
    checkpoints,
    load_checkpoint,
    save_checkpoint,
)
from companion.training.log import Log
from companion.training.trainer import Entry, Trainer

SAID_EVERY = 50  # steps between two lines, where nothing is validated


@dataclass(frozen=True)
class Learnt:
    """How the steps ended."""

    trainer: Trainer
    stopped: int  # 0, or the exit code of the signal that stopped it


def learn(
    run: Run,
    checkpoint_seconds: float,
    checkpoint_steps: int | None,
    say: Say,
) -> Learnt:
    """Train from the newest whole checkpoint to the end, or to a signal.

    Args:
        run: ready.
        checkpoint_seconds: longest time between checkpoints.
        checkpoint_steps: the same in steps, if given.
        say: is given a line at a time.
    """
    trainer = run.trainer()
    _go_on(run, trainer, say)
    keeper = _Keeper(run, trainer, checkpoint_seconds, checkpoint_steps)
    reporter = _Reporter(run, trainer, say)
    with (
        Stopping() as stopping,
        Log(run.folder.log, after=trainer.step) as log,
    ):

        def on_step(entry: Entry) -> bool:
            log.write(entry)
            reporter(entry)
            if stopping.signal is None:
                keeper(entry)
            return stopping.signal is not None

        trainer.run(on_step)
        keeper.save()
    if stopping.signal and not trainer.finished:
        say(
            f"stopped at step {trainer.step}; go on with: companion train "
            f"--out {run.folder.path} --resume"
        )
        return Learnt(trainer, stopping.exit_code)
    return Learnt(trainer, 0)


def _go_on(run: Run, trainer: Trainer, say: Say) -> None:
    """Take up the newest checkpoint that is whole, if there is one."""
    remove_unfinished(run.folder.checkpoints)
    found = checkpoints(run.folder.checkpoints)
    for path in reversed(found):
        try:
            state = load_checkpoint(path, run.folder.about())
        except OtherTraining:
            raise
        except ValueError as error:  # it is damaged
            say(f"{error}; what was before it is used")
            continue
        trainer.resume(state)
        say(f"goes on from {path.name}")
        return
    if found:
        say("no checkpoint is whole: training begins anew")


class _Keeper:
    """Writes checkpoints, none of them too late."""

    def __init__(
        self, run: Run, trainer: Trainer, seconds: float, steps: int | None
    ) -> None:
        self.run, self.trainer = run, trainer
        self.seconds, self.steps = seconds, steps
        self.last = time.perf_counter()

    def __call__(self, entry: Entry) -> None:
        late = time.perf_counter() - self.last >= self.seconds
        if late or (self.steps and entry["step"] % self.steps == 0):
            self.save()

    def save(self) -> None:
        """Write one now."""
        folder = self.run.folder
        save_checkpoint(
            self.trainer.state(), folder.checkpoints, folder.about()
        )
        self.last = time.perf_counter()


class _Reporter:
    """Says from time to time how far it is."""

    def __init__(self, run: Run, trainer: Trainer, say: Say) -> None:
        self.trainer, self.say = trainer, say
        self.train_tokens = run.data.train.n_tokens
        self.losses: list[float] = []

    def __call__(self, entry: Entry) -> None:
        self.losses.append(entry["loss"])
        validated = entry.get("validation_loss")
        if validated is None and entry["step"] % SAID_EVERY:
            return
        mean = sum(self.losses) / len(self.losses)
        passes = entry["tokens"] / self.train_tokens
        line = (
            f"step {entry['step']:,}, {entry['tokens']:,} tokens ({passes:.2f}"
            f" passes), {entry['seconds']:.0f} s: {mean:.3f} nats per token "
            f"over the last {len(self.losses)} steps"
        )
        if validated is not None:
            line += f", validation {validated:.3f}"
        self.say(line)
        self.losses = []
