"""What all optimizers here share: checks, and a memory that can be kept.

They use operators that NumPy arrays and torch tensors have in common, and
change what they are given in place: one text serves both.

Chapter: book/5-training/2-optimizers.ipynb
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

Array = Any  # a NumPy array or a torch tensor


class Optimizer(ABC):
    """A rule that turns gradients into steps.

    Args:
        lr: the learning rate; may be set anew before each step.

    Attributes:
        steps: made so far.
    """

    memories: tuple[str, ...] = ()  # arrays kept for each parameter

    def __init__(self, lr: float) -> None:
        check("lr", lr, lr > 0, "above 0")
        self.lr, self.steps = lr, 0
        self._kept: dict[str, list[Array]] = {}

    def step(
        self, parameters: Sequence[Array], gradients: Sequence[Array]
    ) -> None:
        """Move each parameter, in place.

        Args:
            parameters: the same ones in the same order each time; of torch,
                inside `torch.no_grad()`.
            gradients: one for each, of its shape; they are left as they are.

        Raises:
            ValueError: they do not fit each other or the memory, or a
                parameter cannot change in place. Then nothing has moved.
        """
        self._check(parameters, gradients)
        if not self._kept:
            self._kept = {
                name: [zeros_like(p) for p in parameters]
                for name in self.memories
            }
        self.steps += 1
        pairs = zip(parameters, gradients, strict=True)
        for place, (p, g) in enumerate(pairs):
            kept = (self._kept[name][place] for name in self.memories)
            self._move(place, p, g, *kept)

    @abstractmethod
    def _move(self, place: int, p: Array, g: Array, *kept: Array) -> None:
        """Move one parameter, and bring its memory up to date."""

    def _check(
        self, parameters: Sequence[Array], gradients: Sequence[Array]
    ) -> None:
        if len(parameters) != len(gradients):
            raise ValueError(
                "each parameter needs one gradient, got "
                f"{len(parameters)} parameters and {len(gradients)} gradients"
            )
        for p, g in zip(parameters, gradients, strict=True):
            if not hasattr(p, "__setitem__") or not hasattr(p, "shape"):
                raise ValueError(
                    "a parameter must be an array that can change in place, "
                    f"got {type(p).__name__}"
                )
            if p.shape != g.shape:
                raise ValueError(
                    "a gradient must have the shape of its parameter, "
                    f"{tuple(p.shape)}, got {tuple(g.shape)}"
                )
        for name, arrays in self._kept.items():
            known = [tuple(array.shape) for array in arrays]
            if known != [tuple(p.shape) for p in parameters]:
                raise ValueError(
                    "parameters must be the same at each step: their shapes "
                    f"must be those of {name}, {known}, got "
                    f"{[tuple(p.shape) for p in parameters]}"
                )

    def state(self) -> dict[str, Any]:
        """Copy what was learned from earlier steps, for a checkpoint.

        Returns:
            "steps", and an array for each memory and parameter, under names
            as "mean.0". Settings, as `lr`, are not in it.
        """
        kept = {
            f"{name}.{place}": deepcopy(array)
            for name, arrays in self._kept.items()
            for place, array in enumerate(arrays)
        }
        return {"steps": self.steps, **kept}

    def resume(self, state: Mapping[str, Any]) -> None:
        """Go on where an optimizer with the same settings stood.

        Raises:
            ValueError: the state is of another rule, or lacks an array.
        """
        arrays = {name: a for name, a in state.items() if name != "steps"}
        each = len(arrays) // max(1, len(self.memories))
        names = [
            f"{m}.{place}" for m in self.memories for place in range(each)
        ]
        started = bool(state.get("steps", 0)) and bool(self.memories)
        if "steps" not in state or {*names} != {*arrays} or started > each:
            raise ValueError(
                f"a state must hold steps and {' and '.join(self.memories)} "
                f"of each parameter, got {', '.join(state) or 'nothing'}"
            )
        self.steps = int(state["steps"])
        copies = [deepcopy(arrays[name]) for name in names]
        self._kept = {
            m: copies[k * each : (k + 1) * each]
            for k, m in enumerate(self.memories)
            if each
        }


def zeros_like(array: Array) -> Array:
    """Make zeros of an array's kind, shape, type and device."""
    # NumPy gives a number, not an array, where nothing has an axis
    zeros = (array[None] * 0).reshape(array.shape)
    zeros[...] = 0  # also where the array is not finite
    return zeros


def check(name: str, value: float, fine: bool, rule: str) -> None:
    """Refuse a setting that breaks its rule.

    Raises:
        ValueError: it is not fine.
    """
    if not fine:
        raise ValueError(f"{name} must be {rule}, got {value}")
