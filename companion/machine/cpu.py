"""The CPU: its model, its instructions, its cores and who may use them.

Chapter: book/2-environment/1-your-machine.ipynb
"""

import math
import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path

from companion.machine.system import ROOT, ask, control_groups, read

# Instructions that decide how fast arithmetic is, under Linux's names.
FLAGS = (
    *("sse4_2", "avx", "fma", "f16c", "avx2"),
    *("avx512f", "avx512bw", "avx512_vnni", "avx512_bf16", "avx512_fp16"),
    *("avx_vnni", "amx_tile", "amx_bf16", "amx_int8"),
    *("neon", "asimd", "asimdhp", "asimddp", "bf16", "i8mm", "sve", "sve2"),
)
SYSCTL = {  # macOS's names for some of them
    "hw.optional.neon": "neon",
    "hw.optional.avx2_0": "avx2",
    "hw.optional.avx512f": "avx512f",
    "hw.optional.arm.FEAT_BF16": "bf16",
    "hw.optional.arm.FEAT_I8MM": "i8mm",
}


@dataclass(frozen=True, kw_only=True)
class Cpu:
    """A CPU, and how much of it this process may use."""

    model: str
    architecture: str  # as "x86_64", "arm64"
    flags: tuple[str, ...]  # those of FLAGS that it has
    logical_cores: int
    physical_cores: int | None  # None: the system does not say
    affinity: int  # cores that the scheduler may give to this process
    cgroup_cores: float | None  # a container's share of time; None: no limit

    @property
    def usable_cores(self) -> int:
        """Compute how many threads can run at once: at least 1."""
        share = self.cgroup_cores or self.affinity
        return max(1, min(self.affinity, math.ceil(share)))


def cpu(root: Path = ROOT) -> Cpu:
    """Describe the CPU.

    Args:
        root: the top of the file system.
    """
    info = read(root / "proc/cpuinfo") or ""
    logical = os.cpu_count() or 1
    try:
        affinity = len(os.sched_getaffinity(0))
    except AttributeError:  # Linux alone has it
        affinity = logical
    return Cpu(
        model=_model(info),
        architecture=platform.machine(),
        flags=_flags(info),
        logical_cores=logical,
        physical_cores=_physical_cores(root),
        affinity=affinity,
        cgroup_cores=cgroup_cores(root),
    )


def usable_cores() -> int:
    """Compute how many threads of this process can run at once."""
    return cpu().usable_cores


def cgroup_cores(root: Path = ROOT) -> float | None:
    """Read how many cores' worth of time a container may use.

    Args:
        root: the top of the file system.

    Returns:
        The smallest of the limits that hold, None where there is none.
    """
    shares = []
    for group in control_groups("cpu", root):
        limit = read(group / "cpu.max") or " ".join(
            read(group / f"cpu.cfs_{name}_us") or ""
            for name in ("quota", "period")
        )
        numbers = re.fullmatch(r"(\d+) (\d+)", limit)  # not "max", not -1
        if numbers:
            quota, period = map(int, numbers.groups())
            shares.append(quota / period)
    return min(shares, default=None)


def _model(info: str) -> str:
    named = re.search(r"^(?:model name|Model)\s*: (.+)$", info, re.M)
    if named:
        return named[1].strip()
    brand = ask("sysctl", "-n", "machdep.cpu.brand_string")
    return brand or platform.processor() or platform.machine()


def _flags(info: str) -> tuple[str, ...]:
    line = re.search(r"^(?:flags|Features)\s*: (.+)$", info, re.M)
    if line:
        found = set(line[1].split())
        if "asimd" in found:  # what 64-bit ARM calls it
            found.add("neon")
    else:
        answers = {name: ask("sysctl", "-n", name) for name in SYSCTL}
        found = {SYSCTL[name] for name, a in answers.items() if a == "1"}
    return tuple(flag for flag in FLAGS if flag in found)


def _physical_cores(root: Path) -> int | None:
    """Count groups of logical cores that share one core."""
    folders = (root / "sys/devices/system/cpu").glob("cpu[0-9]*")
    paths = [folder / "topology/thread_siblings_list" for folder in folders]
    siblings = {read(path) for path in paths} - {None}
    if siblings:
        return len(siblings)
    answer = ask("sysctl", "-n", "hw.physicalcpu") or ""
    return int(answer) if answer.isdecimal() else None
