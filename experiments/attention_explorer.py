"""Train the small decoder whose look-ups the reader explores on the page.

    python experiments/attention_explorer.py

writes book/results/attention_explorer.safetensors: weights as float16, and
as metadata the configuration, the words in the order of their ids, and what
was measured, all as JSON. About three minutes on one core.

Chapter: book/4-architectures/6-compared.ipynb
"""

import json
import time
from dataclasses import asdict

import stored
import torch
from safetensors.torch import save

from companion.corpus import split
from companion.evaluation import NeuralScorer, loss_of, stories_loss
from companion.files import write_atomically
from companion.models import Transformer, TransformerConfig
from companion.tokenization import Vocabulary, split_words
from companion.training import TrainConfig, encode_documents, fit

OUT = "attention_explorer.safetensors"
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
    model.half().float()  # measure what is stored
    stories = list(split("en", "test").stories(1_000))
    loss = stories_loss(NeuralScorer(model, vocabulary), stories)
    words = vocabulary.words(range(len(vocabulary)))
    measured = {
        "command": "python experiments/attention_explorer.py",
        "torch": torch.__version__,
        "train": asdict(TRAIN) | {"stories": STORIES},
        "cpu_seconds": round(seconds, 1),
        "train_words": history[-1]["tokens"],
        "nats_per_word": loss.nats_per_word,
        "floor_nats_per_word": loss_of(
            [story.log_probs for story in stories]
        ).nats_per_word,
    }
    metadata = {
        "config": json.dumps(asdict(config)),
        "words": json.dumps(words),
        "measured": json.dumps(measured),
    }
    weights = {k: v.half() for k, v in model.state_dict().items()}
    del weights["lm_head.weight"]  # tied: the word vectors
    with write_atomically(stored.RESULTS / OUT, overwrite=True) as file:
        file.write(save(weights, metadata=metadata))
    print(json.dumps(measured, indent=1))


if __name__ == "__main__":
    main()
