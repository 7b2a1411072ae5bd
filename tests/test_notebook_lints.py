"""Each lint is silent on a good notebook and speaks on a bad one."""

import nbformat
import pytest
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
)

from tools import notebook_lints as lints
from tools.execute import STATE, code_hash, normalise, number_widgets
from tools.setup_cell import setup_source, write_setup_cell

VIEW = "application/vnd.jupyter.widget-view+json"
EXERCISE = """
:::{{exercise}}
:label: {label}
By hand: what is 1 + 1?
:::

:::{{solution-start}} {label}
:class: dropdown
:::

Two.

:::{{solution-end}}
:::
"""


def code(source, *outputs, **metadata):
    return new_code_cell(source, outputs=list(outputs), metadata=metadata)


def text(content):
    return new_output("stream", text=content)


def number(notebook):
    cells = lints.code_cells(notebook)
    for count, cell in enumerate(cells, start=1):
        cell.execution_count = count
    notebook.metadata["executed"] = code_hash(notebook)
    return notebook


@pytest.fixture
def good():
    figure = {
        "image": {"alt": "A line that rises."},
        "figure": {"caption": "A line.", "name": "fig-line"},
    }
    picture = new_output("display_data", {"image/svg+xml": "<svg/>"})
    exercises = [EXERCISE.format(label=f"sum-{i}") for i in range(3)]
    cells = [
        new_markdown_cell("# A page\n\nIt costs **1,234.5 nats**."),
        code(setup_source()),
        new_markdown_cell("The answer:"),
        code("# NBVAL_CHECK_OUTPUT\nprint(2)", text("2\n")),
        code('claim("cost", 1, says=1234.5, within=2)'),
        code("draw()", picture, mystnb=figure),
        new_markdown_cell("\n".join(exercises)),
    ]
    return number(new_notebook(cells=cells))


@pytest.mark.parametrize("lint", lints.LINTS, ids=lambda lint: lint.__name__)
def test_good_notebook_has_no_problem(good, lint):
    assert lint(good) == []


def insert(cell):
    return lambda notebook: notebook.cells.insert(3, cell)


def edit(index, old, new):
    def change(notebook):
        cell = notebook.cells[index]
        assert old in cell.source
        cell.source = cell.source.replace(old, new)

    return change


def output(value):
    def change(notebook):
        notebook.cells[3].outputs.append(value)

    return change


def settings(**value):
    def change(notebook):
        notebook.cells[5].metadata["mystnb"] = value

    return change


def drop_counts(notebook):
    notebook.cells[4].execution_count = None


def drop_outputs(notebook):
    for cell in lints.code_cells(notebook):
        cell.outputs = []


def spoil_format(notebook):
    notebook.cells[3].outputs[0]["name"] = 7


FAILED = new_output("error", ename="KeyError", evalue="", traceback=[])
HTML = new_output("display_data", {"text/html": "<a href='/home/me/x'>"})
ALT = {"alt": "A line."}
CAPTION = {"caption": "A line."}
BAD = [
    (lints.is_valid, spoil_format, "not a valid"),
    (lints.starts_with_title, edit(0, "# A", "A"), "begin with the one"),
    (lints.starts_with_title, edit(2, "The", "# The"), "begin with the one"),
    (lints.starts_with_title, lambda n: n.cells.pop(0), "markdown cell"),
    (lints.has_setup_cell, edit(1, "install", "uninstall"), "setup cell"),
    (lints.has_setup_cell, lambda n: n.cells.pop(1), "setup cell"),
    (lints.ran_in_order, drop_counts, "not run in order"),
    (lints.ran_in_order, drop_outputs, "no output is stored"),
    (lints.ran_in_order, output(FAILED), "ends in KeyError"),
    (lints.outputs_are_current, edit(3, "2", "3"), "code changed"),
    (lints.has_short_cells, insert(code("x = 1\n" * 31)), "31 lines"),
    (lints.alternates, insert(code("x = 1")), "put prose before"),
    (lints.is_small, output(text("a" * 600_000)), "bytes"),
    (lints.describes_figures, settings(), "image.alt"),
    (lints.describes_figures, settings(image=ALT), "figure.caption"),
    (
        lints.describes_figures,
        settings(image=ALT, figure=CAPTION),
        "figure.name",
    ),
    (lints.describes_figures, edit(2, "The", "![](a.svg)"), "in the prose"),
    (lints.describes_figures, edit(2, "The", "<img src=a>"), "in the prose"),
    (lints.claims_bold_numbers, edit(0, "1,234.5", "1,234.6"), "is bold"),
    (lints.claims_bold_numbers, edit(0, "**", ""), "but no bold"),
    (lints.claims_bold_numbers, edit(4, "1234.5", "known"), "plain number"),
    (lints.compares_an_output, edit(3, "NBVAL", ""), "NBVAL_CHECK_OUTPUT"),
    (lints.has_exercises, lambda n: n.cells.pop(), "0 exercises"),
    (lints.has_exercises, edit(6, ":class: dropdown", ""), "fold"),
    (lints.has_exercises, edit(6, ":label: sum-1", ""), "a :label:"),
    (lints.has_exercises, edit(6, "start} sum-2", "start} x"), "names x"),
    (lints.has_exercises, edit(6, "solution-end", "note"), "after each"),
    (lints.hides_the_machine, output(text("in /tmp/a1b2\n")), "/tmp/a1b2"),
    (lints.hides_the_machine, output(text("at 0x7f3a2b1c")), "0x7f3a2b1c"),
    (lints.hides_the_machine, output(HTML), "/home/me"),
]


