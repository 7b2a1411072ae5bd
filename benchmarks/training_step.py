"""Time a training step against GPT-2 of transformers, in turn.

    python benchmarks/training_step.py --repeats 8

A character model of 0.80 M parameters (4 layers, 4 heads, 128 wide, context
64, 65 tokens, float32) on batches of 12 windows. A step is the forward
pass, the loss, the gradients, clipping and AdamW. Ours has no biases, GELU
and learned positions; theirs is GPT-2 as it comes. Each runs in a process
of its own with all cores, and the two take turns; medians count. The rate
of a large matrix product says how fast the machine is just then.
"""

import statistics
import time
from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F
from turns import repeats, take_turns, told

VOCAB_SIZE, CONTEXT, BATCH = 65, 64, 12
Step = Callable[[], None]


def ours() -> Step:
    """Make our model and the step that trains it."""
    torch.manual_seed(0)
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
    torch.manual_seed(0)
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
    inputs, targets = torch.randint(VOCAB_SIZE, (2, BATCH, CONTEXT))

    def step() -> None:
        logits = model(inputs)
        logits = getattr(logits, "logits", logits)
        loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return step


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
    rates: list[float] = []
    rounds = take_turns(
        (ours, theirs),
        repeats(__doc__),
        between=lambda: rates.append(matmul_rate()),
    )
    print(
        f"training step: {told(rounds, 'ours', 'transformers')}; a matrix "
        f"product runs at {statistics.median(rates):.0f} GFLOP/s"
    )


if __name__ == "__main__":
    main()
