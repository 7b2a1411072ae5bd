"""How much a recurrent network remembers: excess by distance of recall.

Trains the LSTM of the chapter from three seeds, once with the gates that
torch starts with, for longer on more stories and on the same, a plain
recurrent network, and a window model of eight words from three seeds, with
as many steps of as many stories. Splits what each pays above the floor on
the same 1,000 test stories.

    python experiments/recall.py --workers 2

writes book/results/recall.json after every run, and goes on where it
stopped; --again starts anew. About ten minutes on two cores.

Chapter: book/1-language-models/5-remembering.ipynb
"""

import time

import stored
import torch

from companion.corpus import split
from companion.evaluation import (
    NeuralScorer,
    loss_by_distance,
    loss_by_kind,
    loss_of,
    score,
)
from companion.models import (
    RecurrentConfig,
    RecurrentModel,
    WindowConfig,
    WindowModel,
)
from companion.tokenization import Vocabulary, split_words
from companion.training import TrainConfig, encode_documents, fit

OUT = "recall.json"
STEPS = 1_200  # of the page
PAGE = {"stories": 10_000, "steps": STEPS}
JOBS = [
    {"model": "LSTM", "seed": 0, "horizon": 100, "stories": 30_000,
     "steps": 4_000},
    *({"model": "LSTM", "seed": s, "horizon": 100} | PAGE for s in range(3)),
    {"model": "LSTM", "seed": 0, "horizon": None} | PAGE,
    {"model": "RNN", "seed": 0, "horizon": None} | PAGE,
    *({"model": "window of 8", "seed": s, "horizon": None} | PAGE
      for s in range(3)),
    {"model": "LSTM", "seed": 0, "horizon": 100, "stories": 10_000,
     "steps": 4_000},
]  # fmt: skip
LR = {"window of 8": 1e-2}  # as in the learning curve
LR_RECURRENT = 1.5e-2  # as well; 0.03 is no better


def spread_gates(lstm: torch.nn.LSTM, horizon: int) -> None:
    """Let each unit start with a memory of its own length, 1 to horizon.

    Source: Tallec and Ollivier 2018 (arXiv:1804.11188), forget gates only.

    Args:
        lstm: one layer, changed in place.
        horizon: words; the longest memory.
    """
    forget = slice(lstm.hidden_size, 2 * lstm.hidden_size)
    with torch.no_grad():
        lengths = torch.empty(lstm.hidden_size).uniform_(1, horizon)
        lstm.bias_hh_l0[forget] = lengths.log()
        lstm.bias_ih_l0[forget] = 0.0


def build(job: dict, vocab_size: int) -> torch.nn.Module:
    """Make the network of a job with fresh weights."""
    torch.manual_seed(job["seed"])
    if job["model"] == "window of 8":
        return WindowModel(
            WindowConfig(vocab_size=vocab_size, context_length=8)
        )
    cell = job["model"].lower()
    model = RecurrentModel(RecurrentConfig(vocab_size=vocab_size, cell=cell))
    if job["horizon"]:
        spread_gates(model.recurrent, job["horizon"])
    return model


def run(job: dict) -> dict:
    """Train one network on one core and split its excess."""
    torch.set_num_threads(1)
    train = split("en", "train")
    texts = map(split_words, train.texts(job["stories"]))
    vocabulary = Vocabulary(train.vocabulary)
    documents = encode_documents(texts, vocabulary)
    model = build(job, len(vocabulary))
    start = time.process_time()
    config = TrainConfig(
        steps=job["steps"],
        batch_size=16,
        lr=LR.get(job["model"], LR_RECURRENT),
        seed=job["seed"],
    )
    history = fit(model, documents, config)
    seconds = time.process_time() - start
    stories = list(split("en", "test").stories(1_000))
    scorer = NeuralScorer(model, vocabulary)
    log_probs = score(scorer, [story.words for story in stories])
    floor = loss_of([story.log_probs for story in stories])
    n_bytes = sum(len(story.text.encode()) for story in stories)
    loss = loss_of(log_probs, n_bytes=n_bytes)
    kinds = loss_by_kind(log_probs, stories)
    return job | {
        "cpu_seconds": round(seconds, 1),
        "train_words": history[-1]["tokens"],
        "parameters": sum(p.numel() for p in model.parameters()),
        "nats_per_word": loss.nats_per_word,
        "bits_per_byte": loss.bits_per_byte,
        "floor_nats_per_word": floor.nats_per_word,
        "by_kind": {e.label: e.nats / loss.n_words for e in kinds},
        "by_distance": {
            e.label: e.nats_per_word
            for e in loss_by_distance(log_probs, stories)
        },
    }


def save(runs: list[dict]) -> None:
    """Write everything known so far."""
    stored.write(
        OUT,
        "experiments/recall.py --workers 2",
        runs,
        machine=stored.one_core(),
        units={
            "by_kind": "excess over the floor, nats per word of text",
            "by_distance": "excess over the floor, nats per recalled word",
        },
    )


def line(found: dict) -> str:
    """Tell a run in short."""
    return (
        f"{found['model']} seed {found['seed']} "
        f"horizon {found['horizon']} {found['steps']:5,} steps  "
        f"{found['nats_per_word']:.4f} nats per word  "
        f"{found['cpu_seconds']:.0f} s"
    )


def main() -> None:
    """Read the options and fill the table."""
    stored.fill(OUT, __doc__, JOBS, run, save, line)


if __name__ == "__main__":
    main()
