"""From text to batches: shards, their checks, and what to leave out."""

from companion.shards.batches import DocumentBatches, PackedBatches
from companion.shards.contamination import (
    Contaminated,
    Contamination,
    find_contamination,
)
from companion.shards.deduplicate import (
    NearDuplicate,
    exact_duplicates,
    first_of_each,
    near_duplicates,
    unique_documents,
)
from companion.shards.manifest import Manifest, Shard
from companion.shards.minhash import MinHash
from companion.shards.passes import IGNORED, Batch
from companion.shards.reading import TokenShards, open_shards
from companion.shards.writing import TOKENS_PER_SHARD, write_shards

__all__ = [
    "IGNORED",
    "TOKENS_PER_SHARD",
    "Batch",
    "Contaminated",
    "Contamination",
    "DocumentBatches",
    "Manifest",
    "MinHash",
    "NearDuplicate",
    "PackedBatches",
    "Shard",
    "TokenShards",
    "exact_duplicates",
    "find_contamination",
    "first_of_each",
    "near_duplicates",
    "open_shards",
    "unique_documents",
    "write_shards",
]
