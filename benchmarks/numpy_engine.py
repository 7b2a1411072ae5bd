"""Time a training step of the NumPy engine against PyTorch's, in turn.

    python benchmarks/numpy_engine.py --repeats 8

The chat model of `companion numpy-chat` (2 layers, 4 heads, 64 wide, 386
words, ReLU, float32) on batches of 16 texts of 24 tokens. A step is the
forward pass, the loss, the gradients, clipping and Adam. Theirs is
`companion.models.Transformer` with torch.optim.Adam. Each runs in a process
of its own, and the two take turns; medians count. OMP_NUM_THREADS=1 in
front compares them on one core.
"""

from collections.abc import Callable

import numpy as np
from turns import repeats, take_turns, told

SIZES = {
    "vocab_size": 386,
    "context_length": 96,
    "d_model": 64,
    "n_layers": 2,
    "n_heads": 4,
    "activation": "relu",
}
SHAPE = 16, 24  # texts, tokens


def batch() -> tuple[np.ndarray, np.ndarray]:
    """Draw inputs and targets."""
    rng = np.random.default_rng(0)
    return tuple(rng.integers(SIZES["vocab_size"], size=(2, *SHAPE)))


def ours() -> Callable[[], None]:
    """Make our engine's model and the step that trains it."""
    from companion.numpy_gpt import (
        DecoderConfig,
        loss_and_gradients,
        new_decoder,
    )
    from companion.optimizers import Adam, clip_global_norm

    decoder = new_decoder(DecoderConfig(**SIZES), np.random.default_rng(0))
    parameters = list(decoder.parameters.values())
    adam = Adam(lr=1e-3)
    inputs, targets = batch()

    def step() -> None:
        _, found = loss_and_gradients(decoder, inputs, targets)
        gradients = list(found.values())
        clip_global_norm(gradients, 1.0)
        adam.step(parameters, gradients)

    return step


def theirs() -> Callable[[], None]:
    """Make the same model in torch, and the usual step."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    from companion.machine import keep_freed_memory
    from companion.models import Transformer, TransformerConfig

    keep_freed_memory()
    model = Transformer(TransformerConfig(**SIZES)).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    x, y = map(torch.from_numpy, batch())

    def step() -> None:
        loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return step


def main() -> None:
    """Let both take turns, and print medians and ratios."""
    rounds = take_turns((ours, theirs), repeats(__doc__))
    print(f"training step: {told(rounds, 'NumPy', 'torch')}")


if __name__ == "__main__":
    main()
