"""Run nbgrader on one notebook, so that nothing a student wrote stops it.

Each student is graded in a private course folder, in a worker process, in a
kernel of its own. That is no sandbox: the code runs with your rights.

Chapter: book/teaching.md
"""

import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook

from tools.nbgrader_steps import Course, run
from tools.repairing import errors, read, repair

STUDENT = "student"  # the name inside the private folder; any file name works


@dataclass(frozen=True)
class Mark:
    """Points that a person gave for one cell."""

    points: float
    comment: str = ""


@dataclass
class Result:
    """What one student gets, or why nothing could be graded."""

    student: str
    status: str = "graded"
    points: dict[str, float] = field(default_factory=dict)  # cell -> points
    waiting: dict[str, float] = field(default_factory=dict)  # cell -> maximum
    notes: list[str] = field(default_factory=list)
    feedback: str = ""  # HTML
    seconds: float = 0.0


def grade_one(
    course: Course,
    student: str,
    path: Path,
    marks: Mapping[str, Mark],
    timeout: int | None = None,
) -> Result:
    """Grade one notebook, whatever state it is in.

    Args:
        course: the assignment.
        student: whose it is.
        path: the notebook handed in.
        marks: cell -> points given by hand.
        timeout: seconds a cell; None: what the settings say.
    """
    result, start = Result(student), time.monotonic()
    try:
        with tempfile.TemporaryDirectory() as folder:
            _grade(course, path, marks, timeout, Path(folder), result)
    except Exception as error:
        lines = str(error).splitlines() or [type(error).__name__]
        result.status = f"not graded: {lines[0]}"
        result.points, result.waiting = {}, {}
    result.seconds = time.monotonic() - start
    return result


def _grade(
    course: Course,
    path: Path,
    marks: Mapping[str, Mark],
    timeout: int | None,
    folder: Path,
    result: Result,
) -> None:
    """Run nbgrader in `folder` and fill in the result."""
    os.environ["IPYTHONDIR"] = str(folder / "ipython")  # nobody's profile
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"  # this environment's kernel
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # one core a student
    shutil.copy(course.gradebook, folder / "gradebook.db")
    release = nbformat.read(course.release, as_version=4)
    notebook, result.notes = repair(read(path), release)
    place = folder / "submitted" / STUDENT / course.assignment
    place.mkdir(parents=True)
    nbformat.write(notebook, place / course.release.name)
    where = (folder, course.assignment, course.settings)
    run("Autograde", *where, timeout)
    done = folder / "autograded" / STUDENT / course.assignment
    graded = nbformat.read(done / course.release.name, as_version=4)
    result.notes += errors(graded)
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
        _collect(book, course, marks, result)
    run("GenerateFeedback", *where)
    pages = folder / "feedback" / STUDENT / course.assignment
    result.feedback = next(pages.glob("*.html")).read_text("utf-8")


def _collect(
    book: Gradebook,
    course: Course,
    marks: Mapping[str, Mark],
    result: Result,
) -> None:
    """Read the points from the gradebook; write marks given by hand to it."""
    name = (course.release.stem, course.assignment, STUDENT)
    for grade in book.find_submission_notebook(*name).grades:
        if grade.name in marks:
            mark = marks[grade.name]
            grade.manual_score = mark.points
            grade.needs_manual_grade = False
            result.points[grade.name] = mark.points
            if mark.comment:
                book.find_comment(
                    grade.name, *name
                ).manual_comment = mark.comment
        elif grade.needs_manual_grade:
            result.waiting[grade.name] = grade.max_score
        else:
            result.points[grade.name] = grade.auto_score or 0.0
    book.db.commit()
