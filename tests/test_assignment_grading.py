"""Grading: one batch an assignment, for real, by the command line.

The reference solution, the untouched student version, a student each for some
of the planted bugs, and, of the first assignment, notebooks that are broken in
many ways.
"""

import csv
import math
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from assigned import (
    CHEATED,
    CHEATS,
    NAME,
    POINTS,
    ROOT,
    SOURCE,
    TIMEOUT,
    by_hand,
    cell,
    planted,
    points,
    read_source,
    release_of,
    solved,
)
from planted_bugs import BUGS, GRADED

from tools import assignments, grading, repairing
from tools.nbgrader_steps import LimitedExecute

# --- grading: one batch, for real ----------------------------------------


def broken(release: Path) -> dict[str, nbformat.NotebookNode]:
    """Notebooks that grading must survive."""
    syntax, endless, deleted, cheat, killed = (solved() for _ in range(5))
    cell(syntax, "log-prob").source += "\n    return )"
    cell(endless, "neural").source = cell(endless, "neural").source.replace(
        "return [start, *ids], [*ids, end]", "while True: pass"
    )
    gone = {"1-end", "add-k", "3-vocabulary", "3-limits", "setup"}
    deleted.cells = [one for one in deleted.cells if one.id not in gone]
    cell(cheat, "ngrams").source = "def ngrams(words, n): return []"
    cell(cheat, "1-history").source = "print('all is well')"
    cell(cheat, "1-end").metadata["nbgrader"]["points"] = 40
    cell(cheat, "2-count").metadata["nbgrader"] = "?"
    cell(cheat, "text-part-9").source += "\n"
    extra = nbformat.v4.new_code_cell("from companion.ngrams import AddK")
    cheat.cells.insert(9, extra)
    cell(killed, "perplexity").source = "import os; os._exit(1)"
    return {
        "syntax": syntax,
        "endless": endless,
        "deleted": deleted,
        "cheat": cheat,
        "killed": killed,
        "untouched": nbformat.read(release, as_version=4),
    }


