"""Seeds: what is drawn at random is drawn the same again.

Chapter: book/2-environment/1-your-machine.ipynb
"""

import random

import numpy as np

LIMIT = 2**32  # what NumPy's older generator takes


def set_seed(seed: int) -> np.random.Generator:
    """Seed every generator that the book's code may draw from.

    Fixed: `random`, NumPy's global generator, torch's on every device, and
    the generator that is returned. With the same versions, the same machine
    and the same number of threads, two runs on a CPU give the same bits.

    Not fixed: the order of a set of strings (set PYTHONHASHSEED before
    Python starts, or sort), the order in which threads and processes
    finish, the last bits of a sum when the number of threads or the kind of
    CPU differs, and sums on a GPU whose order is free there (see
    `torch.use_deterministic_algorithms`). Processes that are started
    afterwards need seeds of their own: see `worker_seed`.

    Args:
        seed: 0 to 2**32 - 1.

    Returns:
        A generator to pass to what draws; better than the global ones,
        which any other code may draw from too.

    Raises:
        ValueError: the seed is outside the range.
    """
    _check("seed", seed, LIMIT)
    random.seed(seed)
    np.random.seed(seed)
    try:
        import torch
    except ImportError:  # counting models need none
        pass
    else:
        torch.manual_seed(seed)
    return np.random.default_rng(seed)


def worker_seed(seed: int, worker: int) -> int:
    """Compute a seed for one of several workers.

    Neighbouring seeds and workers give unrelated numbers, which `seed +
    worker` does not: there worker 1 of seed 0 repeats worker 0 of seed 1.

    Source: NumPy's SeedSequence, after O'Neill 2015, "Developing a
    seed_seq alternative".

    Args:
        seed: the seed of the whole run, 0 or more.
        worker: the number of the worker, 0 or more.

    Returns:
        A seed for `set_seed`. Being hashes of 32 bits, two among n workers
        are equal with a probability near n * n / 2**33: one in two million
        for 64.

    Raises:
        ValueError: a number is below 0.
    """
    _check("seed", seed, None)
    _check("worker", worker, LIMIT)
    sequence = np.random.SeedSequence(seed, spawn_key=(worker,))
    return int(sequence.generate_state(1)[0])


def _check(name: str, value: int, limit: int | None) -> None:
    if value < 0 or (limit is not None and value >= limit):
        most = "" if limit is None else f" and at most {limit - 1}"
        raise ValueError(f"{name} must be at least 0{most}, got {value}")
