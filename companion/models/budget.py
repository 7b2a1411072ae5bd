"""What a Transformer costs, from its configuration alone.

Conventions. A multiply-add is two floating-point operations (FLOPs). Only
matrix products count; norms, activations and the softmax are a small part
of the work. A dense kernel computes the scores that a mask
hides, so they count; `seen` says how many keys a query meets. What is
trained has no dropout.

Source: 6 N FLOPs a token from Kaplan et al. 2020 (arXiv:2001.08361),
section 2.1; bytes of mixed precision from Rajbhandari et al. 2020
(arXiv:1910.02054), section 3.1.

Chapter: book/4-architectures/8-long-texts.ipynb
"""

from dataclasses import dataclass

from companion.models.transformer_config import TransformerConfig


def parameters(config: TransformerConfig) -> dict[str, int]:
    """Count the numbers that training can change, part by part.

    Returns:
        "embedding" (vectors of tokens and places), "attention",
        "feed-forward", "norms" and "output" (0 where it is tied); the sum
        is `Transformer(config).n_parameters`.
    """
    d, biased = config.d_model, int(config.bias)
    d_kv = config.n_kv_heads * config.d_head
    places = config.context_length * (config.position == "learned")
    attention = 2 * d * (d + biased) + 2 * d_kv * (d + biased)
    up = (1 + _gated(config)) * config.d_ff * (d + biased)
    feed_forward = up + d * (config.d_ff + biased)
    norm = d * (2 if config.norm == "layer" else 1)
    n_norms = 2 * config.n_layers + (config.norm_position == "pre")
    return {
        "embedding": (config.vocab_size + places) * d,
        "attention": config.n_layers * attention,
        "feed-forward": config.n_layers * feed_forward,
        "norms": n_norms * norm,
        "output": 0 if config.tied else config.vocab_size * d,
    }


def flops(
    config: TransformerConfig, seen: float, *, training: bool = False
) -> dict[str, float]:
    """Count the FLOPs of one token, part by part.

    Args:
        config: of the model.
        seen: keys that each query meets: T in a dense pass over T tokens,
            (T + 1) / 2 on average if what the mask hides is skipped, and
            all so far for the next token with a cache.
        training: forward and backward. Each product A B has two in the
            backward pass, of the same size: three times as many in all.

    Returns:
        "projections" (of attention), "scores" (and mixing),
        "feed-forward" and "output".
    """
    d, n_layers = config.d_model, config.n_layers
    d_kv = config.n_kv_heads * config.d_head
    matrices = 2 + _gated(config)
    factor = 2 * (3 if training else 1)
    return {
        "projections": factor * n_layers * (2 * d * d + 2 * d * d_kv),
        "scores": factor * n_layers * 2 * seen * d,
        "feed-forward": factor * n_layers * matrices * d * config.d_ff,
        "output": factor * d * config.vocab_size,
    }


def rule_of_six(config: TransformerConfig) -> int:
    """Estimate the FLOPs of training on one token: 6 N.

    N counts every parameter, as the rule is mostly used, once.
    """
    return 6 * sum(parameters(config).values())


def activations(
    config: TransformerConfig,
    n_texts: int,
    length: int,
    *,
    fused: bool = True,
) -> dict[str, int]:
    """Count the numbers that the backward pass needs from the forward one.

    Counted are the tensors that torch's autograd keeps for this model and
    its cross-entropy: the inputs of norms and linear layers, queries, keys,
    values and answers, the activation's input and output, and the log
    probabilities. Parameters and token ids are not among them, nor the one
    number that a mean loss keeps: its count.

    Args:
        config: of the model; no dropout.
        n_texts: B.
        length: T.
        fused: attention keeps one number a query and head, and computes
            its weights again; else it keeps all (T, T) of them.

    Returns:
        "attention", "scores", "feed-forward", "norms" and "output",
        for the whole batch.
    """
    d = config.d_model
    # Unfused, shared keys and values are repeated for every query head.
    d_kv = config.n_kv_heads * config.d_head if fused else d
    # RMSNorm keeps its input, what it is divided by, and the quotient.
    norm = d + 2 if config.norm == "layer" else 2 * d + 1
    per_head = 1 if fused else length
    wide = {"relu": 1, "gelu": 2, "gelu_tanh": 2, "swiglu": 4}
    n_norms = 2 * config.n_layers + (config.norm_position == "pre")
    per_token = {
        # the input of three projections, q, k, v, and the mixed values
        "attention": config.n_layers * (3 * d + 2 * d_kv),
        "scores": config.n_layers * config.n_heads * per_head,
        # its input, then ReLU: what comes out; GELU: what goes in as well;
        # SwiGLU: gate, bent gate, up, and their product
        "feed-forward": config.n_layers
        * (d + wide[config.activation] * config.d_ff),
        "norms": n_norms * norm,
        "output": d + config.vocab_size,
    }
    kept = {part: n_texts * length * n for part, n in per_token.items()}
    if config.window is not None and fused:  # each layer's mask, as floats
        kept["scores"] += config.n_layers * length**2
    return kept


def cached(config: TransformerConfig, n_texts: int, length: int) -> int:
    """Count the numbers in a cache of keys and values."""
    d_kv = config.n_kv_heads * config.d_head
    return 2 * config.n_layers * d_kv * n_texts * length


@dataclass(frozen=True)
class Precision:
    """How many bytes a number takes, by what it is for."""

    weight: float
    gradient: float
    optimizer: float  # Adam's two moments, and a float32 copy if there is one
    activation: float  # and of keys and values


PRECISIONS = {
    "float32": Precision(4, 4, 8, 4),
    "mixed": Precision(2, 2, 12, 2),  # 16 bits, and a float32 copy
    "bfloat16": Precision(2, 2, 4, 2),  # all of it
}


def training_bytes(
    config: TransformerConfig,
    n_texts: int,
    length: int,
    precision: str = "float32",
    *,
    fused: bool = True,
) -> dict[str, float]:
    """Count the bytes that training with Adam holds at its fullest.

    Returns:
        "weights", "gradients", "optimizer" and "activations".

    Raises:
        ValueError: the precision is unknown.
    """
    size = _precision(precision)
    n = sum(parameters(config).values())
    kept = activations(config, n_texts, length, fused=fused)
    return {
        "weights": n * size.weight,
        "gradients": n * size.gradient,
        "optimizer": n * size.optimizer,
        "activations": sum(kept.values()) * size.activation,
    }


def inference_bytes(
    config: TransformerConfig,
    n_texts: int,
    length: int,
    precision: str = "float32",
) -> dict[str, float]:
    """Count the bytes of writing with a cache: "weights" and "cache".

    Raises:
        ValueError: the precision is unknown.
    """
    size = _precision(precision)
    return {
        "weights": sum(parameters(config).values()) * size.weight,
        "cache": cached(config, n_texts, length) * size.activation,
    }


def _gated(config: TransformerConfig) -> int:
    return int(config.activation == "swiglu")


def _precision(name: str) -> Precision:
    if name not in PRECISIONS:
        raise ValueError(
            f"precision must be one of {', '.join(PRECISIONS)}, got {name!r}"
        )
    return PRECISIONS[name]
