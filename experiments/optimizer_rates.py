"""Optimizers on one small decoder, each at the best of its rates.

Trains a decoder on 2,400 stories, read once, with SGD with momentum, AdamW
with two memories of the square, and Muon (its embeddings, norms and output
layer by AdamW, at the same rate).
Seed 0 tries all rates of an optimizer; the best by the loss on the last
training batches is then run from three other seeds, which had no say in the
choice.

    python experiments/optimizer_rates.py --workers 2

writes book/results/optimizer_rates.json after every run, and goes on where
it stopped; --again starts anew. About three minutes on two cores.

Chapter: book/5-training/2-optimizers.ipynb
"""

import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import small_decoder
import stored
import torch

from companion.models import Transformer, TransformerConfig
from companion.training import EndlessDocuments, TrainConfig, Trainer

OUT = "optimizer_rates.json"
STEPS, BATCH = 300, 8
LAST = 5  # means of ten batches that decide between rates
RATES = {
    "SGD with momentum": (0.1, 0.3, 1.0),
    "AdamW": (3e-3, 1e-2, 1.7e-2, 3e-2),
    "AdamW, beta2 0.95": (1e-2, 1.7e-2, 3e-2),
    "Muon": (3e-3, 1e-2, 3e-2, 1e-1),
}
SEEDS = (1, 2, 3)  # of the comparison


def run(job: dict) -> dict:
    """Train one decoder on one core."""
    torch.set_num_threads(1)
    ids, vocabulary = small_decoder.documents(STEPS * BATCH)
    torch.manual_seed(job["seed"])
    config = TransformerConfig(
        vocab_size=len(vocabulary), **small_decoder.MODEL
    )
    trainer = prepare(job, Transformer(config), ids)
    start = time.process_time()
    try:
        history = trainer.run()
    except FloatingPointError:
        return job | {"nats_per_word": None}
    seconds = time.process_time() - start
    losses = np.array([entry["loss"] for entry in history])
    return job | {
        "cpu_seconds": round(seconds, 1),
        "losses": losses.reshape(-1, 10).mean(1).round(4).tolist(),
        **small_decoder.score(trainer.model, vocabulary),
    }


def prepare(job: dict, model: Transformer, ids: list[np.ndarray]) -> Trainer:
    """Make a training that follows the job's rule."""
    rule = "muon" if job["optimizer"] == "Muon" else "adamw"
    config = TrainConfig(
        steps=STEPS,
        batch_size=BATCH,
        optimizer=rule,
        lr=job["lr"],
        beta2=0.95 if "0.95" in job["optimizer"] else 0.999,
    )
    batches = EndlessDocuments(ids, BATCH, seed=job["seed"])
    trainer = Trainer(model, batches, config)
    if job["optimizer"].startswith("SGD"):
        trainer.optimizers = [
            torch.optim.SGD(model.parameters(), lr=1.0, momentum=0.9)
        ]
    return trainer


def best_rates(runs: list[dict]) -> dict[str, float]:
    """Find for each optimizer the rate that learned best from seed 0."""

    def late_loss(run: dict) -> float:
        return float(np.mean(run["losses"][-LAST:]))

    tried = [r for r in runs if r["seed"] == 0 and r["nats_per_word"]]
    return {
        name: min((r for r in tried if r["optimizer"] == name), key=late_loss)[
            "lr"
        ]
        for name in RATES
    }


def save(runs: list[dict]) -> None:
    """Write everything known so far."""
    stored.write(
        OUT,
        "experiments/optimizer_rates.py --workers 2",
        runs,
        machine=stored.one_core(),
        steps=STEPS,
        batch_size=BATCH,
        units={"losses": "nats per word of training, means of ten batches"},
    )


def line(found: dict) -> str:
    """Tell a run in short."""
    loss = found["nats_per_word"]
    told = f"{loss:.3f} nats per word" if loss else "diverged"
    return (
        f"{found['optimizer']:<18} lr {found['lr']:<6} seed {found['seed']}  "
        f"{told}  {found.get('cpu_seconds', 0):.0f} s"
    )


def main() -> None:
    """Try all rates from one seed, then the best ones from others."""
    chosen = stored.options(__doc__)
    runs = [] if chosen.again else stored.read(OUT)["runs"]
    trials = [
        {"optimizer": name, "lr": lr, "seed": 0}
        for name, rates in RATES.items()
        for lr in rates
    ]
    with ProcessPoolExecutor(chosen.workers) as pool:
        stored.go_on(trials, runs, run, pool, save, line)
        finals = [
            {"optimizer": name, "lr": lr, "seed": seed}
            for name, lr in best_rates(runs).items()
            for seed in SEEDS
        ]
        stored.go_on(finals, runs, run, pool, save, line)


if __name__ == "__main__":
    main()
