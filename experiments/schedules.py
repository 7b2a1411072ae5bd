"""The learning rate over time: five schedules at equal tokens.

Trains one small decoder with each schedule at two or three highest rates from
one seed, and at the best of them from two more; with the cosine also without
warm-up. Then with a constant rate, from which three runs of different lengths
branch off and decay; cosines of the same lengths are trained one by one.

    python experiments/schedules.py --workers 2

writes book/results/schedules.json after every run, and goes on where it
stopped; --again starts anew. About three minutes on two cores.

Chapter: book/5-training/4-schedules.ipynb
"""

import copy
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import small_decoder
import stored
import torch

from companion.models import Transformer, TransformerConfig
from companion.optimizers.schedules import WarmupStableDecay
from companion.training import EndlessDocuments, TrainConfig, Trainer

OUT = "schedules.json"
STEPS, BATCH_SIZE, WARMUP = 400, 4, 20
RATES = (1e-2, 3e-2, 3e-3)
LENGTHS = (100, 200, 400)
SCHEDULES = (
    *("constant", "cosine", "warmup_stable_decay"),
    *("exponential", "restarts"),
)


def job(schedule: str, lr: float, seed: int, **more: object) -> dict:
    """Say all that makes one run differ from the others."""
    made = {"schedule": schedule, "lr": lr, "seed": seed}
    return made | {"steps": STEPS, "warmup_steps": WARMUP} | more


FIRST = [
    job(schedule, lr, 0)
    for schedule in SCHEDULES
    for lr in RATES
    if lr > 3e-3 or schedule in ("constant", "cosine")
]


def then(runs: list[dict]) -> list[dict]:
    """More seeds at the best rate of each; no warm-up; three lengths."""
    jobs = []
    for schedule in SCHEDULES:
        tried = [job(schedule, lr, 0) for lr in RATES]
        tried = [r for r in runs for t in tried if t.items() <= r.items()]
        best = min(tried, key=lambda r: r["nats_per_word"])["lr"]
        jobs += [job(schedule, best, seed) for seed in (1, 2)]
    jobs += [job("cosine", lr, 0, warmup_steps=0) for lr in RATES]
    for seed in (1, 2):
        jobs.append(job("cosine", 3e-2, seed))
        jobs.append(job("cosine", 3e-2, seed, warmup_steps=0))
    for seed in range(3):
        jobs.append(job("endings", 1e-2, seed))
        jobs += [job("cosine", 1e-2, seed, steps=n) for n in LENGTHS[:-1]]
    return [made for i, made in enumerate(jobs) if made not in jobs[:i]]


def run(job: dict) -> dict:
    """Train one decoder on one core."""
    ids, vocabulary = small_decoder.documents(STEPS * BATCH_SIZE)
    if job["schedule"] == "endings":
        return job | endings(job, ids, vocabulary)
    _, found = small_decoder.train(
        ids,
        vocabulary,
        seed=job["seed"],
        training={
            "steps": job["steps"],
            "batch_size": BATCH_SIZE,
            "lr": job["lr"],
            "schedule": job["schedule"],
            "warmup": job["warmup_steps"] / job["steps"],
        },
    )
    return job | found


@dataclass(frozen=True, kw_only=True)
class Ending(TrainConfig):
    """A constant rate that falls in the last fifth of the steps."""

    def lr_at(self, progress: float) -> float:
        """Warm up over as many steps as every other run."""
        schedule = WarmupStableDecay(warmup=WARMUP / self.steps)
        return self.lr * schedule(progress)


def endings(job: dict, ids: list, vocabulary: object) -> dict:
    """Train once, and end the same run at three lengths.

    Returns:
        `ends`: for each length the loss, and how many steps it needed
        beyond those that the longest run makes anyway.
    """
    torch.set_num_threads(1)
    torch.manual_seed(job["seed"])
    settings = TransformerConfig(
        vocab_size=len(vocabulary), **small_decoder.MODEL
    )
    model = Transformer(settings)

    def trainer(model: Transformer, steps: int) -> Trainer:
        config = Ending(
            steps=steps,
            batch_size=BATCH_SIZE,
            lr=job["lr"],
            warmup=WARMUP / steps,
            seed=job["seed"],
        )
        batches = EndlessDocuments(ids, BATCH_SIZE, job["seed"])
        return Trainer(model, batches, config)

    trunk, ends = trainer(model, STEPS), []
    for steps in LENGTHS:
        fork = steps - steps // 5
        trunk.run(lambda entry, fork=fork: entry["step"] == fork)
        branch = trainer(Transformer(settings), steps)
        branch.resume(copy.deepcopy(trunk.state()))
        branch.run()
        score = small_decoder.score(branch.model, vocabulary)
        ends.append({"steps": steps, "extra_steps": steps // 5, **score})
    return {"ends": ends}


def save(runs: list[dict]) -> None:
    """Write everything known so far."""
    stored.write(
        OUT,
        "experiments/schedules.py --workers 2",
        runs,
        machine=stored.one_core(),
        units={
            "losses": "nats per word of training, means of ten batches",
            "nats_per_word": "on 300 test stories",
        },
    )


def line(found: dict) -> str:
    """Tell a run in short."""
    last = found.get("ends", [found])[-1]
    return (
        f"{found['schedule']:<20} lr {found['lr']} seed {found['seed']} "
        f"{found['steps']} steps, {found['warmup_steps']} of warm-up: "
        f"{last['nats_per_word']:.4f} nats per word"
    )


def main() -> None:
    """Read the options and fill the table."""
    chosen = stored.options(__doc__)
    runs = [] if chosen.again else stored.read(OUT)["runs"]
    with ProcessPoolExecutor(chosen.workers) as pool:
        stored.go_on(FIRST, runs, run, pool, save, line)
        stored.go_on(then(runs), runs, run, pool, save, line)


if __name__ == "__main__":
    main()
