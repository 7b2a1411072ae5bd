"""`companion tokenize ...`: tokenizers, ids and shards from files of text.

Chapter: book/3-tokenization/6-from-text-to-shards.ipynb
"""

import time
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from companion.tokenization import Tokenizer

app = typer.Typer(
    help="Train tokenizers, encode text, write shards of ids.",
    rich_markup_mode=None,
    invoke_without_command=True,
)


class Kind(StrEnum):
    """Kinds of tokenizers."""

    bpe = "bpe"
    wordpiece = "wordpiece"
    unigram = "unigram"
    word = "word"
    word_punct = "word-punct"
    character = "character"
    byte = "byte"


# `--in a b c` is an option with one value and two arguments
First = Annotated[
    list[Path],
    typer.Option(
        "--in", metavar="FILE...", help=".txt, .jsonl or .parquet files."
    ),
]
More = Annotated[
    list[Path] | None, typer.Argument(hidden=True, metavar="FILE")
]
Column = Annotated[
    str, typer.Option(help="Of .jsonl and .parquet: where the text is.")
]
Saved = Annotated[Path, typer.Option(help="A file that train wrote.")]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there.")]


@app.callback()
def _tokenize(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command()
def train(
    files: First,
    out: Annotated[Path, typer.Option(help="The tokenizer.json to write.")],
    more: More = None,
    kind: Annotated[Kind, typer.Option(help="Of tokenizer.")] = Kind.bpe,
    vocab_size: Annotated[
        int, typer.Option(min=1, help="Most tokens, special ones included.")
    ] = 4096,
    column: Column = "text",
    force: Force = False,
) -> None:
    """Choose the tokens for some texts."""
    from companion.cli.watched import Watched
    from companion.tokenization.loading import tokenizer_class

    _check_free(out, force)
    texts = Watched(_documents([*files, *(more or ())], column), "read")
    start = time.perf_counter()
    tokenizer = tokenizer_class(kind.value).train(texts, vocab_size)
    seconds = time.perf_counter() - start
    tokenizer.save(out, overwrite=force)
    print(
        f"{out}: {kind.value}, {tokenizer.vocab_size:,} tokens from "
        f"{texts.n_bytes / 1e6:,.2f} MB in {seconds:.1f} s, "
        f"hash {tokenizer.content_hash[:12]}"
    )


@app.command()
def encode(
    tokenizer: Saved,
    files: First,
    more: More = None,
    stats: Annotated[
        bool, typer.Option("--stats", help="Not the ids: how many, of what.")
    ] = False,
    column: Column = "text",
) -> None:
    """Print the ids of each document on a line."""
    loaded = _load(tokenizer)
    documents = _documents([*files, *(more or ())], column)
    if not stats:
        for text in documents:
            print(*loaded.encode(text))
        return
    print(_stats(loaded, documents))


@app.command()
def shard(
    tokenizer: Saved,
    files: First,
    out: Annotated[Path, typer.Option(help="A folder for the splits.")],
    more: More = None,
    split_fractions: Annotated[
        str, typer.Option(help="As train=0.8,validation=0.1,test=0.1.")
    ] = "train=1",
    workers: Annotated[
        int, typer.Option(min=1, help="Processes that encode.")
    ] = 1,
    column: Column = "text",
    force: Force = False,
) -> None:
    """Write documents as ids, for training; each falls in one split."""
    from companion.cli.watched import Watched
    from companion.shards import write_shards

    loaded = _load(tokenizer)
    fractions = _fractions(split_fractions)
    for split in fractions:
        _check_free(out / split, force)
    for split in fractions:
        documents = _documents([*files, *(more or ())], column)
        chosen = Watched(_part(documents, fractions, split), split)
        start = time.perf_counter()
        written = write_shards(
            chosen, loaded, out, split=split, overwrite=force, workers=workers
        )
        speed = written.text_bytes / 1e6 / (time.perf_counter() - start)
        print(
            f"{out / split}: {written.n_documents:,} documents, "
            f"{written.n_tokens:,} tokens of "
            f"{written.text_bytes / 1e6:,.2f} MB in {len(written.shards)} "
            f"shards, {speed:,.1f} MB/s"
        )


def _documents(files: list[Path], column: str) -> Iterator[str]:
    """Yield the documents of all files."""
    from companion.corpus.files import read_documents

    for file in files:
        yield from read_documents(file, column)


def _load(path: Path) -> "Tokenizer":
    from companion.tokenization.loading import load_tokenizer

    return load_tokenizer(path)


def _stats(tokenizer: "Tokenizer", documents: Iterator[str]) -> str:
    """Say how many tokens the bytes became."""
    n_documents = n_bytes = n_tokens = n_unknown = 0
    unknown = getattr(tokenizer, "unk_id", None)
    for text in documents:
        ids = tokenizer.encode(text)
        n_documents += 1
        n_bytes += len(text.encode())
        n_tokens += len(ids)
        n_unknown += ids.count(unknown)
    if not n_bytes:
        raise ValueError("there must be text to measure, got none")
    lines = [
        f"{n_documents:,} documents, {n_bytes:,} bytes, {n_tokens:,} tokens",
        f"{n_tokens / n_bytes:.4f} tokens per byte",
    ]
    if unknown is not None and n_tokens:
        lines.append(f"{n_unknown / n_tokens:.4f} of the tokens unknown")
    return "\n".join(lines)


def _check_free(path: Path, force: bool) -> None:
    """Say before the work what would be said after it."""
    if path.exists() and not force:
        raise FileExistsError(f"{path} exists; use --force")


def _fractions(text: str) -> dict[str, float]:
    """Read "train=0.9,validation=0.1"."""
    fractions: dict[str, float] = {}
    for item in text.split(","):
        name, equals, share = item.strip().partition("=")
        try:
            number = float(share)
        except ValueError:
            number = None
        if not (name and equals) or number is None or name in fractions:
            raise ValueError(
                "--split-fractions must be as train=0.9,validation=0.1, "
                f"each name once, got {text}"
            )
        fractions[name] = number
    return fractions


def _part(
    documents: Iterator[str], fractions: dict[str, float], split: str
) -> Iterator[str]:
    """Keep the documents of one split."""
    from companion.corpus.files import part_of

    for text in documents:
        if part_of(text, fractions=fractions) == split:
            yield text
