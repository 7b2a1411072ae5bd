"""GPT-2 as the library transformers names and stores it.

Its linear layers are stored [in, out], the transpose of torch's, and the
projections to queries, keys and values are one matrix of three parts.

Source: Radford et al. 2019; the names are those of `GPT2LMHeadModel`.

Chapter: book/4-architectures/9-two-famous-models.ipynb
"""

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from companion.models import DropoutConfig, TransformerConfig

TITLE = "GPT-2"
ARCHITECTURE = "GPT2LMHeadModel"
BASE = "transformer."  # a part that a file may leave out of all names
# tables of masks that old files hold beside the weights
NO_WEIGHTS = re.compile(r"transformer\.h\.\d+\.attn\.(masked_)?bias")

# what the library assumes where a config.json says nothing
DEFAULTS = {
    "vocab_size": 50257,
    "n_positions": 1024,
    "n_embd": 768,
    "n_layer": 12,
    "n_head": 12,
    "n_inner": None,  # 4 n_embd
    "activation_function": "gelu_new",
    "resid_pdrop": 0.1,
    "embd_pdrop": 0.1,
    "attn_pdrop": 0.1,
    "layer_norm_epsilon": 1e-5,
    "initializer_range": 0.02,
    "scale_attn_weights": True,
    "scale_attn_by_inverse_layer_idx": False,
    "add_cross_attention": False,
    "tie_word_embeddings": True,
}
FIXED = (
    "scale_attn_weights",
    "scale_attn_by_inverse_layer_idx",
    "add_cross_attention",
)
ACTIVATIONS = {
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu": "gelu",
    "relu": "relu",
}

# ours: theirs
TOP = {
    "token_embedding.weight": "transformer.wte.weight",
    "position_embedding.weight": "transformer.wpe.weight",
    "final_norm.weight": "transformer.ln_f.weight",
    "final_norm.bias": "transformer.ln_f.bias",
    "lm_head.weight": "lm_head.weight",
}
NORMS = {"attention_norm": "ln_1", "ffn_norm": "ln_2"}
LINEAR = {
    "attention.o_proj": "attn.c_proj",
    "ffn.up_proj": "mlp.c_fc",
    "ffn.down_proj": "mlp.c_proj",
}
FUSED = "attn.c_attn"
PARTS = ("attention.q_proj", "attention.k_proj", "attention.v_proj")


def objections(config: TransformerConfig) -> list[str]:
    """Name the choices of a config that GPT-2 does not have."""
    allowed = {
        "position": ("learned",),
        "norm": ("layer",),
        "norm_position": ("pre",),
        "activation": ("gelu_tanh", "gelu", "relu"),
        "n_kv_heads": (config.n_heads,),
        "causal": (True,),
    }
    found = [
        f"{name}={getattr(config, name)!r}"
        for name, choices in allowed.items()
        if getattr(config, name) not in choices
    ]
    if (config.window or config.context_length) < config.context_length:
        found.append(f"window={config.window}")
    dropout = config.dropout
    for name in ("hidden", "skip"):
        if getattr(dropout, name):
            found.append(f"dropout.{name}={getattr(dropout, name)}")
    if dropout.attention != dropout.ffn:
        found.append(
            f"dropout.attention={dropout.attention} beside "
            f"dropout.ffn={dropout.ffn}"
        )
    return found


def config_to_hf(config: TransformerConfig) -> dict[str, object]:
    """Write a config that `objections` lets pass in the library's words."""
    return {
        "vocab_size": config.vocab_size,
        "n_positions": config.context_length,
        "n_embd": config.d_model,
        "n_layer": config.n_layers,
        "n_head": config.n_heads,
        "n_inner": config.d_ff,
        "activation_function": {
            ours: theirs for theirs, ours in reversed(ACTIVATIONS.items())
        }[config.activation],
        "resid_pdrop": config.dropout.ffn,
        "embd_pdrop": config.dropout.embedding,
        "attn_pdrop": config.dropout.weights,
        "layer_norm_epsilon": config.norm_eps,
        "initializer_range": config.init_std,
        "tie_word_embeddings": config.tied,
    }


