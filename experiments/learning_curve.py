"""Loss on the test stories against the amount of training text.

Three kinds of model learn from the first 10 to 30,000 training stories
and are scored on the same 1,000 test stories. All get the same care: what
is chosen (a discount, a dropout, when to stop) is chosen on the same 200
validation stories. The neural ones are trained from three seeds.

    python experiments/learning_curve.py --workers 2

writes book/results/learning_curve.json after every run, and goes on where
it stopped, unless the story world has changed; --again starts anew. About
ten minutes on two cores.

Chapter: book/1-language-models/4-learning.ipynb
"""

import copy
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from hashlib import sha256

import numpy as np
import stored
import torch

from companion.corpus import split
from companion.evaluation.scoring import (
    NeuralScorer,
    loss_of,
    score,
    stories_loss,
)
from companion.models import (
    RecurrentConfig,
    RecurrentModel,
    WindowConfig,
    WindowModel,
)
from companion.ngrams import KneserNey, NGramModel
from companion.tokenization import Vocabulary, split_words
from companion.training import TrainConfig, encode_documents, fit

OUT = "learning_curve.json"
STEPS = {  # stories -> batches; the best weights often come before the end
    10: 100,
    30: 150,
    100: 200,
    300: 300,
    1_000: 500,
    3_000: 800,
    10_000: 1_200,
    30_000: 1_600,
}
LR = {"window model": 1e-2, "LSTM": 1.5e-2}
SEEDS = (0, 1, 2)
DROPOUTS = (0.0, 0.3)  # the second only where text is scarce
SCARCE = 300  # stories
DISCOUNTS = (0.25, 0.5, 0.75, 0.9)
CHECKS = 10  # looks at the validation stories in one training


@cache
def stories(name: str, n: int) -> list:
    """Tell the first n stories of a split, with their answer key."""
    return list(split("en", name).stories(n))


@cache
def train_documents(n: int) -> list[list[str]]:
    """Tell the first n training stories, as words."""
    return [split_words(text) for text in split("en", "train").texts(n)]


@cache
def vocabulary() -> Vocabulary:
    """List every word of the world: no model meets an unknown word."""
    return Vocabulary(split("en", "train").vocabulary)


def build(model: str, dropout: float, seed: int) -> torch.nn.Module:
    """Make a neural model with fresh weights."""
    torch.manual_seed(seed)
    sizes = {"vocab_size": len(vocabulary()), "dropout": dropout}
    if model == "window model":
        return WindowModel(WindowConfig(**sizes))
    return RecurrentModel(RecurrentConfig(cell="lstm", **sizes))


def run_neural(model: str, n: int, dropout: float, seed: int) -> dict:
    """Train on n stories, keep the weights that validate best, test them."""
    validation = [story.words for story in stories("validation", 200)]
    documents = train_documents(n)
    network = build(model, dropout, seed)
    scorer = NeuralScorer(network, vocabulary())
    best = {"loss": np.inf}
    every = STEPS[n] // CHECKS

    def check(entry: dict) -> bool:
        if entry["step"] % every:
            return False
        loss = loss_of(score(scorer, validation)).nats_per_word
        if loss < best["loss"]:
            weights = copy.deepcopy(network.state_dict())
            best.update(entry, loss=loss, weights=weights)
        return loss > 1.1 * best["loss"]  # it learns by heart: stop

    config = TrainConfig(
        steps=STEPS[n], batch_size=16, lr=LR[model], seed=seed
    )
    fit(network, encode_documents(documents, vocabulary()), config,
        on_step=check)  # fmt: skip
    network.load_state_dict(best["weights"])
    parameters = sum(p.numel() for p in network.parameters())
    return result(scorer, best["loss"], documents) | {
        "parameters": parameters,
        "dropout": dropout,
        "best_step": best["step"],
    }


def run_kneser_ney(n: int) -> dict:
    """Count n stories with the discount that validates best."""
    documents = train_documents(n)
    validation = [story.words for story in stories("validation", 200)]
    scores = {}
    for discount in DISCOUNTS:
        smoothing = KneserNey(discount=discount)
        model = NGramModel.train(documents, 5, smoothing, vocabulary())
        loss = loss_of(score(model, validation)).nats_per_word
        scores[discount] = (loss, model)
    discount = min(scores, key=lambda d: scores[d][0])
    loss, model = scores[discount]
    return result(model, loss, documents) | {
        "parameters": model.n_parameters,
        "discount": discount,
    }


