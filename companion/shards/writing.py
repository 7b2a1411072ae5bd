"""Documents to flat files of ids that can be mapped into memory.

Chapter: book/3-tokenization/6-from-text-to-shards.ipynb
"""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from companion.shards.encoding import Encoded, encode_in_groups
from companion.shards.manifest import Manifest, Shard
from companion.shards.whole import folder_written_whole
from companion.tokenization import END_OF_TEXT, Tokenizer

TOKENS_PER_SHARD = 2**26  # 128 MiB of two-byte ids


def write_shards(
    documents: Iterable[str],
    tokenizer: Tokenizer,
    folder: str | os.PathLike,
    *,
    split: str = "train",
    tokens_per_shard: int = TOKENS_PER_SHARD,
    overwrite: bool = False,
    workers: int = 1,
) -> Manifest:
    """Encode documents once, for all trainings to come.

    Writes FOLDER/SPLIT with manifest.json and, for each shard,
    shard-00000.bin (ids, little endian, two bytes each if the vocabulary has
    at most 65,536 tokens, else four; END_OF_TEXT closes each document) and
    shard-00000.offsets.bin (where each document starts, and the end; eight
    bytes each). The folder appears complete, in one step; stopping or
    killing the writer leaves what stood there before, or nothing.

    Args:
        documents: texts, read once; they need not fit into memory. Wrap them
            in `tqdm` to see progress.
        tokenizer: anything with the protocol of this book.
        folder: holds the splits side by side.
        split: "train", "validation", or any name for a folder.
        tokens_per_shard: a shard is closed before the document that would
            take it past this; a longer document has a shard of its own.
        overwrite: allow an existing split to be replaced.
        workers: processes that encode; the shards are the same bytes. In a
            script, call it under `if __name__ == "__main__":`.

    Returns:
        The manifest.

    Raises:
        FileExistsError: FOLDER/SPLIT exists and `overwrite` is False.
        ValueError: no documents, one that the tokenizer refuses, a tokenizer
            without END_OF_TEXT, or an option out of range.
    """
    _check(documents, tokenizer, split, tokens_per_shard, workers)
    about = _about(tokenizer, split)
    dtype = Manifest(**about, shards=()).dtype
    encoded = encode_in_groups(documents, tokenizer, dtype, workers=workers)
    path = Path(folder) / split
    with folder_written_whole(path, overwrite=overwrite) as part:
        shards = _write_all(encoded, part, tokens_per_shard)
        if not shards:
            raise ValueError(
                f"there must be documents to write, got none for {split}"
            )
        manifest = Manifest(**about, shards=shards)
        manifest.save(part)
    return manifest


def _check(
    documents: Iterable[str],
    tokenizer: Tokenizer,
    split: str,
    tokens_per_shard: int,
    workers: int,
) -> None:
    if isinstance(documents, str):
        raise ValueError("documents must be several strings, got one string")
    if END_OF_TEXT not in tokenizer.special_ids:
        raise ValueError(
            f"the tokenizer must have the special token {END_OF_TEXT}, it "
            f"has {', '.join(tokenizer.special_ids) or 'none'}"
        )
    if not split.replace("-", "").replace("_", "").isalnum():
        raise ValueError(
            f"split must be letters, digits, - and _, got {split!r}"
        )
    for name, value in [
        ("tokens_per_shard", tokens_per_shard),
        ("workers", workers),
    ]:
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")


def _about(tokenizer: Tokenizer, split: str) -> dict[str, object]:
    return {
        "split": split,
        "tokenizer": type(tokenizer).__name__,
        "tokenizer_hash": tokenizer.content_hash,
        "vocab_size": tokenizer.vocab_size,
        "end_id": tokenizer.special_ids[END_OF_TEXT],
    }


def _write_all(
    groups: Iterable[Encoded], folder: Path, limit: int
) -> tuple[Shard, ...]:
    """Cut the groups into shards of whole documents, if there are any."""
    done: list[Shard] = []
    shard = _OpenShard(folder, 0)
    try:
        for group in groups:
            first, ends = 0, group.lengths.cumsum()  # ends: in the group
            while first < len(ends):
                start = ends[first - 1] if first else 0
                room = start + limit - shard.tokens
                last = int(np.searchsorted(ends, room, side="right"))
                if last <= first and shard.tokens:
                    done.append(shard.close())
                    shard = _OpenShard(folder, len(done))
                    continue
                last = max(last, first + 1)
                shard.add(
                    group, first, last, group.ids[start : ends[last - 1]]
                )
                first = last
        return (*done, shard.close()) if shard.tokens else ()
    finally:
        shard.file.close()


class _OpenShard:
    """A shard that still takes documents."""

    def __init__(self, folder: Path, number: int):
        self.folder, self.name = folder, f"shard-{number:05}"
        self.file = (folder / f"{self.name}.bin").open("xb")
        self.digest = hashlib.sha256()
        self.tokens = self.text_bytes = 0
        self.lengths = [np.zeros(1, np.int64)]

    def add(
        self, group: Encoded, first: int, last: int, ids: np.ndarray
    ) -> None:
        """Append documents `first` to `last` - 1 of a group."""
        self.file.write(ids)
        self.digest.update(ids)
        self.tokens += len(ids)
        self.lengths.append(group.lengths[first:last])
        self.text_bytes += int(group.text_bytes[first:last].sum())

    def close(self) -> Shard:
        """Write all to the disk and describe it."""
        _close(self.file)
        offsets = np.concatenate(self.lengths).cumsum().astype("<u8")
        file = (self.folder / f"{self.name}.offsets.bin").open("xb")
        with file:
            file.write(offsets)
            _close(file)
        return Shard(
            name=self.name,
            tokens=self.tokens,
            documents=len(offsets) - 1,
            text_bytes=self.text_bytes,
            sha256=self.digest.hexdigest(),
            offsets_sha256=hashlib.sha256(offsets).hexdigest(),
        )


def _close(file) -> None:
    file.flush()
    os.fsync(file.fileno())
    file.close()
