"""Read what students hand in, and make it fit to be graded.

Chapter: book/teaching.md
"""

import copy
import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode

# imports of finished solutions: no points lost, but the teacher is told,
# unless a locked cell of the assignment imports the same
FINISHED = re.compile(
    r"^\s*(?:from|import)\s+"
    r"(companion\.\w+|nltk|tokenizers|torch|transformers)\b",
    re.MULTILINE,
)
# finished layers of a library whose tensors an assignment builds on; told
# like imports
FINISHED_LAYERS = re.compile(
    r"\b(scaled_dot_product_attention|multi_head_attention_forward"
    r"|MultiheadAttention|Transformer(?:En|De)coder(?:Layer)?"
    r"|nn\.Transformer|LayerNorm|RMSNorm"
    r"|(?:F|functional|torch)\.(?:layer|rms)_norm)\b"
)


def find(folder: Path, name: str) -> dict[str, Path | str]:
    """Find each student's notebook.

    A student is a folder that holds one notebook (or one called `name`),
    or an `.ipynb` file; the student's name is that of the folder or file.

    Returns:
        student -> the notebook's path, or the reason why there is none.

    Raises:
        FileNotFoundError: the folder is missing, or holds no submission.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"no folder of submissions at {folder}")
    found: dict[str, Path | str] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            found[path.name] = _only_notebook(path, name)
        elif path.suffix == ".ipynb":
            taken = path.stem in found
            found[path.name if taken else path.stem] = path
        else:
            print(f"ignored {path.name}: not a folder, not a notebook")
    if not found:
        raise FileNotFoundError(f"no folder and no notebook in {folder}")
    return found


def _only_notebook(folder: Path, name: str) -> Path | str:
    paths = [
        path
        for path in sorted(folder.rglob("*.ipynb"))
        if ".ipynb_checkpoints" not in path.parts
    ]
    named = [path for path in paths if path.name == name]
    for chosen in (named, paths):
        if len(chosen) == 1:
            return chosen[0]
    names = ", ".join(str(path.relative_to(folder)) for path in paths)
    return f"several notebooks: {names}" if paths else "no notebook"


def read(path: Path) -> NotebookNode:
    """Read a notebook that may be anything.

    Raises:
        ValueError: it is not a notebook; the message says why.
    """
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except Exception as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise ValueError(
            f"{path.name} is not a notebook ({lines[0][:80]})"
        ) from None
    return notebook


def repair(
    notebook: NotebookNode, release: NotebookNode
) -> tuple[NotebookNode, list[str]]:
    """Give a submission the cells that grading needs, whatever was deleted.

    Missing cells come back at their place, and nbgrader's metadata as they
    were released. (nbgrader itself puts back the text of changed tests.)

    Returns:
        The repaired notebook, and a note on each thing found.
    """
    notebook = copy.deepcopy(notebook)
    wanted = {_name(cell): cell for cell in release.cells if _name(cell)}
    notes, missing, place = _claim_cells(notebook, wanted), [], 0
    for name, blank in wanted.items():
        names = [_name(cell) for cell in notebook.cells]
        if name in names:
            place = names.index(name) + 1
        else:
            notebook.cells.insert(place, copy.deepcopy(blank))
            place += 1
            missing.append(name)
    if missing:
        notes.append(f"cells put back: {', '.join(missing)}")
    if len({cell.get("id") for cell in notebook.cells}) < len(notebook.cells):
        for number, cell in enumerate(notebook.cells):
            cell["id"] = f"cell-{number}"
    return notebook, notes


def _claim_cells(
    notebook: NotebookNode, wanted: dict[str, NotebookNode]
) -> list[str]:
    """Give the cells the released metadata; note copies, changes, imports."""
    notes, seen, changed = [], set(), []
    given = set().union(
        *(
            _finished(blank.source)
            for blank in wanted.values()
            if blank.metadata["nbgrader"]["locked"]
        )
    )
    for cell in reversed(notebook.cells):  # of copies, the last one counts
        name = _name(cell)
        cell.metadata.pop("nbgrader", None)
        locked = False
        if name in seen:
            notes.append(f"{name}: more than one cell, the last counts")
        elif name in wanted:
            seen.add(name)
            blank = wanted[name]
            cell.metadata["nbgrader"] = dict(blank.metadata["nbgrader"])
            locked = blank.metadata["nbgrader"]["locked"]
            if locked and cell.source.strip() != blank.source.strip():
                changed.append(name)
        if cell.cell_type == "code" and not locked:
            notes += sorted(_finished(cell.source) - given)
    if changed:
        names = ", ".join(reversed(changed))
        notes.append(f"changed tests put back: {names}")
    return notes


def _finished(source: str) -> set[str]:
    """Say which finished solutions a cell imports or uses."""
    layers = FINISHED_LAYERS.findall(source)
    return {f"imports {name}" for name in FINISHED.findall(source)} | {
        f"uses {name}" for name in layers
    }


def _name(cell: NotebookNode) -> str | None:
    """Return nbgrader's name of a cell, if it has one."""
    data = cell.metadata.get("nbgrader")
    return data.get("grade_id") if isinstance(data, dict) else None


def errors(graded: NotebookNode) -> list[str]:
    """Note what a person should look at: time-outs, and broken solutions."""
    notes = []
    for number, cell in enumerate(graded.cells, start=1):
        data = cell.metadata.get("nbgrader", {})
        name = data.get("grade_id", f"cell {number}")
        found = [
            output.ename
            for output in cell.get("outputs", ())
            if output.output_type == "error"
        ]
        if "CellTimeoutError" in found:
            notes.append(f"{name}: out of time")
        elif found and not data.get("grade"):
            notes.append(f"{name}: {found[0]}")
    return notes
