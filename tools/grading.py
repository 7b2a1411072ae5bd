"""Grade a folder of submissions: who handed in what, marks, tables.

Chapter: book/teaching.md
"""

import csv
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import nbformat
from autograding import Course, Mark, Result, grade_one
from nbformat import NotebookNode

from companion.files import write_atomically


def submissions(folder: Path, name: str) -> dict[str, Path | str]:
    """Find each student's notebook.

    A student is a folder that holds one notebook (or one called `name`),
    or an `.ipynb` file; the student's name is that of the folder or file.

    Returns:
        student -> the notebook's path, or the reason why there is none.

    Raises:
        FileNotFoundError: the folder is missing, or holds no submission.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"no folder of submissions at {folder}")
    found: dict[str, Path | str] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            found[path.name] = _notebook_in(path, name)
        elif path.suffix == ".ipynb":
            taken = path.stem in found
            found[path.name if taken else path.stem] = path
        else:
            print(f"ignored {path.name}: not a folder, not a notebook")
    if not found:
        raise FileNotFoundError(f"no folder and no notebook in {folder}")
    return found


def _notebook_in(folder: Path, name: str) -> Path | str:
    paths = [
        path
        for path in sorted(folder.rglob("*.ipynb"))
        if ".ipynb_checkpoints" not in path.parts
    ]
    chosen = [path for path in paths if path.name == name]
    if len(chosen) != 1:
        chosen = paths
    if len(chosen) == 1:
        return chosen[0]
    names = ", ".join(str(path.relative_to(folder)) for path in paths)
    return f"several notebooks: {names}" if paths else "no notebook"


def read_marks(path: Path) -> dict[str, dict[str, Mark]]:
    """Read points given by hand: student, cell, points, and a comment.

    Returns:
        student -> cell -> mark.

    Raises:
        ValueError: a column is missing, or points are not a number.
    """
    marks: dict[str, dict[str, Mark]] = {}
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        missing = {"student", "cell", "points"} - set(rows.fieldnames or ())
        if missing:
            raise ValueError(
                f"{path} lacks the column {', '.join(sorted(missing))}"
            )
        for row in rows:
            try:
                mark = Mark(float(row["points"]), row.get("comment") or "")
            except ValueError:
                raise ValueError(
                    f"points must be a number, {path} line {rows.line_num} "
                    f"has {row['points']!r}"
                ) from None
            marks.setdefault(row["student"], {})[row["cell"]] = mark
    return marks


def maximum(release: NotebookNode) -> dict[str, float]:
    """Read the points of every graded cell, in the notebook's order."""
    cells = [cell.metadata.get("nbgrader", {}) for cell in release.cells]
    return {
        cell["grade_id"]: float(cell["points"])
        for cell in cells
        if cell.get("grade")
    }


def check_marks(
    marks: Mapping[str, Mapping[str, Mark]],
    students: Mapping[str, Path | str],
    most: Mapping[str, float],
) -> None:
    """Refuse marks for nobody, for no cell, or out of range.

    Raises:
        ValueError: naming the student, the cell or the points.
    """
    for student, cells in marks.items():
        if student not in students:
            raise ValueError(f"marks for {student!r}, who handed in nothing")
        for cell, mark in cells.items():
            if cell not in most:
                raise ValueError(
                    f"marks for the cell {cell!r}; graded cells are: "
                    f"{', '.join(most)}"
                )
            if not 0 <= mark.points <= most[cell]:
                raise ValueError(
                    f"points for {cell} must be from 0 to {most[cell]:g}, "
                    f"{student!r} has {mark.points:g}"
                )


def grade_folder(
    course: Course,
    jobs: Mapping[str, Path | str],
    marks: Mapping[str, Mapping[str, Mark]],
    out: Path,
    *,
    timeout: int | None = None,
    processes: int | None = None,
) -> list[Result]:
    """Grade everybody and write grades.csv, cells.csv and feedback/.

    Args:
        course: the assignment.
        jobs: student -> notebook, from `submissions`.
        marks: points given by hand, from `read_marks`.
        out: the folder for the results; made where missing.
        timeout: seconds a cell may take; None: as nbgrader_config.py says.
        processes: notebooks graded at a time; None: one a core.
    """
    most = maximum(nbformat.read(course.release, as_version=4))
    check_marks(marks, jobs, most)
    (out / "feedback").mkdir(parents=True, exist_ok=True)
    results = []
    for result in _run(course, jobs, marks, timeout, processes):
        results.append(result)
        total = sum(result.points.values())
        print(
            f"[{len(results)}/{len(jobs)}] {result.student}: "
            f"{total:g} of {sum(most.values()):g}, {result.status} "
            f"({result.seconds:.1f} s)",
            flush=True,
        )
        if result.feedback:
            page = out / "feedback" / f"{result.student}.html"
            with write_atomically(page, mode="w", overwrite=True) as file:
                file.write(result.feedback)
    results.sort(key=lambda result: result.student)
    _write_tables(results, most, out)
    print(f"wrote {out / 'grades.csv'}, {out / 'cells.csv'}, {out}/feedback/")
    return results


def _run(
    course: Course,
    jobs: Mapping[str, Path | str],
    marks: Mapping[str, Mapping[str, Mark]],
    timeout: int | None,
    processes: int | None,
) -> Iterator[Result]:
    """Yield the results as they come; whatever happens, one a student."""
    with ProcessPoolExecutor(
        processes or os.cpu_count(), mp_context=get_context("spawn")
    ) as pool:
        pending = {}
        for student, path in jobs.items():
            if isinstance(path, str):
                yield Result(student, f"not graded: {path}")
                continue
            future = pool.submit(
                grade_one,
                course,
                student,
                path,
                marks.get(student, {}),
                timeout,
            )
            pending[future] = student
        for future in as_completed(pending):
            try:
                yield future.result()
            except Exception as error:
                yield Result(pending[future], f"not graded: {error}")


def _write_tables(
    results: list[Result], most: Mapping[str, float], out: Path
) -> None:
    """Write one row a student, and one row a student and cell."""
    parts = list(dict.fromkeys(cell.split("-")[0] for cell in most))
    total = sum(most.values())
    with write_atomically(
        out / "grades.csv", mode="w", overwrite=True
    ) as file:
        table = csv.writer(file)
        columns = [f"part {part}" for part in parts]
        table.writerow(
            ["student", "status", *columns, "total", "max", "waiting", "notes"]
        )
        for result in results:
            row = [
                sum(
                    points
                    for cell, points in result.points.items()
                    if cell.split("-")[0] == part
                )
                for part in parts
            ]
            table.writerow(
                [result.student, result.status, *(f"{p:g}" for p in row)]
                + [f"{sum(row):g}", f"{total:g}"]
                + [f"{sum(result.waiting.values()):g}"]
                + ["; ".join(result.notes)]
            )
    with write_atomically(out / "cells.csv", mode="w", overwrite=True) as file:
        table = csv.writer(file)
        table.writerow(["student", "cell", "points", "max"])
        for result in results:
            for cell, points in most.items():
                given = f"{result.points.get(cell, 0):g}"
                if cell in result.waiting:
                    given = ""
                table.writerow([result.student, cell, given, f"{points:g}"])
