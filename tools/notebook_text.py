"""Read a notebook: its code, its prose, and the numbers both speak of."""

import ast
import re

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

FENCE = re.compile(r"^ *(`{3,}|~{3,}).*?^ *\1", re.M | re.S)
INLINE_CODE = re.compile(r"`[^`\n]*`")
BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*", re.S)
# digits grouped by commas or spaces (also thin and no-break), or plain
NUMBER = re.compile(
    r"(?<![\w.,])(?<!\w-)"
    r"([-−]?(?:\d{1,3}(?:[, \u2009\u202f\u00a0]\d{3})+|\d+)"
    r"(?:\.\d+)?(?:e[-+]?\d+)?)"
    r"(?!\w|-\w|\.\d)"
)
SEPARATORS = re.compile(r"[, \u2009\u202f\u00a0]")


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the code cells, in order."""
    return [c for c in notebook.cells if c.cell_type == "code"]


def prose(notebook: NotebookNode) -> str:
    """Return the text of all markdown cells."""
    cells = (c.source for c in notebook.cells if c.cell_type == "markdown")
    return "\n\n".join(cells)


def first_line(cell: NotebookNode) -> str:
    """Return the first line that says something, to point at a cell."""
    lines = (line.strip() for line in cell.source.splitlines())
    return next((line for line in lines if line), "(empty cell)")


def bold_numbers(markdown: str) -> list[float]:
    """Return every number inside ``**...**``, code left out."""
    text = INLINE_CODE.sub("", FENCE.sub("", markdown))
    return [
        float(SEPARATORS.sub("", number).replace("−", "-"))
        for bold in BOLD.findall(text)
        for number in NUMBER.findall(bold)
    ]


def claimed_numbers(notebook: NotebookNode) -> list[float | None]:
    """Return each claim's `says`; None where it is not a plain number."""
    transform = TransformerManager().transform_cell
    claims = []
    for cell in code_cells(notebook):
        for node in ast.walk(ast.parse(transform(cell.source))):
            if isinstance(node, ast.Call) and _name(node.func) == "claim":
                says = [k.value for k in node.keywords if k.arg == "says"]
                claims += map(_literal, says or [None])
    return claims


def _name(function: ast.expr) -> str:
    return getattr(function, "id", getattr(function, "attr", ""))


def _literal(node: ast.expr | None) -> float | None:
    try:
        return float(ast.literal_eval(node))
    except (TypeError, ValueError):
        return None
