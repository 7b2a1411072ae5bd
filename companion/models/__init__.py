"""Neural language models: token ids in, logits of the next token out."""

from companion.models.recurrent import (
    RecurrentConfig,
    RecurrentModel,
    rnn_step,
)
from companion.models.window import WindowConfig, WindowModel

__all__ = [
    "RecurrentConfig",
    "RecurrentModel",
    "WindowConfig",
    "WindowModel",
    "rnn_step",
]
