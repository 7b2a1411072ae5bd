"""The assignments' notebooks, as the tests of them need them."""

import re
from pathlib import Path

import nbformat
from planted_bugs import BUGS

from tools import assignments, grading
from tools.setup_cell import is_setup_cell

ROOT = Path(__file__).resolve().parents[1]
NAME = "1-language-models"
SOURCE = ROOT / "assignments" / "source" / NAME / f"{NAME}.ipynb"
TIMEOUT = 15  # seconds a cell; the slowest of assignment 1 takes one

# Every assignment, with its points and those that a person gives.
POINTS = {
    "1-language-models": (50, 10),
    "2-environment": (56, 8),
    "3-tokenization": (55, 10),
    "4-architectures": (60, 10),
    "5-training": (60, 10),
}
# Test cells that no planted bug fails: they look at the plainest case.
PLAIN = {
    "1-language-models": {
        "2-count", "2-fraction", "2-unseen", "3-limits", "4-zero",
        "5-one-sentence", "6-log-softmax", "7-unseen",
    },
    "2-environment": {"3-forward"},
    "3-tokenization": {"2-pairs", "2-join"},
    "4-architectures": set(),
    "5-training": set(),
}  # fmt: skip
# Finished solutions that a teacher should hear of, and how.
CHEATS = {
    "2-environment": "from companion.autograd import Value as V",
    "3-tokenization": "from companion.tokenization import BPETokenizer",
    "4-architectures": "from companion.models import attention as easy\n"
    "also_easy = F.scaled_dot_product_attention",
    "5-training": "import torch\nfrom companion.optimizers import AdamW",
}
CHEATED = {
    "2-environment": "imports companion.autograd",
    "3-tokenization": "imports companion.tokenization",
    "4-architectures": "imports companion.models; "
    "uses scaled_dot_product_attention",
    "5-training": "imports companion.optimizers; imports torch",
}
SLOW = ("texts", "results")  # cells that no test depends on


def source_of(name: str) -> Path:
    return assignments.source_notebook(ROOT / "assignments", name)


def read_source(name: str = NAME) -> nbformat.NotebookNode:
    return nbformat.read(source_of(name), as_version=4)


def cell(notebook: nbformat.NotebookNode, name: str) -> nbformat.NotebookNode:
    return next(c for c in notebook.cells if c.id == name)


def points(notebook: nbformat.NotebookNode) -> dict[str, float]:
    return grading.maximum(notebook)


def by_hand(notebook: nbformat.NotebookNode) -> str:
    """The one cell that a person grades."""
    (name,) = (
        one.id
        for one in notebook.cells
        if one.cell_type == "markdown" and "nbgrader" in one.metadata
    )
    return name


def without_tests(source: str) -> str:
    """What a student's test cell holds: the hidden lines are not there."""
    hidden = r"[ ]*### BEGIN HIDDEN TESTS\n.*?### END HIDDEN TESTS(\n|$)"
    return re.sub(hidden, "", source, flags=re.DOTALL).rstrip() + "\n"


def solved(assignment: str = NAME) -> nbformat.NotebookNode:
    """The reference solution as a student would hand it in."""
    notebook = read_source(assignment)
    for one in notebook.cells:
        one.source = without_tests(one.source)
    return notebook


def planted(name: str, assignment: str = NAME) -> nbformat.NotebookNode:
    place, right, wrong, _ = BUGS[assignment][name]
    notebook = solved(assignment)
    target = cell(notebook, place)
    assert target.source.count(right) == 1, f"{name}: nothing to replace"
    target.source = target.source.replace(right, wrong)
    return notebook


def run_cells(assignment: str) -> dict:
    """Run the reference solution; return the names that it defines."""
    names: dict = {}
    for one in read_source(assignment).cells:
        if one.cell_type == "code" and not is_setup_cell(one):
            exec(one.source, names)
    return names


def release_of(root: Path, name: str = NAME) -> Path:
    """The student version, as it was generated."""
    return root / "release" / name / f"{name}.ipynb"


def failures(
    notebook: nbformat.NotebookNode, assignment: str = NAME
) -> set[str]:
    """Run a notebook's cells here, hidden tests too; name those that fail."""
    names: dict = {}
    failed = set()
    tests = {one.id: one.source for one in read_source(assignment).cells}
    for one in notebook.cells:
        slow = one.id in SLOW or is_setup_cell(one)
        if one.cell_type != "code" or slow:
            continue
        graded = one.metadata.get("nbgrader", {}).get("grade")
        try:
            exec(tests[one.id] if graded else one.source, names)
        except Exception:
            failed.add(one.id)
    return failed
