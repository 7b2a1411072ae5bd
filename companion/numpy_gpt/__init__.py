"""Layers in NumPy alone, each with the gradient written out by hand.

Chapter: book/2-environment/3-gradients.ipynb
"""

from companion.numpy_gpt.attention import (
    attention,
    attention_backward,
    attention_weights,
    merge_heads,
    split_heads,
)
from companion.numpy_gpt.decoder import Decoder
from companion.numpy_gpt.embedding import embedding, embedding_backward
from companion.numpy_gpt.layers import (
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
    "Decoder",
    "attention",
    "attention_backward",
    "attention_weights",
    "cross_entropy",
    "cross_entropy_backward",
    "embedding",
    "embedding_backward",
    "gelu",
    "gelu_backward",
    "layer_norm",
    "layer_norm_backward",
    "linear",
    "linear_backward",
    "log_softmax",
    "mean_squared_error",
    "mean_squared_error_backward",
    "merge_heads",
    "relu",
    "relu_backward",
    "rotate",
    "rotate_backward",
    "split_heads",
]
