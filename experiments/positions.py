"""What positions are worth, and where they break.

One model with four kinds of positions, two seeds each, learns from
pieces of at most 48 words, in order and from every part of the stories.
Then it reads whole stories, word by word: all of them, and the last 48
words only. (Learned positions cannot read more than 48.) For rotary
positions once more with all places divided by three; and with sinusoids
that are far greater than the vectors of the words. Then the price of
order: the same kinds, in one layer and in two, trained and scored on whole
stories.

    python experiments/positions.py --workers 2

writes book/results/positions.json after every run, and goes on where it
stopped; --again starts anew. About eight minutes of one core.

Chapter: book/4-architectures/3-order.ipynb
"""

import itertools
import time

import numpy as np
import stored
import torch

from companion.corpus import split
from companion.evaluation import NeuralScorer
from companion.models import Transformer, TransformerConfig
from companion.models.positions import Rotation
from companion.tokenization import Vocabulary, split_words
from companion.training import TrainConfig, encode_documents, fit

OUT = "positions.json"
PIECE = 48  # words that a model sees at once while it learns
LONGEST = 320  # words of a whole story, with room
BIN = 12  # places that share a mean
PLACES = 144  # later ones are too few
SQUEEZE = 3  # 144 places on the angles of 48
KINDS = ("none", "learned", "sinusoidal", "rotary")
UNSCALED = "sinusoidal, unscaled"  # sines of size 1 beside small tokens
STORIES = 8_000  # for training; about one pass
BATCHES = {"pieces": {"steps": 800, "batch_size": 32},
           "whole": {"steps": 600, "batch_size": 13}}  # fmt: skip
JOBS = [
    *({"position": kind, "n_layers": 2, "texts": "pieces", "seed": seed}
      for seed, kind in itertools.product(range(2), (*KINDS, UNSCALED))),
    *({"position": kind, "n_layers": n_layers, "texts": "whole", "seed": 0}
      for n_layers, kind in itertools.product((1, 2), KINDS)),
]  # fmt: skip


def build(job: dict, vocab_size: int) -> Transformer:
    """Make the model of a job with fresh weights."""
    torch.manual_seed(job["seed"])
    kind = job["position"].split(",")[0]
    short = job["texts"] == "pieces" and kind == "learned"
    config = TransformerConfig(
        vocab_size=vocab_size,
        context_length=PIECE if short else LONGEST,
        d_model=64,
        n_layers=job["n_layers"],
        position=kind,
    )
    model = Transformer(config)
    if job["position"] == UNSCALED:
        model.places /= config.init_std
    return model


def cut(document: np.ndarray) -> list[np.ndarray]:
    """Cut a story into pieces of at most PIECE words to be said."""
    starts = range(0, len(document) - 1, PIECE)
    return [document[start : start + PIECE + 1] for start in starts]


def run(job: dict) -> dict:
    """Train one model on one core; mean excess by place."""
    torch.set_num_threads(1)
    train = split("en", "train")
    vocabulary = Vocabulary(train.vocabulary)
    words = map(split_words, train.texts(STORIES))
    documents = encode_documents(words, vocabulary)
    if job["texts"] == "pieces":
        documents = [piece for each in documents for piece in cut(each)]
    model = build(job, len(vocabulary))
    start = time.process_time()
    config = TrainConfig(lr=6e-3, seed=job["seed"], **BATCHES[job["texts"]])
    history = fit(model, documents, config)
    found = {
        "cpu_seconds": round(time.process_time() - start, 1),
        "train_words": history[-1]["tokens"],
        "parameters": model.n_parameters,
    }
    return job | found | examine(model, vocabulary, job)


def examine(model: Transformer, vocabulary: Vocabulary, job: dict) -> dict:
    """Score the same 300 test stories in each way that the model can."""
    stories = list(split("en", "test").stories(300))
    floor = [story.log_probs for story in stories]
    encoded = encode_documents([s.words for s in stories], vocabulary)
    found = {}
    if job["texts"] == "pieces":
        rows = [last_words(model, document) for document in encoded]
        found["last_48"] = by_place(floor, rows)
        if job["position"] == "learned":
            return found
    scorer = NeuralScorer(model, vocabulary)
    read = [story.words for story in stories]
    log_probs = scorer.log_probs_many(read)
    excess = np.concatenate(floor) - np.concatenate(log_probs)
    found["excess"] = float(excess.mean())
    found["whole"] = by_place(floor, log_probs)
    if job["position"] == "rotary" and job["texts"] == "pieces":
        squeeze(model)
        found["squeezed"] = by_place(floor, scorer.log_probs_many(read))
    return found


@torch.no_grad()
def last_words(model: Transformer, document: np.ndarray) -> np.ndarray:
    """Score each word of a story, given the PIECE ids before it."""
    ids = torch.from_numpy(document)
    n_words = len(ids) - 1
    first = model(ids[None, :PIECE][:, :n_words]).log_softmax(-1)[0]
    said = first.gather(1, ids[1 : len(first) + 1, None])[:, 0]
    if n_words > PIECE:
        windows = ids[1:-1].unfold(0, PIECE, 1)  # end at ids[PIECE], ...
        last = model.lm_head(model.hidden(windows)[:, -1]).log_softmax(-1)
        rest = last.gather(1, ids[PIECE + 1 :, None])[:, 0]
        said = torch.cat([said, rest])
    return said.double().numpy()


def squeeze(model: Transformer) -> None:
    """Divide all places by SQUEEZE, without training again.

    Source: Chen et al. 2023 (arXiv:2306.15595), who train on after it.
    """
    config = model.config
    places = torch.arange(config.context_length).double() / SQUEEZE
    table = Rotation.at(places, config.d_head, config.rope_theta)
    model.cos.copy_(table.cos)
    model.sin.copy_(table.sin)


def by_place(
    floor: list[np.ndarray], log_probs: list[np.ndarray]
) -> list[float]:
    """Average the excess over BIN places at a time, nats per word."""
    places = np.concatenate([np.arange(len(row)) for row in floor])
    excess = np.concatenate(floor) - np.concatenate(log_probs)
    return [
        float(excess[(places >= first) & (places < first + BIN)].mean())
        for first in range(0, PLACES, BIN)
    ]


def save(runs: list[dict]) -> None:
    """Write everything known so far."""
    stored.write(
        OUT,
        "experiments/positions.py --workers 2",
        runs,
        machine=stored.one_core(),
        piece=PIECE,
        places_per_mean=BIN,
        units={
            "whole, last_48, squeezed": "mean excess over the floor, nats "
            "per word, of 12 places of a test story at a time",
            "excess": "over all words of the test stories, nats per word",
        },
    )


def line(found: dict) -> str:
    """Tell a run in short."""
    numbers = found.get("whole", found.get("last_48"))
    return (
        f"{found['position']:>10} {found['n_layers']} {found['texts']} "
        f"seed {found['seed']} {found['cpu_seconds']:.0f} s "
        + " ".join(f"{x:.3f}" for x in numbers)
    )


def main() -> None:
    """Read the options and fill the table."""
    stored.fill(OUT, __doc__, JOBS, run, save, line)


if __name__ == "__main__":
    main()
