"""`companion evaluate`: how well a model knows a text.

Chapter: book/5-training/8-a-run-to-trust.ipynb
"""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from companion.cli.write import Model

if TYPE_CHECKING:
    from companion.runs import Corpus


class Part(StrEnum):
    """Parts of a corpus, as companion train divides it."""

    all = "all"
    train = "train"
    validation = "validation"


def evaluate(
    model: Model,
    corpus: Annotated[Path, typer.Option(help="As for companion train.")],
    part: Annotated[
        Part, typer.Option(help="Of the corpus, as training divides it.")
    ] = Part.all,
    column: Annotated[
        str, typer.Option(help="Of .jsonl and .parquet: where the text is.")
    ] = "text",
) -> None:
    """Measure nats per token, perplexity and bits per byte of a text.

    Every token is predicted once, from at most a context before it, and so
    is the end of each document. Only bits per byte can be compared between
    models whose tokens differ. Of the text that a model was trained on,
    take --part validation.
    """
    from companion.runs.corpus import Corpus
    from companion.runs.opening import open_model
    from companion.runs.validation import score_texts

    opened = open_model(model)
    text = Corpus(corpus, column)
    _warn(model, text, part)
    score = score_texts(
        opened.model, opened.tokenizer, text.part(part.value), text.running
    )
    unknown = f", {score.unknown:,} of them unknown" if score.unknown else ""
    said = score.to_dict()
    print(
        f"{corpus} ({part.value}): {score.tokens:,} tokens{unknown}, "
        f"{score.text_bytes / 1e6:,.2f} MB\n"
        f"{said['nats_per_token']:.4f} nats per token\n"
        f"{said['perplexity']:.2f} perplexity\n"
        f"{said['bits_per_byte']:.4f} bits per byte"
    )


def _warn(model: Path, text: "Corpus", part: Part) -> None:
    """Say so if the model has learned from this text."""
    from companion.runs.folder import RECORD, RunFolder

    if part == Part.validation or not (model / RECORD).is_file():
        return
    run = RunFolder(model)
    run.read()
    if run.record["corpus"]["sha256"] == text.sha256:
        print(
            "the model was trained on this text: take --part validation for "
            "what it has not seen"
        )
