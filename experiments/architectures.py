"""What each architecture buys: equal parameters, equal stories.

Five networks of about 262,000 parameters read the same batches of the same
10,000 stories: a window of eight words, a plain recurrent network, an LSTM,
a GRU, and a Transformer. For each, the learning rate is the best of the
same five after one pass over the stories, by the loss on 200 validation
stories and with a seed that has no other part; what 300 steps would have
chosen is stored beside it. Then three seeds each, one pass, and what they
pay above the floor on the same 1,000 test stories, by kind of word and by
distance of recall. Beside them Transformers of other sizes, each at its own
best rate, with the first stories that each writes.

    python experiments/architectures.py --workers 2

writes book/results/architectures.json after every run, and goes on where it
stopped; --again starts anew. About half an hour on two cores.

Chapter: book/4-architectures/6-compared.ipynb
"""

import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial

import numpy as np
import stored
import torch
from recall import spread_gates

from companion.corpus import OutsideWorld, split
from companion.evaluation import (
    NeuralScorer,
    loss_by_distance,
    loss_by_kind,
    loss_of,
    score,
    stories_loss,
)
from companion.generation import sample
from companion.models import (
    RecurrentConfig,
    RecurrentModel,
    Transformer,
    TransformerConfig,
    WindowConfig,
    WindowModel,
)
from companion.tokenization import Vocabulary, split_words
from companion.training import TrainConfig, encode_documents, fit

OUT = "architectures.json"
WIDTHS = {"window of 8": 381, "RNN": 214, "LSTM": 138, "GRU": 153}
TRANSFORMER = {"model": "Transformer", "d_model": 96, "n_layers": 2}
EQUAL = [*({"model": m, "d_hidden": w} for m, w in WIDTHS.items()),
         TRANSFORMER]  # fmt: skip
SIZES = [TRANSFORMER | {"d_model": d, "n_layers": n}
         for d, n in ((24, 2), (48, 2), (128, 4))]  # fmt: skip
RATES = (2.5e-3, 5e-3, 1e-2, 2e-2, 4e-2)
STEPS = 1_250  # of 8 stories: each of the 10,000 is read once
SHORT = {"steps": 300, "seed": 0}
WHOLE = {"steps": STEPS, "seed": 3}
SEEDS = range(3)
DRAWS = 100  # stories that each Transformer writes
CLOSING = frozenset(".,!?:;")  # no space before these


def build(job: dict, vocab_size: int) -> torch.nn.Module:
    """Make the network of a job with fresh weights."""
    torch.manual_seed(job["seed"])
    if job["model"] == "Transformer":
        return Transformer(
            TransformerConfig(
                vocab_size=vocab_size,
                context_length=256,  # no story is longer
                d_model=job["d_model"],
                n_layers=job["n_layers"],
                position="rotary",
                init_std=job["d_model"] ** -0.5,  # vectors of length 1
            )
        )
    width = job["d_hidden"]
    if job["model"] == "window of 8":
        return WindowModel(
            WindowConfig(
                vocab_size=vocab_size, context_length=8, d_hidden=width
            )
        )
    model = RecurrentModel(
        RecurrentConfig(
            vocab_size=vocab_size,
            cell=job["model"].lower(),
            d_model=width,
            d_hidden=width,
        )
    )
    if job["model"] != "RNN":
        # torch's GRU keeps its update gate where its LSTM has the forget
        # gate, and both say how much of a state stays
        spread_gates(model.recurrent, 100)
    return model


@cache
def stories_read() -> tuple[Vocabulary, list[np.ndarray]]:
    """The words, and the training stories as their ids."""
    world = split("en", "train")
    vocabulary = Vocabulary(world.vocabulary)
    texts = map(split_words, world.texts(10_000))
    return vocabulary, encode_documents(texts, vocabulary)


@cache
def stories_to_score(part: str, n: int) -> list:
    """The first stories of a split, with their answer keys."""
    return list(split("en", part).stories(n))


def train(job: dict) -> tuple[torch.nn.Module, Vocabulary, dict]:
    """Train the network of a job on one core; say what it took."""
    torch.set_num_threads(1)
    vocabulary, documents = stories_read()
    model = build(job, len(vocabulary))
    config = TrainConfig(
        steps=job["steps"], batch_size=8, lr=job["lr"], seed=job["seed"]
    )
    start = time.process_time()
    history = fit(model, documents, config)
    losses = np.array([entry["loss"] for entry in history])
    return model, vocabulary, {
        "cpu_seconds": round(time.process_time() - start, 1),
        "train_words": history[-1]["tokens"],
        "parameters": sum(p.numel() for p in model.parameters()),
        "curve": losses.reshape(-1, 50).mean(axis=1).round(4).tolist(),
    }  # fmt: skip


def search(job: dict) -> dict:
    """Try one learning rate."""
    model, vocabulary, found = train(job)
    stories = stories_to_score("validation", 200)
    loss = stories_loss(NeuralScorer(model, vocabulary), stories)
    return job | found | {"validation_nats_per_word": loss.nats_per_word}


