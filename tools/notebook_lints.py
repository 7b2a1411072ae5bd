"""What every notebook of the book must satisfy.

A lint takes a notebook and returns its problems, each a sentence that says
what to do. `tests/test_notebooks.py` applies them all to every notebook.
"""

import math
import re
from collections.abc import Callable, Iterator

import nbformat
from nbformat import NotebookNode

from tools.execute import is_current
from tools.notebook_text import (
    FENCE,
    bold_numbers,
    claimed_numbers,
    code_cells,
    first_line,
    prose,
)
from tools.setup_cell import is_setup_cell, setup_source

MAX_LINES = 30
MAX_RUN = 3
MAX_BYTES = 500_000
EXERCISES = range(3, 6)

DIRECTIVE = re.compile(
    r"^ *[`:]{3,}\{(exercise|solution-start|solution-end)\} *(\S*)"
    r"((?:\n *:[\w-]+:.*)*)",
    re.M,
)
MACHINE_PATH = re.compile(
    r"(?<![\w.])/(?:home|Users|work|root|tmp|private)/[\w.]+"
)
ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")
MARKDOWN_IMAGE = re.compile(r"!\[\s*\]\(|<img(?![^>]*\balt=\"[^\"]+\")[^>]*>")

Lint = Callable[[NotebookNode], list[str]]


def is_valid(notebook: NotebookNode) -> list[str]:
    """The file follows the notebook format."""
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        return [f"not a valid notebook: {error.message}"]
    return []


def starts_with_title(notebook: NotebookNode) -> list[str]:
    """The first cell is markdown and begins with the only `# Title`."""
    first = notebook.cells[0] if notebook.cells else None
    if first is None or first.cell_type != "markdown":
        return ["begin with a markdown cell: `# Title`"]
    titles = re.findall(r"^# .+", FENCE.sub("", prose(notebook)), re.M)
    if not first.source.startswith("# ") or len(titles) != 1:
        return [f"begin with the one `# Title`, found {titles}"]
    return []


def has_setup_cell(notebook: NotebookNode) -> list[str]:
    """The first code cell is the setup cell, the same in every notebook."""
    cells = code_cells(notebook)
    if not cells or cells[0].source != setup_source():
        return ["the first code cell is not the setup cell: `make execute`"]
    return []


def ran_in_order(notebook: NotebookNode) -> list[str]:
    """Every code cell ran, from 1 to n, without error, outputs kept."""
    cells = code_cells(notebook)
    counts = [cell.execution_count for cell in cells]
    problems = []
    if counts != list(range(1, len(cells) + 1)):
        problems.append(f"not run in order: `make execute` (found {counts})")
    if not any(cell.outputs for cell in cells):
        problems.append("no output is stored: `make execute`")
    problems += [
        f"a cell ends in {output.ename}: `{first_line(cell)}`"
        for cell in cells
        for output in cell.outputs
        if output.output_type == "error"
        and "raises-exception" not in cell.metadata.get("tags", [])
    ]
    return problems


def outputs_are_current(notebook: NotebookNode) -> list[str]:
    """The stored outputs were made by the code that is there now."""
    if is_current(notebook):
        return []
    return ["the code changed after it ran: `make execute`"]


def has_short_cells(notebook: NotebookNode) -> list[str]:
    """No cell has more than 30 lines."""
    return [
        f"split the cell of {count} lines at `{first_line(cell)}`"
        for cell in code_cells(notebook)
        if (count := len(cell.source.splitlines())) > MAX_LINES
    ]


def alternates(notebook: NotebookNode) -> list[str]:
    """At most three code cells follow each other without prose."""
    problems, run = [], 0
    for cell in notebook.cells:
        counts = cell.cell_type == "code" and not is_setup_cell(cell)
        run = run + 1 if counts else 0
        if run == MAX_RUN + 1:
            problems.append(f"put prose before `{first_line(cell)}`")
    return problems


def is_small(notebook: NotebookNode) -> list[str]:
    """The file has at most 500 kB."""
    size = len(nbformat.writes(notebook).encode())
    if size > MAX_BYTES:
        return [f"{size:,} bytes: show less, or draw fewer points"]
    return []


