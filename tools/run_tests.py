"""Check everything, and say at the end what passed: `make test`.

Every part runs even when an earlier one failed. A part that cannot run
because an optional tool is missing is named.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time

from tools.project import ROOT, chromium, limit_threads, notebooks

CELL_SECONDS = 300  # far above any cell's time, to end one that hangs


def parts(workers: int) -> dict[str, list[str]]:
    """Return the commands to run, by name."""
    parallel = ["-n", str(workers), "--dist", "loadfile"]
    pytest = [sys.executable, "-m", "pytest"]
    ruff = [sys.executable, "-m", "ruff"]
    commands = {
        "ruff check": [*ruff, "check", "."],
        "ruff format": [*ruff, "format", "--check", "."],
        "tests, rules and website": [
            *[*pytest, "tests", *parallel, "-rs", "--durations=5"],
            *["--cov=companion", "--cov-report=term:skip-covered"],
        ],
    }
    if notebooks():
        commands["notebooks"] = [
            *[*pytest, "book", *parallel, "--durations=5"],
            *["--nbval-lax", "--nbval-current-env"],
            f"--nbval-cell-timeout={CELL_SECONDS}",
        ]
    return commands


def missing_tools() -> list[str]:
    """Say what is not checked for want of a tool."""
    missing = []
    if not chromium():
        missing.append("no Chromium or Chrome: pages are not opened")
    if not shutil.which("node"):
        missing.append("no node: JavaScript is not run outside the browser")
    if not shutil.which("npm"):
        missing.append(
            "no npm: no check of accessibility, nor without network"
        )
    return missing


def main() -> None:
    """Run all parts; exit 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    workers = parser.parse_args().workers
    missing = missing_tools()
    limit_threads(max(1, (os.cpu_count() or 1) // workers))
    summary, failed = [], bool(missing and os.environ.get("CI"))
    for name, command in parts(workers).items():
        print(f"\n== {name}", flush=True)
        started = time.perf_counter()
        code = subprocess.run(command, cwd=ROOT).returncode
        seconds = time.perf_counter() - started
        failed |= code != 0
        outcome = "FAILED" if code else "passed"
        summary.append(f"{outcome}  {seconds:6.1f} s  {name}")
    print("\n== summary", *summary, sep="\n")
    for line in missing:
        print("FAILED" if os.environ.get("CI") else "skipped", " ", line)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
