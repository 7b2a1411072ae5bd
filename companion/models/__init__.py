"""Neural language models: token ids in, logits of the next token out."""

from companion.models.attention import (
    Attention,
    attention,
    attention_weights,
    causal_mask,
)
from companion.models.block import Block
from companion.models.cache import KVCache
from companion.models.cells import (
    RNNGradients,
    gru_step,
    lstm_step,
    rnn_backward,
    rnn_forward,
    rnn_step,
)
from companion.models.feed_forward import FeedForward
from companion.models.norms import layer_norm, rms_norm
from companion.models.positions import Rotation, sinusoidal
from companion.models.recurrent import RecurrentConfig, RecurrentModel
from companion.models.transformer import Transformer
from companion.models.transformer_config import (
    DropoutConfig,
    TransformerConfig,
)
from companion.models.window import WindowConfig, WindowModel

__all__ = [
    "Attention",
    "Block",
    "DropoutConfig",
    "FeedForward",
    "KVCache",
    "RNNGradients",
    "RecurrentConfig",
    "RecurrentModel",
    "Rotation",
    "Transformer",
    "TransformerConfig",
    "WindowConfig",
    "WindowModel",
    "attention",
    "attention_weights",
    "causal_mask",
    "gru_step",
    "layer_norm",
    "lstm_step",
    "rms_norm",
    "rnn_backward",
    "rnn_forward",
    "rnn_step",
    "sinusoidal",
]
