"""The commands train, generate, chat, evaluate; SIGKILL is the referee."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from test_runs import TEXT, assert_same_end
from typer.testing import CliRunner

from companion.cli import app
from companion.models import Transformer, TransformerConfig
from companion.models.storage import save
from companion.runs import Outcome, open_model
from companion.tokenization import WordTokenizer

COMMAND = Path(sys.executable).parent / "companion"
NEW = ("--out", "x", "--corpus", "a.txt", "--preset", "tiny")
SETTINGS = ("--steps", "60", "--set", "train.evaluate_every=5")


def invoke(*arguments, **more):
    return CliRunner().invoke(app, [str(a) for a in arguments], **more)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    path = tmp_path_factory.mktemp("corpus") / "stories.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def out(corpus, tmp_path_factory):
    """A whole run, trained by the real command, never stopped."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    done = start(corpus, folder).communicate()[0]
    assert "for companion generate, and for transformers" in done
    return folder


def start(corpus, folder, *more):
    arguments = ["train", "--corpus", corpus, "--preset", "tiny", "--out"]
    return subprocess.Popen(
        [COMMAND, *arguments, folder, *SETTINGS, *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


def test_killed_three_times_ends_the_same(corpus, out, tmp_path):
    """At the very start, and twice somewhere between two lines."""
    rng = np.random.default_rng()
    folder, more = tmp_path / "run", ("--checkpoint-steps", "3")
    lines = ["be beaten", *(f"step {n}," for n in (5, 10, 15, 20, 25, 30))]
    moments = [lines[0], *rng.choice(lines[1:], 2, replace=False)]
    for moment in sorted(moments, key=lines.index):
        process = start(corpus, folder, *more, "--resume")
        seen = next((x for x in process.stdout if moment in x), None)
        assert seen is not None, moment
        process.kill()
        assert process.wait() == -9
    process = start(corpus, folder, *more, "--resume")
    said = process.communicate()[0]
    assert process.returncode == 0, said
    assert "goes on from step-0000000" in said
    assert_same_end(out, folder)


def test_generate_writes_what_transformers_writes(out):
    transformers = pytest.importorskip("transformers")
    arguments = ("--model", out, "--prompt", "The ", "--temperature", 0)
    result = invoke("generate", *arguments, "--max-tokens", 15)
    assert result.exit_code == 0
    model = transformers.AutoModelForCausalLM.from_pretrained(out / "model")
    words = transformers.AutoTokenizer.from_pretrained(out / "model")
    ids = torch.tensor([words("The ")["input_ids"]])
    ids = model.generate(ids, max_new_tokens=15, do_sample=False)[0]
    assert result.stdout == words.decode(ids) + "\n"


def test_words_are_parted_from_the_prompt(tmp_path):
    words = WordTokenizer.train(["one two three"], 10)
    config = TransformerConfig.llama(
        vocab_size=words.vocab_size, d_model=8, n_layers=1, n_heads=2
    )
    torch.manual_seed(1)  # with some weights the likeliest is the end
    save(Transformer(config), tmp_path / "model", words)
    result = invoke(
        *("generate", "--model", tmp_path / "model", "--prompt", "one"),
        *("--max-tokens", 1, "--top-k", 1),
    )
    assert result.stdout.startswith("one ")


def test_generate_is_decided_by_its_seed(out):
    def write(seed, samples=1):
        arguments = ("--seed", seed, "--samples", samples, "--top-k", 20)
        found = invoke("generate", "--model", out / "model", *arguments)
        assert found.exit_code == 0
        return found.stdout

    assert write(1) == write(1) != write(2)
    first, second = write(1, 2).split("<|endoftext|>\n")
    assert (first, len(second) > 1) == (write(1), True)


def test_evaluate_says_what_the_run_said(corpus, out):
    arguments = ("evaluate", "--model", out, "--corpus", corpus)
    result = invoke(*arguments, "--part", "validation")
    assert result.exit_code == 0
    found = json.loads((out / "run.json").read_text())["result"]
    for line in (
        f"{found['tokens']:,} tokens",
        f"{found['nats_per_token']:.4f} nats per token",
        f"{found['perplexity']:.2f} perplexity",
        f"{found['bits_per_byte']:.4f} bits per byte",
    ):
        assert line in result.stdout
    assert "was trained on this text" not in result.stdout
    assert "was trained on this text" in invoke(*arguments).stdout


@pytest.mark.parametrize("typed", ["The\n\nexit\n", "The\n", "The\nEXIT\n"])
def test_chat_reads_lines_until_exit(out, typed):
    arguments = ("--model", out, "--max-tokens", 5, "--temperature", 0)
    result = invoke("chat", *arguments, input=typed)
    assert result.exit_code == 0
    assert "trained to continue text, not to answer" in result.stdout
    opened = open_model(out)
    assert "> The" in result.stdout and opened.begins is False


def test_a_stopped_run_leaves_with_the_signals_code(monkeypatch, out):
    def stopped(out, **given):
        assert (given["resume"], given["preset"]) == (True, None)
        return Outcome(folder=out, exit_code=130)

    monkeypatch.setattr("companion.runs.pipeline.train_run", stopped)
    result = invoke("train", "--out", out, "--resume")
    assert (result.exit_code, result.stderr) == (130, "")


def test_two_processes_do_not_train_in_one_folder(corpus, tmp_path):
    folder = tmp_path / "run"
    first = start(corpus, folder, "--steps", "100000")
    assert any("be beaten" in line for line in first.stdout)
    try:
        for option in ("--resume", "--force"):
            said = start(corpus, folder, option).communicate()[0]
            assert f"another process is at work in {folder}: wait" in said
        assert first.poll() is None
    finally:
        first.kill()
        first.wait()
    second = start(corpus, folder, "--force")  # the lock went with the first
    assert "another process" not in second.communicate()[0]
    assert second.returncode == 0


def test_changes_are_compared_with_the_run_itself(out):
    """Not with its preset: what was changed at the start stays changed."""
    arguments = ("train", "--out", out, "--resume", "--set")
    same = invoke(*arguments, "train.evaluate_every=5")
    assert same.exit_code == 0, same.stderr
    other = invoke(*arguments, "train.lr=0.5")
    assert other.exit_code == 1
    assert "its settings.train.lr is 0.01, here it is 0.5:" in other.stderr


def test_presets_are_listed():
    result = invoke("train", "--presets")
    assert result.exit_code == 0
    for name in ("tiny", "char-cpu", "story-cpu", "text-cpu", "story-gpu"):
        assert f"{name}: " in result.stdout
    assert "parameters" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "train needs --out"),
        (("--out", "x"), "train needs --corpus"),
        (("--out", "x", "--corpus", "a.txt"), "train needs --preset: see"),
        (
            ("--out", "x", "--corpus", "a.txt", "--preset", "big"),
            "preset must be one of tiny,",
        ),
        (
            NEW,
            "there is no file a.txt",
        ),
        (("--out", "x", "--resume"), "there is no run in x"),
        (
            (*NEW, "--set", "model.depth=3"),
            "unknown in Choices: model.depth",
        ),
        (
            (*NEW, "--steps", "3", "--passes", "1"),
            "passes are a budget",
        ),
    ],
)
def test_errors_are_one_line(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    result = invoke("train", *arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith("companion: " + message)
    assert result.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_the_other_commands_say_what_is_missing(corpus, out, tmp_path):
    for command in (
        ("generate", "--model", tmp_path),
        ("chat", "--model", tmp_path),
        ("evaluate", "--model", tmp_path, "--corpus", corpus),
    ):
        result = invoke(*command)
        assert result.exit_code == 1
        assert "companion: there is no file" in result.stderr
    again = invoke(
        *("train", "--corpus", corpus, "--preset", "tiny", "--out", out)
    )
    assert again.exit_code == 1
    assert "holds a run: use --resume to go on" in again.stderr
