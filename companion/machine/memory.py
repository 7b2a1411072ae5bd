"""Memory: how much there is, and how much is free.

Chapter: book/2-environment/1-your-machine.ipynb
"""

import re
from dataclasses import dataclass
from pathlib import Path

from companion.machine.system import ROOT, ask, control_groups, read


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Main memory that this process may use, in bytes."""

    total: int | None  # a container's limit where it is lower; None: unknown
    available: int | None  # without pushing anything else out


def memory(root: Path = ROOT) -> Memory:
    """Read the memory's size.

    Args:
        root: the top of the file system.
    """
    info = read(root / "proc/meminfo")
    found = _linux(info) if info else _mac()
    if found.total is None:
        return found
    total, available = found.total, found.available
    for group in control_groups("memory", root):
        limit, used = _limit(group)
        if limit is not None and limit < found.total:
            total = min(total, limit)
            if available is not None:
                available = min(available, max(0, limit - used))
    return Memory(total=total, available=available)


def _linux(info: str) -> Memory:
    kib = {k: int(v) for k, v in re.findall(r"^(\w+):\s+(\d+) kB", info, re.M)}
    sizes = [kib.get(name) for name in ("MemTotal", "MemAvailable")]
    total, available = (None if s is None else s * 1024 for s in sizes)
    return Memory(total=total, available=available)


def _mac() -> Memory:
    size = ask("sysctl", "-n", "hw.memsize") or ""
    if not size.isdecimal():
        return Memory(total=None, available=None)
    return Memory(total=int(size), available=mac_available(ask("vm_stat")))


def mac_available(answer: str | None) -> int | None:
    """Add up the pages that macOS's `vm_stat` calls free or inactive."""
    size = re.search(r"page size of (\d+) bytes", answer or "")
    pages = re.findall(
        r"^Pages (?:free|inactive|speculative):\s+(\d+)", answer or "", re.M
    )
    return int(size[1]) * sum(map(int, pages)) if size and pages else None


def _limit(group: Path) -> tuple[int | None, int]:
    """Read a group's limit, and what it uses that cannot be given back."""
    limit = read(group / "memory.max") or read(group / "memory.limit_in_bytes")
    usage = read(group / "memory.current") or read(
        group / "memory.usage_in_bytes"
    )
    stat = read(group / "memory.stat") or ""
    cache = re.search(r"^(?:total_)?inactive_file (\d+)", stat, re.M)
    if not (limit or "").isdecimal() or not (usage or "").isdecimal():
        return None, 0
    return int(limit), int(usage) - (int(cache[1]) if cache else 0)
