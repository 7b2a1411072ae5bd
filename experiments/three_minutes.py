"""Three minutes on two cores: how near the floor does a Transformer come?

    python experiments/three_minutes.py

trains one small decoder with Muon for 180 seconds of wall clock, as many
threads as there are cores, and writes what it reached, split by how far
back a recalled word lies, and its first five samples, chosen by nobody, to
book/results/three_minutes.json.

Chapter: book/5-training/8-a-run-to-trust.ipynb
"""

import os
from dataclasses import asdict

import numpy as np
import stored
import torch

from companion.corpus import split
from companion.evaluation import NeuralScorer, loss_of
from companion.evaluation.recall import loss_by_distance
from companion.generation import join_words, sample
from companion.models import Transformer, TransformerConfig
from companion.tokenization import Vocabulary, split_words
from companion.training import TrainConfig, Trainer, encode_documents
from companion.training.batches import EndlessDocuments

NAME = "three_minutes.json"
STORIES = 200_000  # more than three minutes can read
N_TEST = 1_000
MODEL = dict(
    context_length=256,
    d_model=64,
    n_layers=2,
    position="rotary",
    norm="rms",
    activation="relu",
    bias=False,
    tied=False,
)
TRAIN = TrainConfig(
    seconds=180,
    batch_size=32,
    optimizer="muon",
    lr=0.015,
    schedule="linear",
    warmup=0.03,
    beta2=0.99,
    weight_decay=0.1,
)


def main() -> None:
    """Train, measure, write."""
    torch.set_num_threads(os.cpu_count())
    world = split("en", "train")
    vocabulary = Vocabulary(world.vocabulary)
    documents = encode_documents(
        map(split_words, world.texts(STORIES)), vocabulary
    )
    torch.manual_seed(TRAIN.seed)
    model = Transformer(TransformerConfig(vocab_size=len(vocabulary), **MODEL))
    batches = EndlessDocuments(documents, TRAIN.batch_size, TRAIN.seed)
    history = Trainer(model, batches, TRAIN).run()
    stories = list(split("en", "test").stories(N_TEST))
    scorer = NeuralScorer(model, vocabulary)
    log_probs = scorer.log_probs_many(story.words for story in stories)
    loss = loss_of(
        log_probs, n_bytes=sum(len(s.text.encode()) for s in stories)
    )
    floor = loss_of([story.log_probs for story in stories])
    rng = np.random.default_rng(0)
    samples = [
        join_words(vocabulary.ids(sample(model, vocabulary, rng)), vocabulary)
        for _ in range(5)
    ]
    found = {
        "train": asdict(TRAIN),
        "parameters": model.n_parameters,
        "steps": history[-1]["step"],
        "train_words": history[-1]["tokens"],
        "seconds": round(history[-1]["seconds"], 1),
        "losses": [
            [entry["tokens"], round(entry["loss"], 4)]
            for entry in history[19::20]
        ],
        "nats_per_word": loss.nats_per_word,
        "bits_per_byte": loss.bits_per_byte,
        "floor_nats_per_word": floor.nats_per_word,
        "by_distance": [
            asdict(part) for part in loss_by_distance(log_probs, stories)
        ],
        "samples": samples,
    }
    stored.write(
        NAME,
        "experiments/three_minutes.py",
        [found],
        machine=f"x86-64, {os.cpu_count()} cores",
    )
    ratio = loss.nats_per_word / floor.nats_per_word
    print(f"{ratio:.3f} times the floor after {found['train_words']:,} words")


if __name__ == "__main__":
    main()
