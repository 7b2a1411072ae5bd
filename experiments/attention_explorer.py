"""Train the small decoder whose look-ups the reader explores on the page.

    python experiments/attention_explorer.py

writes the model, in float16, and its words to the folder
book/results/attention_explorer, and what was measured to
book/results/attention_explorer.json. About three minutes on one core.

Chapter: book/4-architectures/6-compared.ipynb
"""

import json
import time
from dataclasses import asdict

import stored
import torch

from companion.corpus import split
from companion.evaluation import NeuralScorer, loss_of, stories_loss
from companion.models import Transformer, TransformerConfig
from companion.models.storage import save
from companion.tokenization import Vocabulary, split_words
from companion.training import TrainConfig, encode_documents, fit

NAME = "attention_explorer"
STORIES = 40_000
TRAIN = TrainConfig(steps=5_000, batch_size=8, lr=1e-2)  # one pass


def main() -> None:
    """Train, measure, write."""
    torch.set_num_threads(1)
    world = split("en", "train")
    vocabulary = Vocabulary(world.vocabulary)
    documents = encode_documents(
        map(split_words, world.texts(STORIES)), vocabulary
    )
    torch.manual_seed(0)
    config = TransformerConfig(
        vocab_size=len(vocabulary),
        context_length=256,  # no story is longer
        d_model=48,
        n_layers=2,
        d_ff=96,  # small, for the weights travel with the page
        position="rotary",
        init_std=48**-0.5,
    )
    model = Transformer(config)
    start = time.process_time()
    history = fit(model, documents, TRAIN)
    seconds = time.process_time() - start
    save(model.half(), stored.RESULTS / NAME, vocabulary, overwrite=True)
    stories = list(split("en", "test").stories(1_000))
    model.float()  # measure what is stored
    loss = stories_loss(NeuralScorer(model, vocabulary), stories)
    floor = loss_of([story.log_probs for story in stories])
    found = {
        "train": asdict(TRAIN) | {"stories": STORIES},
        "cpu_seconds": round(seconds, 1),
        "train_words": history[-1]["tokens"],
        "nats_per_word": loss.nats_per_word,
        "floor_nats_per_word": floor.nats_per_word,
    }
    stored.write(
        f"{NAME}.json",
        f"experiments/{NAME}.py",
        [found],
        machine=stored.one_core(),
    )
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
