"""A step for each parameter, by the size its gradient usually has.

Source: Tieleman and Hinton 2012, lecture 6.5 of "Neural networks for
machine learning"; centred: Graves 2013 (arXiv:1308.0850), equations 38 to
45; conventions of torch.optim.RMSprop.

Chapter: book/5-training/2-optimizers.ipynb
"""

from companion.optimizers.rule import Array, Optimizer, check


class RMSprop(Optimizer):
    """Divide each gradient by the root of its running mean square.

    Args:
        lr: learning rate.
        alpha: memory of the mean square.
        eps: added to the root, against division by 0.
        centered: take the square of the mean away from the mean square,
            which leaves the variance.

    Raises:
        ValueError: a setting is outside its range.
    """

    memories = ("square",)

    def __init__(
        self,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        centered: bool = False,
    ) -> None:
        super().__init__(lr)
        check("alpha", alpha, 0 <= alpha < 1, "in [0, 1)")
        check("eps", eps, eps > 0, "above 0")
        self.alpha, self.eps, self.centered = alpha, eps, centered
        if centered:
            self.memories = ("square", "mean")

    def _move(self, place: int, p: Array, g: Array, *kept: Array) -> None:
        square = spread = kept[0]
        square *= self.alpha
        square += (1 - self.alpha) * g * g
        if self.centered:
            mean = kept[1]
            mean *= self.alpha
            mean += (1 - self.alpha) * g
            spread = square - mean * mean
        p -= self.lr * g / (spread**0.5 + self.eps)
