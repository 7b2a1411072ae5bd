"""What a tokenizer does to a model: the same network on the same text.

Trains an LSTM with 128 units, once a tokenizer, two seeds each:

- "natural": Python's help topics and the docstrings of its standard
  library, cut into documents of about 1,000 characters;
- "stories": the story world in English;
- "three languages": the same stories in English, Russian and Chinese.

Every model reads the same text the same number of times, however many
tokens that is, and is scored on the same held-out text.

    python experiments/tokenizer_choice.py --workers 2

writes book/results/tokenizer_choice.json after every run, and goes on where
it stopped; --again starts anew. About an hour on two cores.

Chapter: book/3-tokenization/5-choosing.ipynb
"""

import ast
import time
from collections.abc import Iterator
from functools import cache

import numpy as np
import stored
import torch

from companion.corpus import split
from companion.corpus.python_text import documentation, source
from companion.evaluation import NeuralScorer, loss_of, score
from companion.models import RecurrentConfig, RecurrentModel
from companion.tokenization import (
    UNKNOWN,
    BPETokenizer,
    ByteTokenizer,
    CharacterTokenizer,
    Tokenizer,
    WordPunctTokenizer,
)
from companion.training import TrainConfig, encode_documents, fit

OUT = "tokenizer_choice.json"
KINDS = {
    "bpe": BPETokenizer,
    "byte": ByteTokenizer,
    "character": CharacterTokenizer,
    "wordpunct": WordPunctTokenizer,
}
NATURAL = [
    *({"kind": "bpe", "vocab_size": n} for n in (512, 1024, 2048, 4096)),
    {"kind": "byte", "vocab_size": 257},
    {"kind": "wordpunct", "vocab_size": 4096},
    {"kind": "bpe", "vocab_size": 2048, "split": "lines"},
    {"kind": "bpe", "vocab_size": 8192},
]
STORIES = [
    {"kind": "wordpunct", "vocab_size": 600},
    {"kind": "character", "vocab_size": 257},
    *({"kind": "bpe", "vocab_size": n} for n in (320, 400, 600)),
]
LANGUAGES = [
    {"kind": "bpe", "vocab_size": 1200},
    {"kind": "bpe", "vocab_size": 1200, "learned_from": "en"},
    {"kind": "byte", "vocab_size": 257},
]
JOBS = [
    {"corpus": corpus, "split": "gpt2", "learned_from": "all"}
    | job
    | {"seed": seed}
    for seed in range(2)
    for corpus, jobs in (
        ("natural", NATURAL),
        ("stories", STORIES),
        ("three languages", LANGUAGES),
    )
    for job in jobs
]
BATCH = {"natural": 16, "stories": 16, "three languages": 24}
PASSES = {"natural": 3, "stories": 2, "three languages": 2}
N_STORIES = {"stories": 5_000, "three languages": 3_000}


def docstrings() -> Iterator[str]:
    """Yield the docstrings of each module of the library as one text."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    for code in source():
        nodes = [n for n in ast.walk(ast.parse(code)) if isinstance(n, kinds)]
        yield "\n\n".join(filter(None, map(ast.get_docstring, nodes)))


def cut(text: str, size: int = 1_000) -> Iterator[str]:
    """Cut a text at blank lines into parts of about `size` characters."""
    part = ""
    for paragraph in text.split("\n\n"):
        if part and len(part) + len(paragraph) > size:
            yield part
            part = ""
        part += ("\n\n" if part else "") + paragraph[: 2 * size]
    if part.strip():
        yield part


@cache
def texts(corpus: str) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return the texts to learn from and to be scored on, by language."""
    if corpus == "natural":
        train, test = [], []
        for place, text in enumerate([*documentation(), *docstrings()]):
            (test if place % 20 == 19 else train).extend(cut(text))
        return {"en": train}, {"en": test}
    languages = ("en",) if corpus == "stories" else ("en", "ru", "zh")
    n = N_STORIES[corpus]
    return (
        {name: list(split(name, "train").texts(n)) for name in languages},
        {name: list(split(name, "test").texts(300)) for name in languages},
    )


def train_tokenizer(job: dict) -> Tokenizer:
    """Learn the tokens of a job from its training texts."""
    train = texts(job["corpus"])[0]
    if job["learned_from"] != "all":
        train = {job["learned_from"]: train[job["learned_from"]]}
    everything = [text for part in train.values() for text in part]
    options = {"split": job["split"]} if job["kind"] == "bpe" else {}
    return KINDS[job["kind"]].train(everything, job["vocab_size"], **options)


def run(job: dict) -> dict:
    """Train one model on one core and score it."""
    torch.set_num_threads(1)
    train, test = texts(job["corpus"])
    tokenizer = train_tokenizer(job)
    everything = [text for part in train.values() for text in part]
    documents = encode_documents(everything, tokenizer)
    batch = BATCH[job["corpus"]]
    steps = PASSES[job["corpus"]] * len(documents) // batch
    torch.manual_seed(job["seed"])
    model = RecurrentModel(RecurrentConfig(vocab_size=tokenizer.vocab_size))
    config = TrainConfig(
        steps=steps, batch_size=batch, lr=1e-2, seed=job["seed"]
    )
    start = time.process_time()
    history = fit(model, documents, config)
    seconds = time.process_time() - start
    return job | {
        "tokens": tokenizer.vocab_size,
        "cpu_seconds": round(seconds, 1),
        "train_tokens": history[-1]["tokens"],
        "train_bytes": sum(len(text.encode()) for text in everything),
        "parameters": sum(p.numel() for p in model.parameters()),
        "test": {
            name: scores(model, tokenizer, part) for name, part in test.items()
        },
    }


def scores(
    model: torch.nn.Module, tokenizer: Tokenizer, part: list[str]
) -> dict[str, float]:
    """What the model pays for some texts, in both units."""
    n_bytes = sum(len(text.encode()) for text in part)
    loss = loss_of(score(NeuralScorer(model, tokenizer), part))
    unknown = getattr(tokenizer, "unk_id", None)
    ids = [i for text in part for i in tokenizer.encode(text)]
    return {
        "nats_per_token": loss.nats_per_word,
        "bits_per_byte": loss.nats / np.log(2) / n_bytes,
        "tokens_per_byte": len(ids) / n_bytes,
        UNKNOWN: sum(i == unknown for i in ids) / len(ids),
    }


def save(runs: list[dict]) -> None:
    """Write everything known so far."""
    stored.write(
        OUT,
        "experiments/tokenizer_choice.py --workers 2",
        runs,
        machine=stored.one_core(),
    )


def line(found: dict) -> str:
    """Tell a run in short."""
    paid = ", ".join(
        f"{name} {part['bits_per_byte']:.3f}"
        for name, part in found["test"].items()
    )
    setting = " ".join(str(found[name]) for name in JOBS[0])
    return f"{setting}  {paid} bits per byte  {found['cpu_seconds']:.0f} s"


def main() -> None:
    """Read the options and fill the table."""
    stored.fill(OUT, __doc__, JOBS, run, save, line)


if __name__ == "__main__":
    main()
