"""Documents in and out: the referees are json, pyarrow and hashlib."""

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from companion.corpus import tinystories as by_name
from companion.corpus.files import (
    SEPARATOR,
    read_documents,
    split_documents,
    tinystories,
    write_documents,
    write_rows,
)

STORIES = ["One day, Tom ran.\n\nHe fell.", "雨停了。", "Кот спит."]


def blank(text: str) -> bool:
    return not text.strip(" \t\n\r\v\f")


anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
tricky = st.text("a\n\r \t\v\f\ufeff\x00\x85\u2028<|>", max_size=12)
documents = st.lists(anything | tricky, min_size=1, max_size=8)
plain = st.lists(
    (anything | tricky)
    .map(lambda text: text.replace("\r", "").strip("\n").lstrip("\ufeff"))
    .map(lambda text: text.strip("\n"))
    .filter(lambda text: not blank(text) and SEPARATOR not in text),
    min_size=1,
    max_size=8,
)
many = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def test_matches_json_and_pyarrow(tmp_path):
    write_documents(tmp_path / "a.jsonl", STORIES, column="story")
    lines = (tmp_path / "a.jsonl").read_text("utf-8").split("\n")
    assert [json.loads(line)["story"] for line in lines[:-1]] == STORIES
    write_documents(tmp_path / "a.parquet", STORIES, column="story")
    table = pq.read_table(tmp_path / "a.parquet")
    assert table.to_pydict() == {"story": STORIES}
    pq.write_table(pa.table({"n": [1], "t": ["x"]}), tmp_path / "b.parquet")
    assert list(read_documents(tmp_path / "b.parquet", "t")) == ["x"]


@many
@given(texts=documents)
@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_any_text_survives_jsonl_and_parquet(tmp_path, ending, texts):
    path = tmp_path / f"a.{ending}"
    assert write_documents(path, texts, overwrite=True) == len(texts)
    assert list(read_documents(path)) == texts


@many
@given(texts=plain)
def test_any_text_that_txt_takes_survives_it(tmp_path, texts):
    path, other = tmp_path / "a.txt", tmp_path / "a.parquet"
    write_documents(path, texts, overwrite=True)
    assert list(read_documents(path)) == texts
    write_documents(other, read_documents(path), overwrite=True)
    assert list(read_documents(other)) == texts


@many
@given(text=anything | tricky)
def test_txt_keeps_a_document_or_refuses_it(tmp_path, text):
    path = tmp_path / "a.txt"
    path.unlink(missing_ok=True)
    try:
        write_documents(path, [text])
    except ValueError as error:
        assert ".txt cannot hold document 1: it" in str(error)
        assert not path.exists()
    else:
        assert list(read_documents(path)) == [text]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"a\n{SEPARATOR}\nb", r"has a line <\|endoftext\|>"),
        (f"a\n {SEPARATOR}\t\nb", r"has a line <\|endoftext\|>"),
        (" \n ", "is blank"),
        ("a\n", "begins or ends with a line break"),
        ("a\r\nb", "has a carriage return"),
        ("\ufeffa", "begins with a byte-order mark"),
    ],
)
def test_txt_names_what_it_cannot_hold(tmp_path, text, reason):
    with pytest.raises(ValueError, match=f"it {reason}; write .jsonl"):
        write_documents(tmp_path / "a.txt", [text])


