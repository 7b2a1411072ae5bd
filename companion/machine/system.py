"""Ask the operating system: files, commands, control groups.

Chapter: book/2-environment/1-your-machine.ipynb
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/")


def read(path: Path) -> str | None:
    """Read a small text file, or return None where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def ask(*command: str) -> str | None:
    """Run a command, return what it prints or None if it fails."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def control_groups(controller: str, root: Path = ROOT) -> Iterator[Path]:
    """List the folders of Linux whose limits hold for this process.

    Source: the kernel's documentation, cgroups(7), versions 1 and 2.

    Args:
        controller: "cpu" or "memory".
        root: the top of the file system.

    Yields:
        The process's own group, then the groups around it. In a container
        the process may be told a name that only its host can see; then the
        container's own top is all there is.
    """
    for line in (read(root / "proc/self/cgroup") or "").splitlines():
        _, controllers, name = line.split(":", 2)
        if not controllers:  # version 2 has no names here
            mounts = ["", "unified"]
        elif controller in controllers.split(","):
            mounts = [controllers, controller]
        else:
            continue
        for mount in dict.fromkeys(mounts):
            top = root / "sys/fs/cgroup" / mount
            group = top / name.lstrip("/")
            for folder in (group, *group.parents):
                if folder.is_relative_to(top) and folder.is_dir():
                    yield folder
