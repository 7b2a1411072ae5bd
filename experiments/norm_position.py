"""Norm before or after the sum, with and without warm-up.

Trains a decoder of eight blocks with the norm in either position, at three
learning rates that rise for a tenth of the steps or start at their highest,
and keeps the loss of the training batches.

    python experiments/norm_position.py --workers 2

writes book/results/norm_position.json after every run, and goes on where
it stopped; --again starts anew. About three minutes on two cores.

Chapter: book/4-architectures/4-the-whole-model.ipynb
"""

from itertools import product

import small_decoder
import stored

OUT = "norm_position.json"
STEPS = 250
JOBS = [
    {"norm_position": position, "warmup": warmup, "lr": lr, "seed": seed}
    for seed, lr, position, warmup in product(
        (0,), (3e-3, 1e-2, 3e-2), ("pre", "post"), (0.1, 0.0)
    )
]


def run(job: dict) -> dict:
    """Train one decoder on one core."""
    ids, vocabulary = small_decoder.documents(3_000)
    _, found = small_decoder.train(
        ids,
        vocabulary,
        seed=job["seed"],
        training={
            "steps": STEPS,
            "batch_size": 8,
            "lr": job["lr"],
            "warmup": job["warmup"],
        },
        norm_position=job["norm_position"],
        n_layers=8,
        d_model=48,
    )
    return job | found


def save(runs: list[dict]) -> None:
    """Write everything known so far."""
    stored.write(
        OUT,
        "experiments/norm_position.py --workers 2",
        runs,
        machine=stored.one_core(),
        units={"losses": "nats per word of training, means of ten batches"},
    )


def line(found: dict) -> str:
    """Tell a run in short."""
    return (
        f"{found['norm_position']:<4} warm-up {found['warmup']:.1f} "
        f"lr {found['lr']} seed {found['seed']}  "
        f"{found['losses'][-1]:.3f} at the end  "
        f"{found['cpu_seconds']:.0f} s"
    )


def main() -> None:
    """Read the options and fill the table."""
    stored.fill(OUT, __doc__, JOBS, run, save, line)


if __name__ == "__main__":
    main()
