"""Run nbgrader on one notebook, so that nothing a student wrote stops it.

Each student is graded in a private course folder, in a worker process, in a
kernel of its own. That is no sandbox: the code runs with your rights.

Chapter: book/teaching.md
"""

import copy
import logging
import os
import re
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader import converters
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import Execute
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

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
        shutil.copy(source, place)
        settings = root / "nbgrader_config.py"
        converter("GenerateAssignment", folder, assignment, settings).start()
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


def converter(
    step: str,
    folder: Path,
    assignment: str,
    settings: Path,
    timeout: int | None = None,
) -> converters.BaseConverter:
    """Make one step of nbgrader, at work in `folder`, silent.

    Args:
        step: the name of a class in nbgrader.converters.
        folder: the root of the course.
        assignment: its name.
        settings: the path of nbgrader_config.py.
        timeout: seconds a cell; None: what the settings say.
    """
    loader = PyFileConfigLoader(settings.name, path=str(settings.parent))
    config = Config(loader.load_config())
    config.CourseDirectory.root = str(folder)
    config.CourseDirectory.assignment_id = assignment
    config.CourseDirectory.db_url = f"sqlite:///{folder / 'gradebook.db'}"
    config.Exporter.extra_template_basedirs = []
    if timeout:
        config.Execute.timeout = timeout
    made = getattr(converters, step)(
        coursedir=CourseDirectory(config=config), config=config
    )
    if step == "Autograde":
        made.autograde_preprocessors = [
            LimitedExecute if pp is Execute else pp
            for pp in made.autograde_preprocessors
        ]
    return made


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
    log = _Log()
    try:
        with tempfile.TemporaryDirectory() as folder:
            _grade(course, path, marks, timeout, Path(folder), result)
    except Exception as error:
        reason = log.reason or f"{type(error).__name__}: {error}"
        result.status = f"not graded: {reason.splitlines()[0]}"
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
    converter("Autograde", *where, timeout).start()
    done = folder / "autograded" / STUDENT / course.assignment
    graded = nbformat.read(done / course.release.name, as_version=4)
    result.notes += errors(graded)
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
        _collect(book, course, marks, result)
    converter("GenerateFeedback", *where).start()
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


def read(path: Path) -> NotebookNode:
    """Read a notebook that may be anything.

    Raises:
        ValueError: it is not a notebook; the message says why.
    """
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except Exception as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise ValueError(
            f"{path.name} is not a notebook ({reason[0][:80]})"
        ) from None
    return notebook


def repair(
    notebook: NotebookNode, release: NotebookNode
) -> tuple[NotebookNode, list[str]]:
    """Give a submission the cells that grading needs, whatever was deleted.

    Missing cells come back at their place, nbgrader's metadata as they were
    released. (nbgrader itself puts back the text of changed test cells.)

    Returns:
        The repaired notebook, and a note on each thing found.
    """
    notebook, notes = copy.deepcopy(notebook), []
    wanted = {_id(cell): cell for cell in release.cells if _id(cell)}
    seen: dict[str, NotebookNode] = {}
    for cell in reversed(notebook.cells):  # of copies, the last one counts
        name = _id(cell)
        cell.metadata.pop("nbgrader", None)
        if name in wanted and name not in seen:
            seen[name] = cell
            cell.metadata["nbgrader"] = copy.deepcopy(
                wanted[name].metadata["nbgrader"]
            )
        elif name in wanted:
            notes.append(f"{name}: more than one, the last counts")
        else:
            found = re.search(FINISHED, cell.source, re.MULTILINE)
            if cell.cell_type == "code" and found:
                notes.append(f"imports {found[1]}")
    return notebook, notes
