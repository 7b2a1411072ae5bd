"""`companion corpus ...`: write the book's corpora to files.

Chapter: book/1-language-models/1-counting.ipynb
"""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Write the book's corpora to .parquet, .jsonl or .txt files.",
    rich_markup_mode=None,
    invoke_without_command=True,
)


class Code(StrEnum):
    """Languages of the corpora."""

    en = "en"
    ru = "ru"
    zh = "zh"


class Kind(StrEnum):
    """What dialogues are about."""

    facts = "facts"
    stories = "stories"


class Split(StrEnum):
    """Splits of the dialogues."""

    train = "train"
    test = "test"


class Part(StrEnum):
    """Parts of Python's own text."""

    docs = "docs"
    source = "source"


Language = Annotated[Code, typer.Option(help="The language to write.")]
Seed = Annotated[int, typer.Option(min=0, help="Another seed, another text.")]
Count = Annotated[int, typer.Option(min=1, help="How many stories.")]
Out = Annotated[Path, typer.Option(help="A .parquet, .jsonl or .txt file.")]
Force = Annotated[bool, typer.Option("--force", help="Replace the file.")]


@app.callback()
def _corpus(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command()
def stories(
    out: Out,
    language: Language = Code.en,
    count: Count = 10_000,
    seed: Seed = 0,
    force: Force = False,
) -> None:
    """Write stories with their log-probability; show size and floor."""
    from companion.cli.tally import Tally
    from companion.corpus import StoryWorld

    tally = Tally()
    world = StoryWorld(language.value, seed)
    told = _progress(world.stories(count), count, "stories")
    rows = (
        {
            "text": story.text,
            "log_prob": float(story.log_prob),  # nats
            "words": len(story.words),
            "language": language.value,
            "seed": seed,
            **story.labels,
        }
        for story in told
    )
    _write(out, tally.watch(rows), force, "stories")
    print(tally.summary())


@app.command()
def facts(
    out: Out,
    language: Language = Code.en,
    seed: Seed = 0,
    force: Force = False,
) -> None:
    """Write the statements of the world of facts."""
    from companion.corpus.facts import FactWorld

    statements = FactWorld(language.value, seed).statements()
    about = {"language": language.value, "seed": seed}
    rows = (asdict(statement) | about for statement in statements)
    _write(out, rows, force, "statements")


@app.command()
def dialogues(
    out: Out,
    kind: Annotated[Kind, typer.Option(help="About what.")] = Kind.facts,
    split: Annotated[
        Split, typer.Option(help="Test has the held-out questions.")
    ] = Split.train,
    language: Language = Code.en,
    count: Count = 10_000,
    seed: Seed = 0,
    force: Force = False,
) -> None:
    """Write questions with answers, about facts or about `count` stories."""
    from companion.corpus import StoryWorld
    from companion.corpus.dialogues import fact_dialogues, story_dialogues
    from companion.corpus.facts import FactWorld

    if kind is Kind.facts:
        world = FactWorld(language.value, seed)
        found = fact_dialogues(world, split.value)
    else:
        world = StoryWorld(language.value, seed)
        found = story_dialogues(world, count, split.value)
    about = {"language": language.value, "seed": seed, "split": split.value}
    rows = (
        {
            "text": "\n".join(
                filter(None, (item.context, item.question, item.answer))
            ),
            **asdict(item),
            **about,
        }
        for item in found
    )
    _write(out, rows, force, "dialogues")


@app.command()
def python(
    out: Out,
    part: Annotated[
        Part, typer.Option(help="Documentation or standard library.")
    ] = Part.docs,
    max_bytes: Annotated[
        int | None, typer.Option(min=1, help="Of source, stop before this.")
    ] = None,
    force: Force = False,
) -> None:
    """Write Python's documentation or its standard library's source."""
    from companion.corpus import python_text

    texts: Iterable[str] = (
        python_text.documentation()
        if part is Part.docs
        else python_text.source(max_bytes)
    )
    _write(out, ({"text": text} for text in texts), force, "documents")


def _write(
    out: Path, rows: Iterable[dict[str, object]], force: bool, unit: str
) -> None:
    """Write rows to a file and say how many and how large."""
    from companion.corpus.files import write_rows

    count = write_rows(out, rows, overwrite=force)
    size = out.stat().st_size / 1e6
    print(f"{out}: {count:,} {unit}, {size:,.2f} MB")


def _progress(items: Iterable, length: int, label: str) -> Iterator:
    """Pass items on, with a bar on stderr if somebody is looking."""
    from companion.machine import somebody_waits

    if not somebody_waits():
        yield from items
        return
    with typer.progressbar(
        items, length=length, label=label, file=sys.stderr
    ) as bar:
        yield from bar
