"""Muon: momentum whose directions all count the same.

Source: Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural
networks"; the size of the step from Liu et al. 2025 (arXiv:2502.16982), as
torch.optim.Muon's "match_rms_adamw".

Chapter: book/5-training/2-optimizers.ipynb
"""

from collections.abc import Sequence

from companion.optimizers.rule import Array, Optimizer, check

POLYNOMIAL = (3.4445, -4.7750, 2.0315)  # of Jordan et al.
EPS = 1e-7  # keeps a gradient of zeros from dividing by 0


class Muon(Optimizer):
    """A mean of gradients with its singular values brought near 1.

    For the matrices inside a network. Vectors, embeddings and the output
    layer are another optimizer's, usually AdamW.

    Args:
        lr: learning rate; the root mean square of a step is about 0.2 lr,
            a usual size with AdamW.
        momentum: memory of the mean, with a look ahead (Nesterov).
        weight_decay: share of a weight that goes each step, times lr.
        rounds: of the iteration towards the orthogonal matrix.

    Raises:
        ValueError: a setting is outside its range; in `step`, a parameter
            is no matrix.
    """

    memories = ("mean",)

    def __init__(
        self,
        lr: float = 1e-2,
        momentum: float = 0.95,
        weight_decay: float = 1e-2,
        rounds: int = 5,
    ) -> None:
        super().__init__(lr)
        check("momentum", momentum, 0 <= momentum < 1, "in [0, 1)")
        check("weight_decay", weight_decay, weight_decay >= 0, ">= 0")
        check("rounds", rounds, rounds >= 1, "at least 1")
        self.momentum, self.weight_decay = momentum, weight_decay
        self.rounds = rounds

    def _check(
        self, parameters: Sequence[Array], gradients: Sequence[Array]
    ) -> None:
        super()._check(parameters, gradients)
        for p in parameters:
            if len(p.shape) != 2:
                raise ValueError(
                    "Muon is for matrices, give others to AdamW; got a "
                    f"parameter of shape {tuple(p.shape)}"
                )

    def _move(self, place: int, p: Array, g: Array, *kept: Array) -> None:
        (mean,) = kept
        mean *= self.momentum
        mean += (1 - self.momentum) * g
        ahead = self.momentum * mean + (1 - self.momentum) * g
        scale = 0.2 * max(p.shape) ** 0.5
        p *= 1 - self.lr * self.weight_decay
        p -= self.lr * scale * orthogonal(ahead, self.rounds)


def orthogonal(x: Array, rounds: int = 5) -> Array:
    """Bring all singular values of matrices near 1, by products alone.

    Args:
        x: (..., rows, columns): one matrix, or a stack of them.
        rounds: five leave values between about 0.7 and 1.2, if they were
            not much smaller than the largest.

    Returns:
        As x: nearly U V^T of each, where x = U S V^T.
    """
    tall = x.shape[-2] > x.shape[-1]
    a, b, c = POLYNOMIAL
    x = x.mT if tall else x  # (short, long): its square is the smaller one
    size = (x * x).sum(axis=(-2, -1), keepdims=True) ** 0.5
    x = x / size.clip(EPS)
    for _ in range(rounds):
        square = x @ x.mT  # (short, short)
        x = a * x + (b * square + c * square @ square) @ x
    return x.mT if tall else x