def result(model: object, validation: float, documents: list) -> dict:
    """Score a finished model on the test stories."""
    loss = stories_loss(model, stories("test", 1_000))
    return {
        "train_words": sum(len(words) + 1 for words in documents),
        "validation_nats_per_word": validation,
        "nats_per_word": loss.nats_per_word,
        "nats_per_word_se": loss.nats_per_word_se,
        "bits_per_byte": loss.bits_per_byte,
    }


def run(job: dict) -> dict:
    """Do one job on one core."""
    torch.set_num_threads(1)
    train_documents(job["stories"])  # told before the clock starts
    stories("validation", 200), stories("test", 1_000)
    start = time.process_time()
    if job["model"] in LR:
        found = run_neural(
            job["model"], job["stories"], job["dropout"], job["seed"]
        )
    else:
        found = run_kneser_ney(job["stories"])
    seconds = round(time.process_time() - start, 1)
    return job | found | {"cpu_seconds": seconds}


def first_jobs() -> list[dict]:
    """List what needs no earlier result: counts, and seed 0 both ways."""
    jobs = [{"model": "Kneser-Ney 5-gram", "stories": n} for n in STEPS]
    return jobs + [
        {"model": model, "stories": n, "seed": SEEDS[0], "dropout": dropout}
        for n in STEPS
        for model in LR
        for dropout in DROPOUTS
        if n <= SCARCE or not dropout
    ]


def later_jobs(runs: list[dict]) -> list[dict]:
    """List the other seeds, with the dropout that validated better."""
    return [
        {"model": m, "stories": n, "seed": seed,
         "dropout": best_of(runs, m, n)["dropout"]}
        for n in STEPS
        for m in LR
        for seed in SEEDS[1:]
    ]  # fmt: skip


def best_of(runs: list[dict], model: str, n: int) -> dict:
    """Find the first seed's run that validated best."""
    same = [
        r
        for r in runs
        if (r["model"], r["stories"], r.get("seed", 0)) == (model, n, 0)
    ]
    return min(same, key=lambda r: r["validation_nats_per_word"])


def summary(runs: list[dict]) -> list[dict]:
    """Reduce the runs to one point a model and size, with its spread."""
    points = []
    for model, n in dict.fromkeys((r["model"], r["stories"]) for r in runs):
        chosen = best_of(runs, model, n).get("dropout")
        same = [
            r
            for r in runs
            if (r["model"], r["stories"], r.get("dropout"))
            == (model, n, chosen)
        ]
        point = {"model": model, "stories": n, "seeds": len(same)}
        point["train_words"] = same[0]["train_words"]
        for unit in ("nats_per_word", "bits_per_byte"):
            values = [r[unit] for r in same]
            point[unit] = float(np.mean(values))
            point[f"{unit}_range"] = [min(values), max(values)]
        points.append(point)
    return sorted(points, key=lambda p: (p["model"], p["stories"]))


@cache
def fingerprint() -> str:
    """Tell this story world from others: a hash of texts and words."""
    told = [story.text for story in stories("test", 1_000)]
    told += split("en", "train").texts(100)
    return sha256(
        "\n".join([*told, *vocabulary().entries]).encode()
    ).hexdigest()


def stored_runs() -> list[dict]:
    """Read the runs of an earlier call, unless the world has changed."""
    record = stored.read(OUT)
    return record["runs"] if record.get("world") == fingerprint() else []


def save(runs: list[dict]) -> None:
    """Write everything known so far."""
    test = stories("test", 1_000)
    floor = loss_of(
        [story.log_probs for story in test],
        n_bytes=sum(len(story.text.encode()) for story in test),
    )
    stored.write(
        OUT,
        "experiments/learning_curve.py --workers 2",
        runs,
        machine=stored.one_core(),
        world=fingerprint(),
        floor={
            "nats_per_word": floor.nats_per_word,
            "bits_per_byte": floor.bits_per_byte,
        },
        summary=summary(runs),
    )


def line(found: dict) -> str:
    """Tell a run in short."""
    return (
        f"{found['model']:>18} {found['stories']:6,} stories  "
        f"seed {found.get('seed', '-')}  "
        f"{found['nats_per_word']:.4f} nats per word  "
        f"{found['cpu_seconds']:.0f} s"
    )


def main() -> None:
    """Read the options and fill the table."""
    options = stored.options(__doc__)
    runs = [] if options.again else stored_runs()
    with ProcessPoolExecutor(options.workers) as pool:
        for jobs in (first_jobs, lambda: later_jobs(runs)):
            stored.go_on(jobs(), runs, run, pool, save, line)
    print(f"{len(runs)} runs in {OUT}")


if __name__ == "__main__":
    main()
