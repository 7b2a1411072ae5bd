"""From text to batches: shards, their checks, and what to leave out."""

from companion.shards.batches import DocumentBatches, PackedBatches
from companion.shards.manifest import Manifest, Shard
from companion.shards.passes import IGNORED, Batch
from companion.shards.reading import TokenShards, open_shards
from companion.shards.writing import TOKENS_PER_SHARD, write_shards

__all__ = [
    "IGNORED",
    "TOKENS_PER_SHARD",
    "Batch",
    "DocumentBatches",
    "Manifest",
    "PackedBatches",
    "Shard",
    "TokenShards",
    "open_shards",
    "write_shards",
]
