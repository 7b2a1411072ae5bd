"""How many examples a step, and in which order.

Trains one small decoder once over the same 1,280 stories with batches of 1,
4, 16 and 64, each at three learning rates from one seed and at the best of
these from two more; keeps the loss on validation stories. Then with batches
of 8 in other orders: short stories first, stories first that a trigram finds
easy, and the contrary, each beside the same batches shuffled.

    python experiments/batches.py --workers 2

writes book/results/batches.json after every run, and goes on where it
stopped; --again starts anew. About four minutes on two cores.

Chapter: book/5-training/5-batches.ipynb
"""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache

import numpy as np
import small_decoder
import stored
import torch

from companion.corpus import split
from companion.evaluation import NeuralScorer, loss_of, score
from companion.models import Transformer, TransformerConfig
from companion.ngrams import KneserNey, NGramModel
from companion.tokenization import Vocabulary
from companion.training import Batch, TrainConfig, Trainer
from companion.training.batches import pad

OUT = "batches.json"
N_STORIES, N_VALIDATION, N_LOOKS = 1_280, 40, 10
RATES = {
    1: (1e-3, 3e-3, 1e-2),
    4: (3e-3, 1e-2, 3e-2),
    16: (3e-3, 1e-2, 3e-2),
    64: (3e-3, 1e-2, 3e-2),
}
ORDERS = {  # what the stories are sorted by, and which batch comes first
    "lengths, shuffled": ("length", "shuffled"),
    "short first": ("length", "up"),
    "long first": ("length", "down"),
    "losses, shuffled": ("loss", "shuffled"),
    "easy first": ("loss", "up"),
    "hard first": ("loss", "down"),
}


def job(order: str, batch_size: int, lr: float, seed: int) -> dict:
    """Say all that makes one run differ from the others."""
    made = {"order": order, "batch_size": batch_size}
    return made | {"lr": lr, "seed": seed}


GRID = [
    job("random", batch_size, lr, 0)
    for batch_size, rates in RATES.items()
    for lr in rates
]
IN_ORDER = [job(order, 8, 1e-2, seed) for seed in range(3) for order in ORDERS]


def best_again(runs: list[dict]) -> list[dict]:
    """For each batch size the best rate of seed 0, from two more seeds."""
    jobs = []
    for batch_size in RATES:
        tried = [
            r
            for r in runs
            if r["order"] == "random"
            and r["batch_size"] == batch_size
            and r["seed"] == 0
        ]
        best = min(tried, key=lambda r: r["validation"][-1]["nats_per_word"])
        jobs += [job("random", batch_size, best["lr"], s) for s in (1, 2)]
    return jobs


@cache
def stories() -> tuple[list[np.ndarray], Vocabulary, np.ndarray]:
    """Encode the stories; a trigram of as many others says how hard."""
    ids, vocabulary = small_decoder.documents(2 * N_STORIES)
    words = [vocabulary.words(d[1:-1]) for d in ids]
    trigram = NGramModel.train(words[N_STORIES:], 3, KneserNey(0.75))
    hard = [-np.mean(score(trigram, [d])) for d in words[:N_STORIES]]
    return ids[:N_STORIES], vocabulary, np.array(hard)


def in_order(job: dict) -> Iterator[Batch]:
    """Give every story once, in padded batches, in the order of a job."""
    ids, _, hard = stories()
    rng, size = np.random.default_rng(job["seed"]), job["batch_size"]
    order = rng.permutation(len(ids))
    if job["order"] == "random":
        cuts = np.arange(0, len(ids), size)
    else:
        key, first = ORDERS[job["order"]]
        value = np.array(list(map(len, ids))) if key == "length" else hard
        order = order[np.argsort(value[order], kind="stable")]
        cuts = np.arange(0, len(ids), size)
        if first == "shuffled":
            rng.shuffle(cuts)
        elif first == "down":
            cuts = cuts[::-1]
    for start in cuts:
        yield pad([ids[i] for i in order[start : start + size]])


def loss_on(scorer: NeuralScorer, stories: Sequence) -> float:
    """Average the loss over validation stories, nats per word."""
    return loss_of(
        scorer.log_probs_many(story.words for story in stories)
    ).nats_per_word


def run(job: dict) -> dict:
    """Train one decoder on one core."""
    torch.set_num_threads(1)
    _, vocabulary, _ = stories()
    torch.manual_seed(job["seed"])
    model = Transformer(
        TransformerConfig(vocab_size=len(vocabulary), **small_decoder.MODEL)
    )
    steps = N_STORIES // job["batch_size"]
    config = TrainConfig(
        steps=steps,
        lr=job["lr"],
        seed=job["seed"],
        evaluate_every=steps // N_LOOKS,
    )
    examined = list(split("en", "validation").stories(N_VALIDATION))
    scorer, looking, start = NeuralScorer(model, vocabulary), 0.0, None

    def validate(_: torch.nn.Module) -> dict:
        nonlocal looking
        begun = time.process_time()
        at = {"cpu_seconds": round(begun - start - looking, 2)}
        at["nats_per_word"] = loss_on(scorer, examined)
        looking += time.process_time() - begun
        return at

    start = time.process_time()
    history = Trainer(model, in_order(job), config, validate).run()
    kept = ("step", "tokens", "cpu_seconds", "nats_per_word")
    looks = [
        {name: entry[name] for name in kept}
        for entry in history
        if "nats_per_word" in entry
    ]
    return job | {
        "steps": steps,
        "validation": looks,
        **small_decoder.score(model, vocabulary),
    }


def save(runs: list[dict]) -> None:
    """Write everything known so far."""
    stored.write(
        OUT,
        "experiments/batches.py --workers 2",
        runs,
        machine=stored.one_core(),
        units={
            "nats_per_word": "on 300 test stories; under validation, on "
            f"{N_VALIDATION} others",
            "cpu_seconds": "of training, without looks at validation",
        },
    )


def line(found: dict) -> str:
    """Tell a run in short."""
    return (
        f"{found['order']:<18} batches of {found['batch_size']:>2} "
        f"lr {found['lr']} seed {found['seed']}: "
        f"{found['nats_per_word']:.4f} nats per word, "
        f"{found['validation'][-1]['cpu_seconds']:.1f} s"
    )


def main() -> None:
    """Read the options and fill the table."""
    chosen = stored.options(__doc__)
    runs = [] if chosen.again else stored.read(OUT)["runs"]
    with ProcessPoolExecutor(chosen.workers) as pool:
        stored.go_on(GRID, runs, run, pool, save, line)
        again = best_again(runs)
        stored.go_on(again + IN_ORDER, runs, run, pool, save, line)


if __name__ == "__main__":
    main()
