"""From a file of text to a model: one run, which can stop anywhere.

Chapter: book/5-training/8-a-run-to-trust.ipynb
"""

import os
import platform
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import torch

from companion import config as configs
from companion.interop import family_of
from companion.runs.alone import alone
from companion.runs.corpus import Corpus
from companion.runs.data import Data, prepare
from companion.runs.finish import finish
from companion.runs.folder import RunFolder
from companion.runs.learn import learn
from companion.runs.presets import Preset
from companion.runs.run import Run, Say


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a call of `train_run` ended."""

    folder: Path
    exit_code: int  # 0: it is finished; 128 and the signal that stopped it
    result: dict | None = None  # as in run.json


def train_run(
    out: str | os.PathLike,
    *,
    corpus: str | os.PathLike | None = None,
    preset: Preset | None = None,
    name: str | None = None,
    seed: int | None = None,
    column: str = "text",
    resume: bool = False,
    force: bool = False,
    device: str | None = None,
    price_per_hour: float | None = None,
    checkpoint_seconds: float = 60.0,
    checkpoint_steps: int | None = None,
    say: Say = print,
) -> Outcome:
    """Train a model on a file of text, or go on with that.

    What is done: the text is divided, a tokenizer is trained, both parts
    are encoded; counting models say what is to be beaten; what a long run
    relies on is tried (`preflight`) and its cost foretold; the model is
    trained, with checkpoints; it is scored on all of the validation part
    and written for transformers.

    A run that was killed goes on with `resume=True` from its newest whole
    checkpoint. With a budget in steps, on a CPU with the same number of
    threads, it ends with the same weights to the bit.

    Args:
        out: a folder for everything; see `companion.runs.folder`.
        corpus: see `Corpus`; when resuming it may be left out.
        preset: one of PRESETS, or one that was changed; may be left out
            when resuming, and then nothing is compared.
        name: of the preset, for the record.
        seed: of the weights and of the order of the text; 0.
        column: where .jsonl and .parquet files have the text.
        resume: go on with the run in `out`; begin it if there is none and
            all is given that a new one needs.
        force: remove a run that is in `out`.
        device: "cpu", "cuda", "mps"; None: as the preset says.
        price_per_hour: of the machine, for the cost sheet.
        checkpoint_seconds: longest time between checkpoints.
        checkpoint_steps: the same in steps, if given.
        say: is given a line at a time.

    Raises:
        FileExistsError: `out` holds something, and it is not said what to
            do with that.
        FileNotFoundError: there is no corpus, or no run to go on with.
        BlockingIOError: another process is at work in `out`.
        ValueError: too little text, a preset that cannot be exported,
            another run than asked for, or a check that failed: it is named.
        FloatingPointError: the loss is not finite.
    """
    start = time.perf_counter()
    folder = RunFolder(out)
    asked = _asked(preset, name, seed)
    complete = corpus is not None and preset is not None
    new = not resume or (complete and not folder.exists)
    with ExitStack() as held:
        if there := folder.path.is_dir():
            held.enter_context(alone(folder.path))
        if new:
            text = Corpus(_given(corpus, "corpus"), column)
            _given(preset, "preset")
            folder.begin(_about(asked, text), force=force)
            if not there:
                held.enter_context(alone(folder.path))
        else:
            folder.go_on(asked)
            text = _corpus_again(folder, corpus)
            _note_threads(folder, say)
        data = _prepared(folder, text, new=new, say=say)
        run = Run(folder, data, device)
        run.note_cut(say)
        run.compare(say)
        run.try_out(say)
        run.foretell(price_per_hour, time.perf_counter() - start, say)
        spent = folder.record.get("other_seconds", 0.0)
        spent += time.perf_counter() - start
        folder.write(
            status="training", device=str(run.device), other_seconds=spent
        )
        learnt = learn(run, checkpoint_seconds, checkpoint_steps, say)
        if learnt.stopped:
            folder.write(status="stopped")
            return Outcome(folder=folder.path, exit_code=learnt.stopped)
        result = finish(run, learnt, say)
        return Outcome(folder=folder.path, exit_code=0, result=result)


def _given(value: object, name: str) -> object:
    if value is None:
        raise ValueError(f"a new run needs a {name}")
    return value


def _asked(
    preset: Preset | None,
    name: str | None,
    seed: int | None,
) -> dict[str, object]:
    """Say what run this is, as far as one knows."""
    asked: dict[str, object] = {}
    if name is not None:
        asked["preset"] = name
    if preset is not None:
        config = preset.model.config(vocab_size=preset.vocab_size)
        family_of(config)  # refuses what could not be exported at the end
        asked["settings"] = configs.to_dict(preset)
    if seed is not None:
        asked["seed"] = seed
    return asked


def _about(asked: dict[str, object], text: Corpus) -> dict[str, object]:
    """Write down all that a run is of, and with what it was made."""
    return {
        "preset": None,
        "seed": 0,
        **asked,
        "corpus": {
            "file": str(text.path),
            "column": text.column,
            "kind": text.kind,
            "sha256": text.sha256,
        },
        "begins": not text.running,
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
        },
        "threads": torch.get_num_threads(),
        "status": "preparing",
    }


def _corpus_again(
    folder: RunFolder, corpus: str | os.PathLike | None
) -> Corpus | None:
    """Find the corpus of a run, and make sure that it is the same.

    Returns:
        None if it is nowhere; the data may be there all the same.

    Raises:
        ValueError: it is another one.
    """
    known = folder.record["corpus"]
    path = Path(known["file"] if corpus is None else corpus)
    if corpus is None and not path.is_file():
        return None
    text = Corpus(path, known["column"])
    if text.sha256 != known["sha256"]:
        raise ValueError(
            f"the run in {folder.path} has the corpus {known['file']} "
            f"(SHA-256 {known['sha256'][:12]}), here it is {path} "
            f"({text.sha256[:12]}): go on with the same, or choose another "
            "folder"
        )
    return text


def _note_threads(folder: RunFolder, say: Say) -> None:
    """Sums of another number of threads differ in their last bits."""
    before, now = folder.record["threads"], torch.get_num_threads()
    if before != now:
        say(
            f"the run began with {before} threads and goes on with {now}: "
            "its end will be nearly, not exactly, that of one without a stop"
        )


def _prepared(
    folder: RunFolder, text: Corpus | None, *, new: bool, say: Say
) -> Data:
    """Prepare the data, or find them; say what they are."""
    preset = folder.preset
    try:
        if text is None:
            data = Data(folder.path)
        else:
            data = prepare(text, preset, folder.path)
    except ValueError:
        if new:  # so that another try need not be forced
            folder.discard()
        raise
    sizes = data.sizes()
    folder.write(hashes=data.hashes(), sizes=sizes)
    kind = folder.record["corpus"]["kind"]
    tokenizer = f"{data.tokenizer.vocab_size:,} tokens ({preset.tokenizer})"
    say(f"{folder.record['corpus']['file']}: {kind}, {tokenizer}")
    for name, size in sizes.items():
        line = (
            f"  {name}: {size['tokens']:,} tokens, "
            f"{size['text_bytes'] / 1e6:,.2f} MB, {size['documents']:,} "
            "document(s)"
        )
        if size["unknown"]:
            line += f", {size['unknown']:,} tokens unknown to the tokenizer"
        say(line)
    return data
