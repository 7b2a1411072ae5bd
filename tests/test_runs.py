"""Whole runs: the referees are transformers, and runs that nobody stops."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from companion.corpus import StoryWorld
from companion.interop import family_of
from companion.runs import (
    PRESETS,
    open_model,
    preset,
    train_run,
    with_budget,
)
from companion.training import checkpoints, load_checkpoint, read_log

TEXT = "\n\n".join(StoryWorld().texts(60))
TINY = with_budget(preset("tiny"), steps=30)


def settings(base=TINY, **changes):
    train = {"evaluate_every": 10} | changes.pop("train", {})
    return replace(
        base, train=replace(base.train, **train), evaluate_rows=16, **changes
    )


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    path = tmp_path_factory.mktemp("corpus") / "stories.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def finished(text, tmp_path_factory):
    """A run that nobody stopped, and what it said."""
    out, said = tmp_path_factory.mktemp("runs") / "whole", []
    outcome = train_run(
        out, corpus=text, preset=settings(), name="tiny", say=said.append
    )
    assert outcome.exit_code == 0
    return out, said


def record_of(out):
    return json.loads((out / "run.json").read_text(encoding="utf-8"))


def weights_of(out):
    path = checkpoints(out / "checkpoints")[-1]
    record = record_of(out)
    names = ("preset", "settings", "seed", "corpus", "hashes")
    state = load_checkpoint(path, {name: record[name] for name in names})
    return state.record["step"], {
        name: tensor
        for name, tensor in state.tensors.items()
        if name.startswith("model.")
    }


def assert_same_end(one, two):
    (step, ours), (there, theirs) = weights_of(one), weights_of(two)
    assert (step, list(ours)) == (there, list(theirs))
    for name, tensor in ours.items():
        assert torch.equal(tensor, theirs[name]), name


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_can_be_exported(name):
    chosen = preset(name)
    assert family_of(chosen.model.config(chosen.vocab_size)) in (
        "llama",
        "gpt2",
    )


def test_the_folder_is_whole(finished):
    out, said = finished
    record = record_of(out)
    assert record["status"] == "finished"
    assert record["corpus"]["kind"] == "one running text"
    result, sizes = record["result"], record["sizes"]
    assert sizes["train"]["unknown"] == 0
    n_validation = len(TEXT) - int(0.9 * len(TEXT))
    assert result["tokens"] == n_validation
    assert result["bits_per_byte"] == pytest.approx(
        result["nats_per_token"]
        * n_validation
        / math.log(2)
        / len(TEXT[-n_validation:].encode())
    )
    log = read_log(out / "log.jsonl")
    assert [entry["step"] for entry in log] == list(range(1, 31))
    assert [e["step"] for e in log if "validation_loss" in e] == [10, 20, 30]
    assert all(check["passed"] for check in record["preflight"])
    assert result["nats_per_token"] < record["baselines"]["uniform"]
    assert record["measured"]["tokens"] == record["predicted"]["tokens"]
    joined = "\n".join(said)
    for piece in ("nats per token", "bits per byte", "passes", "5-gram"):
        assert piece in joined


def test_transformers_writes_the_same(finished):
    transformers = pytest.importorskip("transformers")
    from companion.generation import SamplingConfig, generate

    out, _ = finished
    theirs = transformers.AutoModelForCausalLM.from_pretrained(out / "model")
    words = transformers.AutoTokenizer.from_pretrained(out / "model")
    opened = open_model(out)
    ids = opened.prompt_ids("The ")
    assert words("The ")["input_ids"] == ids
    (ours,) = generate(
        opened.model,
        [ids],
        SamplingConfig.of(opened.tokenizer, temperature=0),
        np.random.default_rng(0),
        max_tokens=20,
    )
    found = theirs.generate(
        torch.tensor([ids]), max_new_tokens=20, do_sample=False
    )
    assert found[0].tolist() == ours.text


def test_documents_begin_with_an_end(tmp_path):
    """So does what transformers' tokenizer makes of a prompt."""
    transformers = pytest.importorskip("transformers")
    path = tmp_path / "stories.jsonl"
    rows = [json.dumps({"text": text}) for text in StoryWorld().texts(80)]
    path.write_text("\n".join(rows))
    chosen = settings(rows="documents", tokenizer="bpe", vocab_size=300)
    out, said = tmp_path / "run", []
    train_run(out, corpus=path, preset=chosen, say=said.append)
    record = record_of(out)
    assert record["corpus"]["kind"] == "documents"
    assert any("have more than 32 tokens; training does" in x for x in said)
    n = {name: size["documents"] for name, size in record["sizes"].items()}
    assert n["train"] + n["validation"] == 80
    words = transformers.AutoTokenizer.from_pretrained(out / "model")
    ids = open_model(out).prompt_ids("Anna")
    assert ids[0] == 0
    assert words("Anna")["input_ids"] == ids
    size = record["sizes"]["validation"]
    assert record["result"]["tokens"] == size["tokens"]
    assert record["result"]["text_bytes"] == size["text_bytes"]


