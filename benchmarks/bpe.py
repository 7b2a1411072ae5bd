"""Time our byte-pair encoding against `tokenizers`, on the same text.

    python benchmarks/bpe.py --text FILE --repeats 5

Texts: Python's help topics, 20 MB of its source with the tests, and any
file one names (`--text`, for example tinyshakespeare.txt). Both sides learn
4,096 tokens with GPT-2's splitting; their merges, and then their ids of the
first megabyte, are compared before any time is printed. The two are timed
in turn, and the medians count. `tokenizers` uses all cores, we use one.
"""

import argparse
import json
import statistics
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from companion.corpus.python_text import documentation
from companion.tokenization import END_OF_TEXT, BPETokenizer

VOCAB_SIZE = 4096
SOURCE_BYTES = 20_000_000
ENCODED_BYTES = 1_000_000


def corpora(named: list[Path]) -> Iterator[tuple[str, list[str]]]:
    """Yield the texts to learn from, by name."""
    for path in named:
        yield path.name, [path.read_text(encoding="utf-8")]
    yield "Python's documentation", documentation()
    source, size = [], 0
    for path in sorted(Path(sysconfig.get_path("stdlib")).rglob("*.py")):
        data = path.read_bytes()
        if size + len(data) <= SOURCE_BYTES:
            source.append(data.decode("utf-8", errors="ignore"))
            size += len(data)
    yield "Python's source", source


def train_theirs(texts: list[str]) -> Tokenizer:
    """Train the library's tokenizer with our settings."""
    theirs = Tokenizer(models.BPE())
    theirs.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB_SIZE,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    theirs.train_from_iterator(texts, trainer)
    return theirs


def in_turn(
    ours: Callable, theirs: Callable, repeats: int
) -> tuple[object, object, str]:
    """Run both in turn; return their last results and the times in words."""
    seconds, ratios = [], []
    for _ in range(repeats):
        start = time.perf_counter()
        our_result = ours()
        middle = time.perf_counter()
        their_result = theirs()
        pair = middle - start, time.perf_counter() - middle
        seconds.append(pair)
        ratios.append(pair[0] / pair[1])
    mine, other = map(statistics.median, zip(*seconds, strict=True))
    words = (
        f"ours {mine:.2f} s, tokenizers {other:.2f} s, ratio "
        f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to "
        f"{max(ratios):.2f})"
    )
    return our_result, their_result, words


def compare(name: str, texts: list[str], repeats: int) -> None:
    """Train and encode with both; print the times if the results agree."""
    ours, theirs, words = in_turn(
        lambda: BPETokenizer.train(texts, VOCAB_SIZE),
        lambda: train_theirs(texts),
        repeats,
    )
    model = json.loads(theirs.to_str())["model"]
    pairs = [tuple(map(model["vocab"].get, m)) for m in model["merges"]]
    assert list(ours.merges) == pairs, f"the merges on {name} differ"
    size = sum(len(text.encode()) for text in texts)
    print(f"{name}, {size / 1e6:.2f} MB, {VOCAB_SIZE} tokens: train {words}")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "tokenizer.json"
        ours.save(file)
        joined = "".join(texts).encode()[:ENCODED_BYTES]
        text = joined.decode("utf-8", errors="ignore")
        # Loaded anew each time, so that neither has seen the text before;
        # loading takes some hundredths of a second on either side.
        our_ids, their_ids, words = in_turn(
            lambda: BPETokenizer.load(file).encode(text),
            lambda: Tokenizer.from_file(str(file)).encode(text).ids,
            repeats,
        )
    assert our_ids == their_ids, f"the ids on {name} differ"
    print(f"  encode {len(text.encode()) / 1e6:.2f} MB: {words}", flush=True)


def main() -> None:
    """Compare on each text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--text", type=Path, nargs="*", default=[])
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    for name, texts in corpora(arguments.text):
        compare(name, texts, arguments.repeats)


if __name__ == "__main__":
    main()
