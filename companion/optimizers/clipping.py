"""Limit the length of all gradients together.

Source: Pascanu, Mikolov and Bengio 2013 (arXiv:1211.5063), algorithm 1.

Chapter: book/5-training/3-scale.ipynb
"""

import math
from collections.abc import Sequence

from companion.optimizers.rule import Array, check


def clip_global_norm(gradients: Sequence[Array], max_norm: float) -> float:
    """Scale all gradients by one factor, in place, if they are too long.

    Equal to ``torch.nn.utils.clip_grad_norm_``, which also adds 1e-6 to the
    norm it divides by.

    Args:
        gradients: of all parameters; together they are one long vector.
        max_norm: the longest it may be.

    Returns:
        The length it had.

    Raises:
        ValueError: max_norm is not above 0.
        FloatingPointError: the length is not finite; nothing was scaled.
    """
    check("max_norm", max_norm, max_norm > 0, "above 0")
    norm = math.sqrt(sum(float((g * g).sum()) for g in gradients))
    if not math.isfinite(norm):
        raise FloatingPointError(
            f"the norm of the gradients must be finite, it is {norm}"
        )
    factor = max_norm / (norm + 1e-6)
    if factor < 1:
        for g in gradients:
            g *= factor
    return norm
