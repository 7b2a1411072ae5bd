"""The assignments: no answers in the student version, exact grading.

Every planted bug is run against the tests in this process, which is quick. One
batch is then graded for real, by the command line: the reference solution,
the untouched student version, a student each for some of the planted bugs,
and notebooks that are broken in many ways.
"""

import ast
import csv
import math
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import nbformat
import numpy as np
import pytest

from companion.ngrams import AddK, KneserNey, NGramModel
from companion.tokenization import Vocabulary
from tools import assignments, grading, repairing
from tools.nbgrader_steps import LimitedExecute
from tools.setup_cell import is_setup_cell, setup_source

ROOT = Path(__file__).resolve().parents[1]
NAME = "1-language-models"
SOURCE = ROOT / "assignments" / "source" / NAME / f"{NAME}.ipynb"
TIMEOUT = 15  # seconds a cell; the slowest takes one

# Planted bugs: a solution cell, what it says, what it says instead, and the
# test cells that must be lost by it, and no others.
BUGS = {
    "history-too-long": (  # the word itself is in its history
        "ngrams",
        "tuple(padded[i : i + n - 1])",
        "tuple(padded[i : i + n])",
        {"1-history"},
    ),
    "no-end-symbol": (  # E-09
        "ngrams",
        "for i in range(len(words) + 1)",
        "for i in range(len(words))",
        {"1-end"},
    ),
    "counts-start": (  # V is one too large
        "add-k",
        "known | {END, UNKNOWN}",
        "known | {START, END, UNKNOWN}",
        {"3-vocabulary"},
    ),
    "unnormalised": (  # V is the number of words seen after the history
        "add-k",
        "k * len(known)",
        "k * max(len(following), 1)",
        {"3-sums-to-one"},
    ),
    "base-2": (
        "log-prob",
        "math.log(p) if p > 0",
        "math.log2(p) if p > 0",
        {"4-nats"},
    ),
    "product": (  # underflows
        "log-prob",
        """\
    total = 0.0
    for history, word in pairs:
        p = probability(history, word)
        total += math.log(p) if p > 0 else -math.inf
    return total""",
        """\
    p = math.prod(probability(*pair) for pair in pairs)
    return math.log(p) if p > 0 else -math.inf""",
        {"4-long"},
    ),
    "mean-of-means": (  # E-19
        "perplexity",
        "return math.exp(-total / sum(len(sentence) for sentence in scores))",
        "return math.exp(-np.mean([np.mean(each) for each in scores]))",
        {"5-corpus"},
    ),
    "predicts-itself": (  # E-08
        "neural",
        "return [start, *ids], [*ids, end]",
        "return [*ids, end], [*ids, end]",
        {"6-shift"},
    ),
    "overflow": (
        "neural",
        "shifted = logits - logits.max(axis=-1, keepdims=True)",
        "shifted = logits",
        {"6-overflow"},
    ),
    "all-classes": (  # E-26
        "neural",
        "return float(np.exp(-chosen.mean()))",
        "return float(np.exp(-log_probs[mask].sum() / mask.sum()))",
        {"6-target"},
    ),
    "padding-counts": (
        "neural",
        "rows, columns = np.nonzero(mask)",
        "rows, columns = np.nonzero(np.ones_like(mask))",
        {"6-padding"},
    ),
    "raw-counts": (  # occurrences for continuation counts
        "kneser-ney",
        "word for after in counts.values() for word in after",
        "w for after in counts.values() for w in Counter(after).elements()",
        {"7-continuation"},
    ),
    "lost-discount": (  # takes off, does not hand down
        "kneser-ney",
        "return kept + discount * len(following) / total * below",
        "return kept + discount / total * below",
        {"7-kneser-ney"},
    ),
    "trained-on-test": (  # E-18
        "experiment",
        "for words in held_out:",
        "for words in train:",
        {"8-held-out", "8-value"},
    ),
    "vocabulary-leak": (
        "experiment",
        "known = vocabulary(train, 2)",
        "known = vocabulary(train + held_out, 2)",
        {"8-value"},
    ),
}


# Those that are also graded for real; each of these takes seconds.
GRADED = (
    "history-too-long",
    "no-end-symbol",
    "unnormalised",
    "base-2",
    "mean-of-means",
    "overflow",
    "all-classes",
    "raw-counts",
    "trained-on-test",
)


def read_source() -> nbformat.NotebookNode:
    return nbformat.read(SOURCE, as_version=4)


def cell(notebook: nbformat.NotebookNode, name: str) -> nbformat.NotebookNode:
    return next(c for c in notebook.cells if c.id == name)


