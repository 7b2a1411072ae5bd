"""Shards mapped into memory, refused unless they are what they say.

Chapter: book/3-tokenization/6-from-text-to-shards.ipynb
"""

import hashlib
import os
from bisect import bisect_right
from pathlib import Path

import numpy as np

from companion.shards.manifest import OFFSET_BYTES, Manifest, Shard
from companion.tokenization import Tokenizer


class TokenShards:
    """All ids of a split as one long row, and where its documents start.

    Nothing is read until it is asked for; the system keeps in memory what
    it has room for. Make it with `open_shards`.
    """

    def __init__(self, folder: Path, manifest: Manifest):
        self.folder, self.manifest = folder, manifest
        dtype = np.dtype(manifest.dtype)
        self._ids = [
            _mapped(folder / shard.tokens_file, dtype)
            for shard in manifest.shards
        ]
        self._offsets = [
            _mapped(folder / shard.offsets_file, np.dtype("<u8"))
            for shard in manifest.shards
        ]
        sizes = [(s.tokens, s.documents) for s in manifest.shards]
        starts = np.cumsum([(0, 0), *sizes], axis=0)
        self._first_token, self._first_document = starts.T.tolist()

    @property
    def n_tokens(self) -> int:
        """How many ids, one END_OF_TEXT a document included."""
        return self._first_token[-1]

    @property
    def n_documents(self) -> int:
        return self._first_document[-1]

    @property
    def content_hash(self) -> str:
        """SHA-256 of the manifest, which holds those of the shards."""
        return self.manifest.content_hash

    def tokens(self, start: int, stop: int) -> np.ndarray:
        """Return the ids from place `start` to `stop` - 1 of the whole.

        Within one shard this is a read-only view of the file.

        Raises:
            ValueError: not 0 <= start <= stop <= n_tokens.
        """
        if not 0 <= start <= stop <= self.n_tokens:
            raise ValueError(
                f"start and stop must be in order from 0 to {self.n_tokens}, "
                f"got {start} and {stop}"
            )
        place = bisect_right(self._first_token, start, hi=len(self._ids)) - 1
        first, parts = self._first_token, []
        while stop > first[place + 1]:
            parts.append(self._ids[place][start - first[place] :])
            place += 1
            start = first[place]
        last = self._ids[place][start - first[place] : stop - first[place]]
        return np.concatenate([*parts, last]) if parts else last

    def document(self, number: int) -> np.ndarray:
        """Return the ids of a document, its END_OF_TEXT included.

        Raises:
            IndexError: there is no document of this number (from 0).
        """
        if not 0 <= number < self.n_documents:
            raise IndexError(
                f"documents are numbered from 0 to {self.n_documents - 1}, "
                f"got {number}"
            )
        place = bisect_right(self._first_document, number) - 1
        number -= self._first_document[place]
        start, stop = self._offsets[place][number : number + 2].tolist()
        return self._ids[place][start:stop]

    def lengths(self) -> np.ndarray:
        """Return (n_documents,) int64: tokens of each, the end included."""
        parts = [np.diff(o.astype(np.int64)) for o in self._offsets]
        return np.concatenate(parts)


def open_shards(
    folder: str | os.PathLike,
    tokenizer: Tokenizer | str | None = None,
    *,
    split: str = "train",
    verify: bool = True,
) -> TokenShards:
    """Open a split that `write_shards` wrote, after checking it.

    Args:
        folder: as given to `write_shards`.
        tokenizer: the tokenizer the model will use, or its content hash;
            shards made with another one are refused. None asks nothing.
        split: which of the folder's splits.
        verify: read all files once and compare their SHA-256 (about a second
            a gigabyte); False compares their sizes only.

    Raises:
        FileNotFoundError: no manifest, or a shard of it is missing.
        ValueError: an unknown schema, a damaged manifest, a shard that is
            truncated or has changed, or shards of another tokenizer.
    """
    path = Path(folder) / split
    manifest = Manifest.load(path)
    if tokenizer is not None:
        given = getattr(tokenizer, "content_hash", tokenizer)
        _check_tokenizer(path, manifest, given)
    for shard in manifest.shards:
        _check_files(path, shard, np.dtype(manifest.dtype).itemsize, verify)
    return TokenShards(path, manifest)


def _check_tokenizer(path: Path, manifest: Manifest, given: str) -> None:
    if manifest.tokenizer_hash != given:
        raise ValueError(
            f"the shards in {path} were made with tokenizer "
            f"{manifest.tokenizer_hash[:12]}..., got {given[:12]}..."
        )


def _check_files(
    folder: Path, shard: Shard, id_bytes: int, verify: bool
) -> None:
    offsets_bytes = OFFSET_BYTES * (shard.documents + 1)
    for name, size, sha256 in [
        (shard.tokens_file, id_bytes * shard.tokens, shard.sha256),
        (shard.offsets_file, offsets_bytes, shard.offsets_sha256),
    ]:
        path = folder / name
        if not path.is_file():
            raise FileNotFoundError(f"{path} is missing")
        if (found := path.stat().st_size) != size:
            what = "truncated" if found < size else "too long"
            raise ValueError(
                f"{path} is {what}: {found} bytes, the manifest says {size}"
            )
        if verify and _sha256(path) != sha256:
            raise ValueError(
                f"{path} has changed: its SHA-256 is not the manifest's"
            )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _mapped(path: Path, dtype: np.dtype) -> np.ndarray:
    # a plain array over the map: slices of np.memmap are slower
    return np.memmap(path, dtype, mode="r").view(np.ndarray)
