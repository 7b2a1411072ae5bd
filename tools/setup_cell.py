"""The first code cell of every notebook, the same in all of them.

Where `companion` is installed it does nothing. On Colab, which opens a
notebook without the rest of the repository, it fetches the repository,
installs the package and goes to the folder whose neighbour is `results/`,
where pages read stored runs.
"""

import nbformat
from nbformat import NotebookNode

from tools.project import repository_url

TAG = "remove-cell"  # of no use on the website, visible in a notebook
TEMPLATE = """\
# On Google Colab this fetches the book and installs its package; elsewhere
# it does nothing.
from importlib.util import find_spec

if find_spec("companion") is None:
    !git clone -q --depth 1 {url} lm-measured
    %pip install -q "./lm-measured[notebooks]"
    %cd -q lm-measured/book/results
"""


def setup_source() -> str:
    """Return the source that the cell must have."""
    return TEMPLATE.format(url=repository_url()).rstrip()


def is_setup_cell(cell: NotebookNode) -> bool:
    """Say whether a cell is a setup cell, up to date or not."""
    return cell.cell_type == "code" and 'find_spec("companion")' in cell.source


def write_setup_cell(notebook: NotebookNode) -> None:
    """Put the setup cell, up to date, after the first markdown cell."""
    first = next(
        (c for c in notebook.cells if c.cell_type == "code"),
        None,
    )
    if first is None or not is_setup_cell(first):
        first = nbformat.v4.new_code_cell()
        notebook.cells.insert(1, first)
    first.source = setup_source()
    first.metadata["tags"] = [TAG]
