"""A writer that is stopped or killed: the referee is the kernel."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from companion.shards import open_shards, write_shards
from companion.shards.encoding import GROUP
from companion.shards.whole import folder_written_whole
from companion.tokenization import ByteTokenizer


class Deadly(ByteTokenizer):
    """Ends the process that encodes with it."""

    def encode(self, text: str) -> list[int]:
        os._exit(1)


def test_a_worker_that_ends_leaves_nothing(tmp_path):
    with pytest.raises(ChildProcessError, match="worker process must live"):
        write_shards(["a"], Deadly(), tmp_path, workers=2)
    assert not list(tmp_path.iterdir())


def test_stopping_leaves_the_old_set(tmp_path):
    def stopped():
        yield "x" * GROUP
        raise KeyboardInterrupt

    write_shards(["old"], ByteTokenizer(), tmp_path)
    with pytest.raises(KeyboardInterrupt):
        write_shards(stopped(), ByteTokenizer(), tmp_path, overwrite=True)
    assert open_shards(tmp_path).n_tokens == 4
    assert [path.name for path in tmp_path.iterdir()] == ["train"]


@pytest.mark.parametrize("workers", [1, 2])
def test_killing_the_writer_leaves_a_whole_set_or_nothing(tmp_path, workers):
    """A real process that replaces a set over and over, killed at random."""
    code = """
import sys
from companion.shards import write_shards
from companion.tokenization import ByteTokenizer
if __name__ == "__main__":
    print("ready", flush=True)
    for n in range(10**9):
        texts = [chr(97 + n % 26) * 2000] * 300
        write_shards(texts, ByteTokenizer(), sys.argv[1], overwrite=True,
                     tokens_per_shard=90_000, workers=int(sys.argv[2]))
        print("written", flush=True)
"""
    script = tmp_path / "writer.py"
    script.write_text(code)
    rng = random.Random(workers)
    wholes = 0
    for _ in range(6 if workers == 1 else 3):
        writer = subprocess.Popen(
            [sys.executable, script, tmp_path / "set", str(workers)],
            stdout=subprocess.PIPE,
        )
        writer.stdout.readline()
        time.sleep(rng.uniform(0, 0.25 if workers == 1 else 1.5))
        writer.kill()
        writer.communicate()
        if (tmp_path / "set" / "train").exists():
            shards = open_shards(tmp_path / "set", ByteTokenizer())
            texts = {
                ByteTokenizer().decode(shards.document(i)) for i in range(300)
            }
            assert shards.n_documents == 300
            assert len(texts) == 1
            wholes += 1
    assert wholes
    write_shards(["last"], ByteTokenizer(), tmp_path / "set", overwrite=True)
    assert [path.name for path in (tmp_path / "set").iterdir()] == ["train"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("old", [True, False])
def test_no_step_of_the_writer_leaves_a_broken_set(tmp_path, old):
    """The process is ended before its first, second ... touch of a file."""
    seen = set()
    for step in range(1, 200):
        folder = tmp_path / str(step)
        if old:
            write_shards(["old"], ByteTokenizer(), folder)
        child = os.fork()
        if not child:
            _write_and_die(folder, step)
        finished = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        if (folder / "train").exists():
            shards = open_shards(folder, ByteTokenizer())
            text = ByteTokenizer().decode(shards.document(0))
        else:
            text = None
        seen.add(text)
        if finished:
            break
        write_shards(["next"], ByteTokenizer(), folder, split="other")
        write_shards(["next"], ByteTokenizer(), folder, overwrite=True)
        names = {path.name for path in folder.iterdir()}
        assert names == {"train", "other"}
    assert finished
    assert step > 10
    assert seen == {None, "new", *(["old"] if old else [])}


def _write_and_die(folder: Path, step: int) -> None:
    """Write in this forked process; end at a given file event."""
    left = step

    def count(event: str, arguments: tuple) -> None:
        nonlocal left
        if event == "open" or event.startswith(("os.", "shutil.")):
            left -= 1
            if not left:
                os._exit(9)

    code = 1
    try:
        sys.addaudithook(count)
        tokenizer = ByteTokenizer()
        write_shards(["new", "b" * 50], tokenizer, folder, overwrite=True)
        code = 0
    finally:
        os._exit(code)


@pytest.mark.skipif(os.name != "posix", reason="asks for the process")
def test_what_a_killed_writer_left_is_put_back_or_removed(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with folder_written_whole(tmp_path / "set") as part:
        mine, theirs = part.name, str(ended.pid)
    left = mine.replace(str(os.getpid()), theirs)
    old = tmp_path / left.replace("part", "old")
    (tmp_path / "set").rename(old)
    (old / "kept").touch()
    (tmp_path / left).mkdir()
    running = tmp_path / mine.replace(str(os.getpid()), "1")
    running.mkdir()  # process 1 always lives
    with (
        pytest.raises(FileExistsError),
        folder_written_whole(tmp_path / "set"),
    ):
        pass
    assert (tmp_path / "set" / "kept").exists()
    assert {p.name for p in tmp_path.iterdir()} == {"set", running.name}


@pytest.mark.skipif(os.name != "posix", reason="lists processes")
def test_workers_end_with_a_killed_parent(tmp_path):
    code = """
import multiprocessing, sys
from companion.shards import write_shards
from companion.tokenization import ByteTokenizer
def texts():
    for n in range(10**9):
        if n == 20:
            print(*(p.pid for p in multiprocessing.active_children()),
                  flush=True)
        yield "a" * 300_000
if __name__ == "__main__":
    write_shards(texts(), ByteTokenizer(), sys.argv[1], workers=2)
"""
    script = tmp_path / "writer.py"
    script.write_text(code)
    writer = subprocess.Popen(
        [sys.executable, script, tmp_path / "set"], stdout=subprocess.PIPE
    )
    workers = [int(pid) for pid in writer.stdout.readline().split()]
    assert len(workers) == 2
    writer.kill()
    writer.communicate()
    deadline = time.monotonic() + 10
    while any(_lives(pid) for pid in workers):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _lives(pid: int) -> bool:
    """Ask for a process that is neither gone nor a zombie."""
    command = ["ps", "-o", "stat=", "-p", str(pid)]
    state = subprocess.run(command, capture_output=True, text=True).stdout
    return bool(state.strip()) and not state.strip().startswith("Z")
