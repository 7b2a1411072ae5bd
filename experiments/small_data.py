"""Train on a hundred stories: three ways against learning by heart.

Two tables, both at a constant rate after a short warm-up.

"factorial": a decoder on 100 stories, with dropout or without, with weight
decay or without, from three seeds of weights, order, dropout, and of the
stories themselves (each seed has its own hundred). Every 60 steps it is
scored on 100 validation stories and on the hundred it learns from; the
early stop is read from that curve. Both models, the last and the stopped,
are scored on 300 test stories.

"sweep": three widths, on 30, 100, 300 and 1000 stories, one seed, scored
likewise, without dropout or decay.

    python experiments/small_data.py --workers 1

writes book/results/small_data.json after every run, and goes on where it
stopped; --again starts anew. About twelve minutes of one core.

Chapter: book/5-training/6-generalising.ipynb
"""

import copy
import itertools
import time

import numpy as np
import stored
import torch
from small_decoder import guesses, in_batches
from torch import nn

from companion.corpus import split
from companion.evaluation import loss_of
from companion.models import DropoutConfig, Transformer, TransformerConfig
from companion.tokenization import Vocabulary, split_words
from companion.training import (
    Batch,
    document_batches,
    encode_documents,
    next_word_loss,
)
from companion.training.patience import Patience

OUT = "small_data.json"
MODEL = {"context_length": 256, "n_layers": 2, "n_heads": 4}
MODEL |= {"position": "rotary", "init_std": 0.1}
TRAINING = {"batch_size": 4, "lr": 0.005, "warmup_steps": 50, "clip_norm": 1}
PATIENCE = 5  # evaluations
N_VALIDATION, N_TEST = 100, 300  # stories
FACTORIAL = [
    {
        "table": "factorial",
        "n_stories": 100,
        "d_model": 64,
        "steps": 1200,
        "evaluate_every": 60,
        "dropout": dropout,
        "weight_decay": decay,
        "seed": seed,
    }
    for seed in range(3)
    for dropout, decay in itertools.product((0.0, 0.2), (0.0, 1.0))
]
SWEEP = [
    {
        "table": "sweep",
        "n_stories": n_stories,
        "d_model": d_model,
        "steps": 600,
        "evaluate_every": 60,
        "dropout": 0.0,
        "weight_decay": 0.0,
        "seed": 0,
    }
    for n_stories in (30, 100, 300, 1000)
    for d_model in (8, 24, 64)
]


def documents(name: str, start: int, stop: int) -> list[np.ndarray]:
    """Encode some stories of a split."""
    vocabulary = Vocabulary(split("en", name).vocabulary)
    texts = itertools.islice(split("en", name).texts(stop), start, None)
    return encode_documents(map(split_words, texts), vocabulary)


def score(model: nn.Module, batches: list[Batch]) -> dict[str, float]:
    """Name what is measured."""
    nats, right = guesses(model, batches)
    return {"nats": nats, "right": right}


def build(job: dict) -> tuple[nn.Module, torch.optim.Optimizer]:
    """A fresh decoder; its matrices decay, the token vectors do not."""
    torch.manual_seed(job["seed"])
    config = TransformerConfig(
        vocab_size=len(Vocabulary(split("en", "train").vocabulary)),
        d_model=job["d_model"],
        dropout=DropoutConfig.gpt2(job["dropout"]),
        **MODEL,
    )
    model = Transformer(config)
    inside = [p for p in model.blocks.parameters() if p.ndim == 2]
    known = {id(p) for p in inside}
    others = [p for p in model.parameters() if id(p) not in known]
    groups = [
        {"params": inside, "weight_decay": job["weight_decay"]},
        {"params": others, "weight_decay": 0.0},
    ]
    return model, torch.optim.AdamW(groups, lr=TRAINING["lr"])


def learn(
    model: nn.Module, optimizer: torch.optim.Optimizer, batch: Batch, step: int
) -> None:
    """One update; the rate rises for the first steps, then stays."""
    for group in optimizer.param_groups:
        warmth = min(1.0, step / TRAINING["warmup_steps"])
        group["lr"] = TRAINING["lr"] * warmth
    optimizer.zero_grad()
    next_word_loss(model(batch.inputs), batch.targets).backward()
    nn.utils.clip_grad_norm_(model.parameters(), TRAINING["clip_norm"])
    optimizer.step()


def endless(ids: list[np.ndarray], seed: int) -> object:
    """Batches for ever."""
    rng = np.random.default_rng(seed)
    while True:
        yield from document_batches(ids, TRAINING["batch_size"], rng)


def run(job: dict) -> dict:
    """Train one decoder on one core, to the end; note where to stop."""
    torch.set_num_threads(1)
    start = time.process_time()
    first = job["seed"] * job["n_stories"]
    ids = documents("train", first, first + job["n_stories"])
    seen = in_batches(ids[:100], 50)
    unseen = in_batches(documents("validation", 0, N_VALIDATION), 50)
    test = in_batches(documents("test", 0, N_TEST), 50)
    model, optimizer = build(job)
    patience, curve, ended = Patience(PATIENCE), [], None
    for step, batch in enumerate(endless(ids, job["seed"]), start=1):
        learn(model, optimizer, batch, step)
        if step % job["evaluate_every"] == 0:
            scores = score(model, seen), score(model, unseen)
            curve.append([step, *(s["nats"] for s in scores)])
            if ended is None:
                if patience.update(step, scores[1]["nats"]):
                    best = copy.deepcopy(model.state_dict())
                if patience.exhausted:
                    ended = step
        if step == job["steps"]:
            break
    found = {"curve": curve, "ended": ended, "best_step": patience.best_step}
    found["parameters"] = model.n_parameters
    for name in ("last", "stopped"):
        if name == "stopped":
            model.load_state_dict(best)
        found[name] = {"train": score(model, seen), "test": score(model, test)}
        found[name]["validation"] = score(model, unseen)
    return job | found | {"cpu_seconds": round(time.process_time() - start, 1)}


def save(runs: list[dict]) -> None:
    """Write everything known so far."""
    test = split("en", "test").stories(N_TEST)
    floor = loss_of([story.log_probs for story in test])
    stored.write(
        OUT,
        "experiments/small_data.py --workers 1",
        runs,
        machine=stored.one_core(),
        model=MODEL,
        training=TRAINING,
        patience=PATIENCE,
        floor_nats_per_word=floor.nats_per_word,
        units={"curve": "step, nats per word in training, in validation"},
    )


def line(found: dict) -> str:
    """Tell a run in short."""
    ends = [found[name]["test"]["nats"] for name in ("last", "stopped")]
    return (
        f"{found['table']} {found['n_stories']} stories, width "
        f"{found['d_model']}, dropout {found['dropout']}, decay "
        f"{found['weight_decay']}, seed {found['seed']}: {ends[0]:.3f} last, "
        f"{ends[1]:.3f} at step {found['best_step']}  "
        f"{found['cpu_seconds']:.0f} s"
    )


def main() -> None:
    """Read the options and fill the tables."""
    stored.fill(OUT, __doc__, [*FACTORIAL, *SWEEP], run, save, line)


if __name__ == "__main__":
    main()
