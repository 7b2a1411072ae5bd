"""Documents to ids, in one process or in several, always in order.

Chapter: book/3-tokenization/6-from-text-to-shards.ipynb
"""

import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from typing import NamedTuple

import numpy as np

from companion.tokenization import END_OF_TEXT, Tokenizer

GROUP = 2**18  # characters that go to a worker at once


class Encoded(NamedTuple):
    """Some documents, one after the other."""

    ids: np.ndarray  # (tokens,)
    lengths: np.ndarray  # (documents,) tokens, the end included
    text_bytes: np.ndarray  # (documents,) UTF-8


def encode_in_groups(
    documents: Iterable[str],
    tokenizer: Tokenizer,
    dtype: str,
    *,
    workers: int = 1,
) -> Iterator[Encoded]:
    """Encode documents, a group at a time, each closed by END_OF_TEXT.

    With several workers, each gets a copy of the tokenizer in a process of
    its own; the groups, and so the result, are the same. No more than two
    groups a worker are in memory. A worker ends with its parent, however
    that one ends.

    Args:
        documents: read once, in order, no faster than they are encoded.
        tokenizer: for `workers` > 1 its class must be importable: not
            defined in a notebook.
        dtype: of the ids.
        workers: processes; 1 means this one.

    Raises:
        ValueError: the tokenizer refuses a document; its number is named.
        ChildProcessError: a worker did not live to the end.
    """
    groups = _groups(documents)
    if workers == 1:
        for first, texts in groups:
            yield _encode(tokenizer, dtype, first, texts)
        return
    pool = ProcessPoolExecutor(
        workers, get_context("spawn"), _begin, (tokenizer, dtype)
    )
    waiting: deque[Future[Encoded]] = deque()
    try:
        for first, texts in groups:
            waiting.append(pool.submit(_encode_there, first, texts))
            if len(waiting) == 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool:
        raise ChildProcessError(
            "a worker process must live until all is encoded, one did not: "
            "its memory was short, or a script called this outside of "
            "if __name__ == '__main__'"
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _groups(documents: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Collect documents; give each group the number of its first, from 1."""
    texts, size, first = [], 0, 1
    for text in documents:
        texts.append(text)
        size += len(text)
        if size >= GROUP:
            yield first, texts
            first += len(texts)
            texts, size = [], 0
    if texts:
        yield first, texts


def _encode(
    tokenizer: Tokenizer, dtype: str, first: int, texts: list[str]
) -> Encoded:
    end = tokenizer.special_ids[END_OF_TEXT]
    ids: list[int] = []
    lengths, sizes = np.zeros((2, len(texts)), dtype=np.int64)
    for place, text in enumerate(texts):
        before = len(ids)
        try:
            ids += tokenizer.encode(text)
        except ValueError as error:
            raise ValueError(f"document {first + place}: {error}") from None
        ids.append(end)
        lengths[place] = len(ids) - before
        sizes[place] = len(text.encode())
    return Encoded(np.array(ids, dtype), lengths, sizes)


# what a worker keeps between groups
_worker: dict[str, object] = {}


def _begin(tokenizer: Tokenizer, dtype: str) -> None:
    """Make a worker ready: it leaves stopping to its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _worker.update(tokenizer=tokenizer, dtype=dtype)


def _end_with_parent() -> None:
    """Without this, a killed parent would leave its workers waiting."""
    wait([parent_process().sentinel])
    os._exit(1)


def _encode_there(first: int, texts: list[str]) -> Encoded:
    return _encode(_worker["tokenizer"], _worker["dtype"], first, texts)
