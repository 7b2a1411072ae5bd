"""Weights that another program stored in its own way.

A layout says, tensor by tensor, what is called how and stored how; nothing
is guessed. Names and shapes are checked against the model. What shapes
cannot show, such as a square matrix that should have been transposed, shows
only when the converted model is asked what the old program was asked.

Chapter: book/4-architectures/9-two-famous-models.ipynb
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from companion import config as configs
from companion.models import Transformer, TransformerConfig
from companion.models.tensors import (
    build_from,
    check_tensors,
    empty_state,
    read_tensors,
)


@dataclass(frozen=True)
class Entry:
    """Where one tensor of a file goes, and what must happen to it."""

    to: str  # our name, "{i}" for the block's number
    transpose: bool = False  # stored [in, out]; ours is [out, in]
    squeeze: bool = False  # stored [1, d]; ours is [d]


@dataclass(frozen=True)
class Layout:
    """How a program stores the weights of a model.

    Args:
        model: the config; no file of weights says how many heads there are.
        tensors: by the names in the file, "{i}" for the block's number.

    Raises:
        ValueError: an entry goes to no tensor of the model, or two go to
            the same one.
    """

    model: TransformerConfig
    tensors: Mapping[str, Entry]

    def __post_init__(self) -> None:
        goals = [entry.to for entry in self.each().values()]
        names = empty_state(self.model)
        wrong = [goal for goal in goals if goal not in names]
        if wrong:
            raise ValueError(
                f"an entry must go to a tensor of the model, got "
                f"{', '.join(wrong)}"
            )
        twice = sorted({goal for goal in goals if goals.count(goal) > 1})
        if twice:
            raise ValueError(
                f"each tensor must come from one entry, got more for "
                f"{', '.join(twice)}"
            )

    def each(self) -> dict[str, Entry]:
        """Write out the entries of all blocks."""
        written: dict[str, Entry] = {}
        for name, entry in self.tensors.items():
            if "{i}" not in name:
                written[name] = entry
                continue
            for i in range(self.model.n_layers):
                to = entry.to.replace("{i}", str(i))
                written[name.replace("{i}", str(i))] = Entry(
                    to, entry.transpose, entry.squeeze
                )
        return written

    @classmethod
    def load(cls, path: str | os.PathLike) -> "Layout":
        """Read a layout from JSON.

        The file has two parts: "model", fields of `TransformerConfig`
        (those left out keep their defaults); and "tensors", for each name
        in the old file {"to": ..., "transpose": true, "squeeze": true}.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the file is no such JSON, or `Layout` refuses it.
        """
        try:
            record = json.loads(Path(path).read_text(encoding="utf-8"))
            usual = configs.to_dict(TransformerConfig(vocab_size=1))
            for name in ("n_kv_heads", "d_ff"):  # as other fields say
                usual[name] = None
            model = configs.from_dict(
                TransformerConfig, usual | record["model"]
            )
            entries = {
                name: configs.from_dict(
                    Entry, {"transpose": False, "squeeze": False} | entry
                )
                for name, entry in record["tensors"].items()
            }
            return cls(model, entries)
        except KeyError as error:
            raise ValueError(f"{path} must have a part {error}") from None
        except (TypeError, AttributeError) as error:
            raise ValueError(f"{path} is no layout: {error}") from None
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None


class Probe(NamedTuple):
    """What the old program computed, to compare with."""

    token_ids: Tensor  # (B, T)
    logits: Tensor  # (B, T, vocab_size)

    @classmethod
    def load(cls, path: str | os.PathLike) -> "Probe":
        """Read `token_ids` and `logits` from a safetensors file.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the file holds something else.
        """
        tensors = read_tensors(path)
        if set(tensors) != set(cls._fields):
            raise ValueError(
                f"{path} must hold {' and '.join(cls._fields)}, got "
                f"{', '.join(sorted(tensors)) or 'nothing'}"
            )
        return cls(tensors["token_ids"].long(), tensors["logits"])


def convert(
    tensors: Mapping[str, Tensor],
    layout: Layout,
    check: Probe | None = None,
    *,
    tolerance: float = 1e-4,
) -> Transformer:
    """Make our model of weights that are stored in another way.

    Args:
        tensors: of the old file, by its names.
        layout: what is called how, and stored how.
        check: what the old program computed. Without it nothing can be
            known of the square matrices.
        tolerance: largest difference of a logit that is put down to
            rounding.

    Returns:
        The model, ready for use.

    Raises:
        ValueError: names, shapes or formats are not those of the layout,
            all that is wrong listed; or the model does not compute what
            the old program did.
    """
    entries = layout.each()
    missing = [name for name in entries if name not in tensors]
    extra = [name for name in tensors if name not in entries]
    if missing or extra:
        raise ValueError(
            "the tensors must be those of the layout; "
            f"missing: {', '.join(missing) or 'none'}; "
            f"not expected: {', '.join(extra) or 'none'}"
        )
    state = {
        entry.to: _arranged(tensors[name], entry)
        for name, entry in entries.items()
    }
    config = layout.model
    expected = empty_state(config)
    if config.tied and "lm_head.weight" not in state:
        del expected["lm_head.weight"]
    check_tensors(state, expected)
    if config.tied:
        state.setdefault("lm_head.weight", state["token_embedding.weight"])
    dtype = state["token_embedding.weight"].dtype
    model = build_from(config, state, dtype)
    if check is not None:
        _compare(model, check, tolerance)
    return model


def square_matrices(config: TransformerConfig) -> list[str]:
    """Name the weights whose shape cannot show that they are transposed.

    Blocks are alike, so "{i}" stands for the block's number.
    """
    return [
        name.replace("blocks.0.", "blocks.{i}.")
        for name, tensor in empty_state(config).items()
        if tensor.dim() == 2
        and len(set(tensor.shape)) == 1
        and (not name.startswith("blocks.") or name.startswith("blocks.0."))
    ]


def _arranged(tensor: Tensor, entry: Entry) -> Tensor:
    """Do what an entry says; a tensor it does not fit stays as it is."""
    if entry.squeeze and tensor.dim() == 2 and len(tensor) == 1:
        tensor = tensor[0]
    if entry.transpose and tensor.dim() == 2:
        tensor = tensor.T
    return tensor


@torch.inference_mode()
def _compare(model: Transformer, check: Probe, tolerance: float) -> None:
    """Refuse a model that does not compute what was computed before."""
    logits = model(check.token_ids)
    if logits.shape != check.logits.shape:
        raise ValueError(
            f"the old logits must have shape {tuple(logits.shape)}, got "
            f"{tuple(check.logits.shape)}"
        )
    worst = (logits - check.logits).abs().max().item()
    if not worst <= tolerance:  # also catches NaN
        suspects = ", ".join(square_matrices(model.config)) or "none"
        raise ValueError(
            f"logits must be the old program's to {tolerance:g}, got a "
            f"difference of {worst:.3g}; square matrices, of which no shape "
            f"shows whether they are transposed: {suspects}"
        )
