"""Kill a run at twenty random moments, and compare its end.

    python benchmarks/killed_runs.py --kills 20

A run of the preset `tiny` on Python's own documentation is killed with
SIGKILL at moments that nobody chose (between the first second and the time
a whole run takes: while it reads, encodes, tries, trains, writes a
checkpoint or the model), resumed, and killed again. Whenever one comes to
its end, its weights must be those of a run that nobody killed, bit for bit.
"""

import argparse
import pydoc_data.topics
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STEPS = 400


def command(folder: Path, out: Path, *more: str) -> list[str]:
    """Write down the command of a run."""
    return [
        *(str(Path(sys.executable).with_name("companion")), "train"),
        *("--corpus", str(folder / "text.txt"), "--out", str(out)),
        *("--preset", "tiny", "--steps", str(STEPS)),
        *("--checkpoint-steps", "7", *more),
    ]


def last(out: Path) -> str:
    """Say how far a run came."""
    found = sorted((out / "checkpoints").glob("step-*"))
    return found[-1].stem if found else "no checkpoint"


def main() -> None:
    """Run, kill, resume, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = "\n".join(pydoc_data.topics.topics.values())[:300_000]
        (folder / "text.txt").write_text(text, encoding="utf-8")
        start = time.perf_counter()
        whole = folder / "whole"
        quiet = dict(capture_output=True, check=True)
        subprocess.run(command(folder, whole), **quiet)
        seconds = time.perf_counter() - start
        wanted = (whole / "model" / "model.safetensors").read_bytes()
        print(f"a whole run takes {seconds:.1f} s", flush=True)
        kills = ends = 0
        while kills < options.kills:
            out = folder / f"run-{ends}"
            finished = False
            while not finished:
                more = ["--resume"] if (out / "run.json").exists() else []
                if out.exists() and not more:
                    more = ["--force"]
                process = subprocess.Popen(
                    command(folder, out, *more),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                )
                try:
                    enough = kills >= options.kills
                    wait = None if enough else chance.uniform(1, seconds)
                    _, error = process.communicate(timeout=wait)
                    if process.returncode:
                        raise RuntimeError(error.decode())
                    finished = True
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.communicate()
                    kills += 1
                    print(f"kill {kills}: {last(out)}", flush=True)
            got = (out / "model" / "model.safetensors").read_bytes()
            assert got == wanted, f"run {ends} ended with other weights"
            ends += 1
            print(f"run {ends}: ended with the same {len(got):,} bytes")
    print(f"{kills} kills, {ends} ends, all equal to the bit")


if __name__ == "__main__":
    main()
