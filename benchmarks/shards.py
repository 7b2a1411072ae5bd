"""Time shards: written, opened, read back as batches.

    python benchmarks/shards.py --megabytes 20

Text: the standard library's source, repeated if that is too little. Bytes
are the tokens unless `--vocab-size` asks for BPE: then one token stands for
several bytes, so the same text is fewer ids to read. The bar: 20 MB of text
a second reading back as batches; printed as a ratio to it, with a plain
`numpy.fromfile` of the same ids beside it.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from companion.corpus.python_text import source
from companion.shards import (
    DocumentBatches,
    MinHash,
    PackedBatches,
    TokenShards,
    open_shards,
    write_shards,
)
from companion.tokenization import BPETokenizer, ByteTokenizer

BAR = 20  # MB of text a second
REPEATS = 5


def texts(n_bytes: int) -> list[str]:
    """Take about `n_bytes` of text."""
    taken, size = [], 0
    while size < n_bytes:
        for text in source():
            taken.append(text)
            size += len(text.encode())
            if size >= n_bytes:
                break
    return taken


def median(work: Callable[[], object], times: int = REPEATS) -> float:
    """Run `work` some times: the median of the seconds."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def read_all(batches: Iterator, expected: int) -> None:
    """Go through all batches, counting what they predict."""
    predicted = sum(batch.n_tokens for batch in batches)
    assert predicted == expected, (predicted, expected)


def readings(shards: TokenShards) -> Iterator[tuple[str, float]]:
    """Yield each way of reading and its seconds."""
    files = [
        shards.folder / shard.tokens_file for shard in shards.manifest.shards
    ]
    dtype = shards.manifest.dtype
    yield (
        "numpy.fromfile",
        median(lambda: [np.fromfile(file, dtype) for file in files]),
    )
    folder = shards.folder.parent
    yield "open, every byte verified", median(lambda: open_shards(folder))
    for length in (128, 1024):
        predicted = (shards.n_tokens - 1) // length * length
        yield (
            f"packed, {length} tokens a row, shuffled",
            median(
                lambda length=length, predicted=predicted: read_all(
                    PackedBatches(
                        shards, context_length=length, batch_size=32
                    ),
                    predicted,
                )
            ),
        )
    yield (
        "whole documents, shuffled",
        median(
            lambda: read_all(
                DocumentBatches(shards, batch_size=8), shards.n_tokens
            )
        ),
    )


def main() -> None:
    """Print megabytes of text a second, and the ratio to the bar."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=float, default=20)
    parser.add_argument("--vocab-size", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    chosen = parser.parse_args()
    documents = texts(int(chosen.megabytes * 1e6))
    size = sum(len(text.encode()) for text in documents) / 1e6
    tokenizer = ByteTokenizer()
    if chosen.vocab_size:
        sample = documents[:: max(len(documents) // 50, 1)]
        tokenizer = BPETokenizer.train(sample, chosen.vocab_size)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "shards"
        start = time.perf_counter()
        write_shards(documents, tokenizer, folder, workers=chosen.workers)
        seconds = time.perf_counter() - start
        shards = open_shards(folder, tokenizer)
        print(
            f"{size:.1f} MB in {len(documents):,} documents: "
            f"{shards.n_tokens:,} tokens"
        )
        print(f"encoded and written: {size / seconds:.1f} MB/s")
        for label, seconds in readings(shards):
            speed = size / seconds
            print(
                f"{label}: {seconds:.3f} s, {speed:,.0f} MB/s of text, "
                f"{speed / BAR:.1f} times the bar"
            )
    few = documents[:100]
    size = sum(len(text.encode()) for text in few) / 1e6
    seconds = median(lambda: MinHash().signatures(few), 3)
    print(f"MinHash signatures: {size / seconds:.1f} MB/s")


if __name__ == "__main__":
    main()
