"""Run nbgrader's steps from Python: quietly, with an error that says why.

Chapter: book/teaching.md
"""

import logging
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader import api, converters
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import Execute
from sqlalchemy.exc import SAWarning
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from tools.setup_cell import is_setup_cell, setup_source

# Our gradebooks live for one run and are never migrated; asking alembic for
# the version of their format would take longer than grading a notebook.
api.get_alembic_version = lambda: "never migrated"

BUDGET = 4  # a notebook may take this many times the timeout of one cell


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
