"""Norms: keep the vectors of a deep network at one scale.

Source: layer norm from Ba, Kiros and Hinton 2016 (arXiv:1607.06450); root
mean square norm from Zhang and Sennrich 2019 (arXiv:1910.07467).

Chapter: book/4-architectures/4-the-whole-model.ipynb
"""

from torch import Tensor, nn

from companion.models.transformer_config import TransformerConfig


def layer_norm(
    x: Tensor,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Give each vector mean 0 and variance 1, then scale and shift it.

    The variance divides by the width (it is biased), and eps stands inside
    the root, as in torch. This is the definition; models use torch's fused
    `nn.LayerNorm`.

    Args:
        x: (..., d_model)
        weight: (d_model,), the scale; 1 if not given.
        bias: (d_model,), the shift; 0 if not given.
        eps: keeps the root away from 0.

    Returns:
        As x.
    """
    centred = x - x.mean(dim=-1, keepdim=True)
    variance = centred.square().mean(dim=-1, keepdim=True)
    return _scaled(centred / (variance + eps).sqrt(), weight, bias)


def rms_norm(
    x: Tensor, weight: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Divide each vector by its root mean square, then scale it.

    Args:
        x: (..., d_model)
        weight: (d_model,), the scale; 1 if not given.
        eps: keeps the root away from 0.

    Returns:
        As x.
    """
    mean_square = x.square().mean(dim=-1, keepdim=True)
    return _scaled(x / (mean_square + eps).sqrt(), weight, None)


def _scaled(x: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    x = x if weight is None else x * weight
    return x if bias is None else x + bias


def build_norm(config: TransformerConfig) -> nn.Module:
    """Make the norm that a config asks for: torch's, which are fused."""
    if config.norm == "rms":
        return nn.RMSNorm(config.d_model, eps=config.norm_eps)
    return nn.LayerNorm(config.d_model, eps=config.norm_eps)
