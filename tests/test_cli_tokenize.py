"""`companion tokenize`: the referees are the library's own functions."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from companion.cli import app
from companion.cli.tokenize import Kind
from companion.cli.watched import Watched
from companion.corpus import StoryWorld
from companion.corpus.files import (
    part_of,
    split_documents,
    write_documents,
)
from companion.shards import open_shards, write_shards
from companion.tokenization import BPETokenizer, ByteTokenizer, WordTokenizer
from companion.tokenization.loading import (
    TOKENIZERS,
    load_tokenizer,
    tokenizer_class,
)

COMMAND = Path(sys.executable).parent / "companion"
STORIES = list(StoryWorld().texts(120))


def invoke(*arguments: object):
    """Run the command in this process."""
    return CliRunner().invoke(app, ["tokenize", *map(str, arguments)])


@pytest.fixture
def files(tmp_path) -> list[Path]:
    paths = [tmp_path / name for name in ("a.parquet", "b.jsonl", "c.txt")]
    for path, start in zip(paths, (0, 50, 90), strict=True):
        end = {0: 50, 50: 90, 90: 120}[start]
        write_documents(path, STORIES[start:end])
    return paths


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_train_matches_the_class(tmp_path, files, kind):
    out = tmp_path / "tokenizer.json"
    options = ("--kind", kind, "--vocab-size", 300)
    result = invoke("train", *options, "--in", *files, "--out", out)
    assert (result.exit_code, result.stderr) == (0, "")
    expected = TOKENIZERS[kind].train(STORIES, 300)
    loaded = load_tokenizer(out)
    assert type(loaded) is TOKENIZERS[kind]
    assert loaded.content_hash == expected.content_hash
    assert loaded.content_hash[:12] in result.stdout
    assert f"{kind}, {expected.vocab_size} tokens from" in result.stdout
    text = STORIES[3]
    assert loaded.encode(text) == expected.encode(text)


def test_the_command_knows_every_kind():
    assert [kind.value for kind in Kind] == list(TOKENIZERS)


def test_encode_prints_the_ids_of_each_document(tmp_path, files):
    saved = tmp_path / "t.json"
    tokenizer = BPETokenizer.train(STORIES, 300)
    tokenizer.save(saved)
    arguments = ("--tokenizer", saved, "--in", files[0], "--in", files[1])
    result = invoke("encode", *arguments)
    lines = result.stdout.splitlines()
    ids = [[int(word) for word in line.split()] for line in lines]
    assert ids == [tokenizer.encode(text) for text in STORIES[:90]]


def test_stats_are_those_of_the_ids(tmp_path, files):
    saved = tmp_path / "t.json"
    tokenizer = WordTokenizer.train(STORIES, 60)
    tokenizer.save(saved)
    result = invoke("encode", "--stats", "--tokenizer", saved, "--in", *files)
    ids = [i for text in STORIES for i in tokenizer.encode(text)]
    size = sum(len(text.encode()) for text in STORIES)
    unknown = ids.count(tokenizer.unk_id) / len(ids)
    assert result.stdout.splitlines() == [
        f"120 documents, {size:,} bytes, {len(ids):,} tokens",
        f"{len(ids) / size:.4f} tokens per byte",
        f"{unknown:.4f} of the tokens unknown",
    ]
    assert unknown > 0.01


def test_shard_matches_the_library(tmp_path, files):
    saved, out = tmp_path / "t.json", tmp_path / "shards"
    tokenizer = BPETokenizer.train(STORIES, 400)
    tokenizer.save(saved)
    fractions = {"train": 0.7, "validation": 0.3}
    text = ",".join(f"{name}={share}" for name, share in fractions.items())
    # the real command, for its worker processes
    files = ("--in", *files, "--out", out)
    options = ("--split-fractions", text, "--workers", "2")
    result = subprocess.run(
        [COMMAND, "tokenize", "shard", "--tokenizer", saved, *files, *options],
        capture_output=True,
        encoding="utf-8",
    )
    assert (result.returncode, result.stderr) == (0, "")
    parts = split_documents(STORIES, fractions=fractions)
    for split, texts in parts.items():
        other = tmp_path / "other"
        write_shards(texts, tokenizer, other, split=split)
        ours = open_shards(out, tokenizer, split=split)
        assert ours.manifest == open_shards(other, split=split).manifest
        assert f"{out / split}: {len(texts)} documents, " in result.stdout


def test_without_fractions_all_is_for_training(tmp_path, files):
    ByteTokenizer().save(tmp_path / "t.json")
    arguments = ("--tokenizer", tmp_path / "t.json", "--out", tmp_path / "s")
    assert invoke("shard", *arguments, "--in", *files).exit_code == 0
    assert [path.name for path in (tmp_path / "s").iterdir()] == ["train"]
    shards = open_shards(tmp_path / "s")
    texts = [ByteTokenizer().decode(shards.document(i)) for i in range(120)]
    assert texts == STORIES


def test_what_is_there_is_replaced_only_by_force(tmp_path, files):
    saved, out = tmp_path / "t.json", tmp_path / "s"
    calls = [
        ("train", "--in", files[0], "--kind", "byte", "--out", saved),
        ("shard", "--in", files[0], "--tokenizer", saved, "--out", out),
    ]
    for call, place in zip(calls, (saved, out / "train"), strict=True):
        assert invoke(*call).exit_code == 0
        result = invoke(*call)
        assert result.exit_code == 1
        message = f"companion: {place} exists; use --force"
        assert " ".join(result.stderr.split()) == message
        assert invoke(*call, "--force").exit_code == 0


def test_the_old_split_is_checked_before_any_is_written(tmp_path, files):
    ByteTokenizer().save(tmp_path / "t.json")
    out = tmp_path / "s"
    write_shards(["old"], ByteTokenizer(), out, split="validation")
    arguments = ("--tokenizer", tmp_path / "t.json", "--out", out)
    fractions = ("--split-fractions", "train=0.5,validation=0.5")
    result = invoke("shard", *arguments, *fractions, "--in", *files)
    assert result.exit_code == 1
    assert not (out / "train").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("train", "--in", "a.txt"), 2, "Missing option '--out'"),
        (("train", "--out", "t.json"), 2, "Missing option '--in'"),
        (("train", "--kind", "no"), 2, "'--kind'"),
        (("train", "--in=a.txt", "--out=b"), 1, "there is no file a.txt"),
        (("encode", "--tokenizer=t", "--in=a.txt"), 1, "No such file"),
        (
            ("encode", "--tokenizer=e.jsonl", "--in=a.txt"),
            1,
            "e.jsonl is not a tokenizer of this book",
        ),
        (
            ("encode", "--tokenizer=t.json", "--in=e.jsonl", "--stats"),
            1,
            "there must be text to measure, got none",
        ),
        *(
            (
                (
                    *("shard", "--tokenizer=t.json", "--in=e.jsonl"),
                    *("--out=s", f"--split-fractions={fractions}"),
                ),
                1,
                message,
            )
            for fractions, message in [
                ("train=1.5", "must sum to 1, they sum to 1.5"),
                ("train", "must be as train=0.9,validation=0.1, each name"),
                ("a=0.5,a=0.5", "each name once, got a=0.5,a=0.5"),
                ("a=x", "each name once, got a=x"),
                ("../a=1", "split must be letters, digits, - and _"),
                ("b=0,a=1", "must be documents to write, got none for b"),
            ]
        ),
    ],
)
def test_errors_are_one_line(tmp_path, monkeypatch, arguments, code, message):
    monkeypatch.chdir(tmp_path)
    ByteTokenizer().save("t.json")
    Path("e.jsonl").write_text('{"text": ""}')
    result = invoke(*arguments)
    assert result.exit_code == code
    assert result.stderr.startswith("companion: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert sorted(os.listdir()) in (
        ["e.jsonl", "t.json"],
        sorted(["e.jsonl", "s", "t.json"]),
    )
    assert not list(tmp_path.glob("s/*"))


def test_part_of_is_the_part_of_split_documents():
    fractions = {"train": 0.5, "test": 0.5}
    for name, texts in split_documents(
        STORIES, fractions=fractions, seed=3
    ).items():
        parts = {part_of(t, fractions=fractions, seed=3) for t in texts}
        assert parts == {name}
    with pytest.raises(ValueError, match="fractions must sum to 1, they sum"):
        part_of("a", fractions={"train": 0.5})


def test_loading_names_unknown_kinds(tmp_path):
    with pytest.raises(ValueError, match=r"kind must be one of bpe, .*'no'"):
        tokenizer_class("no")
    path = tmp_path / "t.json"
    ByteTokenizer().save(path)
    path.write_text(path.read_text().replace('"byte"', '"nothing"'))
    with pytest.raises(
        ValueError, match=r"kind must be one of bpe, .*'nothin"
    ):
        load_tokenizer(path)


def test_what_passes_is_shown_to_a_terminal_only(capsys, monkeypatch):
    texts = ["é", "b"]
    watched = Watched(texts, "read")
    assert list(watched) == texts
    assert (watched.n_documents, watched.n_bytes) == (2, 3)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    times = iter(np.arange(10) / 2)
    monkeypatch.setattr("time.monotonic", lambda: next(times))
    assert list(Watched(texts, "read")) == texts
    shown = capsys.readouterr().err
    assert "\rread: 2 documents, 0.0 MB, 0.0 MB/s\n" in shown
