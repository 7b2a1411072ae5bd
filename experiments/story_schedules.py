"""What the schedule of a short run on stories is worth, from three seeds.

The trainings of the page are `companion train` on 3,000 stories, 300 steps
of eight with AdamW. Here they are made with each of three seeds: a constant
rate without and with a warm-up, a warm-up and a cosine from the same rate,
and the constant rate that is the cosine's mean.

    python experiments/story_schedules.py --workers 2

writes book/results/story_schedules.json after every run, and goes on where
it stopped; --again starts anew. About four minutes of one core.

Chapter: book/projects/2-story-model.ipynb
"""

import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import stored
import torch

from companion.corpus import StoryWorld
from companion.corpus.files import write_documents
from companion.runs import preset, train_run, with_budget
from companion.training import read_log

NAME = "story_schedules.json"
STORIES, STEPS = 3_000, 300
KINDS = (
    {"schedule": "constant", "lr": 0.01, "warmup": 0.0},
    {"schedule": "constant", "lr": 0.01, "warmup": 0.05},
    {"schedule": "cosine", "lr": 0.01, "warmup": 0.05},
    {"schedule": "constant", "lr": 0.005, "warmup": 0.0},
)
JOBS = [kind | {"seed": seed} for seed in range(3) for kind in KINDS]


def train(job: dict) -> dict:
    """Make one run of `companion train`; say how it went."""
    torch.set_num_threads(1)
    chosen = with_budget(preset("story-cpu"), steps=STEPS)
    kind = {name: job[name] for name in ("schedule", "lr", "warmup")}
    kind |= {"optimizer": "adamw", "batch_size": 8, "evaluate_every": 50}
    chosen = replace(chosen, train=replace(chosen.train, **kind))
    with tempfile.TemporaryDirectory() as place:
        corpus, folder = Path(place, "stories.parquet"), Path(place, "run")
        write_documents(corpus, StoryWorld("en", 0).texts(STORIES))
        result = train_run(
            folder, corpus=corpus, preset=chosen, seed=job["seed"], say=str
        ).result
        log = read_log(folder / "log.jsonl")
    bits = result["bits_per_byte"] / result["nats_per_token"]
    curve = [
        (entry["tokens"], entry["validation_loss"] * bits)
        for entry in log
        if "validation_loss" in entry
    ]
    return job | {
        "bits_per_byte": result["bits_per_byte"],
        "nats_per_token": result["nats_per_token"],
        "seconds": round(result["seconds"], 1),
        "curve": [(tokens, round(loss, 4)) for tokens, loss in curve],
    }


def line(found: dict) -> str:
    """Tell a run in short."""
    kind = "{schedule} {lr}, warm-up {warmup}, seed {seed}".format(**found)
    return f"{kind}: {found['bits_per_byte']:.3f} bits per byte"


save = partial(
    stored.write,
    NAME,
    "experiments/story_schedules.py --workers 2",
    machine=stored.one_core(),
    units={"curve": "tokens read, bits per byte of held-out stories"},
)

if __name__ == "__main__":
    stored.fill(NAME, __doc__, JOBS, train, save, line)
