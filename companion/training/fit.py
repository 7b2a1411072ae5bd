"""Train a model on documents, the short way.

Chapter: book/1-language-models/4-learning.ipynb
"""

from collections.abc import Sequence

import numpy as np
from torch import nn

from companion.training.batches import EndlessDocuments
from companion.training.train_config import TrainConfig
from companion.training.trainer import Entry, OnStep, Trainer


def fit(
    model: nn.Module,
    documents: Sequence[np.ndarray],
    config: TrainConfig,
    *,
    on_step: OnStep | None = None,
) -> list[Entry]:
    """Train `model` in place and leave it in evaluation mode.

    A budget in steps with equal seeds gives equal results. The learning
    rate follows the budget, steps or seconds, whichever is further spent.

    Args:
        model: (B, T) ids to (B, T, vocab_size) logits.
        documents: arrays of ids from `encode_documents`; passed over again
            and again in new orders until the budget is spent.
        config: the budget and the optimizer's settings.
        on_step: called with each new entry of the history; training ends
            early when it returns True.

    Returns:
        The history of `Trainer.run`.
    """
    batches = EndlessDocuments(documents, config.batch_size, config.seed)
    return Trainer(model, batches, config).run(on_step)
