"""Make the students' notebooks of the assignments, and grade what returns.

    python tools/assignments.py generate
    python tools/assignments.py grade SUBMISSIONS --out FOLDER

Chapter: book/teaching.md
"""

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

if not __package__:  # run as a file, not with `python -m`
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from companion.files import write_atomically
from tools.grading import grade_folder, read_marks
from tools.nbgrader_steps import Course
from tools.repairing import find

ROOT = Path(__file__).resolve().parents[1] / "assignments"
RECORD = ".generated.json"  # hashes of what this tool wrote into release/


def source_notebook(root: Path, assignment: str) -> Path:
    """Find the one source notebook of an assignment.

    Raises:
        FileNotFoundError: there is no such assignment.
        ValueError: it has no notebook, or more than one.
    """
    folder = root / "source" / assignment
    if not folder.is_dir():
        known = ", ".join(assignments(root)) or "none"
        raise FileNotFoundError(
            f"no assignment {assignment!r} in {root / 'source'}; "
            f"there are: {known}"
        )
    found = sorted(folder.glob("*.ipynb"))
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise ValueError(
            f"an assignment has exactly one notebook, {folder} has: {names}"
        )
    return found[0]


def assignments(root: Path) -> list[str]:
    """List the names of the assignments, sorted."""
    folders = (root / "source").glob("*")
    return sorted(path.name for path in folders if path.is_dir())


def generate(root: Path = ROOT) -> Iterator[str]:
    """Write the student version of every assignment into root/release.

    A file that somebody has changed since it was generated is left alone;
    the new version is then written beside it under a new name.

    Yields:
        One line on each assignment: what was written where, and why.
    """
    for assignment in assignments(root):
        source = source_notebook(root, assignment)
        with tempfile.TemporaryDirectory() as folder:
            course = Course.build(source, assignment, root, Path(folder))
            data = course.release.read_bytes()
        target = root / "release" / assignment / source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        yield f"{assignment}: {place(data, target, root / 'release')}"


def place(data: bytes, target: Path, release: Path) -> str:
    """Write a file to its place, or beside it where somebody's work stands.

    Args:
        data: the file's new content.
        target: its place, somewhere under `release`.
        release: the folder that keeps the record of what was generated.

    Returns:
        What was done: "wrote ...", "... is up to date", "kept ..., which
        somebody has changed; wrote ...".
    """
    file = release / RECORD
    record = json.loads(file.read_text()) if file.exists() else {}
    path = next(
        path
        for path in _names(target)
        if _is_ours(path, data, record, release)
    )
    same = path.exists() and path.read_bytes() == data
    if not same:
        with write_atomically(path, overwrite=True) as handle:
            handle.write(data)
    record[str(path.relative_to(release))] = _hash(data)
    with write_atomically(file, mode="w", overwrite=True) as handle:
        json.dump(record, handle, indent=1, sort_keys=True)
    done = f"{path} is up to date" if same else f"wrote {path}"
    if path == target:
        return done
    return f"kept {target}, which somebody has changed; {done}"


def _names(target: Path) -> Iterator[Path]:
    """Yield target, then target.new, target.new-2, target.new-3, ..."""
    yield target
    yield target.with_suffix(".new.ipynb")
    number = 2
    while True:
        yield target.with_suffix(f".new-{number}.ipynb")
        number += 1


def _is_ours(path: Path, data: bytes, record: dict, release: Path) -> bool:
    """Say whether nothing is lost when `data` is written to `path`."""
    if not path.exists():
        return True
    old = path.read_bytes()
    recorded = record.get(str(path.relative_to(release)))
    return old == data or _hash(old) == recorded


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def grade(options: argparse.Namespace) -> None:
    """Grade a folder of submissions, as the command line asks for it."""
    names = assignments(options.root)
    if options.assignment is None and len(names) != 1:
        raise ValueError(f"say which with --assignment: {', '.join(names)}")
    assignment = options.assignment or names[0]
    source = source_notebook(options.root, assignment)
    marks = read_marks(options.marks) if options.marks else {}
    jobs = find(options.submissions, source.name)
    used = options.out.exists() and any(options.out.iterdir())
    if used and not options.force:
        raise FileExistsError(
            f"{options.out} is not empty; pass --force to overwrite"
        )
    with tempfile.TemporaryDirectory() as folder:
        course = Course.build(source, assignment, options.root, Path(folder))
        grade_folder(
            course,
            jobs,
            marks,
            options.out,
            timeout=options.timeout,
            processes=options.jobs,
        )


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    main = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    main.add_argument("--root", type=Path, default=ROOT, help="assignments/")
    verbs = main.add_subparsers(dest="verb", required=True)
    verbs.add_parser("generate", help="make the student versions")
    one = verbs.add_parser("grade", help="grade a folder of submissions")
    one.add_argument("submissions", type=Path, help="a file or folder each")
    one.add_argument("--out", type=Path, required=True, help="for the results")
    one.add_argument("--assignment", help="needed where there are several")
    one.add_argument("--marks", type=Path, help="CSV of points given by hand")
    one.add_argument("--timeout", type=int, help="seconds a cell; default 30")
    one.add_argument("--jobs", type=int, help="notebooks at a time")
    one.add_argument("--force", action="store_true", help="overwrite --out")
    return main


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    options = parser().parse_args(arguments)
    options.root = options.root.resolve()
    try:
        if options.verb == "grade":
            grade(options)
        else:
            for line in generate(options.root):
                print(line)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
