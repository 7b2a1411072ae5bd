"""Time a Kneser-Ney 5-gram against nltk.lm, on the same text, in one run.

    python benchmarks/ngrams.py --bytes 1000000

Text: Python's help topics and the docstrings of its standard library. Both
sides get the same documents, already split into words, and count the same
n-grams; their probabilities are compared before any time is printed. nltk
needs tens of milliseconds for one word, so it scores few of them
(`--scored`); ours scores the same ones, and then all held-out text.
"""

import argparse
import ast
import statistics
import time
from collections.abc import Callable, Iterator

import nltk.lm
import numpy as np
from nltk.util import everygrams

from companion.corpus.python_text import documentation, source
from companion.ngrams import KneserNey, NGramModel
from companion.tokenization import BOS, EOS, split_words

DISCOUNT = 0.75
REPEATS = 5  # of ours; nltk runs once


def texts() -> Iterator[str]:
    """Yield help topics, then the docstrings of each module as one text."""
    yield from documentation()
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    for code in source():
        nodes = [n for n in ast.walk(ast.parse(code)) if isinstance(n, kinds)]
        yield "\n".join(filter(None, map(ast.get_docstring, nodes)))


def split_text(n_bytes: int) -> tuple[list[list[str]], list[list[str]], int]:
    """Take `n_bytes` of text for training, and what follows for testing."""
    train, held_out, used = [], [], 0
    for place, text in enumerate(filter(None, texts())):
        words = split_words(text)
        if place % 10 == 9:
            held_out.append(words)
        elif used < n_bytes:
            train.append(words)
            used += len(text.encode())
    return train, held_out, used


def timed(work: Callable[[], object], times: int = 1) -> tuple[object, float]:
    """Run `work` some times: its result and the median of the seconds."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return result, statistics.median(seconds)


def nltk_train(
    documents: list[list[str]], order: int
) -> nltk.lm.api.LanguageModel:
    """Train nltk's model as its documentation shows, with our padding."""
    model = nltk.lm.KneserNeyInterpolated(order, discount=DISCOUNT)
    left = [BOS] * (order - 1)
    rows = [[*left, *words, EOS] for words in documents]
    grams = (
        (g for g in everygrams(row, max_len=order) if g[-1] != BOS)
        for row in rows
    )
    model.fit(grams, (word for row in rows for word in row))
    return model


def nltk_log_probs(
    model: nltk.lm.api.LanguageModel, words: list[str], order: int
) -> np.ndarray:
    """Score a document, its end included, in nats."""
    row = [BOS] * (order - 1) + [*words, EOS]
    scores = [
        model.score(row[i], tuple(row[i - order + 1 : i]))
        for i in range(order - 1, len(row))
    ]
    with np.errstate(divide="ignore"):
        return np.log(scores)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bytes", type=int, default=1_000_000)
    parser.add_argument("--order", type=int, default=5)
    parser.add_argument(
        "--scored", type=int, default=200, help="words that nltk scores"
    )
    args = parser.parse_args()
    train, held_out, used = split_text(args.bytes)
    sample = [held_out[0][: args.scored]]
    n_train, n_all = (sum(map(len, d)) for d in (train, held_out))
    print(f"text: {used:,} bytes, {len(train)} documents, {n_train:,} words")
    smoothing = KneserNey(DISCOUNT, uniform=False)

    ours, our_train = timed(
        lambda: trained(train, args.order, smoothing), REPEATS
    )
    theirs, their_train = timed(lambda: nltk_train(train, args.order))
    report("train", our_train, their_train)

    log_p, our_score = timed(lambda: ours.log_probs(sample[0]), REPEATS)
    expected, their_score = timed(
        lambda: nltk_log_probs(theirs, sample[0], args.order)
    )
    gap = np.abs(np.exp(log_p) - np.exp(expected)).max()
    if not gap < 1e-9:
        raise SystemExit(f"probabilities differ by {gap:.1e}")
    report(f"score {len(log_p)} words", our_score, their_score)
    report("train and score", our_train + our_score, their_train + their_score)
    print(f"largest difference between probabilities: {gap:.1e}")
    _, our_all = timed(lambda: ours.log_probs_many(held_out), REPEATS)
    print(f"score all {n_all:,} held-out words: ours {our_all:.3f} s")


def trained(
    documents: list[list[str]], order: int, smoothing: KneserNey
) -> NGramModel:
    """Train ours, up to its first answer: the tables are made for that."""
    model = NGramModel.train(documents, order, smoothing)
    model.log_probs([])
    return model


def report(what: str, ours: float, theirs: float) -> None:
    """Print one measurement."""
    print(
        f"{what}: ours {ours:.4f} s, nltk {theirs:.2f} s, "
        f"{theirs / ours:.0f} times faster"
    )


if __name__ == "__main__":
    main()