def test_blank_lines_part_documents_where_no_separator_does(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfone\r\nmore\r\n\r\n \ntwo\n\n\nthree")
    assert list(read_documents(path)) == ["one\nmore", "two", "three"]
    path.write_text(f"one\n\nmore\n{SEPARATOR}\n\n{SEPARATOR}\ntwo\n\n")
    assert list(read_documents(path)) == ["one\n\nmore", "two"]


def test_reading_holds_no_more_than_a_document(tmp_path):
    """A reader that slurped the file would peak above the file's size."""
    import tracemalloc

    for ending in ("txt", "jsonl"):
        path = tmp_path / f"a.{ending}"
        write_documents(path, ("x" * 1000 for _ in range(20_000)))
        tracemalloc.start()
        assert sum(map(len, read_documents(path))) == 20_000_000
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 2_000_000


def test_rows_keep_what_is_known_about_a_document(tmp_path):
    rows = [{"text": s, "n": i, "x": None} for i, s in enumerate(STORIES)]
    for ending in ("parquet", "jsonl", "txt"):
        write_rows(tmp_path / f"a.{ending}", iter(rows))
        assert list(read_documents(tmp_path / f"a.{ending}")) == STORIES
    assert pq.read_table(tmp_path / "a.parquet").to_pylist() == rows
    lines = (tmp_path / "a.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == rows


def test_a_parquet_file_has_row_groups(tmp_path):
    path = tmp_path / "a.parquet"
    texts = [str(i) for i in range(25_000)]
    assert write_documents(path, texts) == 25_000
    assert pq.ParquetFile(path).num_row_groups == 3
    assert list(read_documents(path)) == texts


def test_a_failure_leaves_the_old_file(tmp_path):
    def breaks():
        yield "new"
        raise RuntimeError("gone")

    for ending in ("txt", "jsonl", "parquet"):
        path = tmp_path / f"a.{ending}"
        write_documents(path, ["old"])
        with pytest.raises(FileExistsError, match="pass overwrite=True"):
            write_documents(path, ["new"])
        with pytest.raises(RuntimeError, match="gone"):
            write_documents(path, breaks(), overwrite=True)
        assert list(read_documents(path)) == ["old"]
    assert len(os.listdir(tmp_path)) == 3


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"x", "must end in .txt, .jsonl or .parquet, got a.csv"),
        ("a.txt", b"", "must hold a document, .*a.txt has none"),
        ("a.txt", b" \n\r\n", "must hold a document"),
        ("a.jsonl", b"\n", "must hold a document"),
        ("a.txt", b"caf\xc3\xa9\n\nb\xff", "at byte 8: invalid start byte"),
        ("a.txt", b"\xef\xbb\xbfb\xff", "is not at byte 4"),
        ("a.jsonl", b'{"text": "\xe9"}', "at byte 10: invalid cont"),
        ("a.jsonl", b'{"text": "a"}\n{"text": "\xe9"}', "at byte 24: inv"),
        ("a.jsonl", b'{"text": "a"}\n{"text"', "line 2 of .* must be JSON"),
        ("a.jsonl", b"[1]\n", r"must be a JSON object, got \[1\]"),
        ("a.jsonl", b'{"a": 1, "b": 2}', "no column 'text', it has a, b"),
        ("a.jsonl", b'{"text": 3}', "line 1 of .* it is int"),
        ("a.parquet", b"PAR1 nonsense", "must be whole, .* is not: "),
        ("a.parquet", b"", "must be whole"),
    ],
)
def test_reading_errors(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        list(read_documents(tmp_path / name))


def test_reading_errors_of_parquet(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": ["x", None], "n": [1, 2]}), path)
    with pytest.raises(ValueError, match="no column 'text', it has a, n"):
        read_documents(path)
    with pytest.raises(ValueError, match=r"in row 2 of .* it is NoneType"):
        list(read_documents(path, "a"))
    with pytest.raises(ValueError, match=r"in row 1 of .* it is int"):
        read_documents(path, "n")
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), path)
    with pytest.raises(ValueError, match="must hold a document"):
        read_documents(path)
    bad = pa.array([b"x", b"\xff"]).cast(pa.string(), safe=False)
    pq.write_table(pa.table({"text": bad}), path)
    with pytest.raises(ValueError, match=r"UTF-8, one after row 0 of .* is"):
        read_documents(path)
    write_documents(path, ["x" * 9999] * 3, overwrite=True)
    whole = path.read_bytes()
    path.write_bytes(whole[:20] + b"\xff" * 20 + whole[40:])
    with pytest.raises(ValueError, match="a parquet file must be whole"):
        list(read_documents(path))


