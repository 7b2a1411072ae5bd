"""What keeps a machine below what it could do, and how to mend it.

Chapter: book/2-environment/1-your-machine.ipynb
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass

from companion.machine.cpu import Cpu
from companion.machine.memory import Memory
from companion.machine.torch_build import TorchBuild

# The oldest driver for each major version of CUDA. Source: NVIDIA, CUDA
# Compatibility, "Minor Version Compatibility", table 1.
OLDEST_DRIVER = {"11": 450, "12": 525, "13": 580}
GUIDE = "pytorch.org/get-started/locally"
GIGABYTE = 10**9
LITTLE_MEMORY = 2 * GIGABYTE  # bytes; torch alone takes a quarter of it
LITTLE_DISK = 3 * GIGABYTE  # bytes; the environment takes half of it


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something wrong, and what to do about it."""

    what: str
    mend: str


def find_problems(
    cpu: Cpu, torch: TorchBuild | None, memory: Memory, disk_free: int
) -> tuple[Problem, ...]:
    """List what is wrong with a machine, the gravest first.

    Args:
        cpu: the CPU.
        torch: the build of torch; None where there is none.
        memory: main memory.
        disk_free: bytes.
    """
    found = [*_torch(cpu, torch), *_room(memory, disk_free)]
    return tuple(Problem(what=what, mend=mend) for what, mend in found)


def _torch(cpu: Cpu, torch: TorchBuild | None) -> Iterator[tuple[str, str]]:
    if torch is None:
        yield (
            "torch is not installed",
            "pip install -r requirements.txt, in this environment",
        )
        return
    yield from _cuda(torch)
    for gpu in torch.gpus:
        if not gpu.in_wheel:
            yield (
                f"the wheel ({torch.wheel}) has no code for {gpu.name}, "
                f"compute capability {gpu.capability}",
                f"install a wheel for another CUDA version: {GUIDE}",
            )
    if "Apple" in cpu.model and cpu.architecture == "x86_64":
        yield (
            "this Python is for Intel and runs translated on Apple silicon",
            "install a Python for arm64 and make the environment anew",
        )
    if torch.intra_op_threads > cpu.usable_cores:
        yield (
            f"torch uses {torch.intra_op_threads} threads where "
            f"{cpu.usable_cores} can run at once",
            f"set OMP_NUM_THREADS={cpu.usable_cores} before Python starts",
        )


def _cuda(torch: TorchBuild) -> Iterator[tuple[str, str]]:
    """Compare driver and wheel."""
    if "cuda" in torch.devices:
        return
    if torch.driver and torch.wheel == "cpu":
        yield (
            f"NVIDIA's driver {torch.driver} is here, but the wheel is for "
            "the CPU alone",
            f"to use the GPU, install a wheel for CUDA: {GUIDE}",
        )
    if not torch.cuda:
        return
    oldest = OLDEST_DRIVER.get(torch.cuda.split(".")[0], 0)
    if not torch.driver:
        yield (
            f"the wheel is for CUDA {torch.cuda}, but no NVIDIA driver was "
            "found",
            "without an NVIDIA GPU nothing is wrong, and a CPU wheel is much "
            f"smaller; with one, install driver {oldest} or newer",
        )
    elif int(torch.driver.split(".")[0]) < oldest:
        yield (
            f"the wheel is for CUDA {torch.cuda}, which needs driver "
            f"{oldest} or newer; here is {torch.driver}",
            "update the driver, or install a wheel for an older CUDA: "
            f"{GUIDE}",
        )
    else:
        hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
        why = "" if hidden is None else f"; CUDA_VISIBLE_DEVICES={hidden!r}"
        yield (
            f"wheel (CUDA {torch.cuda}) and driver ({torch.driver}) fit, but "
            f"CUDA shows no GPU{why}",
            "unset CUDA_VISIBLE_DEVICES, give the container its GPU, or "
            "restart after an update of the driver",
        )


def _room(memory: Memory, disk_free: int) -> Iterator[tuple[str, str]]:
    if memory.available is not None and memory.available < LITTLE_MEMORY:
        size = memory.available / GIGABYTE
        yield (
            f"{size:.1f} GB of memory are free, the notebooks need 2",
            "close other programs, and kernels you no longer need",
        )
    if disk_free < LITTLE_DISK:
        yield (
            f"{disk_free / GIGABYTE:.1f} GB of disk are free, below 3",
            "make room before you write corpora and checkpoints",
        )