def points(notebook: nbformat.NotebookNode) -> dict[str, float]:
    return grading.maximum(notebook)


def without_tests(source: str) -> str:
    """What a student's test cell holds: the hidden lines are not there."""
    hidden = r"### BEGIN HIDDEN TESTS\n.*?### END HIDDEN TESTS"
    return re.sub(hidden, "", source, flags=re.DOTALL).rstrip() + "\n"


def solved() -> nbformat.NotebookNode:
    """The reference solution as a student would hand it in."""
    notebook = read_source()
    for one in notebook.cells:
        one.source = without_tests(one.source)
    return notebook


def planted(name: str) -> nbformat.NotebookNode:
    place, right, wrong, _ = BUGS[name]
    notebook = solved()
    target = cell(notebook, place)
    assert target.source.count(right) == 1, f"{name}: nothing to replace"
    target.source = target.source.replace(right, wrong)
    return notebook


# --- the source ----------------------------------------------------------


@pytest.fixture(scope="module")
def solution() -> dict:
    """The names that the reference solution defines, and its two corpora."""
    names: dict = {}
    for one in read_source().cells:
        if one.cell_type == "code" and not is_setup_cell(one):
            exec(one.source, names)
    return names


def test_kneser_ney_matches_nltk(solution):
    lm = pytest.importorskip("nltk.lm")
    texts = [text[:200] for text in solution["pages"][:4]]
    padded = [["<s>", *text, "</s>"] for text in texts]
    theirs = lm.KneserNeyInterpolated(order=2, discount=0.75)
    grams = [[*((w,) for w in text), *pairwise(text)] for text in padded]
    theirs.fit(grams, {word for text in padded for word in text})
    pairs = [p for text in texts for p in solution["ngrams"](text, 2)]
    counts = solution["count"](pairs)
    lower = solution["continuation"](counts)
    for history, word in pairs[::7]:
        ours = solution["kneser_ney"](counts, history, word, lower)
        assert math.isclose(ours, theirs.score(word, history), rel_tol=1e-9)


@pytest.mark.parametrize("corpus", ["stories", "pages"])
def test_perplexity_matches_companion(solution, corpus):
    texts, new = solution[corpus][:60], solution[f"new_{corpus}"][:20]
    known = solution["vocabulary"](texts, 2)

    def replaced(each):
        return [solution["replace_unknown"](words, known) for words in each]

    words = Vocabulary.build(replaced(texts))
    smoothing = KneserNey(discount=0.75)
    model = NGramModel.train(replaced(texts), 2, smoothing, words)
    ours = solution["held_out_perplexity"](texts, new)
    assert math.isclose(ours, model.perplexity(replaced(new)), rel_tol=1e-9)


def test_add_k_matches_companion(solution):
    texts = solution["stories"][:20]
    known = solution["vocabulary"](texts, 1)
    pairs = [p for text in texts for p in solution["ngrams"](text, 2)]
    counts = solution["count"](pairs)
    model = NGramModel.train(texts, 2, AddK(k=0.5))
    for history, word in pairs[::50]:
        ours = solution["add_k"](counts, history, word, known, 0.5)
        theirs = model.probability(word, [w for w in history if w != "<s>"])
        assert math.isclose(ours, theirs, rel_tol=1e-9)


def test_results_are_finite_and_training_text_is_easier(solution):
    measure = solution["held_out_perplexity"]
    for corpus in ("stories", "pages"):
        old, new = solution[corpus], solution[f"new_{corpus}"]
        assert 1 < measure(old, old) < measure(old, new) < 1000


def test_points_add_up_as_the_first_page_says():
    notebook = read_source()
    table = cell(notebook, "text-intro").source
    said = dict(re.findall(r"^\| (\d) \|.*\| (\d+) \|$", table, re.MULTILINE))
    parts: dict[str, float] = {}
    for name, most in points(notebook).items():
        parts[name[0]] = parts.get(name[0], 0) + most
    assert {part: float(p) for part, p in said.items()} == parts
    assert sum(parts.values()) == 50
    for part, most in parts.items():
        heading = cell(notebook, f"text-part-{part}").source.splitlines()[0]
        assert f"({most:g} points" in heading


def test_source_is_clean():
    notebook = read_source()
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


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """A copy of assignments/ in which the student version is generated."""
    root = tmp_path_factory.mktemp("assignments")
    place = root / "source" / NAME
    place.mkdir(parents=True)
    (place / SOURCE.name).write_bytes(SOURCE.read_bytes())
    settings = "nbgrader_config.py"
    (root / settings).write_text((SOURCE.parents[2] / settings).read_text())
    (line,) = assignments.generate(root)
    assert line == f"{NAME}: wrote {root / 'release' / NAME / SOURCE.name}"
    return root


