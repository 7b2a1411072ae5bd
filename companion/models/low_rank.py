"""Two thin matrices for a thick one.

Source: the best approximation of a given rank from Eckart and Young 1936,
"The approximation of one matrix by another of lower rank", Psychometrika 1.

Chapter: book/4-architectures/8-long-texts.ipynb
"""

import copy

import torch
from torch import Tensor, nn


def truncated(weight: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """Find the two matrices of that rank whose product is nearest.

    Args:
        weight: (n, m)
        rank: from 1 to the smaller of n and m.

    Returns:
        (n, rank) and (rank, m): no other pair has a product with a smaller
        sum of squared differences from weight.

    Raises:
        ValueError: rank is out of range.
    """
    most = min(weight.shape)
    if not 1 <= rank <= most:
        raise ValueError(
            f"rank must be from 1 to {most} for a matrix of shape "
            f"{tuple(weight.shape)}, got {rank}"
        )
    u, s, vt = torch.linalg.svd(weight.detach(), full_matrices=False)
    root = s[:rank].sqrt()
    return u[:, :rank] * root, root[:, None] * vt[:rank]


def thin(layer: nn.Linear, rank: int) -> nn.Sequential:
    """Split a linear layer in two: n_in to rank, rank to n_out.

    Args:
        layer: (n_out, n_in); its bias goes with the second.
        rank: from 1 to the smaller of n_in and n_out.

    Raises:
        ValueError: rank is out of range.
    """
    left, right = truncated(layer.weight, rank)
    first = nn.Linear(layer.in_features, rank, bias=False)
    bias = layer.bias is not None
    second = nn.Linear(rank, layer.out_features, bias=bias)
    with torch.no_grad():
        first.weight.copy_(right)
        second.weight.copy_(left)
        if bias:
            second.bias.copy_(layer.bias)
    return nn.Sequential(first, second)


def thinned(model: nn.Module, rank: int, names: tuple[str, ...]) -> nn.Module:
    """Copy a model, the linear layers of these names split in two.

    Args:
        model: is left as it is.
        rank: of every split layer.
        names: last parts of the layers' names, such as "up_proj".

    Returns:
        The copy.

    Raises:
        ValueError: rank is out of range, or no layer has such a name.
    """
    new = copy.deepcopy(model)
    found = [
        (parent, name, child)
        for parent in new.modules()
        for name, child in parent.named_children()
        if name in names and isinstance(child, nn.Linear)
    ]
    if not found:
        raise ValueError(f"no linear layer is named {' or '.join(names)}")
    for parent, name, child in found:
        setattr(parent, name, thin(child, rank))
    return new
