"""Run nbgrader on one notebook, so that nothing a student wrote stops it.

Each student is graded in a private course folder, in a worker process, in a
kernel of its own. That is no sandbox: the code runs with your rights.

Chapter: book/teaching.md
"""

import logging
import os
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader import converters
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import Execute
from sqlalchemy.exc import SAWarning
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from tools.repairing import errors, read, repair
from tools.setup_cell import is_setup_cell, setup_source

STUDENT = "student"  # the name inside the private folder; any file name works
BUDGET = 4  # a notebook may take this many times the timeout of one cell
FINISHED = (
    r"^\s*(?:from|import)\s+(companion\.(?!corpus|tokenization)\w+|nltk)"
)


@dataclass(frozen=True)
class Course:
    """An assignment as nbgrader needs it: settings, tests, blank notebook."""

    assignment: str
    settings: Path  # nbgrader_config.py
    gradebook: Path  # SQLite file with the hidden tests
    release: Path  # the student version

    @classmethod
    def build(
        cls, source: Path, assignment: str, root: Path, folder: Path
    ) -> "Course":
        """Generate the student version and the gradebook in `folder`.

        Args:
            source: the notebook with solutions and hidden tests.
            assignment: its name.
            root: assignments/, with nbgrader_config.py.
            folder: an empty folder.
        """
        place = folder / "source" / assignment / source.name
        place.parent.mkdir(parents=True)
        notebook = nbformat.read(source, as_version=4)
        for cell in filter(is_setup_cell, notebook.cells):
            cell.source = setup_source()  # the address may have changed
        nbformat.write(notebook, place)
        settings = root / "nbgrader_config.py"
        run("GenerateAssignment", folder, assignment, settings)
        release = folder / "release" / assignment / source.name
        return cls(assignment, settings, folder / "gradebook.db", release)


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


class LimitedExecute(Execute):
    """Run the cells; once the notebook's time is used up, fail the rest."""

    def preprocess(
        self, nb: NotebookNode, resources: dict, **kwargs: object
    ) -> tuple[NotebookNode, dict]:
        """Start the clock, then run every cell."""
        self.deadline = time.monotonic() + BUDGET * self.timeout
        return super().preprocess(nb, resources, **kwargs)

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict, index: int
    ) -> tuple[NotebookNode, dict]:
        """Run one cell, or give it an error as its output."""
        if cell.cell_type != "code" or time.monotonic() < self.deadline:
            return super().preprocess_cell(cell, resources, index)
        message = "the notebook's time was used up before this cell"
        error = nbformat.v4.new_output(
            "error",
            ename="CellTimeoutError",
            evalue=message,
            traceback=[f"CellTimeoutError: {message}"],
        )
        cell.outputs = [error]
        return cell, resources


def run(
    step: str,
    folder: Path,
    assignment: str,
    settings: Path,
    timeout: int | None = None,
) -> None:
    """Run one step of nbgrader in `folder`.

    Args:
        step: the name of a class in nbgrader.converters.
        folder: the root of the course.
        assignment: its name.
        settings: the path of nbgrader_config.py.
        timeout: seconds a cell; None: what the settings say.

    Raises:
        ValueError: it failed; the message is the reason in nbgrader's log.
    """
    beside = str(Path(sys.executable).parent)  # nbgrader calls alembic
    if beside not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([beside, os.environ["PATH"]])
    loader = PyFileConfigLoader(settings.name, path=str(settings.parent))
    config = Config(loader.load_config())
    config.CourseDirectory.root = str(folder)
    config.CourseDirectory.assignment_id = assignment
    config.CourseDirectory.db_url = f"sqlite:///{folder / 'gradebook.db'}"
    if timeout:
        config.Execute.timeout = timeout
    warnings.simplefilter("ignore", SAWarning)  # nbgrader's, harmless
    log = _Log()
    logger = logging.getLogger("traitlets")
    logger.handlers, logger.propagate = [log], False
    converter = getattr(converters, step)(
        coursedir=CourseDirectory(config=config), config=config
    )
    if step == "Autograde":
        converter.autograde_preprocessors = [
            LimitedExecute if one is Execute else one
            for one in converter.autograde_preprocessors
        ]
    try:
        converter.start()
    except Exception as error:
        raise ValueError(log.reason or str(error)) from error


class _Log(logging.Handler):
    """Keep nbgrader's log quiet, and the last line of each traceback."""

    reason = ""

    def emit(self, record: logging.LogRecord) -> None:
        lines = record.getMessage().strip().splitlines()
        if lines and lines[0].startswith("Traceback"):
            self.reason = lines[-1]


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
        result.status = f"not graded: {str(error).splitlines()[0]}"
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
