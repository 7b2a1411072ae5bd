"""How long each notebook takes, and on which machine.

`make execute` keeps the wall time of a notebook that ran alone, or of all
of them with ALL=1, so that a reader's machine can be compared with ours.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from companion.files import write_atomically
from companion.machine import calibrate, cpu
from tools.project import BOOK, ROOT

TIMES = BOOK / "results" / "run_times.json"


def record(
    seconds: Mapping[Path, float], *, everything: bool, path: Path = TIMES
) -> None:
    """Store run times, with the speeds of the machine under "machine".

    Times of two machines are never mixed: those of one notebook join the
    stored ones only if CPU and number of threads are the same.

    Args:
        seconds: notebook -> wall seconds; those outside the book are left
            out.
        everything: whether all notebooks ran; then the file starts anew and
            the machine is measured again.
        path: the file.
    """
    times = {
        notebook.relative_to(ROOT).as_posix(): round(spent, 1)
        for notebook, spent in seconds.items()
        if notebook.is_relative_to(BOOK)
    }
    if not times:
        return
    processor = cpu()
    threads = processor.usable_cores
    stored = {}
    if path.exists() and not everything:
        stored = json.loads(path.read_text(encoding="utf-8"))
        machine = stored["machine"]
        if (machine["cpu"], machine["threads"]) != (processor.model, threads):
            print(f"{path.name} is of another machine; ALL=1 renews it whole")
            return
    machine = stored.pop("machine", None) or asdict(calibrate(threads))
    content = {"machine": machine, **dict(sorted((stored | times).items()))}
    with write_atomically(path, mode="w", overwrite=True) as file:
        file.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    print(f"wrote {path.name}")