def test_missing_files(tmp_path):
    for name in ("a.txt", "a.jsonl", "a.parquet"):
        with pytest.raises(FileNotFoundError, match="there is no file"):
            read_documents(tmp_path / name)
    (tmp_path / "folder.txt").mkdir()
    with pytest.raises(FileNotFoundError, match="there is no file"):
        read_documents(tmp_path / "folder.txt")
    with pytest.raises(FileNotFoundError, match=r"folder .* does not exist"):
        write_documents(tmp_path / "no" / "a.txt", ["x"])


def test_writing_errors(tmp_path):
    path = tmp_path / "a.jsonl"
    with pytest.raises(ValueError, match=r"must end in .*, got a\.csv"):
        write_documents(tmp_path / "a.csv", ["x"])
    with pytest.raises(ValueError, match="several strings, got one string"):
        write_documents(path, "one text")
    with pytest.raises(ValueError, match="string, document 2 is int"):
        write_documents(path, ["x", 3])
    with pytest.raises(ValueError, match="hold document 1: surrogates not"):
        write_documents(path, ["\ud800"])
    for ending in ("txt", "jsonl", "parquet"):
        with pytest.raises(ValueError, match="must hold a document, none"):
            write_documents(tmp_path / f"a.{ending}", [])
    rows = [{"text": "x", "n": 1}, {"text": "y"}]
    with pytest.raises(ValueError, match="the columns text, n, one has text"):
        write_rows(tmp_path / "a.parquet", rows)
    early = [{"text": "x", "n": 1}] * 10_000
    late = [{"text": "x", "n": "one"}]
    with pytest.raises(ValueError, match="a column must have one type"):
        write_rows(tmp_path / "a.parquet", early + late)
    assert not list(tmp_path.iterdir())


# splits


@many
@given(texts=documents, more=documents, seed=st.integers())
def test_split_laws(texts, more, seed):
    parts = split_documents(texts, seed=seed)
    assert list(parts) == ["train", "validation", "test"]
    together = [text for part in parts.values() for text in part]
    assert Counter(together) == Counter(texts)  # nothing lost, nothing added
    sets = [set(part) for part in parts.values()]
    assert sum(map(len, sets)) == len(set.union(*sets))  # no leak
    larger = split_documents(more + texts, seed=seed)
    for name, part in parts.items():  # nothing moves, order is kept
        assert larger[name][len(larger[name]) - len(part) :] == part


def test_split_matches_blake2b():
    text, share = "Кот спит.", {"a": 0.5, "b": 0.5}
    digest = hashlib.blake2b(text.encode(), digest_size=8, key=b"7").digest()
    name = "a" if int.from_bytes(digest, "big") < 2**63 else "b"
    assert split_documents([text], fractions=share, seed=7)[name] == [text]


def test_split_sizes_and_seeds():
    texts = [f"story {i}" for i in range(10_000)]
    parts = split_documents(texts)
    # five standard errors of a share of 10,000 draws are at most 0.02
    assert len(parts["train"]) / 10_000 == pytest.approx(0.8, abs=0.02)
    assert len(parts["test"]) / 10_000 == pytest.approx(0.1, abs=0.015)
    other = split_documents(texts, seed=1)
    both = set(parts["test"]) & set(other["test"])
    assert len(both) / 10_000 == pytest.approx(0.01, abs=0.005)
    whole = split_documents(texts, fractions={"all": 1.0, "none": 0.0})
    assert whole == {"all": texts, "none": []}


def test_split_errors():
    with pytest.raises(ValueError, match=r"sum to 1, they sum to 0.9"):
        split_documents(["x"], fractions={"a": 0.8, "b": 0.1})
    with pytest.raises(ValueError, match="sum to 1, they sum to 0"):
        split_documents(["x"], fractions={})
    with pytest.raises(ValueError, match="fractions must be >= 0"):
        split_documents(["x"], fractions={"a": 1.5, "b": -0.5})
    with pytest.raises(ValueError, match="sum to 1, they sum to nan"):
        split_documents(["x"], fractions={"a": float("nan")})


# TinyStories, from a copy of the Hub's cache


