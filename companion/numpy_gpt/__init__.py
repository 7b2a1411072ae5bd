"""A language model in NumPy alone, each gradient written out by hand.

Chapter: book/2-environment/3-gradients.ipynb
"""

from companion.numpy_gpt.attention import (
    attention,
    attention_backward,
    attention_weights,
    merge_heads,
    split_heads,
)
from companion.numpy_gpt.backward import loss_and_gradients
from companion.numpy_gpt.config import DecoderConfig, new_decoder
from companion.numpy_gpt.decoder import Decoder
from companion.numpy_gpt.embedding import embedding, embedding_backward
from companion.numpy_gpt.gradient_check import (
    central_differences,
    gradient_errors,
)
from companion.numpy_gpt.layers import (
    IGNORED,
    cross_entropy,
    cross_entropy_backward,
    gelu,
    gelu_backward,
    linear,
    linear_backward,
    log_softmax,
    mean_squared_error,
    mean_squared_error_backward,
    relu,
    relu_backward,
)
from companion.numpy_gpt.norms import layer_norm, layer_norm_backward
from companion.numpy_gpt.rotation import rotate, rotate_backward

__all__ = [
    "IGNORED",
    "Decoder",
    "DecoderConfig",
    "attention",
    "attention_backward",
    "attention_weights",
    "central_differences",
    "cross_entropy",
    "cross_entropy_backward",
    "embedding",
    "embedding_backward",
    "gelu",
    "gelu_backward",
    "gradient_errors",
    "layer_norm",
    "layer_norm_backward",
    "linear",
    "linear_backward",
    "log_softmax",
    "loss_and_gradients",
    "mean_squared_error",
    "mean_squared_error_backward",
    "merge_heads",
    "new_decoder",
    "relu",
    "relu_backward",
    "rotate",
    "rotate_backward",
    "split_heads",
]
