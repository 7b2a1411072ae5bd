"""Muon for torch models: matrices of one shape are turned together.

`companion.optimizers.Muon` is the rule as one reads it. Here all matrices
of a shape form one stack, in float32, so that few large products do the
work of many small ones; torch's own Muon takes them one by one, in
bfloat16, which an ordinary CPU only emulates.

Source: Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural
networks"; the scale that lets one rate serve AdamW too from Liu et al. 2025
(arXiv:2502.16982).

Chapter: book/5-training/2-optimizers.ipynb
"""

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from companion.optimizers import orthogonal


class Muon(torch.optim.Optimizer):
    """Momentum whose singular values are all brought near 1.

    Args:
        params: matrices (d_out, d_in), or groups of them.
        lr: of an update whose root mean square is 0.2, AdamW's usual size.
        weight_decay: share of a weight that goes each step, times lr.
        momentum: memory of the mean gradient, with a look ahead (Nesterov).

    Raises:
        ValueError: a parameter is no matrix.
    """

    def __init__(
        self,
        params: Iterable,
        lr: float = 1e-2,
        weight_decay: float = 0.01,
        momentum: float = 0.95,
    ) -> None:
        defaults = dict(lr=lr, weight_decay=weight_decay, momentum=momentum)
        super().__init__(params, defaults)
        for group in self.param_groups:
            for p in group["params"]:
                if p.ndim != 2:
                    raise ValueError(
                        "Muon is for matrices, got a parameter of shape "
                        f"{tuple(p.shape)}"
                    )

    @torch.no_grad()
    def step(self) -> None:
        """Move each matrix that has a gradient."""
        for group in self.param_groups:
            for stack in _by_shape(group["params"]):
                self._move(stack, group)

    def _move(self, stack: list[Tensor], group: dict) -> None:
        lr, beta = group["lr"], group["momentum"]
        ahead = []
        for p in stack:
            state = self.state[p]
            if not state:
                state["momentum"] = torch.zeros_like(p)
            mean = state["momentum"].lerp_(p.grad, 1 - beta)
            ahead.append(p.grad.lerp(mean, beta))
        turned = orthogonal(torch.stack(ahead))
        turned *= 0.2 * math.sqrt(max(stack[0].shape))
        for p, update in zip(stack, turned, strict=True):
            p.mul_(1 - lr * group["weight_decay"])
            p.sub_(update, alpha=lr)


def _by_shape(parameters: list[Tensor]) -> list[list[Tensor]]:
    """Sort those that have a gradient by shape."""
    stacks: dict[tuple, list[Tensor]] = {}
    for p in parameters:
        if p.grad is not None:
            stacks.setdefault(tuple(p.shape), []).append(p)
    return list(stacks.values())