@pytest.mark.parametrize(
    ("lint", "spoil", "message"),
    BAD,
    ids=[f"{lint.__name__}-{message}" for lint, _, message in BAD],
)
def test_bad_notebook_is_found(good, lint, spoil, message):
    spoil(good)
    assert any(message in problem for problem in lint(good))


def test_every_lint_has_a_bad_notebook():
    assert {lint for lint, _, _ in BAD} == set(lints.LINTS)


@pytest.mark.parametrize(
    ("markdown", "numbers"),
    [
        ("**0.441** nats", [0.441]),
        ("**12 %** and **−3.5**", [12, -3.5]),
        ("**12,800 words**, **1\u202f234\u202f567**", [12800, 1234567]),
        ("**2 to 3**", [2, 3]),
        ("**-1.5e-3.**", [-0.0015]),
        ("a **5-gram**, **GPT-2**, **LM1**, **v2.1.3**", []),
        ("`**3**` and 4 and *5*", []),
        ("```\n**3**\n```\n**6**", [6]),
        ("**two\n7** lines", [7]),
    ],
)
def test_bold_numbers(markdown, numbers):
    assert lints.bold_numbers(markdown) == numbers


def test_claims_are_found_beside_magics():
    source = '%matplotlib inline\n!ls\nclaim("a", x, says=-0.5, within=1)'
    cells = [code(source), code("claims.claim('b', x, within=1, says=2)")]
    assert lints.claimed_numbers(new_notebook(cells=cells)) == [-0.5, 2]


def test_setup_cell_is_renewed_not_repeated(good):
    good.cells[1].source = good.cells[1].source + "  # edited"
    write_setup_cell(good)
    write_setup_cell(good)
    assert lints.has_setup_cell(good) == []
    assert len(lints.code_cells(good)) == 4
    good.cells.pop(1)
    write_setup_cell(good)
    assert lints.has_setup_cell(good) == []


def test_normalising_twice_changes_nothing(good):
    good.cells[3].outputs = [text("1\n"), text("2\n")]
    good.cells[3].metadata["execution"] = {"iopub.status.busy": "now"}
    normalise(good)
    once = nbformat.writes(good)
    normalise(good)
    assert nbformat.writes(good) == once
    assert good.cells[3].outputs == [text("1\n2\n")]
    assert "iopub" not in once


def test_widget_ids_follow_the_page():
    def shown(ids):
        views = [new_output("display_data", {VIEW: {"model_id": ids[0]}})]
        layout = f"IPY_MODEL_{ids[1]}"
        state = {i: {"state": {"n": 1}} for i in ids}
        state[ids[0]] = {"state": {"layout": layout}}
        notebook = new_notebook(cells=[code("w", *views)])
        notebook.cells[0].id = "w"
        notebook.metadata["widgets"] = {STATE: {"state": state}}
        return nbformat.writes(number_widgets(notebook))

    first = shown(["a" * 32, "b" * 32, "c" * 32])
    assert first == shown(["f" * 32, "e" * 32, "d" * 32])
    assert f"{0:032x}" in first and "c" * 32 not in first
