"""How good a model is: metrics, scores by kind of word, the ladder."""

from companion.evaluation.context_flow import context_flow
from companion.evaluation.metrics import (
    bits_per_byte,
    cross_entropy,
    entropy,
    kl_divergence,
    nats_per_token,
    nats_to_bits,
    perplexity,
)
from companion.evaluation.recall import (
    Excess,
    loss_by_distance,
    loss_by_kind,
)
from companion.evaluation.scoring import (
    LanguageModel,
    Loss,
    NeuralScorer,
    loss_of,
    score,
    stories_loss,
    total_loss,
)

__all__ = [
    "Excess",
    "LanguageModel",
    "Loss",
    "NeuralScorer",
    "bits_per_byte",
    "context_flow",
    "cross_entropy",
    "entropy",
    "kl_divergence",
    "loss_by_distance",
    "loss_by_kind",
    "loss_of",
    "nats_per_token",
    "nats_to_bits",
    "perplexity",
    "score",
    "stories_loss",
    "total_loss",
]
