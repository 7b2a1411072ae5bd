"""How good a model is: metrics, scores by kind of word, the ladder."""

from companion.evaluation.metrics import (
    bits_per_byte,
    cross_entropy,
    entropy,
    kl_divergence,
    nats_per_token,
    nats_to_bits,
    perplexity,
)

__all__ = [
    "bits_per_byte",
    "cross_entropy",
    "entropy",
    "kl_divergence",
    "nats_per_token",
    "nats_to_bits",
    "perplexity",
]
