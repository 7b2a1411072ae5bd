"""Tensors by name: read and written as safetensors, checked all at once.

The format holds names, shapes and numbers, and nothing that can run.

Chapter: book/4-architectures/9-two-famous-models.ipynb
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor
from torch.overrides import TorchFunctionMode

from companion.files import write_atomically
from companion.models.transformer import Transformer
from companion.models.transformer_config import TransformerConfig

DTYPES = {
    "float32": torch.float32,
    "float64": torch.float64,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}


def name_of(dtype: torch.dtype) -> str:
    """Name a format as config files do: "float32"."""
    return str(dtype).removeprefix("torch.")


def read_tensors(path: str | os.PathLike) -> dict[str, Tensor]:
    """Read all tensors of a safetensors file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is in another format, or damaged.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(
            f"{path} is not a safetensors file: {error}"
        ) from error


def write_tensors(
    tensors: Mapping[str, Tensor], path: str | os.PathLike
) -> None:
    """Write tensors as a safetensors file, complete or not at all.

    Raises:
        FileExistsError: the file exists.
    """
    # its own memory each, or the format would refuse views of one tensor
    own = {
        name: tensor.detach().cpu().clone().contiguous()
        for name, tensor in tensors.items()
    }
    with write_atomically(path) as file:
        file.write(to_bytes(own, metadata={"format": "pt"}))


class NoFirstWeights(TorchFunctionMode):
    """Modules that are made in this context leave their weights undrawn.

    They are about to be replaced. Memory that nobody writes to costs
    nothing, whatever the size of the model. (So would torch's device
    "meta", but with it torch loads its compiler, which takes a second.)
    """

    def __torch_function__(
        self,
        func: Callable,
        types: tuple,
        args: tuple = (),
        kwargs: dict | None = None,
    ) -> object:
        kwargs = kwargs or {}
        if getattr(func, "__module__", None) == "torch.nn.init":
            return kwargs["tensor"] if "tensor" in kwargs else args[0]
        return func(*args, **kwargs)


def empty_state(config: TransformerConfig) -> dict[str, Tensor]:
    """Name the tensors of a model; only their shapes mean anything."""
    with NoFirstWeights():
        return Transformer(config).state_dict()


def build_from(
    config: TransformerConfig,
    tensors: Mapping[str, Tensor],
    dtype: torch.dtype = torch.float32,
) -> Transformer:
    """Make a model of given weights, ready for use: dropout is off.

    Args:
        config: of the model.
        tensors: its whole `state_dict`.
        dtype: the format to compute in.

    Raises:
        ValueError: `check_tensors` refuses the tensors.
    """
    check_tensors(tensors, empty_state(config))
    with NoFirstWeights():
        model = Transformer(config).to(dtype)
    model.load_state_dict(tensors)
    return model.eval()


def check_tensors(
    found: Mapping[str, Tensor],
    expected: Mapping[str, Tensor],
    dtype: torch.dtype | None = None,
) -> None:
    """Refuse tensors that are not exactly the expected ones.

    Args:
        found: tensors by name.
        expected: tensors of the right names and shapes; their numbers and
            formats do not count.
        dtype: the format all must have; None: one floating-point format.

    Raises:
        ValueError: a tensor is missing, not expected, of another shape or
            another format. One error names them all.
    """
    problems = []
    if missing := [name for name in expected if name not in found]:
        problems.append(f"missing: {', '.join(missing)}")
    if extra := [name for name in found if name not in expected]:
        problems.append(f"not expected: {', '.join(extra)}")
    common = [name for name in expected if name in found]
    for name in common:
        problems += _wrong_shape(name, found[name], expected[name])
    problems += _wrong_formats({n: found[n] for n in common}, dtype)
    if problems:
        raise ValueError(
            "the tensors must be those of the config; " + "; ".join(problems)
        )


def _wrong_shape(name: str, found: Tensor, expected: Tensor) -> list[str]:
    """Say what is wrong with one shape, if anything is."""
    got, right = tuple(found.shape), tuple(expected.shape)
    if got == right:
        return []
    hint = ""
    if len(right) == 2 and got == right[::-1]:
        hint = ", its transpose"
    elif got == (1, *right):
        hint = ", a row too deep"
    return [f"{name} must be {right}, got {got}{hint}"]


def _wrong_formats(
    found: Mapping[str, Tensor], dtype: torch.dtype | None
) -> list[str]:
    """Say which tensors are not of the format that all must have."""
    floats = [t.dtype for t in found.values() if t.is_floating_point()]
    # without a rule, the first floating-point format is the rule
    dtype = dtype or (floats[0] if floats else torch.float32)
    return [
        f"{name} must be {name_of(dtype)}, got {name_of(tensor.dtype)}"
        for name, tensor in found.items()
        if tensor.dtype != dtype
    ]
