"""Shards: the referees are the tokenizer, NumPy's own reading, hashlib."""

import hashlib
import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from companion.corpus.files import read_documents, write_documents
from companion.shards import open_shards, write_shards
from companion.shards.encoding import GROUP
from companion.tokenization import ByteTokenizer

TEXTS = ["One day, Tom ran.", "", "雨停了。", "Кот спит." * 9, "a", "bc"]


class Wide(ByteTokenizer):
    """Bytes whose ids need more than two of them."""

    vocab_size = 70_000
    content_hash = "f" * 64

    def encode(self, text: str) -> list[int]:
        return [69_000 + i for i in super().encode(text)]


def expected_ids(texts: list[str], tokenizer) -> list[int]:
    return [i for text in texts for i in (*tokenizer.encode(text), 0)]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("tokenizer", [ByteTokenizer(), Wide()])
def test_matches_numpys_reading(tmp_path, tokenizer):
    manifest = write_shards(TEXTS, tokenizer, tmp_path, tokens_per_shard=40)
    dtype = {"ByteTokenizer": "<u2", "Wide": "<u4"}[manifest.tokenizer]
    files = sorted(tmp_path.glob("train/shard-[0-9]*[0-9].bin"))
    assert len(files) == len(manifest.shards) > 2
    ids = np.concatenate([np.fromfile(file, dtype) for file in files])
    assert ids.tolist() == expected_ids(TEXTS, tokenizer)
    for file, shard in zip(files, manifest.shards, strict=True):
        assert file.name == shard.tokens_file
        assert shard.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
        offsets = np.fromfile(file.with_suffix(".offsets.bin"), "<u8")
        assert len(offsets) == shard.documents + 1
        assert (offsets[0], offsets[-1]) == (0, shard.tokens)
        assert shard.tokens <= 40 or shard.documents == 1
    record = json.loads((tmp_path / "train" / "manifest.json").read_text())
    assert record["totals"] == {
        "tokens": len(ids),
        "documents": len(TEXTS),
        "text_bytes": sum(len(text.encode()) for text in TEXTS),
    }


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    texts=st.lists(
        st.text(st.characters(exclude_categories=["Cs"])), min_size=1
    ),
    tokens_per_shard=st.integers(1, 60),
)
def test_reads_back_what_was_written(tmp_path, texts, tokens_per_shard):
    options = {"tokens_per_shard": tokens_per_shard, "overwrite": True}
    write_shards(texts, ByteTokenizer(), tmp_path, **options)
    shards = open_shards(tmp_path, ByteTokenizer())
    expected = expected_ids(texts, ByteTokenizer())
    n = shards.n_tokens
    assert (n, shards.n_documents) == (len(expected), len(texts))
    for start, stop in [(0, n), (n // 3, n // 2), (n, n), (0, 0)]:
        assert shards.tokens(start, stop).tolist() == expected[start:stop]
    documents = [shards.document(i) for i in range(len(texts))]
    assert [ByteTokenizer().decode(ids) for ids in documents] == texts
    assert [len(ids) for ids in documents] == shards.lengths().tolist()


def test_splits_stand_side_by_side(tmp_path):
    for split in ("train", "validation"):
        write_shards([split], ByteTokenizer(), tmp_path, split=split)
    for split in ("train", "validation"):
        shards = open_shards(tmp_path, ByteTokenizer(), split=split)
        assert ByteTokenizer().decode(shards.document(0)) == split
        assert shards.manifest.split == split
    assert {path.name for path in tmp_path.iterdir()} == {
        "train",
        "validation",
    }


def test_several_processes_write_the_same_bytes(tmp_path):
    word = "слово "
    texts = [word * (GROUP // 20) for _ in range(25)] + TEXTS
    for workers in (1, 2):
        folder = tmp_path / str(workers)
        write_shards(
            iter(texts),
            ByteTokenizer(),
            folder,
            tokens_per_shard=500_000,
            workers=workers,
        )
    one, two = contents(tmp_path / "1/train"), contents(tmp_path / "2/train")
    assert one == two
    assert len(one) > 3


@pytest.mark.parametrize("workers", [1, 2])
def test_a_refused_document_is_named_and_leaves_nothing(tmp_path, workers):
    texts = ["a" * GROUP, "b", "c\ud800"]
    with pytest.raises(ValueError, match=r"document 3: .* got U\+D800 at ch"):
        write_shards(texts, ByteTokenizer(), tmp_path, workers=workers)
    assert not list(tmp_path.iterdir())


def test_documents_are_read_no_faster_than_encoded(tmp_path):
    """20 MB pass through; a few groups of a quarter megabyte are held."""
    text = "a story of a fox. " * 1000

    tracemalloc.start()
    try:
        write_shards((text for _ in range(1100)), ByteTokenizer(), tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert open_shards(tmp_path).manifest.text_bytes > 19e6
    assert peak < 10e6


def test_a_parquet_file_larger_than_memory_passes_through(tmp_path):
    """Resident memory grows by far less than the 78 MB of text."""
    path = tmp_path / "a.parquet"
    story = "".join(map(chr, range(97, 123))) * 600
    write_documents(path, (f"{i} {story}" for i in range(5_000)))
    code = """
import resource, sys
from companion.corpus.files import read_documents
from companion.shards import write_shards
from companion.tokenization import ByteTokenizer
class Short(ByteTokenizer):
    def encode(self, text): return super().encode(text[:9])
import pyarrow.parquet
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
write_shards(read_documents(sys.argv[1]), Short(), sys.argv[2])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    pytest.importorskip("resource")
    arguments = [sys.executable, "-c", code, path, tmp_path / "shards"]
    grown = int(subprocess.check_output(arguments))
    grown *= 1 if sys.platform == "darwin" else 1024  # bytes or KiB
    shards = open_shards(tmp_path / "shards")
    assert shards.manifest.text_bytes > 75e6
    assert shards.n_documents == 5_000
    assert sum(1 for _ in read_documents(path)) == 5_000
    assert grown < 40e6


def test_an_existing_split_is_kept_unless_asked(tmp_path):
    write_shards(["old"], ByteTokenizer(), tmp_path)
    with pytest.raises(FileExistsError, match="train exists; pass overwrite"):
        write_shards(["new"], ByteTokenizer(), tmp_path)
    assert open_shards(tmp_path).n_tokens == 4
    write_shards(["newer"], ByteTokenizer(), tmp_path, overwrite=True)
    assert open_shards(tmp_path).n_tokens == 6
    assert [path.name for path in tmp_path.iterdir()] == ["train"]


def test_a_file_in_the_way_is_never_replaced(tmp_path):
    (tmp_path / "train").write_text("mine")
    with pytest.raises(FileExistsError, match="train exists and is no folder"):
        write_shards(["new"], ByteTokenizer(), tmp_path, overwrite=True)
    assert (tmp_path / "train").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"documents": "one"}, "several strings, got one string"),
        ({"documents": []}, "must be documents to write, got none for train"),
        ({"split": "../train"}, "letters, digits, - and _, got '../train'"),
        ({"split": ""}, "letters, digits, - and _, got ''"),
        ({"tokens_per_shard": 0}, "tokens_per_shard must be at least 1, got"),
        ({"workers": 0}, "workers must be at least 1, got 0"),
    ],
)
def test_refuses_to_write(tmp_path, arguments, message):
    options = {"documents": ["a"], "folder": tmp_path} | arguments
    with pytest.raises(ValueError, match=message):
        write_shards(tokenizer=ByteTokenizer(), **options)
    assert not list(tmp_path.iterdir())


def test_refuses_a_tokenizer_without_an_end(tmp_path):
    class Endless(ByteTokenizer):
        special_ids = {}  # noqa: RUF012

    with pytest.raises(ValueError, match=r"<\|endoftext\|>, it has none"):
        write_shards(["a"], Endless(), tmp_path)


@pytest.fixture
def written(tmp_path) -> Path:
    write_shards(TEXTS, ByteTokenizer(), tmp_path, tokens_per_shard=100)
    return tmp_path


def test_refuses_another_tokenizer(written):
    ours = ByteTokenizer().content_hash
    message = (
        f"train were made with tokenizer {ours[:12]}..., got ffffffffffff..."
    )
    for other in (Wide(), Wide.content_hash):
        with pytest.raises(ValueError, match=message):
            open_shards(written, other)
    assert open_shards(written, ours).n_documents == len(TEXTS)


def test_every_flipped_bit_of_a_shard_is_refused(written):
    for path in written.glob("train/*.bin"):
        whole = path.read_bytes()
        for place in range(len(whole)):
            changed = bytearray(whole)
            changed[place] ^= 1 << place % 8
            path.write_bytes(changed)
            with pytest.raises(ValueError, match=f"{path.name} has changed"):
                open_shards(written)
        open_shards(written, verify=False)
        path.write_bytes(whole)
    open_shards(written)


@pytest.mark.parametrize("verify", [True, False])
def test_a_truncated_or_missing_shard_is_refused(written, verify):
    for path in written.glob("train/*.bin"):
        whole = path.read_bytes()
        path.write_bytes(whole[:-1])
        with pytest.raises(ValueError, match=f"{path.name} is truncated: "):
            open_shards(written, verify=verify)
        path.write_bytes(whole + b"\0")
        with pytest.raises(ValueError, match=f"{path.name} is too long: "):
            open_shards(written, verify=verify)
        path.unlink()
        with pytest.raises(FileNotFoundError, match=f"{path.name} is missing"):
            open_shards(written, verify=verify)
        path.write_bytes(whole)


def test_every_changed_byte_of_a_manifest_is_refused(written):
    """Line ends and spaces aside, which say nothing."""
    path = written / "train" / "manifest.json"
    whole = path.read_bytes()
    for place, byte in enumerate(whole):
        if chr(byte).isspace():
            continue
        path.write_bytes(
            whole[:place] + bytes([byte ^ 1]) + whole[place + 1 :]
        )
        with pytest.raises(ValueError, match=r"manifest\.json (is|has)"):
            open_shards(written)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "else"}, r"manifest\.json is not a manifest of shards"),
        ({"schema": 2}, "has schema 2, this version reads 1"),
        ({"shards": None}, "manifest.json is damaged: "),
        ({"vocab_size": 300}, "damaged: it does not give its hash"),
    ],
)
def test_refuses_other_manifests(written, change, message):
    path = written / "train" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ValueError, match=message):
        open_shards(written)


def test_names_what_is_not_there(written):
    with pytest.raises(FileNotFoundError, match=r"manifest\.json is missing"):
        open_shards(written, split="test")
    shards = open_shards(written)
    with pytest.raises(IndexError, match="numbered from 0 to 5, got 6"):
        shards.document(6)
    with pytest.raises(
        ValueError, match=r"in order from 0 to \d+, got 3 and 2"
    ):
        shards.tokens(3, 2)
