"""`doctor`: what is installed, what is used, and what is wrong.

Chapter: book/2-environment/1-your-machine.ipynb
"""

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from companion.machine.cpu import Cpu, cpu
from companion.machine.memory import Memory, memory
from companion.machine.problems import GIGABYTE, Problem, find_problems
from companion.machine.torch_build import TorchBuild, torch_build

PACKAGES = ("numpy", "torch", "tokenizers")
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, kw_only=True)
class Report:
    """A machine as this Python sees it; `print` it, or take `to_dict()`.

    It names no user, no host and no path, so it can be shown to others.
    """

    python: str  # its version
    environment: str  # "virtual environment", "conda" or "none"
    versions: dict[str, str | None]  # of PACKAGES; None: not installed
    system: str
    cpu: Cpu
    thread_variables: dict[str, str | None]
    numpy_blas: str  # the library with which NumPy multiplies matrices
    torch: TorchBuild | None  # None: not installed
    memory: Memory
    disk_free: int  # bytes, where the working folder lies
    problems: tuple[Problem, ...]

    def to_dict(self) -> dict[str, Any]:
        """Turn the report into plain values that JSON can hold."""
        values = asdict(self)
        values["cpu"]["usable_cores"] = self.cpu.usable_cores
        return values

    def __str__(self) -> str:
        """Write the report for a person."""
        lines = [f"{label:<10} {text}" for label, text in _lines(self)]
        for problem in self.problems:
            lines += ["", f"problem    {problem.what}"]
            lines += [f"to do      {problem.mend}"]
        return "\n".join(lines)


def doctor() -> Report:
    """Examine this machine and what Python uses of it."""
    processor, build, room = cpu(), torch_build(), memory()
    free = shutil.disk_usage(os.curdir).free
    return Report(
        python=platform.python_version(),
        environment=_environment(),
        versions={name: _version(name) for name in PACKAGES},
        system=f"{platform.system()} {platform.release()}",
        cpu=processor,
        thread_variables={n: os.environ.get(n) for n in THREAD_VARIABLES},
        numpy_blas=_numpy_blas(),
        torch=build,
        memory=room,
        disk_free=free,
        problems=find_problems(processor, build, room, free),
    )


def _lines(report: Report) -> Iterator[tuple[str, str]]:
    """Yield the labels and texts of a printed report."""
    processor, torch, room = report.cpu, report.torch, report.memory
    yield "Python", f"{report.python}, environment: {report.environment}"
    for name, number in report.versions.items():
        yield name, number or "not installed"
    yield "system", f"{report.system}, {processor.architecture}"
    yield "CPU", processor.model
    yield "", " ".join(processor.flags) or "instructions unknown"
    yield "cores", _cores(processor)
    for name, value in report.thread_variables.items():
        if value is not None:
            yield "", f"{name}={value}"
    yield "BLAS", f"NumPy: {report.numpy_blas}"
    if torch:
        yield "", f"torch: {torch.blas}; its own loops: {torch.capability}"
        yield (
            "threads",
            f"{torch.intra_op_threads} inside an operation, "
            f"{torch.inter_op_threads} side by side",
        )
        yield "wheel", torch.wheel
        yield "devices", ", ".join(torch.devices)
        yield "driver", f"NVIDIA {torch.driver}" if torch.driver else "none"
        for gpu in torch.gpus:
            size = _gigabytes(gpu.memory)
            yield "GPU", f"{gpu.name}, {size}, capability {gpu.capability}"
    total, available = map(_gigabytes, (room.total, room.available))
    yield "memory", f"{total}, {available} free"
    yield "disk", f"{_gigabytes(report.disk_free)} free"


def _cores(cpu: Cpu) -> str:
    physical = cpu.physical_cores or "unknown"
    text = f"{cpu.logical_cores} logical, {physical} physical"
    if cpu.affinity < cpu.logical_cores:
        text += f", {cpu.affinity} given to this process"
    if cpu.cgroup_cores is not None:
        text += f", {cpu.cgroup_cores:g} allowed by the container"
    return f"{text}; usable: {cpu.usable_cores}"


def _gigabytes(size: int | None) -> str:
    return "unknown" if size is None else f"{size / GIGABYTE:.1f} GB"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _environment() -> str:
    if sys.prefix != sys.base_prefix:
        return "virtual environment"
    return "conda" if "CONDA_PREFIX" in os.environ else "none"


def _numpy_blas() -> str:
    import numpy as np

    parts = np.show_config(mode="dicts").get("Build Dependencies", {})
    blas = parts.get("blas", {})
    return f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip()
