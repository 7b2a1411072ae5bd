"""Train an encoder to fill in blanks: small, and to its end.

    python experiments/masked_words.py

writes the model, in float16, to the folder book/results/masked_words, and
what was measured to book/results/masked_words.json. About four minutes on
one core.

Chapter: book/4-architectures/6-compared.ipynb
"""

import json
import time
from itertools import chain, islice, repeat

import numpy as np
import stored
import torch
from torch import Tensor, nn

from companion.corpus import split
from companion.models import Transformer, TransformerConfig
from companion.models.storage import save
from companion.tokenization import Vocabulary, split_words
from companion.training import (
    document_batches,
    encode_documents,
    next_word_loss,
)
from companion.training.batches import IGNORED, Batch

NAME = "masked_words"
STORIES = 20_000
STEPS = 7_500  # of 8 stories: three passes
LR = 5e-3
SHARE = 0.3  # of the words are blanked: twice BERT's, for half the steps


def fill_in(
    batch: Batch,
    vocabulary: Vocabulary,
    rng: np.random.Generator,
    share: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """Blank a share of the words of a batch.

    Returns:
        What is read, with len(vocabulary) for a blank; what is to be said,
        IGNORED where there is no blank; and where there is no padding.
    """
    words = batch.inputs > vocabulary.bos_id
    blank = torch.from_numpy(rng.random(words.shape) < share) & words
    return (
        batch.inputs.masked_fill(blank, len(vocabulary)),
        batch.inputs.masked_fill(~blank, IGNORED),
        batch.inputs != vocabulary.pad_id,
    )


def train(
    model: Transformer,
    documents: list[np.ndarray],
    vocabulary: Vocabulary,
    steps: int,
) -> None:
    """Train in place, the learning rate up and down once."""
    rng = np.random.default_rng(0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=LR)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, LR, total_steps=steps, pct_start=0.1, cycle_momentum=False
    )
    passes = (document_batches(documents, 8, rng) for _ in repeat(None))
    for batch in islice(chain.from_iterable(passes), steps):
        read, wanted, real = fill_in(batch, vocabulary, rng, SHARE)
        loss = next_word_loss(model(read, real), wanted)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    model.eval()


def main() -> None:
    """Train, measure, write."""
    torch.set_num_threads(1)
    world = split("en", "train")
    vocabulary = Vocabulary(world.vocabulary)
    documents = encode_documents(
        map(split_words, world.texts(STORIES)), vocabulary
    )
    torch.manual_seed(0)
    model = Transformer(
        TransformerConfig(
            vocab_size=len(vocabulary) + 1,  # and the blank
            context_length=256,
            d_model=48,
            n_layers=2,
            d_ff=96,
            position="rotary",
            causal=False,
            init_std=48**-0.5,
        )
    )
    start = time.process_time()
    train(model, documents, vocabulary, STEPS)
    found = {
        "steps": STEPS,
        "stories": STORIES,
        "share": SHARE,
        "lr": LR,
        "cpu_seconds": round(time.process_time() - start, 1),
        "parameters": model.n_parameters,
    }
    save(model.half(), stored.RESULTS / NAME, vocabulary, overwrite=True)
    stored.write(
        f"{NAME}.json",
        f"experiments/{NAME}.py",
        [found],
        machine=stored.one_core(),
    )
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
