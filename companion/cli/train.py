"""`companion train`: from a file of text to a model.

Chapter: book/5-training/8-a-run-to-trust.ipynb
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from companion.runs import Preset

HELP = """Train a model on a file of text; it can stop at any moment.

A .jsonl, a .parquet and a .txt with lines <|endoftext|> hold documents; a
hash of each decides whether it is learned from or for validation. Any other
file is one running text, learned from but for its last tenth.

OUT holds everything: run.json (what was done, and the result),
tokenizer.json, data/, log.jsonl (one line a step), checkpoints/, and at the
end model/, which transformers loads. Before the long part begins, what it
relies on is tried, and its cost is foretold.

Ctrl-C ends the step in hand and writes a checkpoint. After that, or after
any accident, --resume goes on; with a budget in steps the end is the same,
to the bit.

companion train --presets lists the presets; --set changes one, as in
--set train.lr=0.01 --set model.n_layers=6.
"""

Corpus = Annotated[
    Path | None, typer.Option(help="Any file of text, or .jsonl, .parquet.")
]
Name = Annotated[str | None, typer.Option("--preset", help="See --presets.")]
Out = Annotated[Path | None, typer.Option(help="A folder for everything.")]
Steps = Annotated[int | None, typer.Option(min=1, help="Budget: updates.")]
Seconds = Annotated[
    float | None, typer.Option(min=0.001, help="Budget: seconds of training.")
]
Passes = Annotated[
    float | None,
    typer.Option(min=0, help="Budget: times over the training part."),
]
Converged = Annotated[
    bool,
    typer.Option(
        "--until-converged",
        help="End when validation has not improved for five evaluations; "
        "the budget, or four times the preset's, is a ceiling.",
    ),
]
Seed = Annotated[
    int | None, typer.Option(min=0, help="Of weights and order; 0.")
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on with the run in OUT.")
]
Force = Annotated[bool, typer.Option("--force", help="Remove the run in OUT.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Change the preset."),
]
Column = Annotated[
    str, typer.Option(help="Of .jsonl and .parquet: where the text is.")
]
Device = Annotated[str | None, typer.Option(help="cpu, cuda or mps.")]
Price = Annotated[
    float | None,
    typer.Option(min=0, help="Of the machine, for the cost sheet."),
]
Every = Annotated[
    float, typer.Option(min=0, help="Longest time between checkpoints.")
]
EverySteps = Annotated[
    int | None, typer.Option(min=1, help="The same in steps.")
]
List = Annotated[
    bool, typer.Option("--presets", help="List the presets, and leave.")
]


def train(
    corpus: Corpus = None,
    name: Name = None,
    out: Out = None,
    steps: Steps = None,
    seconds: Seconds = None,
    passes: Passes = None,
    until_converged: Converged = False,
    seed: Seed = None,
    resume: Resume = False,
    force: Force = False,
    set_: Set = None,
    column: Column = "text",
    device: Device = None,
    price_per_hour: Price = None,
    checkpoint_seconds: Every = 60.0,
    checkpoint_steps: EverySteps = None,
    presets: List = False,
) -> None:
    """See HELP."""
    from companion.runs.folder import RunFolder
    from companion.runs.pipeline import train_run
    from companion.runs.presets import PRESETS, with_budget

    if presets:
        print(_table(PRESETS))
        return
    for option, value, needed in (
        ("--out", out, True),
        ("--corpus", corpus, not resume),
        ("--preset", name, not resume),
    ):
        if needed and value is None:
            hint = ": see --presets" if option == "--preset" else ""
            raise ValueError(f"train needs {option}{hint}")
    budget = dict(steps=steps, seconds=seconds, passes=passes)
    changed = until_converged or set_ or any(budget.values())
    chosen = None
    if changed or not resume or not RunFolder(out).exists:
        chosen, name = _base(name, out)
        chosen = with_budget(chosen, **budget, until_converged=until_converged)
        chosen = _overridden(chosen, set_)
    outcome = train_run(
        out,
        corpus=corpus,
        preset=chosen,
        name=name,
        seed=seed,
        column=column,
        resume=resume,
        force=force,
        device=device,
        price_per_hour=price_per_hour,
        checkpoint_seconds=checkpoint_seconds,
        checkpoint_steps=checkpoint_steps,
        say=_say,
    )
    if outcome.exit_code:
        raise typer.Exit(outcome.exit_code)


train.__doc__ = HELP


def _base(name: str | None, out: Path) -> tuple["Preset", str]:
    """Find the preset that is changed: the one named, or the run's own."""
    from companion.runs.folder import RunFolder
    from companion.runs.presets import preset

    if name is not None:
        return preset(name), name
    folder = RunFolder(out)
    folder.read()
    return folder.preset, folder.record["preset"]


def _overridden(chosen: "Preset", settings: list[str] | None) -> "Preset":
    from companion.config import override

    return override(chosen, settings or [])


def _table(presets: dict[str, "Preset"]) -> str:
    """Write a preset with its purpose and its costs."""
    return "\n".join(
        f"{name}: {preset.purpose}\n    {preset.costs}"
        for name, preset in presets.items()
    )


def _say(line: str) -> None:
    """Print a line above the one that shows how far it is."""
    from tqdm import tqdm

    tqdm.write(line)
    sys.stdout.flush()
