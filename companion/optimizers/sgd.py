"""Against the gradient, with momentum or without.

Source: Polyak 1964, "Some methods of speeding up the convergence of
iteration methods" (momentum); Nesterov 1983, in the form of Sutskever et
al. 2013, "On the importance of initialization and momentum in deep
learning"; conventions of torch.optim.SGD.

Chapter: book/5-training/2-optimizers.ipynb
"""

from companion.optimizers.rule import Array, Optimizer, check


class SGD(Optimizer):
    """Stochastic gradient descent.

    Args:
        lr: learning rate.
        momentum: share of the last velocity that is kept; 0 for none.
        nesterov: step as if the velocity had been applied once more.
        dampening: share of a gradient that does not enter the velocity;
            the first gradient enters whole.

    Raises:
        ValueError: a share is outside its range, or Nesterov's step is
            asked for without momentum or with dampening.
    """

    memories = ("velocity",)

    def __init__(
        self,
        lr: float = 1e-3,
        momentum: float = 0.0,
        nesterov: bool = False,
        dampening: float = 0.0,
    ) -> None:
        super().__init__(lr)
        check("momentum", momentum, 0 <= momentum < 1, "in [0, 1)")
        check("dampening", dampening, 0 <= dampening <= 1, "in [0, 1]")
        if nesterov and (not momentum or dampening):
            raise ValueError(
                "nesterov needs momentum above 0 and dampening 0, got "
                f"{momentum} and {dampening}"
            )
        self.momentum, self.nesterov = momentum, nesterov
        self.dampening = dampening
        if not momentum:
            self.memories = ()

    def _move(self, place: int, p: Array, g: Array, *kept: Array) -> None:
        if not self.momentum:
            p -= self.lr * g
            return
        (velocity,) = kept
        velocity *= self.momentum
        velocity += g if self.steps == 1 else (1 - self.dampening) * g
        if self.nesterov:
            p -= self.lr * (g + self.momentum * velocity)
        else:
            p -= self.lr * velocity
