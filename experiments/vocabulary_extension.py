"""New tokens for a model that exists: which numbers should their rows have?

An LSTM learns 5,000 stories in 400 byte pairs. Then its vocabulary grows to
900 tokens with merges from another text (Python's documentation, or the
stories in Russian), and it is trained on for 60 steps of that text: once
with random rows for the new tokens, once with the mean of their two parts;
and, for comparison, with the old tokens alone.

    python experiments/vocabulary_extension.py

writes book/results/vocabulary_extension.json. About four minutes.

Chapter: book/3-tokenization/5-choosing.ipynb
"""

from copy import deepcopy

import stored
import torch
from tokenizer_choice import cut

from companion.corpus import split
from companion.corpus.python_text import documentation
from companion.evaluation import NeuralScorer, loss_of, score
from companion.models import RecurrentConfig, RecurrentModel
from companion.tokenization import BPETokenizer
from companion.training import TrainConfig, encode_documents, fit

FIRST, LONGER = 400, 900  # tokens
STEPS = 60


def widen(
    model: RecurrentModel, merges: tuple, from_parts: bool, seed: int
) -> RecurrentModel:
    """Copy a model and give each further merge a row, in and out."""
    torch.manual_seed(seed)
    wider = RecurrentModel(RecurrentConfig(vocab_size=257 + len(merges)))
    rows = wider.state_dict()
    for name, values in model.state_dict().items():
        rows[name][: len(values)] = values
    if from_parts:
        for token in range(model.config.vocab_size, 257 + len(merges)):
            first, second = merges[token - 257]
            for name in ("token_embedding.weight", "lm_head.weight"):
                parts = rows[name][first] + rows[name][second]
                rows[name][token] = parts / 2
            bias = rows["lm_head.bias"]
            bias[token] = (bias[first] + bias[second]) / 2
    return wider


def texts() -> dict[str, tuple[list[str], list[str]]]:
    """The other texts: to learn from, and to be scored on."""
    parts = [part for text in documentation() for part in cut(text)]
    russian = split("ru", "train").texts(2_000)
    return {
        "documentation": (parts[::2], parts[1::4]),
        "Russian stories": (
            list(russian),
            list(split("ru", "test").texts(100)),
        ),
    }


def bits_per_byte(
    model: RecurrentModel, tokenizer: BPETokenizer, held_out: list[str]
) -> float:
    """What the model pays for texts it has not seen."""
    n_bytes = sum(len(text.encode()) for text in held_out)
    scored = score(NeuralScorer(model, tokenizer), held_out)
    return loss_of(scored, n_bytes=n_bytes).bits_per_byte


def main() -> None:
    """Train, widen, train on, and store what each model pays."""
    torch.set_num_threads(1)
    stories = list(split("en", "train").texts(5_000))
    tokenizer = BPETokenizer.train(stories, FIRST)
    torch.manual_seed(0)
    model = RecurrentModel(RecurrentConfig(vocab_size=tokenizer.vocab_size))
    config = TrainConfig(steps=625, batch_size=16, lr=1e-2)
    fit(model, encode_documents(stories, tokenizer), config)
    runs = []
    for name, (train, held_out) in texts().items():
        longer = tokenizer.extend(train, LONGER)
        for seed in range(3):
            wider = {
                "old tokens": (tokenizer, deepcopy(model)),
                "random rows": (
                    longer,
                    widen(model, longer.merges, False, seed),
                ),
                "rows from parts": (
                    longer,
                    widen(model, longer.merges, True, seed),
                ),
            }
            for rows, (cutter, network) in wider.items():
                config = TrainConfig(
                    steps=STEPS, batch_size=16, lr=5e-3, seed=seed
                )
                fit(network, encode_documents(train, cutter), config)
                paid = bits_per_byte(network, cutter, held_out)
                found = {"text": name, "rows": rows, "seed": seed}
                runs.append(found | {"bits_per_byte": paid})
                print(name, rows, seed, round(paid, 3), flush=True)
    stored.write(
        "vocabulary_extension.json",
        "experiments/vocabulary_extension.py",
        runs,
        machine=stored.one_core(),
    )


if __name__ == "__main__":
    main()
