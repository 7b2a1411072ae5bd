"""`companion numpy-chat ...`: a chat model trained without a framework.

Chapter: book/projects/1-chat-in-numpy.ipynb
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from companion.numpy_gpt.chat_data import ChatData
    from companion.numpy_gpt.storage import Stored
    from companion.numpy_gpt.training import Entry

app = typer.Typer(
    help="Train a small chat model with NumPy alone, and talk to it.",
    rich_markup_mode=None,
    invoke_without_command=True,
)
PRETRAINED, TUNED = "1-pretrained", "2-tuned"
SHOWN = 3  # questions that are asked before, between and after the phases


@app.callback()
def _numpy_chat(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command()
def train(
    out: Annotated[Path, typer.Option(help="A folder for both phases.")],
    facts: Annotated[
        Path | None,
        typer.Option(help='Your own statements: .jsonl with "text".'),
    ] = None,
    dialogues: Annotated[
        Path | None,
        typer.Option(help='.jsonl with "question" and "answer".'),
    ] = None,
    test: Annotated[
        Path | None,
        typer.Option(help="More of these, to be asked but never learned."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of all draws.")] = 0,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="As d_model=32; see ChatConfig."),
    ] = None,
    talk_: Annotated[
        bool, typer.Option("--talk/--no-talk", help="Talk when trained.")
    ] = True,
    force: Annotated[
        bool, typer.Option("--force", help="Replace what is there.")
    ] = False,
) -> None:
    """Read statements, learn to answer from dialogues, and talk."""
    from companion.config import override
    from companion.numpy_gpt.chat import ChatConfig, ChatRun
    from companion.numpy_gpt.storage import save

    for name in (PRETRAINED, TUNED):
        if (out / name).exists() and not force:
            raise FileExistsError(f"{out / name} exists; use --force")
    data = _data(facts, dialogues, test)
    config = override(ChatConfig(seed=seed), set_ or [])
    run = ChatRun(data, config)
    print(
        f"{len(data.statements):,} statements, {len(data.train):,} "
        f"dialogues, {run.model.tokenizer.vocab_size:,} words, "
        f"{run.model.config.n_parameters:,} parameters"
    )
    _ask(run.model, data, "before training")
    for phase, name in (("pretraining", PRETRAINED), ("tuning", TUNED)):
        learn = run.pretrain if phase == "pretraining" else run.tune
        epochs = config.phase(phase).epochs
        learn(lambda entry, p=phase, n=epochs: _report(p, n, entry))
        save(run.model, out / name, overwrite=force)
        _ask(run.model, data, f"after {phase}, stored in {out / name}")
    _score(run.model, data)
    if talk_:
        _converse(run.model)


@app.command()
def talk(
    model: Annotated[Path, typer.Option(help="A folder that train wrote.")],
) -> None:
    """Ask a stored model; `exit` ends it."""
    from companion.numpy_gpt.storage import load

    inside = model / TUNED
    _converse(load(inside if inside.is_dir() else model))


def _data(
    facts: Path | None, dialogues: Path | None, test: Path | None
) -> "ChatData":
    """Read somebody's own files, or make the book's."""
    from companion.numpy_gpt import chat_data

    if facts is None and dialogues is None and test is None:
        return chat_data.world_data()
    if facts is None or dialogues is None:
        raise ValueError("own data need both: --facts and --dialogues")
    return chat_data.ChatData(
        chat_data.read_statements(facts),
        chat_data.read_pairs(dialogues),
        chat_data.read_pairs(test) if test else [],
    )


def _ask(model: "Stored", data: "ChatData", when: str) -> None:
    """Print what a model says now, to the same questions each time."""
    from companion.numpy_gpt.chat import reply

    kind = "never asked in training" if data.test else "asked in training"
    print(f"\n{when} ({kind}):")
    pairs = data.test or data.train
    for pair in pairs[:: -(-len(pairs) // SHOWN)]:
        print(f"  {pair.question}\n    {reply(model, pair.question).text}")


def _report(phase: str, epochs: int, entry: "Entry") -> None:
    epoch = entry["epoch"]
    if epoch in (1, epochs) or epoch % 10 == 0:
        print(
            f"{phase}, epoch {epoch} of {epochs}: {entry['loss']:.3f} nats "
            f"a token, {entry['seconds']:.0f} s",
            flush=True,
        )


def _score(model: "Stored", data: "ChatData") -> None:
    """Memory and use, apart."""
    from companion.numpy_gpt.chat import share_right

    print("\nanswers with the right value:")
    for name, pairs in (("asked", data.train), ("never asked", data.test)):
        if pairs:
            share = 100 * share_right(model, pairs)
            print(f"  {name} in training: {share:.1f} % of {len(pairs):,}")


def _converse(model: "Stored") -> None:
    """Answer line by line, until `exit` or the end of the input."""
    from companion.numpy_gpt.chat import reply

    print("\nEach question stands alone. Type exit to end.")
    while True:
        print("you: ", end="", flush=True)
        line = sys.stdin.readline()
        question = line.strip()
        if not line or question.lower() == "exit":
            print("" if line else "\n", end="")
            return
        if not question:
            continue
        try:
            said = reply(model, question)
        except ValueError as error:
            print(f"({error})")
            continue
        if said.unknown:
            print(f"(not in my vocabulary: {', '.join(said.unknown)})")
        print(f"model: {said.text}")