@pytest.fixture(scope="module")
def release(root) -> Path:
    """The student version, as it was generated."""
    return root / "release" / NAME / SOURCE.name


def test_student_version_has_no_answers(release):
    text = release.read_text()
    assert "SOLUTION" not in text and "HIDDEN" not in text
    student = nbformat.read(release, as_version=4)
    full = read_source()
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
    model_answer = cell(full, "9-discussion").source.splitlines()
    assert given.isdisjoint({x.strip() for x in model_answer if x.strip()})


def test_generating_again_changes_nothing(root, release):
    before = release.stat().st_mtime_ns
    (line,) = assignments.generate(root)
    assert line == f"{NAME}: {release} is up to date"
    assert release.stat().st_mtime_ns == before


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


def failures(notebook: nbformat.NotebookNode) -> set[str]:
    """Run a notebook's cells here, hidden tests too; name those that fail."""
    names: dict = {}
    failed = set()
    tests = {one.id: one.source for one in read_source().cells}
    for one in notebook.cells:
        slow = one.id in ("texts", "results") or is_setup_cell(one)
        if one.cell_type != "code" or slow:
            continue
        graded = one.metadata.get("nbgrader", {}).get("grade")
        try:
            exec(tests[one.id] if graded else one.source, names)
        except Exception:
            failed.add(one.id)
    return failed


@pytest.mark.parametrize("name", BUGS)
def test_planted_bug_fails_its_tests_and_no_others(name):
    assert failures(planted(name)) == BUGS[name][-1]


def test_reference_solution_fails_no_test():
    assert failures(solved()) == set()


# --- grading: one batch, for real ----------------------------------------


def broken(release: Path) -> dict[str, nbformat.NotebookNode]:
    """Notebooks that grading must survive."""
    syntax, endless, deleted, cheat, killed = (solved() for _ in range(5))
    cell(syntax, "log-prob").source += "\n    return ("
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
def batch(root, tmp_path_factory) -> Path:
    """Grade everybody in one run of the command; return its folder."""
    folder = tmp_path_factory.mktemp("class")
    hand_in = folder / "handed in"
    everybody = {"Zoë Reference": solved(), **{b: planted(b) for b in GRADED}}
    everybody |= broken(root / "release" / NAME / SOURCE.name)
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
        "--root", root, "grade", hand_in, "--out", folder / "graded",
        "--marks", marks, "--timeout", TIMEOUT,
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


@pytest.fixture(scope="module")
def cells(batch) -> dict[str, dict[str, str]]:
    """student -> test cell -> points."""
    table: dict = {}
    with open(batch / "graded" / "cells.csv", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            table.setdefault(row["student"], {})[row["cell"]] = row["points"]
    return table


def lost(cells: dict[str, str]) -> set[str]:
    """The autograded cells that did not get all their points."""
    return {
        name
        for name, most in points(read_source()).items()
        if name != "9-discussion" and float(cells[name]) != most
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


@pytest.mark.parametrize("name", GRADED)
def test_planted_bug_loses_its_points_and_no_others(name, rows, cells):
    expected = BUGS[name][-1]
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


def test_results_are_not_overwritten(batch, root):
    done = run(
        "--root", root, "grade", batch / "handed in", "--out", batch / "graded"
    )
    assert done.returncode == 2
    assert "is not empty; pass --force to overwrite" in done.stderr


# --- the tools' own errors -----------------------------------------------


def test_a_notebook_out_of_time_fails_its_other_cells():
    """Without an error, nbgrader would give full points to an unrun cell."""
    runner = LimitedExecute()
    runner.deadline = -math.inf
    one = nbformat.v4.new_code_cell("assert True")
    one, _ = runner.preprocess_cell(one, {}, 0)
    assert one.outputs[0].ename == "CellTimeoutError"


def test_assignment_that_is_not_there(root):
    with pytest.raises(
        FileNotFoundError, match="there are: 1-language-models"
    ):
        assignments.source_notebook(root, "2-nothing")


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


def test_softmax_of_the_reference_is_stable(solution):
    """The referee of part 6: exact logarithms in float64."""
    z = np.array([1e4, 1e4 - 1, 0.0])
    want = z - 1e4 - math.log1p(math.exp(-1))
    assert np.allclose(solution["log_softmax"](z), want, rtol=1e-12)
