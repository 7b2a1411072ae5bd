"""Run times are stored whole, and never those of two machines together."""

import json
import sys
from dataclasses import asdict

import pytest

from companion.machine import Calibration, usable_cores
from companion.machine import cpu as describe_cpu
from tools import execute, run_times
from tools.project import BOOK

FIRST, SECOND = BOOK / "a" / "1-first.ipynb", BOOK / "a" / "2-second.ipynb"
HERE = Calibration(
    cpu=describe_cpu().model,
    threads=usable_cores(),
    matmul_gflops_one_thread=1.0,
    matmul_gflops_all_threads=2.0,
    memory_bandwidth_gb_s=3.0,
    python_steps_per_s=4.0,
)


@pytest.fixture
def measured(monkeypatch):
    """Count how often the machine is measured."""
    calls = []

    def calibrate(threads):
        calls.append(threads)
        return HERE

    monkeypatch.setattr(run_times, "calibrate", calibrate)
    return calls


def test_matches_what_was_measured(tmp_path, measured):
    path = tmp_path / "times.json"
    run_times.record({SECOND: 2.04, FIRST: 1}, everything=True, path=path)
    assert json.loads(path.read_text()) == {
        "machine": asdict(HERE),
        "book/a/1-first.ipynb": 1,
        "book/a/2-second.ipynb": 2.0,
    }
    machine = json.loads(path.read_text())["machine"]
    assert Calibration(**machine) == HERE
    assert measured == [usable_cores()]


def test_one_notebook_joins_the_others_of_its_machine(tmp_path, measured):
    path = tmp_path / "times.json"
    run_times.record({FIRST: 1.0, SECOND: 2.0}, everything=True, path=path)
    run_times.record({FIRST: 5.0}, everything=False, path=path)
    stored = json.loads(path.read_text())
    assert stored["book/a/1-first.ipynb"] == 5.0
    assert stored["book/a/2-second.ipynb"] == 2.0
    assert next(iter(stored)) == "machine"
    assert len(measured) == 1
    run_times.record({FIRST: 6.0}, everything=True, path=path)
    assert "book/a/2-second.ipynb" not in json.loads(path.read_text())
    assert len(measured) == 2


def test_another_machines_times_stay(tmp_path, measured, capsys):
    path = tmp_path / "times.json"
    other = asdict(HERE) | {"cpu": "Another CPU"}
    path.write_text(json.dumps({"machine": other, "book/x.ipynb": 1.0}))
    before = path.read_bytes()
    run_times.record({FIRST: 1.0}, everything=False, path=path)
    assert path.read_bytes() == before
    assert "ALL=1" in capsys.readouterr().out
    run_times.record({FIRST: 1.0}, everything=True, path=path)
    assert "book/x.ipynb" not in json.loads(path.read_text())


def test_notebooks_outside_the_book_are_left_out(tmp_path, measured):
    path = tmp_path / "times.json"
    outside = {tmp_path / "page.ipynb": 1.0}
    run_times.record(outside, everything=False, path=path)
    assert not path.exists() and not measured


@pytest.mark.parametrize(
    ("arguments", "found", "recorded"),
    [
        (["one"], [FIRST], {FIRST: 7.0}),
        (["--all"], [FIRST, SECOND], {FIRST: 7.0, SECOND: 7.0}),
        ([], [FIRST], {FIRST: 7.0}),
        ([], [FIRST, SECOND], None),  # side by side, so slower than alone
    ],
)
def test_stored_when_alone_or_all(monkeypatch, arguments, found, recorded):
    class Job:
        def exception(self):
            return None

        def result(self):
            return 7.0

    class Pool:
        def __init__(self, workers):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def submit(self, *work):
            return Job()

    calls = []
    monkeypatch.setattr(sys, "argv", ["execute", *arguments])
    monkeypatch.setattr(execute, "ProcessPoolExecutor", Pool)
    monkeypatch.setattr(execute, "as_completed", list)
    monkeypatch.setattr(execute, "choose", lambda *_: found)
    monkeypatch.setattr(execute, "limit_threads", lambda threads: None)
    monkeypatch.setattr(execute.results_table, "main", lambda: None)
    monkeypatch.setenv(execute.RENEW, "")
    monkeypatch.setattr(
        execute.run_times,
        "record",
        lambda seconds, everything: calls.append((seconds, everything)),
    )
    with pytest.raises(SystemExit) as stopped:
        execute.main()
    assert stopped.value.code == 0
    everything = "--all" in arguments
    assert calls == ([] if recorded is None else [(recorded, everything)])
