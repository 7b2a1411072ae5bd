"""Llama as the library transformers names and stores it.

Its linear layers are stored as torch's, [out, in], each by itself. Its
rotary positions pair number i of a head with number i + d_head / 2, as ours
do; weights in the layout of the paper's own code pair neighbours, and the
library's converter has permuted them.

Source: Touvron et al. 2023 (arXiv:2302.13971); the names are those of
`LlamaForCausalLM`.

Chapter: book/4-architectures/9-two-famous-models.ipynb
"""

import re
from collections.abc import Mapping

from torch import Tensor

from companion.models import DropoutConfig, TransformerConfig

TITLE = "Llama"
ARCHITECTURE = "LlamaForCausalLM"
BASE = "model."  # a part that a file may leave out of all names
# tables of angles that old files hold beside the weights
NO_WEIGHTS = re.compile(r"model\.layers\.\d+\.self_attn\.rotary_emb\.inv_freq")

# what the library assumes where a config.json says nothing
DEFAULTS = {
    "vocab_size": 32000,
    "max_position_embeddings": 2048,
    "hidden_size": 4096,
    "intermediate_size": 11008,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": None,  # as num_attention_heads
    "head_dim": None,  # hidden_size / num_attention_heads
    "hidden_act": "silu",
    "rms_norm_eps": 1e-6,
    "initializer_range": 0.02,
    "tie_word_embeddings": False,
    "attention_bias": False,
    "mlp_bias": False,
    "attention_dropout": 0.0,
}
THETA = 10_000.0

# ours: theirs
TOP = {
    "token_embedding.weight": "model.embed_tokens.weight",
    "final_norm.weight": "model.norm.weight",
    "lm_head.weight": "lm_head.weight",
}
BLOCK = {
    "attention_norm": "input_layernorm",
    "attention.q_proj": "self_attn.q_proj",
    "attention.k_proj": "self_attn.k_proj",
    "attention.v_proj": "self_attn.v_proj",
    "attention.o_proj": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn.gate_proj": "mlp.gate_proj",
    "ffn.up_proj": "mlp.up_proj",
    "ffn.down_proj": "mlp.down_proj",
}
BIASES = {"attention_bias": "self_attn", "mlp_bias": "mlp"}


def objections(config: TransformerConfig) -> list[str]:
    """Name the choices of a config that Llama does not have."""
    allowed = {
        "position": "rotary",
        "norm": "rms",
        "norm_position": "pre",
        "activation": "swiglu",
        "causal": True,
    }
    found = [
        f"{name}={getattr(config, name)!r}"
        for name, choice in allowed.items()
        if getattr(config, name) != choice
    ]
    if (config.window or config.context_length) < config.context_length:
        found.append(f"window={config.window}")
    for name in ("embedding", "attention", "hidden", "ffn", "skip"):
        if getattr(config.dropout, name):
            found.append(f"dropout.{name}={getattr(config.dropout, name)}")
    return found


def config_to_hf(config: TransformerConfig) -> dict[str, object]:
    """Write a config that `objections` lets pass in the library's words.

    The angles are said twice, for versions before 5 and from 5 on.
    """
    return {
        "vocab_size": config.vocab_size,
        "max_position_embeddings": config.context_length,
        "hidden_size": config.d_model,
        "intermediate_size": config.d_ff,
        "num_hidden_layers": config.n_layers,
        "num_attention_heads": config.n_heads,
        "num_key_value_heads": config.n_kv_heads,
        "head_dim": config.d_head,
        "hidden_act": "silu",
        "rms_norm_eps": config.norm_eps,
        "rope_theta": config.rope_theta,
        "rope_parameters": {
            "rope_theta": config.rope_theta,
            "rope_type": "default",
        },
        "initializer_range": config.init_std,
        "tie_word_embeddings": config.tied,
        "attention_bias": config.bias,
        "mlp_bias": config.bias,
        "attention_dropout": config.dropout.weights,
    }


def config_from_hf(values: Mapping[str, object]) -> TransformerConfig:
    """Read the library's config.

    A model with biases in one part of a block gets them in both; those it
    did not have are zeros.

    Raises:
        ValueError: a setting asks for what our model cannot do.
    """
    said = DEFAULTS | {k: v for k, v in values.items() if k in DEFAULTS}
    width = said["hidden_size"] / said["num_attention_heads"]
    if said["head_dim"] not in (None, width):
        raise ValueError(
            f"head_dim must be hidden_size / num_attention_heads ({width:g}),"
            f" got {said['head_dim']}"
        )
    if said["hidden_act"] not in ("silu", "swish"):
        raise ValueError(f"hidden_act must be silu, got {said['hidden_act']}")
    return TransformerConfig.llama(
        vocab_size=said["vocab_size"],
        context_length=said["max_position_embeddings"],
        d_model=said["hidden_size"],
        n_layers=said["num_hidden_layers"],
        n_heads=said["num_attention_heads"],
        n_kv_heads=said["num_key_value_heads"],
        d_ff=said["intermediate_size"],
        bias=said["attention_bias"] or said["mlp_bias"],
        tied=said["tie_word_embeddings"],
        norm_eps=said["rms_norm_eps"],
        rope_theta=_theta(values),
        init_std=said["initializer_range"],
        dropout=DropoutConfig(weights=said["attention_dropout"] or 0.0),
    )


def absent(values: Mapping[str, object]) -> tuple[str, ...]:
    """Name parts whose biases a config leaves out: "self_attn", "mlp"."""
    said = DEFAULTS | {k: v for k, v in values.items() if k in DEFAULTS}
    return tuple(part for key, part in BIASES.items() if not said[key])


def to_hf(
    state: Mapping[str, Tensor], config: TransformerConfig
) -> dict[str, Tensor]:
    """Rename the tensors of our model."""
    return {theirs: state[ours] for ours, theirs in _names(config).items()}


def from_hf(
    state: Mapping[str, Tensor], config: TransformerConfig
) -> dict[str, Tensor]:
    """Rename Llama's tensors; a bias that it lacks is zeros."""
    made = {}
    for ours, theirs in _names(config).items():
        tensor = state.get(theirs)
        if tensor is None:
            weight = state[theirs.removesuffix("bias") + "weight"]
            tensor = weight.new_zeros(len(weight))
        made[ours] = tensor
    return made


def _names(config: TransformerConfig) -> dict[str, str]:
    """Pair each of our names with theirs."""
    names = dict(TOP)
    for i in range(config.n_layers):
        for ours, theirs in BLOCK.items():
            here, there = f"blocks.{i}.{ours}", f"model.layers.{i}.{theirs}"
            names[f"{here}.weight"] = f"{there}.weight"
            if config.bias and ours.endswith("_proj"):
                names[f"{here}.bias"] = f"{there}.bias"
    return names


def _theta(values: Mapping[str, object]) -> float:
    """Find the base of the angles; refuse angles that are changed."""
    theta = values.get("rope_theta") or THETA
    for key in ("rope_parameters", "rope_scaling"):
        rope = dict(values.get(key) or {})
        theta = rope.pop("rope_theta", None) or theta
        kind = [rope.pop(name, "default") for name in ("rope_type", "type")]
        whole = rope.pop("partial_rotary_factor", None) in (None, 1)
        if set(kind) != {"default"} or not whole or any(rope.values()):
            raise ValueError(
                f"{key} must leave the angles as they are, got {values[key]}"
            )
    return float(theta)
