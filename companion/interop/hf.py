"""Our Transformer in the words of the library transformers, and back.

The library itself is not needed: the names and rules are written down here,
and the tests compare with it.

Source: Wolf et al. 2020 (arXiv:1910.03771).

Chapter: book/4-architectures/9-two-famous-models.ipynb
"""

from collections.abc import Mapping
from types import ModuleType

import torch
from torch import Tensor

from companion import config as configs
from companion.interop import gpt2, llama
from companion.models import TransformerConfig
from companion.models.tensors import DTYPES, check_tensors, empty_state

FAMILIES: dict[str, ModuleType] = {"gpt2": gpt2, "llama": llama}
HEAD = "lm_head.weight"


def family_of(config: TransformerConfig) -> str:
    """Say which family of models a config belongs to: "gpt2" or "llama".

    Raises:
        ValueError: to neither; the choices that stand in the way are named.
    """
    problems = []
    for name, family in FAMILIES.items():
        found = family.objections(config)
        if not found:
            return name
        problems.append(f"{family.TITLE} has no {', '.join(found)}")
    raise ValueError(
        "a config must be all of one family to travel; " + "; ".join(problems)
    )


def config_to_hf(config: TransformerConfig) -> dict[str, object]:
    """Write a config in the library's words, ready for `config.json`.

    Raises:
        ValueError: the config belongs to no family.
    """
    name = family_of(config)
    return {
        "architectures": [FAMILIES[name].ARCHITECTURE],
        "model_type": name,
        **FAMILIES[name].config_to_hf(config),
    }


def config_from_hf(values: Mapping[str, object]) -> TransformerConfig:
    """Read the library's config: of `config.json`, or `config.to_dict()`.

    Raises:
        ValueError: the model is of no family we know, or has a setting
            that ours cannot do.
    """
    family = _family(values)
    if values.get("quantization_config"):
        raise ValueError(
            "the weights must be plain numbers, got a quantization_config"
        )
    try:
        config = family.config_from_hf(values)
        configs.to_dict(config)  # checks the types
    except TypeError as error:
        raise ValueError(f"a setting is of a wrong type: {error}") from None
    return config


def state_to_hf(
    state: Mapping[str, Tensor], config: TransformerConfig
) -> dict[str, Tensor]:
    """Turn our model's `state_dict` into one for theirs.

    Args:
        state: all tensors of our model.
        config: of our model.

    Returns:
        Tensors for their `load_state_dict`; `lm_head.weight` is among them
        even where it is tied.

    Raises:
        ValueError: the config belongs to no family, or the tensors are not
            those of the config: all that is wrong is listed.
    """
    family = FAMILIES[family_of(config)]
    check_tensors(state, empty_state(config))
    _check_tied(state, config, "token_embedding.weight")
    return family.to_hf(state, config)


def state_from_hf(
    state: Mapping[str, Tensor], values: Mapping[str, object]
) -> dict[str, Tensor]:
    """Turn the tensors of their model into a `state_dict` for ours.

    Tables that old files hold beside the weights (masks, angles) are left
    out; a head that is tied may be missing.

    Args:
        state: tensors by the library's names; "transformer." or "model."
            may be left out of all of them.
        values: their config, which names the family.

    Raises:
        ValueError: as `config_from_hf`; or the tensors are not those of
            the config: all that is wrong is listed.
    """
    family, config = _family(values), config_from_hf(values)
    state = _with_base(state, family.BASE)
    state = {k: v for k, v in state.items() if not family.NO_WEIGHTS.match(k)}
    token_vectors = family.TOP["token_embedding.weight"]
    if config.tied and HEAD not in state and token_vectors in state:
        state[HEAD] = state[token_vectors]
    without = tuple(f".{part}." for part in family.absent(values))
    expected = {
        name: tensor
        for name, tensor in family.to_hf(empty_state(config), config).items()
        if not (name.endswith(".bias") and any(p in name for p in without))
    }
    check_tensors(state, expected, _dtype(values))
    _check_tied(state, config, token_vectors)
    return family.from_hf(state, config)


def _family(values: Mapping[str, object]) -> ModuleType:
    name = values.get("model_type")
    if name not in FAMILIES:
        raise ValueError(
            f"model_type must be one of {', '.join(FAMILIES)}, got {name}"
        )
    return FAMILIES[name]


def _with_base(state: Mapping[str, Tensor], base: str) -> dict[str, Tensor]:
    """Put the first part of the names where a file leaves it out."""
    if any(name.startswith(base) for name in state):
        return dict(state)
    return {
        name if name == HEAD else base + name: tensor
        for name, tensor in state.items()
    }


def _dtype(values: Mapping[str, object]) -> torch.dtype | None:
    """Find the format that a config promises, if it does."""
    said = values.get("dtype") or values.get("torch_dtype")
    if said is None or isinstance(said, torch.dtype):
        return said
    if said not in DTYPES:
        raise ValueError(
            f"dtype must be one of {', '.join(DTYPES)}, got {said}"
        )
    return DTYPES[said]


def _check_tied(
    state: Mapping[str, Tensor], config: TransformerConfig, token_vectors: str
) -> None:
    """Refuse a tied head that is not the token vectors."""
    if config.tied and not torch.equal(state[HEAD], state[token_vectors]):
        raise ValueError(
            f"{HEAD} must equal {token_vectors}, since the two are tied"
        )
