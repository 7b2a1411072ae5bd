"""Time a training step of the NumPy engine against PyTorch's, in turn.

    python benchmarks/numpy_engine.py --repeats 8

The chat model of `companion numpy-chat` (2 layers, 4 heads, 64 wide, 386
words, ReLU, float32) on batches of 16 texts of 24 tokens. A step is the
forward pass, the loss, the gradients, clipping and Adam. Theirs is
`companion.models.Transformer` with torch.optim.Adam. Each runs in a process
of its own, and the two take turns; medians count. OMP_NUM_THREADS=1 in
front compares them on one core.
"""

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

import numpy as np

SIZES = {
    "vocab_size": 386,
    "context_length": 96,
    "d_model": 64,
    "n_layers": 2,
    "n_heads": 4,
    "activation": "relu",
}
SHAPE = 16, 24  # texts, tokens
STEPS = 20  # in one turn
Step = Callable[[np.ndarray, np.ndarray], None]


def ours() -> Step:
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

    def step(inputs: np.ndarray, targets: np.ndarray) -> None:
        _, found = loss_and_gradients(decoder, inputs, targets)
        gradients = list(found.values())
        clip_global_norm(gradients, 1.0)
        adam.step(parameters, gradients)

    return step


def theirs() -> Step:
    """Make the same model in torch, and the usual step."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    from companion.machine import keep_freed_memory
    from companion.models import Transformer, TransformerConfig

    keep_freed_memory()
    model = Transformer(TransformerConfig(**SIZES)).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def step(inputs: np.ndarray, targets: np.ndarray) -> None:
        x, y = torch.from_numpy(inputs), torch.from_numpy(targets)
        loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return step


def work(build: Callable[[], Step], pipe: Connection) -> None:
    """Take turns: on each message, time some steps and send the median."""
    rng = np.random.default_rng(0)
    step = build()
    inputs, targets = rng.integers(SIZES["vocab_size"], size=(2, *SHAPE))
    while pipe.recv():
        seconds = []
        for _ in range(STEPS):
            start = time.perf_counter()
            step(inputs, targets)
            seconds.append(time.perf_counter() - start)
        pipe.send(statistics.median(seconds))


def main() -> None:
    """Let both take turns, and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=8)
    repeats = parser.parse_args().repeats
    context = multiprocessing.get_context("spawn")
    pipes = []
    for build in (ours, theirs):
        here, there = context.Pipe()
        process = context.Process(target=work, args=(build, there))
        process.daemon = True
        process.start()
        pipes.append(here)
    turns = []
    for turn in range(repeats + 1):
        seconds = []
        for pipe in pipes:
            pipe.send(True)
            seconds.append(pipe.recv())
        if turn:  # the first warms up
            turns.append(seconds)
    for pipe in pipes:
        pipe.send(False)  # no more turns
    mine, other = map(statistics.median, zip(*turns, strict=True))
    ratios = [a / b for a, b in turns]
    print(
        f"training step: NumPy {1000 * mine:.1f} ms, torch "
        f"{1000 * other:.1f} ms, ratio {statistics.median(ratios):.2f} "
        f"({min(ratios):.2f} to {max(ratios):.2f})"
    )


if __name__ == "__main__":
    main()
