"""The assignments: no answers in the student version, tests that find errors.

Every planted bug is run against the tests in this process, which is quick.
"""

import ast
import re
from pathlib import Path

import nbformat
import pytest
from assigned import (
    NAME,
    PLAIN,
    POINTS,
    SOURCE,
    by_hand,
    cell,
    failures,
    planted,
    points,
    read_source,
    release_of,
    solved,
)
from planted_bugs import BUGS

from tools import assignments, repairing
from tools.setup_cell import is_setup_cell, setup_source

# --- the source ----------------------------------------------------------


@pytest.mark.parametrize("assignment", POINTS)
def test_points_add_up_as_the_first_page_says(assignment):
    notebook = read_source(assignment)
    table = cell(notebook, "text-intro").source
    said = dict(re.findall(r"^\| (\d) \|.*\| (\d+) \|$", table, re.MULTILINE))
    parts: dict[str, float] = {}
    for name, most in points(notebook).items():
        parts[name[0]] = parts.get(name[0], 0) + most
    assert {part: float(p) for part, p in said.items()} == parts
    assert sum(parts.values()) == POINTS[assignment][0]
    for part, most in parts.items():
        heading = cell(notebook, f"text-part-{part}").source.splitlines()[0]
        assert f"({most:g} points" in heading


@pytest.mark.parametrize("assignment", POINTS)
def test_source_is_clean(assignment):
    notebook = read_source(assignment)
    nbformat.validate(notebook)
    assert sum(map(is_setup_cell, notebook.cells)) == 1
    for one in notebook.cells:
        if one.cell_type == "code":
            assert not one.outputs and one.execution_count is None, one.id
        if one.cell_type == "code" and not is_setup_cell(one):
            assert max(map(len, one.source.splitlines())) <= 79, one.id
        data = one.metadata.get("nbgrader", {})
        if data.get("grade") and one.cell_type == "code":
            last = ast.parse(one.source).body[-1]
            # nbgrader would read its value as a number of points
            assert not isinstance(last, ast.Expr), one.id
            assert f"# {data['points']} point" in one.source, one.id


# --- generating ----------------------------------------------------------


@pytest.mark.parametrize("assignment", POINTS)
def test_student_version_has_no_answers(generated, assignment):
    release = release_of(generated, assignment)
    text = release.read_text()
    assert "SOLUTION" not in text and "HIDDEN" not in text
    student = nbformat.read(release, as_version=4)
    full = read_source(assignment)
    assert [c.id for c in student.cells] == [c.id for c in full.cells]
    (setup,) = filter(is_setup_cell, student.cells)
    assert setup.source == setup_source()
    given = {
        line.strip()
        for one in student.cells
        for line in one.source.splitlines()
    }
    secret = re.compile(
        r"### BEGIN (SOLUTION|HIDDEN TESTS)\n(.*?)### END", re.DOTALL
    )
    lines = {
        line.strip()
        for one in full.cells
        for _, body in secret.findall(one.source)
        for line in body.splitlines()
        if len(line.strip()) > 12  # not `return`, `)`, `else:`
    }
    assert len(lines) > 100
    assert lines & given == set()
    model_answer = cell(full, by_hand(full)).source.splitlines()
    assert given.isdisjoint({x.strip() for x in model_answer if x.strip()})


def test_generating_again_changes_nothing(generated):
    releases = [release_of(generated, name) for name in POINTS]
    before = [release.stat().st_mtime_ns for release in releases]
    assert list(assignments.generate(generated)) == [
        f"{release.stem}: {release} is up to date" for release in releases
    ]
    assert [release.stat().st_mtime_ns for release in releases] == before


@pytest.fixture
def target(tmp_path) -> Path:
    """A generated file, in a folder `release` with its record."""
    target = tmp_path / "release" / NAME / SOURCE.name
    target.parent.mkdir(parents=True)
    assert put(b"first", target) == f"wrote {target}"
    return target


def put(data: bytes, target: Path) -> str:
    return assignments.place(data, target, target.parents[1])


def test_generating_again_never_overwrites_work(target):
    target.write_bytes(b"work")
    beside = target.with_suffix(".new.ipynb")
    said = f"kept {target}, which somebody has changed; "
    assert put(b"second", target) == f"{said}wrote {beside}"
    assert target.read_bytes() == b"work"
    assert put(b"third", target) == f"{said}wrote {beside}"
    assert beside.read_bytes() == b"third"
    # the copy beside may be somebody's work too
    beside.write_bytes(b"more work")
    last = target.with_suffix(".new-2.ipynb")
    assert put(b"fourth", target) == f"{said}wrote {last}"
    assert put(b"fourth", target) == f"{said}{last} is up to date"
    files = [target, beside, last]
    assert sorted(target.parent.iterdir()) == sorted(files)
    texts = [path.read_bytes() for path in files]
    assert texts == [b"work", b"more work", b"fourth"]


def test_generating_replaces_what_nobody_changed(target):
    assert put(b"second", target) == f"wrote {target}"
    assert list(target.parent.iterdir()) == [target]
    assert target.read_bytes() == b"second"


def test_a_file_of_unknown_origin_is_somebodys_work(target):
    (target.parents[1] / assignments.RECORD).unlink()
    assert "which somebody has changed" in put(b"second", target)
    assert target.read_bytes() == b"first"


def test_work_that_was_deleted_is_generated_again(target):
    target.unlink()
    assert put(b"first", target) == f"wrote {target}"


# --- planted bugs, without a kernel --------------------------------------


PLANTED = [
    (assignment, bug) for assignment in BUGS for bug in BUGS[assignment]
]


@pytest.mark.parametrize(("assignment", "name"), PLANTED)
def test_planted_bug_fails_its_tests_and_no_others(assignment, name):
    lost = failures(planted(name, assignment), assignment)
    assert lost == BUGS[assignment][name][-1]


@pytest.mark.parametrize("assignment", POINTS)
def test_reference_solution_fails_no_test(assignment):
    assert failures(solved(assignment), assignment) == set()


@pytest.mark.parametrize("assignment", POINTS)
def test_every_test_is_failed_by_a_planted_bug(assignment):
    """But for those that only look at the plainest case; they are listed."""
    caught = set().union(*(bug[-1] for bug in BUGS[assignment].values()))
    notebook = read_source(assignment)
    graded = set(points(notebook)) - {by_hand(notebook)}
    assert graded - caught == PLAIN[assignment]


# --- finished solutions --------------------------------------------------


@pytest.mark.parametrize(
    ("code", "note"),
    [
        ("nn.MultiheadAttention(8, 2)", "uses MultiheadAttention"),
        ("layer = nn.TransformerDecoderLayer(8, 2)", "uses Transformer"),
        ("nn.Transformer()", "uses nn.Transformer"),
        ("torch.nn.LayerNorm(8)", "uses LayerNorm"),
        ("F.rms_norm(x, (8,))", "uses F.rms_norm"),
        ("import transformers", "imports transformers"),
        ("from companion.generation import top_p", "imports companion.gen"),
    ],
)
def test_finished_layers_are_reported(generated, code, note):
    release = nbformat.read(release_of(generated, "4-architectures"), 4)
    student = solved("4-architectures")
    assert repairing.repair(student, release)[1] == []
    student.cells.append(nbformat.v4.new_code_cell(code))
    (found,) = repairing.repair(student, release)[1]
    assert found.startswith(note)
