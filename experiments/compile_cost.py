"""What `torch.compile` costs, and what it saves, on two kinds of work.

A chain of operations on single numbers, which can be fused into one pass
over memory, and the window model of chapter 1, which is matrix products.
Each is compiled with an empty cache, then run eagerly and compiled in turn,
so that what else the machine does falls on both. The first call of the
first work also starts the compiler.

    python experiments/compile_cost.py

writes book/results/compile_cost.json. Half a minute; needs a C++ compiler.

Chapter: book/2-environment/1-your-machine.ipynb
"""

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import stored
import torch
from torch import Tensor

from companion.machine import cpu
from companion.models import WindowConfig, WindowModel

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 30
NUMBERS = 4_000_000
BATCH = (32, 128)  # stories, words


def chain(x: Tensor) -> Tensor:
    """Six operations on each number."""
    return (torch.tanh(x) * x + x * x - 1).relu()


def works() -> dict[str, tuple[Callable[[Tensor], Tensor], Tensor]]:
    """Build what is compared, each with its input."""
    torch.manual_seed(0)
    config = WindowConfig(vocab_size=400, context_length=8)
    ids = torch.randint(config.vocab_size, BATCH)
    return {
        "chain of six operations": (chain, torch.rand(NUMBERS)),
        "window model": (WindowModel(config).eval(), ids),
    }


def seconds(work: Callable[[Tensor], Tensor], x: Tensor) -> float:
    """Measure one call."""
    start = time.perf_counter()
    work(x)
    return time.perf_counter() - start


def measure(work: Callable[[Tensor], Tensor], x: Tensor) -> dict[str, float]:
    """Compile, then time both versions in turn; medians."""
    expected = work(x)
    compiled = torch.compile(work)
    first = seconds(compiled, x)
    torch.testing.assert_close(compiled(x), expected)
    pairs = [(seconds(work, x), seconds(compiled, x)) for _ in range(ROUNDS)]
    eager, fast = map(statistics.median, zip(*pairs, strict=True))
    return {
        "first_call_s": round(first, 2),
        "eager_ms": round(1000 * eager, 3),
        "compiled_ms": round(1000 * fast, 3),
    }


@torch.no_grad()
def main() -> None:
    """Measure with one thread and write the file."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as cache:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = cache
        runs = {name: measure(*work) for name, work in works().items()}
    stored.write(
        "compile_cost.json",
        "experiments/compile_cost.py",
        runs,
        machine=f"{cpu().model}, one thread",
    )
    print(json.dumps(runs, indent=1))


if __name__ == "__main__":
    main()
