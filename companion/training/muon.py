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

POLYNOMIAL = (3.4445, -4.7750, 2.0315)  # of Jordan et al.
ROUNDS = 5
EPS = 1e-7  # keeps a gradient of zeros from dividing by 0


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
        turned = orthogonal(torch.stack([_wide(a) for a in ahead]))
        turned *= 0.2 * math.sqrt(max(stack[0].shape))
        for p, update in zip(stack, turned, strict=True):
            tall = p.shape[0] > p.shape[1]
            p.mul_(1 - lr * group["weight_decay"])
            p.sub_(update.mT if tall else update, alpha=lr)


def orthogonal(x: Tensor) -> Tensor:
    """Bring all singular values of each matrix near 1, by products alone.

    Args:
        x: (..., rows, columns), no more rows than columns.

    Returns:
        As x: U V^T of its decomposition, nearly: the five rounds leave
        singular values between about 0.7 and 1.2.
    """
    a, b, c = POLYNOMIAL
    x = x / x.norm(dim=(-2, -1), keepdim=True).clamp_min(EPS)
    for _ in range(ROUNDS):
        square = x @ x.mT  # (..., rows, rows)
        x = a * x + (b * square + c * square @ square) @ x
    return x


def _wide(matrix: Tensor) -> Tensor:
    """Lay a tall matrix on its side: the smaller square is cheaper."""
    return matrix.mT if matrix.shape[0] > matrix.shape[1] else matrix


def _by_shape(parameters: list[Tensor]) -> list[list[Tensor]]:
    """Sort those that have a gradient by shape."""
    stacks: dict[tuple, list[Tensor]] = {}
    for p in parameters:
        if p.grad is not None:
            stacks.setdefault(tuple(p.shape), []).append(p)
    return list(stacks.values())
