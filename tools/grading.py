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
from nbformat import NotebookNode

from companion.files import write_atomically
from tools.autograding import Mark, Result, grade_one
from tools.nbgrader_steps import Course


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
        for cell, mark in marks.get(result.student, {}).items():
            result.points.setdefault(cell, mark.points)
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
    with write_atomically(
        out / "grades.csv", mode="w", overwrite=True
    ) as file:
        table = csv.writer(file)
        parts = list(dict.fromkeys(map(_part, most)))
        columns = [f"part {part}" for part in parts]
        table.writerow(
            ["student", "status", *columns, "total", "max", "waiting", "notes"]
        )
        for result in results:
            table.writerow(_row(result, parts, sum(most.values())))
    with write_atomically(out / "cells.csv", mode="w", overwrite=True) as file:
        table = csv.writer(file)
        table.writerow(["student", "cell", "points", "max"])
        for result in results:
            for cell, points in most.items():
                given = f"{result.points.get(cell, 0):g}"
                if cell in result.waiting:
                    given = ""
                table.writerow([result.student, cell, given, f"{points:g}"])


def _part(cell: str) -> str:
    """Return the part a cell belongs to: "3-limits" is in part "3"."""
    return cell.split("-")[0]


def _row(result: Result, parts: list[str], most: float) -> list[str]:
    """Make a student's row; a part that waits for a person stays empty."""
    totals = dict.fromkeys(parts, 0.0)
    for cell, points in result.points.items():
        totals[_part(cell)] += points
    shown = {part: f"{points:g}" for part, points in totals.items()}
    shown |= {_part(cell): "" for cell in result.waiting}
    return [
        result.student,
        result.status,
        *shown.values(),
        f"{sum(totals.values()):g}",
        f"{most:g}",
        f"{sum(result.waiting.values()):g}",
        "; ".join(result.notes),
    ]
