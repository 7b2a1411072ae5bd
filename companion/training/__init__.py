"""Batches of whole documents, and the shortest loop that trains well."""

from companion.training.batches import (
    Batch,
    document_batches,
    encode_documents,
)
from companion.training.fit import TrainConfig, fit, next_word_loss

__all__ = [
    "Batch",
    "TrainConfig",
    "document_batches",
    "encode_documents",
    "fit",
    "next_word_loss",
]
