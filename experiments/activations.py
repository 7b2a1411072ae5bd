"""ReLU, GELU and SwiGLU in the feed-forward part, at equal parameters.

Trains the same decoder with each, from two seeds and at two learning rates.
A gated part has three matrices, so its hidden layer is two thirds as wide.

    python experiments/activations.py --workers 2

writes book/results/activations.json after every run, and goes on where it
stopped; --again starts anew. About three minutes on two cores.

Chapter: book/4-architectures/4-the-whole-model.ipynb
"""

import small_decoder
import stored

OUT = "activations.json"
STEPS = 600
D_FF = {"relu": 256, "gelu": 256, "swiglu": 170}
JOBS = [
    {"activation": name, "d_ff": d_ff, "seed": seed, "lr": lr}
    for seed, lr in ((0, 1e-2), (0, 2e-2), (1, 1e-2), (1, 2e-2))
    for name, d_ff in D_FF.items()
]


def run(job: dict) -> dict:
    """Train one decoder on one core."""
    ids, vocabulary = small_decoder.documents(8 * STEPS)  # each once
    _, found = small_decoder.train(
        ids,
        vocabulary,
        seed=job["seed"],
        training={"steps": STEPS, "batch_size": 8, "lr": job["lr"]},
        activation=job["activation"],
        d_ff=job["d_ff"],
    )
    return job | found


def save(runs: list[dict]) -> None:
    """Write everything known so far."""
    stored.write(
        OUT,
        "experiments/activations.py --workers 2",
        runs,
        machine=stored.one_core(),
        units={"losses": "nats per word of training, means of ten batches"},
    )


def line(found: dict) -> str:
    """Tell a run in short."""
    return (
        f"{found['activation']:<7} lr {found['lr']} seed {found['seed']}  "
        f"{found['nats_per_word']:.4f} nats per word  "
        f"{found['cpu_seconds']:.0f} s"
    )


def main() -> None:
    """Read the options and fill the table."""
    stored.fill(OUT, __doc__, JOBS, run, save, line)


if __name__ == "__main__":
    main()
