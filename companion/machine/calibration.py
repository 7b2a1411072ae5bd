"""How fast this machine is at three kinds of work, in about two seconds.

Chapter: book/2-environment/1-your-machine.ipynb
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from companion.machine.cpu import cpu

SIDE = 1024  # of the square matrices; large enough to be bound by arithmetic
COPIED = 128 * 2**20  # bytes; more than the caches of most machines
STEPS = 50_000  # of the Python loop in one measurement
BUDGET = 0.45  # seconds for each of the four measurements
LEAST = 3  # repeats, however slow the machine


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """The speeds of one machine, each a median over repeats."""

    cpu: str  # its model
    threads: int  # what "all" means
    matmul_gflops_one_thread: float  # 10**9 float32 operations a second
    matmul_gflops_all_threads: float
    memory_bandwidth_gb_s: float  # 10**9 bytes read or written a second, all
    python_steps_per_s: float  # rounds of `counts[i & 255] += 1`


def calibrate(threads: int | None = None) -> Calibration:
    """Measure matrix products, copying, and plain Python.

    A product of two n x n matrices counts 2 n**3 operations; copying counts
    each byte twice, read and written, as STREAM does (McCalpin 1995). On a
    machine whose caches hold 256 MB the copy measures a cache. Medians, so
    that a moment in which the machine did something else does not count; a
    machine that is busy all the time is measured as slow as it is then.

    Args:
        threads: how many "all" are; None takes torch's present number. It
            is the same afterwards.

    Returns:
        The speeds.

    Raises:
        ValueError: fewer than one thread.
    """
    import torch

    before = torch.get_num_threads()
    threads = before if threads is None else threads
    if threads < 1:
        raise ValueError(f"threads must be at least 1, got {threads}")
    a, b, out = torch.rand(3, SIDE, SIDE)
    source = torch.ones(COPIED // 4)
    target = torch.empty_like(source)
    try:
        torch.set_num_threads(1)
        one = _rate(lambda: torch.mm(a, b, out=out))
        torch.set_num_threads(threads)
        many = _rate(lambda: torch.mm(a, b, out=out))
        copies = _rate(lambda: target.copy_(source))
    finally:
        torch.set_num_threads(before)
    operations = 2 * SIDE**3
    return Calibration(
        cpu=cpu().model,
        threads=threads,
        matmul_gflops_one_thread=one * operations / 1e9,
        matmul_gflops_all_threads=many * operations / 1e9,
        memory_bandwidth_gb_s=copies * 2 * COPIED / 1e9,
        python_steps_per_s=_rate(_count) * STEPS,
    )


def _count() -> list[int]:
    """Do what plain Python does all day: loop, index, add, store."""
    counts = [0] * 256
    for i in range(STEPS):
        counts[i & 255] += 1
    return counts


def _rate(work: Callable[[], object]) -> float:
    """Compute how many times a second `work` is done: 1 / its median time."""
    work()  # the first time also allocates, loads and starts threads
    seconds: list[float] = []
    end = time.perf_counter() + BUDGET
    while len(seconds) < LEAST or time.perf_counter() < end:
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return 1 / statistics.median(seconds)
