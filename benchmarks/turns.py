"""Let implementations take turns, each in a process of its own."""

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection

STEPS = 20  # in one turn
Build = Callable[[], Callable[[], None]]


def repeats(description: str) -> int:
    """Read --repeats."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--repeats", type=int, default=8)
    return parser.parse_args().repeats


def take_turns(
    builders: Sequence[Build],
    repeats: int,
    between: Callable[[], None] = lambda: None,
) -> list[list[float]]:
    """Time a step of each, again and again; the first round warms up.

    Args:
        builders: each makes the step, in its own process.
        repeats: rounds that count.
        between: called here after each of them.

    Returns:
        For each round the seconds of a step of each, medians of a turn.
    """
    context = multiprocessing.get_context("spawn")
    pipes = []
    for build in builders:
        here, there = context.Pipe()
        process = context.Process(target=_work, args=(build, there))
        process.daemon = True
        process.start()
        pipes.append(here)
    rounds = []
    for number in range(repeats + 1):
        seconds = []
        for pipe in pipes:
            pipe.send(True)
            seconds.append(pipe.recv())
        if number:
            rounds.append(seconds)
            between()
    for pipe in pipes:
        pipe.send(False)  # no more turns
    return rounds


def told(rounds: Sequence[Sequence[float]], ours: str, theirs: str) -> str:
    """Say medians and the ratio of two, in words."""
    mine, other = map(statistics.median, zip(*rounds, strict=True))
    ratios = [a / b for a, b in rounds]
    return (
        f"{ours} {1000 * mine:.1f} ms, {theirs} {1000 * other:.1f} ms, ratio "
        f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to "
        f"{max(ratios):.2f})"
    )


def _work(build: Build, pipe: Connection) -> None:
    """On each message, time some steps and send the median."""
    step = build()
    while pipe.recv():
        seconds = []
        for _ in range(STEPS):
            start = time.perf_counter()
            step()
            seconds.append(time.perf_counter() - start)
        pipe.send(statistics.median(seconds))