def flops_per_word(model: torch.nn.Module, places: float) -> int:
    """Multiplications and additions to predict one word, after training.

    Two for each weight of a matrix. In a Transformer also two for each
    number of the keys and of the values that a word looks at: in a text of
    T words it looks at (T + 1) / 2 of them in the mean.

    Args:
        model: one of those above.
        places: words that a word looks at, itself included, in the mean.
    """
    matrices = sum(
        parameter.numel()
        for name, parameter in model.named_parameters()
        if parameter.ndim == 2 and name != "token_embedding.weight"
    )
    looks = 0
    if isinstance(model, Transformer):
        config = model.config
        # the word vectors, read for free, are used once more as lm_head
        matrices += config.vocab_size * config.d_model
        looks = 2 * config.n_layers * config.d_model * places
    return round(2 * (matrices + looks))


def examine(job: dict) -> dict:
    """Train one network, split its excess, and let it write."""
    model, vocabulary, found = train(job)
    stories = stories_to_score("test", 1_000)
    log_probs = score(
        NeuralScorer(model, vocabulary), [story.words for story in stories]
    )
    n_bytes = sum(len(story.text.encode()) for story in stories)
    loss = loss_of(log_probs, n_bytes=n_bytes)
    floor = loss_of([s.log_probs for s in stories], n_bytes=n_bytes)
    lengths = np.array([len(p) for p in log_probs])  # <s> and all words
    places = (lengths * (lengths + 1) / 2).sum() / lengths.sum()
    by_distance = loss_by_distance(log_probs, stories)
    found |= {
        "flops_per_word": flops_per_word(model, places),
        "mean_places": round(float(places), 2),
        "nats_per_word": loss.nats_per_word,
        "bits_per_byte": loss.bits_per_byte,
        "floor_nats_per_word": floor.nats_per_word,
        "floor_bits_per_byte": floor.bits_per_byte,
        "by_kind": {
            e.label: e.nats / loss.n_words
            for e in loss_by_kind(log_probs, stories)
        },
        "by_distance": {e.label: e.nats_per_word for e in by_distance},
        "recalled_words": {e.label: e.n_words for e in by_distance},
    }
    if job["model"] == "Transformer" and job["seed"] == 0:
        found |= writes(model, vocabulary)
    return job | found


def as_text(words: Iterable[str]) -> str:
    """Put the spaces back that `split_words` left out of a story."""
    text, space, quoted = "", "", False
    for word in words:
        opens = word == '"' and not quoted
        quoted ^= word == '"'
        closes = word in CLOSING or (word == '"' and not opens)
        text += ("" if closes else space) + word
        space = "" if opens else " "
    return text


def words_in_world(text: str) -> tuple[int, bool]:
    """How many words the world could have written, and whether all."""
    try:
        split("en", "test").parse(text)
    except OutsideWorld as error:  # to within a phrase
        return len(split_words(text[: error.position])), False
    return len(split_words(text)), True


def writes(model: torch.nn.Module, vocabulary: Vocabulary) -> dict:
    """Draw stories, keep the first three, and see how far they hold."""
    draws = (
        sample(model, vocabulary, np.random.default_rng(i))
        for i in range(DRAWS)
    )
    texts = [as_text(words) for words in draws]
    held, whole = zip(*map(words_in_world, texts), strict=True)
    return {
        "samples": texts[:3],
        "draws": DRAWS,
        "possible_stories": sum(whole),
        "words_before_impossible": list(held),
    }


def save(runs: list[dict]) -> None:
    """Write everything known so far."""
    stored.write(
        OUT,
        "experiments/architectures.py --workers 2",
        runs,
        machine=stored.one_core(),
        units={
            "curve": "training loss, nats per word, means of 50 steps",
            "flops_per_word": "forward, mean over the test stories",
            "by_kind": "excess over the floor, nats per word of text",
            "by_distance": "excess over the floor, nats per recalled word",
            "possible_stories": "of the draws, that the world could write",
            "words_before_impossible": "of each draw, to within a phrase",
        },
    )


def line(found: dict) -> str:
    """Tell a run in short."""
    loss = found.get("nats_per_word", found.get("validation_nats_per_word"))
    return (
        f"{found['model']:>12} {found['parameters']:9,} seed {found['seed']} "
        f"lr {found['lr']:g} {found['steps']:5,} steps  "
        f"{loss:.4f} nats per word  {found['cpu_seconds']:.0f} s"
    )


def best_rate(runs: list[dict], network: dict) -> float:
    """The learning rate with the least validation loss after a pass."""
    tried = [
        run
        for run in runs
        if "validation_nats_per_word" in run
        and (network | WHOLE).items() <= run.items()
    ]
    return min(tried, key=lambda run: run["validation_nats_per_word"])["lr"]


def main() -> None:
    """Read the options and fill the table."""
    options = stored.options(__doc__)
    runs = [] if options.again else stored.read(OUT)["runs"]
    with ProcessPoolExecutor(options.workers) as pool:
        go_on = partial(stored.go_on, pool=pool, save=save, line=line)
        tried = [
            network | run | {"lr": lr}
            for run, networks in ((SHORT, EQUAL), (WHOLE, [*EQUAL, *SIZES]))
            for lr in RATES
            for network in networks
        ]
        go_on(tried, runs, search)
        main_runs = [
            n | {"steps": STEPS, "seed": seed, "lr": best_rate(runs, n)}
            for seed in SEEDS
            for n in (*EQUAL, *SIZES)
        ]
        go_on(main_runs, runs, examine)


if __name__ == "__main__":
    main()
