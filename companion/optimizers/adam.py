"""Adam, and AdamW whose decay does not pass through the gradient.

Source: Kingma and Ba 2015 (arXiv:1412.6980), algorithm 1; Loshchilov and
Hutter 2019 (arXiv:1711.05101), algorithm 2, with the decay multiplied by
the learning rate, as in torch.optim.AdamW.

Chapter: book/5-training/2-optimizers.ipynb
"""

from collections.abc import Sequence

from companion.optimizers.rule import Array, Optimizer, check


class Adam(Optimizer):
    """The mean of the gradients over the root of their mean square.

    Args:
        lr: learning rate; about the size of one parameter's step.
        betas: memory of the mean, and of the mean square.
        eps: added to the root, against division by 0.

    Raises:
        ValueError: a setting is outside its range.
    """

    memories = ("mean", "square")

    def __init__(
        self,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        super().__init__(lr)
        for name, beta in zip(("beta1", "beta2"), betas, strict=True):
            check(name, beta, 0 <= beta < 1, "in [0, 1)")
        check("eps", eps, eps > 0, "above 0")
        self.betas, self.eps = betas, eps

    def _move(self, place: int, p: Array, g: Array, *kept: Array) -> None:
        mean, square = kept
        beta1, beta2 = self.betas
        mean *= beta1
        mean += (1 - beta1) * g
        square *= beta2
        square += (1 - beta2) * g * g
        root = square**0.5
        root /= (1 - beta2**self.steps) ** 0.5
        root += self.eps
        p -= self.lr / (1 - beta1**self.steps) * mean / root


class AdamW(Adam):
    """Adam, and each step a share of each weight is taken away.

    Args:
        lr: learning rate.
        betas: memory of the mean, and of the mean square.
        eps: added to the root, against division by 0.
        weight_decay: the share, times lr.
        decays: for each parameter, whether it decays; None for all. A
            name is no reason: what decays is said here, once.

    Raises:
        ValueError: a setting is outside its range; in `step`, there are
            more or fewer parameters than entries of `decays`.
    """

    def __init__(
        self,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        decays: Sequence[bool] | None = None,
    ) -> None:
        super().__init__(lr, betas, eps)
        check("weight_decay", weight_decay, weight_decay >= 0, ">= 0")
        self.weight_decay = weight_decay
        self.decays = None if decays is None else list(decays)

    def _check(
        self, parameters: Sequence[Array], gradients: Sequence[Array]
    ) -> None:
        super()._check(parameters, gradients)
        if self.decays is not None and len(self.decays) != len(parameters):
            raise ValueError(
                f"decays must have one entry for each of {len(parameters)} "
                f"parameters, got {len(self.decays)}"
            )

    def _move(self, place: int, p: Array, g: Array, *kept: Array) -> None:
        if self.decays is None or self.decays[place]:
            p *= 1 - self.lr * self.weight_decay
        super()._move(place, p, g, *kept)