def has_image(cell: NotebookNode) -> bool:
    """Say whether a code cell's outputs hold a picture."""
    kinds = (kind for out in cell.outputs for kind in out.get("data", {}))
    return any(kind.startswith("image/") for kind in kinds)


def describes_figures(notebook: NotebookNode) -> list[str]:
    """Every figure has an alt text, a caption and a name `fig-...`."""
    problems = []
    for cell in filter(has_image, code_cells(notebook)):
        settings = cell.metadata.get("mystnb", {})
        figure = settings.get("figure", {})
        where = f"of the cell `{first_line(cell)}`"
        if not settings.get("image", {}).get("alt", "").strip():
            problems.append(f"set mystnb.image.alt in the metadata {where}")
        if not figure.get("caption", "").strip():
            problems.append(f"set mystnb.figure.caption {where}")
        if not figure.get("name", "").startswith("fig-"):
            problems.append(f"set mystnb.figure.name to fig-... {where}")
    if MARKDOWN_IMAGE.search(prose(notebook)):
        problems.append("an image in the prose has no alt text")
    return problems


def claims_bold_numbers(notebook: NotebookNode) -> list[str]:
    """Bold numbers and claims are the same numbers."""
    bold, says = bold_numbers(prose(notebook)), claimed_numbers(notebook)
    problems = ["write says=... as a plain number"] * says.count(None)
    claimed = [number for number in says if number is not None]
    problems += [
        f"**{number:g}** is bold, but no claim(..., says={number:g})"
        for number in bold
        if not _among(number, claimed)
    ]
    return problems + [
        f"claim(..., says={number:g}), but no bold **{number:g}**"
        for number in claimed
        if not _among(number, bold)
    ]


def _among(number: float, others: list[float]) -> bool:
    return any(math.isclose(number, x, rel_tol=1e-12) for x in others)


def compares_an_output(notebook: NotebookNode) -> list[str]:
    """At least one cell's output is compared with the stored one."""
    if any("NBVAL_CHECK_OUTPUT" in c.source for c in code_cells(notebook)):
        return []
    return ["no cell carries `# NBVAL_CHECK_OUTPUT`"]


def has_exercises(notebook: NotebookNode) -> list[str]:
    """Three to five exercises, each with its folded solution after it."""
    found = [m.groups() for m in DIRECTIVE.finditer(prose(notebook))]
    exercises = [options for kind, _, options in found if kind == "exercise"]
    problems = []
    if len(exercises) not in EXERCISES:
        problems.append(f"{len(exercises)} exercises, not three to five")
    expected = [
        kind
        for _ in exercises
        for kind in ("exercise", "solution-start", "solution-end")
    ]
    if [kind for kind, _, _ in found] != expected:
        problems.append(
            "after each {exercise} put {solution-start} ... {solution-end}"
        )
    return problems + list(_solution_problems(found))


def _solution_problems(found: list[tuple[str, str, str]]) -> Iterator[str]:
    label = None
    for kind, argument, options in found:
        if kind == "exercise":
            named = re.search(r":label: *(\S+)", options)
            label = named and named.group(1)
            if not label:
                yield "give each {exercise} a :label:"
        elif kind == "solution-start":
            if label and argument != label:
                yield f"the solution of {label} names {argument or 'none'}"
            if not re.search(r":class:.*\bdropdown\b", options):
                yield f"fold the solution of {argument}: `:class: dropdown`"


def output_texts(notebook: NotebookNode) -> Iterator[str]:
    """Yield the texts of stored outputs, pictures left out."""
    for cell in code_cells(notebook):
        for output in cell.outputs:
            yield output.get("text", "")
            for kind, value in output.get("data", {}).items():
                if kind.startswith("text/"):
                    yield value


def hides_the_machine(notebook: NotebookNode) -> list[str]:
    """No stored output names a folder or an address of one machine."""
    return [
        f"an output shows {found}: print something else"
        for text in output_texts(notebook)
        for pattern in (MACHINE_PATH, ADDRESS)
        for found in pattern.findall(text)
    ]


LINTS: list[Lint] = [
    is_valid,
    starts_with_title,
    has_setup_cell,
    ran_in_order,
    outputs_are_current,
    has_short_cells,
    alternates,
    is_small,
    describes_figures,
    claims_bold_numbers,
    compares_an_output,
    has_exercises,
    hides_the_machine,
]
