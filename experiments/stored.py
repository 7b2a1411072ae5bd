"""Write down what an experiment measured, after each of its runs.

So a long one can be stopped, and goes on where it was.
"""

import argparse
import json
import os
import platform
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch

from companion.files import write_atomically

RESULTS = Path(__file__).parents[1] / "book" / "results"


def options(description: str) -> argparse.Namespace:
    """Read --workers (as many as there are cores) and --again."""
    parser = argparse.ArgumentParser(description=description.split("\n")[0])
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--again", action="store_true", help="start anew")
    return parser.parse_args()


def read(name: str) -> dict:
    """Read a file of results; without one there are no runs."""
    path = RESULTS / name
    return json.loads(path.read_text()) if path.exists() else {"runs": []}


def write(
    name: str, command: str, runs: object, *, machine: str, **more: object
) -> None:
    """Write runs, and what made them, as book/results/NAME."""
    record = {
        "command": f"python {command}",
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "torch": torch.__version__,
        },
        "machine": machine,
        **more,
        "runs": runs,
    }
    with write_atomically(RESULTS / name, mode="w", overwrite=True) as file:
        json.dump(record, file, indent=1)
        file.write("\n")


def one_core() -> str:
    """Say on what the runs were made."""
    return f"{platform.machine()}, one core a run"


def go_on(
    jobs: Iterable[dict],
    runs: list[dict],
    run: Callable[[dict], dict],
    pool: Executor,
    save: Callable[[list[dict]], None],
    line: Callable[[dict], str],
) -> None:
    """Run the jobs that are not among the runs; save and print each.

    Args:
        jobs: what to run; a run holds all that its job says.
        runs: those known so far; new ones are added.
        run: does a job.
        pool: where.
        save: writes all runs.
        line: tells a run in short.
    """
    new = [
        job for job in jobs if not any(job.items() <= r.items() for r in runs)
    ]
    for found in pool.map(run, new):
        runs.append(found)
        save(runs)
        print(line(found), flush=True)


def fill(
    name: str,
    description: str,
    jobs: Iterable[dict],
    run: Callable[[dict], dict],
    save: Callable[[list[dict]], None],
    line: Callable[[dict], str],
) -> None:
    """Read the options, and run the jobs that a file of results lacks.

    Args:
        name: of the file in book/results.
        description: for --help.
        jobs: as the rest, those of `go_on`.
        run: likewise.
        save: likewise.
        line: likewise.
    """
    chosen = options(description)
    runs = [] if chosen.again else read(name)["runs"]
    with ProcessPoolExecutor(chosen.workers) as pool:
        go_on(jobs, runs, run, pool, save, line)
