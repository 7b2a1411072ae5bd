"""The optimizer of a training: torch's, with decay where it belongs.

What the rules do is written out in `companion.optimizers`; torch's own
compute the same with fewer, larger operations.

Source: Loshchilov and Hutter 2019 (arXiv:1711.05101) for the decay; Jordan
et al. 2024 for Muon.

Chapter: book/5-training/2-optimizers.ipynb
"""

import torch
from torch import Tensor, nn

from companion.training.muon import Muon
from companion.training.train_config import TrainConfig


def build_optimizers(
    model: nn.Module, config: TrainConfig
) -> list[torch.optim.Optimizer]:
    """Make the optimizers that train a model together.

    Weights that multiply vectors decay; biases, norms and embeddings, whose
    size has a meaning of its own, do not. With "muon" the matrices inside
    the network follow Muon; the output layer, which is an embedding turned
    round, and all else follow AdamW.

    Args:
        model: on the device where it will train.
        config: names the optimizer, its rate and its decay.
    """
    matrices, others = divide(model)
    betas = config.beta1, config.beta2
    decay = config.weight_decay
    if config.optimizer == "muon":
        inner = Muon(matrices, lr=config.lr, weight_decay=decay)
        rest = torch.optim.AdamW(
            others, lr=config.lr, betas=betas, weight_decay=0, fused=True
        )
        return [inner, rest]
    groups = [
        {"params": matrices, "weight_decay": decay},
        {"params": others, "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    return [torch.optim.AdamW(groups, lr=config.lr, betas=betas, fused=True)]


def divide(model: nn.Module) -> tuple[list[Tensor], list[Tensor]]:
    """Part the weights that multiply vectors from all others.

    Returns:
        The matrices inside the network; and biases, norms, embeddings and
        the output layer ("lm_head").
    """
    of_tokens = {
        id(module.weight)
        for name, module in model.named_modules()
        if isinstance(module, nn.Embedding) or name == "lm_head"
    }
    matrices, others = [], []
    for parameter in model.parameters():
        inside = parameter.ndim == 2 and id(parameter) not in of_tokens
        (matrices if inside else others).append(parameter)
    return matrices, others
