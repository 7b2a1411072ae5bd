"""Run notebooks and store their outputs: `python -m tools.execute`.

Runs those whose code differs from the code that made their outputs (or
all, with --all), one a core, and writes a notebook only when it ran to its
end. What differs from run to run without meaning anything is normalised,
so that a renewal shows in a diff only where an output changed.
"""

import argparse
import hashlib
import json
import os
import re
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from companion.evaluation.ladder import RENEW
from companion.files import write_atomically
from tools import results_table, run_times
from tools.project import BOOK, limit_threads, notebooks
from tools.setup_cell import write_setup_cell

KERNEL = {
    "display_name": "Python 3 (ipykernel)",
    "language": "python",
    "name": "python3",
}
LANGUAGE = {"name": "python", "pygments_lexer": "ipython3"}
MODEL_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
STATE = "application/vnd.jupyter.widget-state+json"


def code_hash(notebook: NotebookNode) -> str:
    """Return a hash of the code of a notebook, in order."""
    sources = [c.source for c in notebook.cells if c.cell_type == "code"]
    digest = hashlib.sha256(json.dumps(sources).encode())
    return digest.hexdigest()[:16]


def is_current(notebook: NotebookNode) -> bool:
    """Say whether the stored outputs were made by the present code."""
    return notebook.metadata.get("executed") == code_hash(notebook)


def normalise(notebook: NotebookNode) -> None:
    """Remove what differs from run to run without meaning anything."""
    seen: dict[str, int] = {}
    for cell in notebook.cells:
        content = f"{cell.cell_type}\n{cell.source}"
        digest = hashlib.sha256(content.encode()).hexdigest()[:8]
        seen[digest] = seen.get(digest, 0) + 1
        repeat = f"-{seen[digest]}" if seen[digest] > 1 else ""
        cell.id = digest + repeat
        cell.metadata.pop("execution", None)
        cell.metadata.pop("collapsed", None)
        if cell.cell_type == "code":
            cell.outputs = _merge_streams(cell.outputs)
    widgets = notebook.metadata.get("widgets")
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": KERNEL, "language_info": LANGUAGE}
    )
    if widgets:
        notebook.metadata["widgets"] = widgets
    notebook.metadata["executed"] = code_hash(notebook)


def _merge_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join the pieces of one stream: how they are cut depends on timing."""
    merged: list[NotebookNode] = []
    for output in outputs:
        last = merged[-1] if merged else {}
        if (
            output.output_type == "stream"
            and last.get("output_type") == "stream"
            and last["name"] == output.name
        ):
            last["text"] += output.text
        else:
            merged.append(output)
    return merged


def number_widgets(notebook: NotebookNode) -> NotebookNode:
    """Replace random widget ids by 0, 1, ... in the order they are shown.

    Widgets that no output shows, directly or inside another, are dropped.
    """
    widgets = notebook.metadata.get("widgets", {}).get(STATE, {})
    state = widgets.get("state", {})
    reached = dict.fromkeys(_ids(notebook.cells, state))
    queue = list(reached)
    for identity in queue:
        inside = [i for i in _ids(state[identity], state) if i not in reached]
        reached.update(dict.fromkeys(inside))
        queue += dict.fromkeys(inside)
    if widgets:
        widgets["state"] = {identity: state[identity] for identity in reached}
    text = nbformat.writes(notebook)
    for count, identity in enumerate(reached):
        text = text.replace(identity, f"{count:032x}")
    return nbformat.reads(text, as_version=4)


def _ids(part: object, state: dict) -> list[str]:
    found = MODEL_ID.findall(json.dumps(part, sort_keys=True))
    return [identity for identity in found if identity in state]


def run(path: Path, timeout: int) -> float:
    """Run one notebook in its own folder and store its outputs.

    Args:
        path: the notebook.
        timeout: seconds that one cell may take.

    Returns:
        The seconds it took.
    """
    notebook = nbformat.read(path, as_version=4)
    write_setup_cell(notebook)
    started = time.perf_counter()
    NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        store_widget_state=True,
        record_timing=False,
        extra_arguments=["--log-level=40"],  # errors only
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    seconds = time.perf_counter() - started
    normalise(notebook)
    notebook = number_widgets(notebook)
    nbformat.validate(notebook)
    with write_atomically(path, mode="w", overwrite=True) as file:
        file.write(nbformat.writes(notebook) + "\n")
    return seconds


def choose(named: str | None, everything: bool) -> list[Path]:
    """Return the notebooks to run.

    Raises:
        FileNotFoundError: the notebook that was named is not there.
    """
    if named:
        paths = [Path(named).resolve(), (BOOK / named).resolve()]
        found = [path for path in paths if path.is_file()]
        if not found:
            raise FileNotFoundError(f"no notebook at {named}")
        return found[:1]
    return [
        path
        for path in notebooks()
        if everything or not is_current(nbformat.read(path, as_version=4))
    ]


def main() -> None:
    """Run the notebooks that need it; exit 1 if one fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebook", nargs="?", help="run this one only")
    parser.add_argument("--all", action="store_true", help="run every one")
    parser.add_argument("--timeout", type=int, default=600)
    args = parser.parse_args()
    paths = choose(args.notebook, args.all)
    if not paths:
        print("every notebook's outputs are of its present code")
        return
    cores = os.cpu_count() or 1
    workers = min(cores, len(paths))
    limit_threads(max(1, cores // workers))
    os.environ[RENEW] = "1"  # rows of the table of results are outputs too
    failed, seconds = 0, {}
    with ProcessPoolExecutor(workers) as pool:
        jobs = {pool.submit(run, path, args.timeout): path for path in paths}
        for done, job in enumerate(as_completed(jobs), start=1):
            name = jobs[job].name
            where = f"[{done}/{len(jobs)}]"
            error = job.exception()
            failed += error is not None
            if not error:
                seconds[jobs[job]] = job.result()
            outcome = f"FAILED\n{error}" if error else f"{job.result():.1f} s"
            print(f"{where} {name}: {outcome}", flush=True)
    results_table.main()
    if seconds and (len(paths) == 1 or args.all):
        run_times.record(seconds, everything=args.all)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
