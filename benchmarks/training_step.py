"""Time a training step against GPT-2 of transformers, in turn.

    python benchmarks/training_step.py --repeats 8

A character model of 0.80 M parameters (4 layers, 4 heads, 128 wide, context
64, 65 tokens, float32) on batches of 12 windows. A step is the forward
pass, the loss, the gradients, clipping and AdamW. Ours has no biases, GELU
and learned positions; theirs is GPT-2 as it comes. Each runs in a process
of its own with all cores, and the two take turns; medians count. The rate
of a large matrix product says how fast the machine is just then.
"""

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

import torch
from torch import nn
from torch.nn import functional as F

VOCAB_SIZE, CONTEXT, BATCH = 65, 64, 12
STEPS = 20  # in one turn
Step = Callable[[torch.Tensor, torch.Tensor], None]


def ours() -> Step:
    """Make our model and the step that trains it."""
    from companion.machine import keep_freed_memory
    from companion.models import Transformer, TransformerConfig

    keep_freed_memory()  # as `companion.training.fit` does
    config = TransformerConfig(
        vocab_size=VOCAB_SIZE,
        context_length=CONTEXT,
        activation="gelu",
        bias=False,
    )
    model = Transformer(config).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
    return step_of(model, optimizer)


def theirs() -> Step:
    """Make GPT-2 of the same size, and the usual step."""
    from transformers import GPT2Config, GPT2LMHeadModel
    from transformers.utils import logging

    logging.set_verbosity_error()
    config = GPT2Config(
        vocab_size=VOCAB_SIZE, n_positions=CONTEXT, n_embd=128, n_layer=4,
        n_head=4, resid_pdrop=0, embd_pdrop=0, attn_pdrop=0,
        bos_token_id=None, eos_token_id=None,
    )  # fmt: skip
    model = GPT2LMHeadModel(config).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    return step_of(model, optimizer)


def step_of(model: nn.Module, optimizer: torch.optim.Optimizer) -> Step:
    """Forward, loss, gradients, clipping, update."""

    def step(inputs: torch.Tensor, targets: torch.Tensor) -> None:
        logits = model(inputs)
        logits = getattr(logits, "logits", logits)
        loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return step


def work(build: Callable[[], Step], pipe: Connection) -> None:
    """Take turns: on each message, time some steps and send the median."""
    torch.manual_seed(0)
    step = build()
    inputs, targets = torch.randint(VOCAB_SIZE, (2, BATCH, CONTEXT))
    while pipe.recv():
        seconds = []
        for _ in range(STEPS):
            start = time.perf_counter()
            step(inputs, targets)
            seconds.append(time.perf_counter() - start)
        pipe.send(statistics.median(seconds))


def matmul_rate() -> float:
    """Measure a product of two matrices of 1024 x 1024, GFLOP/s."""
    a = torch.randn(1024, 1024)
    seconds = []
    for _ in range(10):
        start = time.perf_counter()
        a @ a
        seconds.append(time.perf_counter() - start)
    return 2 * 1024**3 / statistics.median(seconds) / 1e9


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
    turns, rates = [], []
    for turn in range(repeats + 1):
        seconds = []
        for pipe in pipes:
            pipe.send(True)
            seconds.append(pipe.recv())
        if turn:  # the first warms up
            turns.append(seconds)
            rates.append(matmul_rate())
    for pipe in pipes:
        pipe.send(False)  # no more turns
    mine, other = map(statistics.median, zip(*turns, strict=True))
    ratios = [a / b for a, b in turns]
    print(
        f"training step: ours {1000 * mine:.1f} ms, transformers "
        f"{1000 * other:.1f} ms, ratio {statistics.median(ratios):.2f} "
        f"({min(ratios):.2f} to {max(ratios):.2f}); a matrix product runs "
        f"at {statistics.median(rates):.0f} GFLOP/s"
    )


if __name__ == "__main__":
    main()