@pytest.fixture(scope="module")
def batch(generated, tmp_path_factory) -> Path:
    """Grade everybody in one run of the command; return its folder."""
    folder = tmp_path_factory.mktemp("class")
    hand_in = folder / "handed in"
    everybody = {"Zoë Reference": solved()}
    everybody |= {name: planted(name) for name in GRADED[NAME]}
    everybody |= broken(release_of(generated))
    for number, (student, notebook) in enumerate(everybody.items()):
        place = hand_in / student / NAME / SOURCE.name
        if number % 2:  # a file is as good as a folder
            place = hand_in / f"{student}.ipynb"
        place.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, place)
    (hand_in / "half.ipynb").write_text('{"cells": [')
    (hand_in / "old.ipynb").write_text("{}")
    (hand_in / "empty").mkdir()
    (hand_in / "two").mkdir()
    (hand_in / "two" / "a.ipynb").write_text("{}")
    (hand_in / "two" / "b.ipynb").write_text("{}")
    (hand_in / "list.pdf").write_text("")
    marks = folder / "marks.csv"
    marks.write_text(
        "student,cell,points,comment\n"
        "Zoë Reference,9-discussion,8.5,A fine example\n"
        "half,9-discussion,3,On paper\n",
        encoding="utf-8",
    )
    done = run(
        "--root", generated, "grade", hand_in, "--out", folder / "graded",
        "--assignment", NAME, "--marks", marks, "--timeout", TIMEOUT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (folder / "said").write_text(done.stdout)
    return folder


def run(*arguments: object) -> subprocess.CompletedProcess:
    command = [sys.executable, str(ROOT / "tools" / "assignments.py")]
    return subprocess.run(
        [*command, *map(str, arguments)], capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def rows(batch) -> dict[str, dict[str, str]]:
    with open(batch / "graded" / "grades.csv", encoding="utf-8") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def read_cells(graded: Path) -> dict[str, dict[str, str]]:
    """student -> test cell -> points."""
    table: dict = {}
    with open(graded / "cells.csv", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            table.setdefault(row["student"], {})[row["cell"]] = row["points"]
    return table


@pytest.fixture(scope="module")
def cells(batch) -> dict[str, dict[str, str]]:
    return read_cells(batch / "graded")


def lost(cells: dict[str, str], assignment: str = NAME) -> set[str]:
    """The autograded cells that did not get all their points."""
    notebook = read_source(assignment)
    return {
        name
        for name, most in points(notebook).items()
        if name != by_hand(notebook) and float(cells[name]) != most
    }


def test_reference_solution_gets_full_marks(rows, cells):
    row = rows["Zoë Reference"]
    assert lost(cells["Zoë Reference"]) == set()
    assert (row["status"], row["notes"], row["waiting"]) == ("graded", "", "0")
    assert (row["total"], row["max"], row["part 9"]) == ("48.5", "50", "8.5")


def test_untouched_student_version_gets_nothing(rows, cells):
    assert set(cells["untouched"].values()) == {"0"}
    assert rows["untouched"]["total"] == "0"
    assert rows["untouched"]["waiting"] == "0"


@pytest.mark.parametrize("name", GRADED[NAME])
def test_planted_bug_loses_its_points_and_no_others(name, rows, cells):
    expected = BUGS[NAME][name][-1]
    most = points(read_source())
    assert lost(cells[name]) == expected
    assert all(cells[name][test] == "0" for test in expected)
    left = 40 - sum(most[test] for test in expected)
    assert float(rows[name]["total"]) == left
    assert rows[name]["part 9"] == "" and rows[name]["waiting"] == "10"


@pytest.mark.parametrize(
    ("name", "missing", "note"),
    [
        (
            "syntax",
            {"4-nats", "4-long", "4-zero"},
            "log-prob: SyntaxError",
        ),
        ("endless", {"6-shift"}, "6-shift: out of time"),
        (
            "deleted",
            {"3-vocabulary", "3-sums-to-one", "3-limits"},
            "cells put back: setup, 1-end, add-k, 3-vocabulary, 3-limits",
        ),
        (
            "cheat",
            {"1-history", "1-end"},
            "changed tests put back: 1-history",
        ),
        ("cheat", {"1-history", "1-end"}, "imports companion.ngrams"),
    ],
)
def test_broken_notebook_loses_what_is_broken(
    name, missing, note, rows, cells
):
    assert rows[name]["status"] == "graded"
    assert lost(cells[name]) == missing
    assert note in rows[name]["notes"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("killed", "kernel died"),
        ("half", "half.ipynb is not a notebook"),
        ("old", "old.ipynb is not a notebook"),
        ("empty", "no notebook"),
        ("two", "several notebooks: a.ipynb, b.ipynb"),
    ],
)
def test_hopeless_notebook_has_a_row_that_says_why(name, reason, rows):
    assert rows[name]["status"].startswith("not graded: ")
    assert reason in rows[name]["status"].lower()
    by_hand = "3" if name == "half" else "0"  # those points stay
    assert rows[name]["total"] == by_hand


def test_progress_is_shown(batch, rows):
    said = (batch / "said").read_text()
    assert "ignored list.pdf" in said
    assert f"[{len(rows)}/{len(rows)}]" in said
    for student in rows:
        assert f"] {student}: " in said


def test_feedback_shows_points_and_the_comment(batch):
    pages = batch / "graded" / "feedback"
    page = (pages / "Zoë Reference.html").read_text(encoding="utf-8")
    assert "48.5" in page and "A fine example" in page
    page = (pages / "mean-of-means.html").read_text(encoding="utf-8")
    assert "AssertionError" in page
    assert not (pages / "half.html").exists()


def test_results_are_not_overwritten(batch, generated):
    done = run(
        "--root", generated, "grade", batch / "handed in", "--out",
        batch / "graded", "--assignment", NAME,
    )  # fmt: skip
    assert done.returncode == 2
    assert "is not empty; pass --force to overwrite" in done.stderr


# --- grading: the later assignments, for real ----------------------------


@pytest.fixture(scope="module", params=[n for n in POINTS if n != NAME])
def later(request, generated, tmp_path_factory) -> tuple[str, Path]:
    """Grade a small class; return the assignment and the results' folder."""
    name = request.param
    folder = tmp_path_factory.mktemp(name)
    hand_in = folder / "handed in"
    hand_in.mkdir()
    everybody = {bug: planted(bug, name) for bug in GRADED[name]}
    for notebook in everybody.values():  # the reference runs them
        cell(notebook, "results").source = ""
    extra = nbformat.v4.new_code_cell(CHEATS[name])
    everybody[GRADED[name][0]].cells.append(extra)
    everybody["reference"] = solved(name)
    everybody["untouched"] = nbformat.read(release_of(generated, name), 4)
    for student, notebook in everybody.items():
        nbformat.write(notebook, hand_in / f"{student}.ipynb")
    command = [
        "--root", generated, "grade", hand_in, "--out", folder / "graded",
        "--assignment", name, "--timeout", 4 * TIMEOUT,
    ]  # fmt: skip
    assert assignments.main(list(map(str, command))) == 0
    return name, folder / "graded"


def test_later_assignments_are_graded_exactly(later):
    name, graded = later
    cells, most = read_cells(graded), points(read_source(name))
    full, manual = POINTS[name]
    with open(graded / "grades.csv", encoding="utf-8") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    for bug in GRADED[name]:
        expected = BUGS[name][bug][-1]
        assert lost(cells[bug], name) == expected, bug
        left = full - manual - sum(most[test] for test in expected)
        assert float(rows[bug]["total"]) == left, bug
    reference = rows["reference"]
    assert float(reference["total"]) == full - manual
    assert float(reference["waiting"]) == manual
    assert (reference["status"], reference["notes"]) == ("graded", "")
    assert set(cells["untouched"].values()) == {"0"}
    assert rows[GRADED[name][0]]["notes"] == CHEATED[name]


# --- the tools' own errors -----------------------------------------------


def test_a_notebook_out_of_time_fails_its_other_cells():
    """Without an error, nbgrader would give full points to an unrun cell."""
    runner = LimitedExecute()
    runner.deadline = -math.inf
    one = nbformat.v4.new_code_cell("assert True")
    one, _ = runner.preprocess_cell(one, {}, 0)
    assert one.outputs[0].ename == "CellTimeoutError"


def test_assignment_must_be_named_where_there_are_several(capsys, tmp_path):
    out = str(tmp_path / "out")
    assert assignments.main(["grade", str(tmp_path), "--out", out]) == 2
    said = capsys.readouterr().err
    assert f"say which with --assignment: {', '.join(POINTS)}" in said


def test_assignment_that_is_not_there(generated):
    with pytest.raises(
        FileNotFoundError, match="there are: 1-language-models"
    ):
        assignments.source_notebook(generated, "2-nothing")


def test_assignment_with_two_notebooks(tmp_path):
    folder = tmp_path / "source" / "x"
    folder.mkdir(parents=True)
    with pytest.raises(ValueError, match="exactly one notebook"):
        assignments.source_notebook(tmp_path, "x")
    for name in ("a", "b"):
        (folder / f"{name}.ipynb").touch()
    with pytest.raises(ValueError, match=r"has: a\.ipynb, b\.ipynb"):
        assignments.source_notebook(tmp_path, "x")


def test_no_submissions(tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder of submissions"):
        repairing.find(tmp_path / "nowhere", SOURCE.name)
    with pytest.raises(FileNotFoundError, match="no folder and no notebook"):
        repairing.find(tmp_path, SOURCE.name)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("student,points\na,1\n", "lacks the column cell"),
        ("student,cell,points\na,9-discussion,ten\n", "line 2 has 'ten'"),
    ],
)
def test_marks_that_cannot_be_read(tmp_path, text, message):
    path = tmp_path / "marks.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        grading.read_marks(path)


@pytest.mark.parametrize(
    ("student", "name", "given", "message"),
    [
        ("nobody", "9-discussion", 5, "'nobody', who handed in nothing"),
        ("ann", "10-extra", 5, "the cell '10-extra'; graded cells are"),
        ("ann", "9-discussion", 11, "from 0 to 10, 'ann' has 11"),
        ("ann", "9-discussion", math.nan, "from 0 to 10, 'ann' has nan"),
    ],
)
def test_marks_that_fit_nothing(student, name, given, message):
    marks = {student: {name: grading.Mark(given)}}
    most = points(read_source())
    with pytest.raises(ValueError, match=message):
        grading.check_marks(marks, {"ann": "no notebook"}, most)


def test_pins_agree_with_the_book():
    def pins(path: Path) -> dict[str, str]:
        found = re.findall(r"^([\w.-]+)==(\S+)", path.read_text(), re.M)
        return dict(found)

    ours = pins(ROOT / "assignments" / "requirements.txt")
    book = pins(ROOT / "requirements.txt")
    assert ours["nbgrader"]
    assert ours == {name: book[name] for name in ours}
