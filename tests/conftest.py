"""Let tests import the scripts in `tools/`; run JavaScript, open a browser."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
sys.path.insert(0, str(TESTS.parent))
NODE = shutil.which("node")


@pytest.fixture(scope="session")
def front_end(tmp_path_factory):
    """The front end in a folder that says that .js files are modules."""
    folder = tmp_path_factory.mktemp("front_end")
    for path in (TESTS.parent / "companion" / "widgets").glob("*.js"):
        shutil.copy(path, folder)
    (folder / "package.json").write_text('{"type": "module"}')
    return folder


@pytest.fixture(scope="session")
def javascript(front_end):
    """Call functions of a module: javascript(module, [(name, args)])."""
    if NODE is None:
        pytest.skip("node is not installed")

    def call(module, calls):
        request = {"module": str(front_end / f"{module}.js"), "calls": calls}
        done = subprocess.run(
            [NODE, TESTS / "widgets" / "call.mjs"],
            input=json.dumps(request),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return call


@pytest.fixture(scope="session")
def playwright():
    """Playwright; a process can start it only once."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def generated(tmp_path_factory):
    """A copy of assignments/ in which the student versions are generated."""
    from assigned import POINTS, release_of  # needs nbgrader, so only here

    from tools import assignments

    root = tmp_path_factory.mktemp("assignments")
    ours = TESTS.parent / "assignments"
    notes = shutil.ignore_patterns(".ipynb_checkpoints")
    shutil.copytree(ours / "source", root / "source", ignore=notes)
    shutil.copy(ours / "nbgrader_config.py", root)
    assert list(assignments.generate(root)) == [
        f"{name}: wrote {release_of(root, name)}" for name in POINTS
    ]
    return root