def test_stopped_and_resumed_ends_the_same(finished, text, tmp_path):
    whole, _ = finished
    out, said = tmp_path / "run", []

    def stop_at_ten(line):
        said.append(line)
        if line.startswith("step 10"):
            os.kill(os.getpid(), 15)

    chosen = settings()
    outcome = train_run(
        out, corpus=text, preset=chosen, name="tiny", say=stop_at_ten
    )
    assert outcome.exit_code == 128 + 15
    assert said[-1] == (
        f"stopped at step 10; go on with: companion train --out {out} --resume"
    )
    assert record_of(out)["status"] == "stopped"
    with pytest.raises(FileNotFoundError, match="has no model yet: go on"):
        open_model(out)
    assert train_run(out, resume=True, say=said.append).exit_code == 0
    assert "goes on from step-000000010.safetensors" in said
    assert_same_end(whole, out)
    ours, theirs = record_of(whole)["result"], record_of(out)["result"]
    assert ours["nats_per_token"] == theirs["nats_per_token"]
    steps = [entry["step"] for entry in read_log(out / "log.jsonl")]
    assert steps == list(range(1, 31))


def test_a_damaged_checkpoint_is_named(finished, text, tmp_path):
    whole, _ = finished
    out, said = tmp_path / "run", []

    def stop(line):
        if line.startswith("step 20"):
            os.kill(os.getpid(), 15)

    train_run(
        out,
        corpus=text,
        preset=settings(),
        name="tiny",
        checkpoint_steps=10,
        say=stop,
    )
    old, new = checkpoints(out / "checkpoints")
    new.write_bytes(new.read_bytes()[:-9])
    train_run(out, corpus=text, name="tiny", resume=True, say=said.append)
    assert any(
        line.startswith(f"{new} is damaged") and "before it is used" in line
        for line in said
    )
    assert f"goes on from {old.name}" in said
    assert_same_end(whole, out)
    for path in checkpoints(out / "checkpoints"):
        path.write_bytes(b"")
    train_run(out, resume=True, say=said.append)
    assert "no checkpoint is whole: training begins anew" in said
    assert_same_end(whole, out)


def test_resumes_only_the_same(finished, text, tmp_path):
    out, _ = finished
    other = tmp_path / "other.txt"
    other.write_text(TEXT + "!")
    before = record_of(out)
    for wrong, message in (
        ({"corpus": other}, r"has the corpus .*stories.txt .*other.txt"),
        ({"name": "char-cpu"}, "its preset is 'tiny', here it is 'char-cpu'"),
        ({"seed": 3}, "its seed is 0, here it is 3"),
        (
            {"preset": settings(train={"lr": 0.5})},
            r"its settings.train.lr is 0.01, here it is 0.5",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            train_run(out, resume=True, **wrong)
    assert record_of(out) == before


def test_nothing_is_overwritten_by_surprise(finished, text, tmp_path):
    out, _ = finished
    with pytest.raises(FileExistsError, match="holds a run: use --resume"):
        train_run(out, corpus=text, preset=TINY)
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(FileExistsError, match="holds files and no run"):
        train_run(tmp_path, corpus=text, preset=TINY, force=True)
    with pytest.raises(FileNotFoundError, match="there is no run in"):
        train_run(tmp_path / "x", resume=True)
    with pytest.raises(ValueError, match="a new run needs a corpus"):
        train_run(tmp_path / "x", preset=TINY)


def test_what_a_killed_process_left_is_no_run(text, tmp_path):
    """Killed before run.json was whole; one command serves both cases."""
    path = tmp_path / "run"
    path.mkdir()
    (path / ".run.json.abc.part").write_text("{")
    chosen = settings(with_budget(preset("tiny"), steps=2))
    for _ in range(2):
        train_run(path, corpus=text, preset=chosen, resume=True, say=str)
    assert record_of(path)["result"]["steps"] == 2
    assert not list(path.glob(".*"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "a file must hold text"),
        ("a" * 200, r"must fill one batch, 8 rows of 32 tokens and one: it "
         r"has 181 tokens, 257 are needed"),
        ("one\n<|endoftext|>\n", "the validation part must hold a document"),
    ],
)  # fmt: skip
def test_too_little_text(tmp_path, content, message):
    path = tmp_path / "short.txt"
    path.write_text(content)
    with pytest.raises(ValueError, match=message):
        train_run(tmp_path / "run", corpus=path, preset=TINY)
    assert not (tmp_path / "run").exists()  # another try needs no --force


def test_force_begins_anew(text, tmp_path):
    path = tmp_path / "run"
    for steps in (4, 6):
        chosen = settings(with_budget(preset("tiny"), steps=steps))
        train_run(path, corpus=text, preset=chosen, force=True, say=str)
    assert record_of(path)["result"]["steps"] == 6
    assert len(checkpoints(path / "checkpoints")) == 1


def test_until_converged(text, tmp_path):
    chosen = with_budget(preset("tiny"), steps=400, until_converged=True)
    chosen = settings(chosen, train={"lr": 0.3, "evaluate_every": 5})
    said = []
    train_run(tmp_path / "run", corpus=text, preset=chosen, say=said.append)
    result = record_of(tmp_path / "run")["result"]
    assert result["converged"] and result["steps"] < 400
    assert any("so it has converged" in line for line in said)


def test_passes_become_steps():
    chosen = with_budget(preset("tiny"), passes=1.5)
    assert chosen.training(11).steps == 17
    with pytest.raises(ValueError, match="passes are a budget"):
        with_budget(preset("tiny"), passes=1, steps=3)
    four = with_budget(preset("tiny"), until_converged=True)
    assert (four.train.steps, four.train.patience) == (320, 5)
    assert with_budget(four, until_converged=True) == four


def test_there_is_no_such_preset():
    with pytest.raises(ValueError, match="preset must be one of tiny, char-"):
        preset("huge")
