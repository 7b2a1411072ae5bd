"""The command `companion`: the referees are pyarrow, json and the parser."""

import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from companion.cli import app
from companion.cli.tally import Tally
from companion.corpus import StoryWorld, python_text
from companion.corpus.dialogues import fact_dialogues, story_dialogues
from companion.corpus.facts import FactWorld
from companion.corpus.files import read_documents

COMMAND = Path(sys.executable).parent / "companion"


def run(*arguments: object) -> subprocess.CompletedProcess:
    """Run the real command."""
    return subprocess.run(
        [COMMAND, *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
    )


def invoke(*arguments: object):
    """Run the command in this process."""
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_matches_the_parser(tmp_path):
    """What the file says of a story is what parsing it says."""
    out = tmp_path / "stories.parquet"
    result = run("corpus", "stories", "--count", 40, "--out", out)
    assert (result.returncode, result.stderr) == (0, "")
    world = StoryWorld("en", 0)
    rows = pq.read_table(out).to_pylist()
    assert [row["text"] for row in rows] == list(world.texts(40))
    for row in rows:
        story = world.parse(row["text"])
        assert row["log_prob"] == pytest.approx(story.log_prob, abs=1e-9)
        assert row["words"] == len(story.words)
        assert (row["language"], row["seed"]) == ("en", 0)
        for name, label in story.labels.items():
            assert row[name] == label
    assert f"{out}: 40 stories" in result.stdout


@pytest.mark.parametrize("language", ["en", "ru", "zh"])
def test_the_floor_is_the_worlds(tmp_path, language):
    out = tmp_path / "a.jsonl"
    arguments = ("--language", language, "--count", 60, "--seed", 4)
    result = invoke("corpus", "stories", *arguments, "--out", out)
    assert result.exit_code == 0
    floor = StoryWorld(language, 4).entropy_rate(60)
    words, per_byte = floor.nats_per_word, floor.bits_per_byte
    assert f"floor: {words:.5f} ± {floor.nats_per_word_se:.5f} nats per " in (
        result.stdout
    )
    assert f"{per_byte:.5f} ± {floor.bits_per_byte_se:.5f} bits per byte" in (
        result.stdout
    )
    rows = list(map(json.loads, out.read_text("utf-8").splitlines()))
    size = sum(len(row["text"].encode()) for row in rows)
    nats = -sum(row["log_prob"] for row in rows)
    assert per_byte == pytest.approx(nats / math.log(2) / size, rel=1e-9)
    total = sum(row["words"] for row in rows)
    assert f"{total:,} words, {size / 1e6:,.2f} MB of text" in result.stdout


def test_the_standard_error_is_that_of_repeated_draws():
    """Over 400 small corpora the floor spreads as one of them says."""
    rng = np.random.default_rng(0)
    floors, errors = [], []
    for _ in range(400):
        words = rng.integers(20, 60, 50)
        nats = 0.5 * words + rng.normal(0, 2, 50)
        tally = Tally()
        rows = [
            {"text": "ж" * int(w), "log_prob": -n, "words": int(w)}
            for w, n in zip(words, nats, strict=True)
        ]
        assert list(tally.watch(rows)) == rows
        mean, error = tally.floor()["nats per word"]
        floors.append(mean)
        errors.append(error)
    # the spread of 400 draws is itself known to 1 / sqrt(800) = 3.5 %
    assert np.std(floors) == pytest.approx(np.mean(errors), rel=0.15)


def test_one_story_has_a_floor_without_error(tmp_path):
    out = tmp_path / "a.txt"
    result = invoke("corpus", "stories", "--count", 1, "--out", out)
    assert result.exit_code == 0
    assert "± nan nats per word" in result.stdout
    assert list(read_documents(out)) == list(StoryWorld().texts(1))


@pytest.mark.parametrize("ending", ["txt", "jsonl", "parquet"])
@pytest.mark.parametrize("language", ["en", "ru", "zh"])
def test_facts(tmp_path, language, ending):
    out = tmp_path / f"facts.{ending}"
    result = invoke("corpus", "facts", "--language", language, "--out", out)
    assert result.exit_code == 0
    statements = FactWorld(language).statements()
    assert list(read_documents(out)) == [s.text for s in statements]
    assert f"{len(statements):,} statements" in result.stdout


@pytest.mark.parametrize("split", ["train", "test"])
def test_dialogues_about_facts(tmp_path, split):
    out = tmp_path / "a.jsonl"
    options = ("--kind", "facts", "--split", split, "--language", "ru")
    assert invoke("corpus", "dialogues", *options, "--out", out).exit_code == 0
    rows = list(map(json.loads, out.read_text("utf-8").splitlines()))
    expected = list(fact_dialogues(FactWorld("ru"), split))
    assert [r["question"] for r in rows] == [d.question for d in expected]
    assert [r["value"] for r in rows] == [d.value for d in expected]
    assert rows[0]["text"] == f"{rows[0]['question']}\n{rows[0]['answer']}"
    assert {r["held_out"] for r in rows} == {split == "test"}


def test_dialogues_about_stories(tmp_path):
    out = tmp_path / "a.parquet"
    options = ("--kind", "stories", "--split", "test", "--count", 50)
    assert invoke("corpus", "dialogues", *options, "--out", out).exit_code == 0
    rows = pq.read_table(out).to_pylist()
    expected = list(story_dialogues(StoryWorld(), 50, "test"))
    for row, dialogue in zip(rows, expected, strict=True):
        assert row["text"] == "\n".join(
            (dialogue.context, dialogue.question, dialogue.answer)
        )
        assert row["attribute"] == dialogue.attribute


def test_python(tmp_path):
    out = tmp_path / "docs.txt"
    assert invoke("corpus", "python", "--out", out).exit_code == 0
    assert list(read_documents(out)) == python_text.documentation()
    options = ("--part", "source", "--max-bytes", 50_000)
    out = tmp_path / "source.parquet"
    assert invoke("corpus", "python", *options, "--out", out).exit_code == 0
    assert list(read_documents(out)) == list(python_text.source(50_000))


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    for name in ("a.parquet", "b.parquet"):
        invoke("corpus", "stories", "--count", 30, "--out", tmp_path / name)
    first, second = (tmp_path / n for n in ("a.parquet", "b.parquet"))
    assert first.read_bytes() == second.read_bytes()


def test_a_file_is_replaced_only_by_force(tmp_path):
    out = tmp_path / "a.txt"
    out.write_text("mine")
    result = run("corpus", "stories", "--count", 1, "--out", out)
    assert result.returncode == 1
    assert result.stderr == f"companion: {out} exists; use --force\n"
    assert out.read_text() == "mine"
    result = run("corpus", "stories", "--count", 1, "--out", out, "--force")
    assert result.returncode == 0
    assert list(read_documents(out)) == list(StoryWorld().texts(1))


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("corpus", "stories"), 2, "Missing option '--out'"),
        (("corpus", "nothing"), 2, "No such command 'nothing'"),
        (("corpus", "stories", "--count", "0"), 2, "'--count'"),
        (("corpus", "facts", "--language", "fr"), 2, "'--language'"),
        (("corpus", "facts", "--out", "a.csv"), 1, "must end in .txt, .jsonl"),
        (("corpus", "facts", "--out", "no/a.txt"), 1, "folder no does not ex"),
        (
            (
                "corpus",
                "python",
                "--part=source",
                "--max-bytes=9",
                "--out=a.txt",
            ),
            1,
            "max_bytes (9) must be at least",
        ),
    ],
)
def test_errors_are_one_line(tmp_path, monkeypatch, arguments, code, message):
    monkeypatch.chdir(tmp_path)
    result = invoke(*arguments)
    assert result.exit_code == code
    assert result.stderr.startswith("companion: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_errors_of_the_real_command_have_no_traceback(tmp_path):
    result = run("corpus", "facts", "--out", tmp_path)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_a_bar_is_shown_to_a_terminal_only(tmp_path, monkeypatch):
    from companion.cli import corpus

    class Terminal:
        written = ""

        def isatty(self) -> bool:
            return True

        def write(self, text: str) -> int:
            self.written += text
            return len(text)

        def flush(self) -> None:
            pass

    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    assert list(corpus._progress(range(5), 5, "stories")) == [*range(5)]
    assert "stories" in terminal.written
    assert "100%" in terminal.written


def test_help_and_version():
    for arguments in ((), ("--help",), ("corpus",), ("corpus", "--help")):
        result = invoke(*arguments)
        assert result.exit_code == 0
        assert "Commands:" in result.stdout
    result = invoke("--version")
    assert result.exit_code == 0
    assert result.stdout.startswith("companion 0.")


def test_help_is_quick():
    """Nothing heavy is imported, so it takes less than half a second."""
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        assert "corpus" in run("--help").stdout
        seconds.append(time.perf_counter() - start)
    code = "import sys, companion.cli; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert not {"numpy", "pyarrow", "rich", "torch"} & set(loaded.split())
    assert min(seconds) < 0.5
