"""Training: batches, the loop, what it keeps, and when it ends."""

from companion.training.batches import (
    Batch,
    EndlessDocuments,
    document_batches,
    encode_documents,
)
from companion.training.checkpoint import (
    checkpoints,
    load_checkpoint,
    save_checkpoint,
)
from companion.training.fit import fit
from companion.training.log import Log, read_log
from companion.training.loss import next_word_loss, token_losses
from companion.training.patience import Patience
from companion.training.train_config import TrainConfig
from companion.training.trainer import State, Trainer

__all__ = [
    "Batch",
    "EndlessDocuments",
    "Log",
    "Patience",
    "State",
    "TrainConfig",
    "Trainer",
    "checkpoints",
    "document_batches",
    "encode_documents",
    "fit",
    "load_checkpoint",
    "next_word_loss",
    "read_log",
    "save_checkpoint",
    "token_losses",
]