def fake_cache(folder: Path, names: tuple[str, ...]) -> None:
    """Lay files out as huggingface_hub does: blobs under their SHA-256."""
    root = folder / "datasets--roneneldan--TinyStories"
    (root / "refs").mkdir(parents=True)
    (root / "blobs").mkdir()
    (root / "refs" / "main").write_text(by_name.REVISION)
    snapshot = root / "snapshots" / by_name.REVISION
    (snapshot / "data").mkdir(parents=True)
    for number, name in enumerate(names):
        draft = folder / f"draft{number}.parquet"
        texts = [f"{story} ({number})" for story in STORIES]
        pq.write_table(pa.table({"text": texts}), draft)
        digest = hashlib.sha256(draft.read_bytes()).hexdigest()
        draft.rename(root / "blobs" / digest)
        (snapshot / name).symlink_to(f"../../../blobs/{digest}")


def offline(code: str, cache: Path) -> subprocess.CompletedProcess:
    """Run code in a process that may not use the network."""
    code = "from companion.corpus.files import tinystories\n" + code
    settings = {"HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(cache)}
    return subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | settings | {"PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
    )


def test_tinystories_from_a_cache(tmp_path):
    fake_cache(tmp_path, by_name.FILES["train"])
    code = f"print(list(tinystories(cache_dir={str(tmp_path)!r})))"
    result = offline(code, tmp_path / "empty")
    expected = [f"{s} ({n})" for n in range(4) for s in STORIES]
    assert result.stdout == f"{expected}\n"
    blobs = tmp_path / "datasets--roneneldan--TinyStories" / "blobs"
    for blob in blobs.iterdir():
        assert f"SHA-256 {blob.name}" in result.stderr
    names = [line.split()[1] for line in result.stderr.splitlines()]
    assert names == [f"{name}:" for name in by_name.FILES["train"]]


def test_tinystories_fetches_a_file_when_it_is_reached(tmp_path):
    fake_cache(tmp_path, by_name.FILES["train"][:1])  # the first of four
    code = "stories = tinystories()\nfor _ in range(4): print(next(stories))"
    result = offline(code, tmp_path)
    assert result.stdout.count("\n\n") == 1
    assert "Кот спит. (0)\n" in result.stdout
    assert by_name.FILES["train"][1] in result.stderr.splitlines()[-1]


def test_tinystories_offline_says_what_to_do(tmp_path):
    result = offline("tinystories('validation')", tmp_path)
    error = result.stderr.splitlines()[-1]
    assert error.startswith("FileNotFoundError: TinyStories (data/validation")
    assert "hf download roneneldan/TinyStories --repo-type dataset" in error
    assert "read_documents" in error
    assert "StoryWorld, which needs no download" in error


def test_tinystories_refuses_a_damaged_file(tmp_path, capsys):
    fake_cache(tmp_path, by_name.FILES["validation"])
    root = tmp_path / "datasets--roneneldan--TinyStories"
    (blob,) = (root / "blobs").iterdir()
    blob.write_bytes(blob.read_bytes() + b"\0")
    with pytest.raises(ValueError, match=f"must have SHA-256 {blob.name}"):
        tinystories("validation", cache_dir=tmp_path)


def test_tinystories_finds_renamed_files(tmp_path, monkeypatch):
    """When the pinned revision is gone, the list of files decides."""
    import huggingface_hub as hub

    def download(repository, name, *, revision, **_):
        if revision != "main":
            raise hub.utils.EntryNotFoundError("404")
        return str(tmp_path / name)

    files = ["README.md", "b/train-1.parquet", "b/train-0.parquet"]
    (tmp_path / "b").mkdir()
    for number in (0, 1):
        write_documents(tmp_path / f"b/train-{number}.parquet", [str(number)])
    monkeypatch.setattr(hub, "hf_hub_download", download)
    monkeypatch.setattr(hub, "list_repo_files", lambda *_, **__: files)
    assert list(tinystories()) == ["0", "1"]
    with pytest.raises(FileNotFoundError, match="neither in the cache"):
        tinystories("validation")


def test_tinystories_errors(monkeypatch):
    with pytest.raises(ValueError, match="train or validation, got 'test'"):
        tinystories("test")
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ModuleNotFoundError, match=r"lm-measured\[download\]"):
        tinystories()
