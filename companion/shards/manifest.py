"""What a set of shards says of itself: a manifest with its own hash.

Chapter: book/3-tokenization/6-from-text-to-shards.ipynb
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from companion.files import write_atomically

MANIFEST = "manifest.json"
KIND = "companion.shards"
SCHEMA = 1
OFFSET_BYTES = 8  # of a document's offset
SMALL_VOCABULARY = 65_536  # ids below it fit into two bytes


@dataclass(frozen=True, kw_only=True)
class Shard:
    """One flat file of ids and one of document offsets."""

    name: str
    tokens: int  # one END_OF_TEXT a document included
    documents: int
    text_bytes: int  # UTF-8
    sha256: str  # of NAME.bin
    offsets_sha256: str  # of NAME.offsets.bin

    @property
    def tokens_file(self) -> str:
        return f"{self.name}.bin"

    @property
    def offsets_file(self) -> str:
        return f"{self.name}.offsets.bin"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A set of shards: who made it, and what each shard must be."""

    split: str
    tokenizer: str  # its class
    tokenizer_hash: str
    vocab_size: int
    end_id: int  # closes each document
    shards: tuple[Shard, ...]

    @property
    def dtype(self) -> str:
        """Two or four bytes an id, little endian."""
        return "<u2" if self.vocab_size <= SMALL_VOCABULARY else "<u4"

    @property
    def n_tokens(self) -> int:
        return sum(shard.tokens for shard in self.shards)

    @property
    def n_documents(self) -> int:
        return sum(shard.documents for shard in self.shards)

    @property
    def text_bytes(self) -> int:
        return sum(shard.text_bytes for shard in self.shards)

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of all the manifest says, the shards' hashes included."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def totals(self) -> dict[str, int]:
        """The shards' sums, for those who read the file."""
        return {
            "tokens": self.n_tokens,
            "documents": self.n_documents,
            "text_bytes": self.text_bytes,
        }

    def save(self, folder: Path) -> None:
        """Write manifest.json into a folder that has none."""
        record = {"kind": KIND, "schema": SCHEMA, **asdict(self)}
        record |= {"totals": self.totals, "content_hash": self.content_hash}
        with write_atomically(folder / MANIFEST, mode="w") as file:
            file.write(json.dumps(record, indent=2) + "\n")

    @classmethod
    def load(cls, folder: Path) -> "Manifest":
        """Read what `save` wrote.

        Raises:
            FileNotFoundError: the folder has no manifest.
            ValueError: the file is no manifest of shards, of another schema,
                or does not give its hash.
        """
        path = folder / MANIFEST
        if not path.is_file():
            raise FileNotFoundError(
                f"there are no shards in {folder}: {MANIFEST} is missing"
            )
        record = _parse(path)
        if record.get("schema") != SCHEMA:
            raise ValueError(
                f"{path} has schema {record.get('schema')}, "
                f"this version reads {SCHEMA}"
            )
        try:
            manifest = _rebuild(record)
        except (KeyError, TypeError) as error:
            raise ValueError(f"{path} is damaged: {error}") from None
        hashed = manifest.content_hash == record.get("content_hash")
        if not hashed or manifest.totals != record.get("totals"):
            raise ValueError(f"{path} is damaged: it does not give its hash")
        return manifest


def _parse(path: Path) -> dict:
    try:
        record = json.loads(path.read_bytes().decode())
    except ValueError as error:
        raise ValueError(f"{path} is damaged: {error}") from None
    if not isinstance(record, dict) or record.get("kind") != KIND:
        raise ValueError(f"{path} is not a manifest of shards")
    return record


def _rebuild(record: dict) -> Manifest:
    names = set(Manifest.__dataclass_fields__) - {"shards"}
    shards = tuple(Shard(**shard) for shard in record["shards"])
    return Manifest(shards=shards, **{name: record[name] for name in names})
