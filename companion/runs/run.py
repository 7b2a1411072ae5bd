"""A run that is about to learn: its data, its models, what it must beat.

Chapter: book/5-training/8-a-run-to-trust.ipynb
"""

import time
from collections.abc import Callable
from dataclasses import asdict

import torch

from companion.machine import pick_device
from companion.models import Transformer
from companion.runs.baselines import baselines
from companion.runs.cost import predict
from companion.runs.data import Data
from companion.runs.folder import RunFolder
from companion.runs.preflight import preflight
from companion.runs.validation import validator
from companion.shards import DocumentBatches, PackedBatches
from companion.training.trainer import Trainer, Validate

Say = Callable[[str], None]


class Run:
    """All of a run but its state.

    Args:
        folder: of the run, its record read.
        data: as prepared in it.
        device: where to train; None: as the preset says.
    """

    def __init__(
        self, folder: RunFolder, data: Data, device: str | None = None
    ) -> None:
        self.folder, self.data = folder, data
        self.preset, self.seed = folder.preset, folder.record["seed"]
        usual = "cpu" if self.preset.device == "cpu" else None
        self.device = pick_device(device or usual)
        self.model_config = self.preset.model.config(data.tokenizer.vocab_size)
        self.config = self.preset.training(len(self.batches()))

    def model(self) -> Transformer:
        """Make the model as it is before training, the same each time."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            return Transformer(self.model_config).to(self.device)

    def batches(self) -> PackedBatches | DocumentBatches:
        """Give the batches from their start."""
        return self.data.batches(self.preset, self.seed)

    def validate(self) -> Validate:
        """Make what scores a model while it trains."""
        preset = self.preset
        return validator(
            self.data.validation,
            preset.rows,
            preset.model.context_length,
            preset.evaluate_rows,
            self.ends,
        )

    def trainer(self) -> Trainer:
        """Make a training at its start."""
        parts = self.model(), self.batches(), self.config
        return Trainer(*parts, self.validate())

    def note_cut(self, say: Say) -> None:
        """Say so where training does not see all of a document."""
        n_cut = getattr(self.batches(), "n_cut", 0)
        if n_cut:
            length = self.preset.model.context_length
            say(
                f"  {n_cut:,} documents have more than {length} tokens; "
                "training does not see the rest of them"
            )

    def compare(self, say: Say) -> None:
        """Say what a model must beat; count only once."""
        if "baselines" not in self.folder.record:
            parts = self.data.train, self.data.validation
            found = baselines(*parts, ends=self.ends)
            self.folder.write(baselines=found)
        found = self.folder.record["baselines"]
        said = ", ".join(f"{name} {nats:.3f}" for name, nats in found.items())
        say(f"to be beaten, nats per token: {said}")

    def try_out(self, say: Say) -> None:
        """Make sure of what a long run relies on, or refuse to start.

        Raises:
            ValueError: a check failed.
        """
        if self.folder.record.get("preflight"):
            return
        start = time.perf_counter()
        checks = preflight(
            self.model, self.batches, self.config, self.data.tokenizer
        )
        for check in checks:
            say(f"pre-flight, {check}")
        failed = [check for check in checks if not check.passed]
        if failed:
            raise ValueError(
                "the run does not start, since a check failed: "
                + "; ".join(map(str, failed))
            )
        say(f"pre-flight took {time.perf_counter() - start:.1f} s")
        self.folder.write(preflight=list(map(asdict, checks)))

    def foretell(
        self, price_per_hour: float | None, spent: float, say: Say
    ) -> None:
        """Say what the run will cost, besides the seconds already spent."""
        if self.folder.record.get("predicted"):
            return
        cost = predict(
            self.model,
            self.batches,
            self.config,
            self.model_config,
            self.row_length,
            self.data.train.n_tokens,
            price_per_hour,
            self.validate(),
            spent,
        )
        for line in cost.lines():
            say(f"predicted: {line}")
        self.folder.write(predicted=cost.to_dict())

    @property
    def ends(self) -> bool:
        """Whether texts begin and end; a running text does not."""
        return self.folder.record["begins"]

    @property
    def row_length(self) -> float:
        """Tokens of a row, on average."""
        length = self.preset.model.context_length
        if self.preset.rows == "windows":
            return length
        return float(self.data.train.lengths().clip(max=length).mean())
