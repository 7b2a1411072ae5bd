"""What a cheaper look back costs: excess by distance of recall.

Four Transformers with the same weights to start from read the same batches
of the same stories, and differ in how they look back alone: at all places,
at the last 32, at the last 8, or linearly, without a softmax. Splits what
each pays above the floor on the same 1,000 test stories.

    python experiments/long_context.py --workers 2

writes book/results/long_context.json after every run, and goes on where it
stopped; --again starts anew. About four minutes on two cores.

Chapter: book/4-architectures/8-long-texts.ipynb
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
from companion.models import Transformer, TransformerConfig
from companion.models.linear_attention import use_linear_attention
from companion.tokenization import Vocabulary, split_words
from companion.training import TrainConfig, encode_documents, fit

OUT = "long_context.json"
STORIES, STEPS, LR = 10_000, 1_200, 1e-2
KINDS = {"all": None, "linear": None, "window of 32": 32, "window of 8": 8}
JOBS = [
    {"look back": kind, "seed": seed, "steps": STEPS, "lr": LR}
    for seed in range(2)
    for kind in KINDS
]


def build(job: dict, vocab_size: int) -> Transformer:
    """Make the network of a job with fresh weights."""
    torch.manual_seed(job["seed"])
    model = Transformer(
        TransformerConfig(
            vocab_size=vocab_size,
            context_length=256,  # no story is longer
            d_model=64,
            n_layers=2,
            position="rotary",
            window=KINDS[job["look back"]],
            init_std=64**-0.5,  # vectors of length 1
        )
    )
    if job["look back"] == "linear":
        use_linear_attention(model)
    return model


def run(job: dict) -> dict:
    """Train one network on one core and split its excess."""
    torch.set_num_threads(1)
    train = split("en", "train")
    vocabulary = Vocabulary(train.vocabulary)
    texts = map(split_words, train.texts(STORIES))
    documents = encode_documents(texts, vocabulary)
    model = build(job, len(vocabulary))
    start = time.process_time()
    config = TrainConfig(
        steps=job["steps"], batch_size=8, lr=job["lr"], seed=job["seed"]
    )
    history = fit(model, documents, config)
    seconds = time.process_time() - start
    stories = list(split("en", "test").stories(1_000))
    scorer = NeuralScorer(model, vocabulary)
    log_probs = score(scorer, [story.words for story in stories])
    floor = loss_of([story.log_probs for story in stories])
    loss = loss_of(log_probs)
    kinds = loss_by_kind(log_probs, stories)
    return job | {
        "cpu_seconds": round(seconds, 1),
        "train_words": history[-1]["tokens"],
        "parameters": model.n_parameters,
        "nats_per_word": loss.nats_per_word,
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
        "experiments/long_context.py --workers 2",
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
        f"{found['look back']} seed {found['seed']}  "
        f"{found['nats_per_word']:.4f} nats per word  "
        f"{found['cpu_seconds']:.0f} s"
    )


def main() -> None:
    """Read the options and fill the table."""
    stored.fill(OUT, __doc__, JOBS, run, save, line)


if __name__ == "__main__":
    main()
