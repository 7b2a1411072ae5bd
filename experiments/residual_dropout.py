"""Two things called residual dropout, and two ways to place four of them.

Trains a decoder on 300 stories, which it passes over thirteen times, from
two seeds: without dropout; with dropout on what each part adds to the
residual stream (GPT-2's residual dropout); on the stream itself, at each
addition; with four dropouts a block on what its parts compute; and with
four of which two are on the stream.

    python experiments/residual_dropout.py --workers 2

writes book/results/residual_dropout.json after every run, and goes on
where it stopped; --again starts anew. About two minutes on two cores.

Chapter: book/4-architectures/4-the-whole-model.ipynb
"""

import small_decoder
import stored

OUT = "residual_dropout.json"
N_STORIES = 300
STEPS = 500
P = 0.1
PLACES = {
    "none": (),
    "on what is added": ("attention", "ffn"),
    "on the skip path": ("skip",),
    "four, none on the skip path": ("weights", "attention", "hidden", "ffn"),
    "four, two on the skip path": ("weights", "ffn", "skip"),
}
JOBS = [
    {"dropout": name, "seed": seed} for seed in range(2) for name in PLACES
]


def run(job: dict) -> dict:
    """Train one decoder on one core."""
    ids, vocabulary = small_decoder.documents(N_STORIES)
    _, found = small_decoder.train(
        ids,
        vocabulary,
        seed=job["seed"],
        dropout=dict.fromkeys(PLACES[job["dropout"]], P),
        training={"steps": STEPS, "batch_size": 8, "lr": 1e-2},
    )
    return job | found


def save(runs: list[dict]) -> None:
    """Write everything known so far."""
    stored.write(
        OUT,
        "experiments/residual_dropout.py --workers 2",
        runs,
        machine=stored.one_core(),
        n_stories=N_STORIES,
        p=P,
        places=PLACES,
        units={"losses": "nats per word of training, means of ten batches"},
    )


def line(found: dict) -> str:
    """Tell a run in short."""
    return (
        f"{found['dropout']:<27} seed {found['seed']}  "
        f"{found['losses'][-1]:.3f} in training, "
        f"{found['nats_per_word']:.3f} in the test  "
        f"{found['cpu_seconds']:.0f} s"
    )


def main() -> None:
    """Read the options and fill the table."""
    stored.fill(OUT, __doc__, JOBS, run, save, line)


if __name__ == "__main__":
    main()