def config_from_hf(values: Mapping[str, object]) -> TransformerConfig:
    """Read the library's config.

    Raises:
        ValueError: a setting asks for what our model cannot do.
    """
    said = DEFAULTS | {k: v for k, v in values.items() if k in DEFAULTS}
    for name in FIXED:
        if said[name] != DEFAULTS[name]:
            raise ValueError(
                f"{name} must be {DEFAULTS[name]}, got {said[name]}"
            )
    if said["activation_function"] not in ACTIVATIONS:
        raise ValueError(
            f"activation_function must be one of {', '.join(ACTIVATIONS)}, "
            f"got {said['activation_function']}"
        )
    return TransformerConfig(
        vocab_size=said["vocab_size"],
        context_length=said["n_positions"],
        d_model=said["n_embd"],
        n_layers=said["n_layer"],
        n_heads=said["n_head"],
        d_ff=said["n_inner"],
        activation=ACTIVATIONS[said["activation_function"]],
        tied=said["tie_word_embeddings"],
        norm_eps=said["layer_norm_epsilon"],
        init_std=said["initializer_range"],
        dropout=DropoutConfig(
            embedding=said["embd_pdrop"],
            weights=said["attn_pdrop"],
            attention=said["resid_pdrop"],
            ffn=said["resid_pdrop"],
        ),
    )


def absent(values: Mapping[str, object]) -> tuple[str, ...]:
    """Name parts whose biases a config leaves out: GPT-2 has them all."""
    return ()


def to_hf(
    state: Mapping[str, Tensor], config: TransformerConfig
) -> dict[str, Tensor]:
    """Rename, transpose and join the tensors of our model.

    Where ours has no biases, GPT-2's are zeros.
    """
    made = {theirs: state[ours] for ours, theirs in TOP.items()}
    for i in range(config.n_layers):
        here, there = f"blocks.{i}.", f"{BASE}h.{i}."
        for ours, theirs in NORMS.items():
            for part in ("weight", "bias"):
                made[f"{there}{theirs}.{part}"] = state[f"{here}{ours}.{part}"]
        for ours, theirs in LINEAR.items():
            weight, bias = _linear(state, here + ours)
            made[f"{there}{theirs}.weight"] = weight.T
            made[f"{there}{theirs}.bias"] = bias
        three = [_linear(state, here + part) for part in PARTS]
        weights, biases = zip(*three, strict=True)
        made[f"{there}{FUSED}.weight"] = torch.cat(weights).T
        made[f"{there}{FUSED}.bias"] = torch.cat(biases)
    return made


def from_hf(
    state: Mapping[str, Tensor], config: TransformerConfig
) -> dict[str, Tensor]:
    """Cut, transpose and rename GPT-2's tensors to those of our model."""
    made = {ours: state[theirs] for ours, theirs in TOP.items()}
    for i in range(config.n_layers):
        here, there = f"blocks.{i}.", f"{BASE}h.{i}."
        for ours, theirs in NORMS.items():
            for part in ("weight", "bias"):
                made[f"{here}{ours}.{part}"] = state[f"{there}{theirs}.{part}"]
        for ours, theirs in LINEAR.items():
            made[f"{here}{ours}.weight"] = state[f"{there}{theirs}.weight"].T
            made[f"{here}{ours}.bias"] = state[f"{there}{theirs}.bias"]
        weights = state[f"{there}{FUSED}.weight"].T.chunk(3)
        biases = state[f"{there}{FUSED}.bias"].chunk(3)
        for part, weight, bias in zip(PARTS, weights, biases, strict=True):
            made[f"{here}{part}.weight"] = weight
            made[f"{here}{part}.bias"] = bias
    return made


def _linear(state: Mapping[str, Tensor], name: str) -> tuple[Tensor, Tensor]:
    """Get weight and bias of a layer; a bias it lacks is zeros."""
    weight = state[f"{name}.weight"]
    bias = state.get(f"{name}.bias")
    return weight, weight.new_zeros(len(weight)) if bias is None else bias
