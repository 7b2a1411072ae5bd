"""`companion convert`, `export` and `import`: models change their form.

Chapter: book/4-architectures/9-two-famous-models.ipynb
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from companion.tokenization import Tokenizer

Out = Annotated[Path, typer.Option(help="The folder to write.")]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there.")]


def export(
    model: Annotated[Path, typer.Option(help="A folder of this book's.")],
    out: Out,
    force: Force = False,
) -> None:
    """Write a model for transformers: as GPT-2 or Llama."""
    from companion.interop import export_model
    from companion.models.storage import load

    _check_free(out, force)
    stored = load(model)
    export_model(stored.model, stored.tokenizer, out, overwrite=force)
    _report(out, stored.model.n_parameters, stored.tokenizer)


def import_(
    source: Annotated[
        Path, typer.Option("--from", help="A folder that transformers reads.")
    ],
    out: Out,
    force: Force = False,
) -> None:
    """Read a GPT-2 or Llama of transformers as a model of this book."""
    from companion.interop import import_model
    from companion.models.storage import save

    _check_free(out, force)
    stored = import_model(source)
    save(stored.model, out, stored.tokenizer, overwrite=force)
    _report(out, stored.model.n_parameters, stored.tokenizer)


def convert(
    source: Annotated[
        Path, typer.Option("--from", help="A safetensors file.")
    ],
    layout: Annotated[
        Path, typer.Option(help="JSON: names, and what is stored how.")
    ],
    out: Out,
    check: Annotated[
        Path | None,
        typer.Option(
            help="A safetensors file with token_ids, and the logits that "
            "the old program computed for them."
        ),
    ] = None,
    tokenizer: Annotated[
        Path | None, typer.Option(help="The tokenizer.json to send along.")
    ] = None,
    force: Force = False,
) -> None:
    """Turn another program's weights into a GPT-2 or Llama."""
    from companion import interop
    from companion.models.tensors import read_tensors
    from companion.tokenization import load_tokenizer

    _check_free(out, force)
    probe = interop.Probe.load(check) if check else None
    known = load_tokenizer(tokenizer) if tokenizer else None
    rules = interop.Layout.load(layout)
    model = interop.convert(read_tensors(source), rules, probe)
    interop.export_model(model, known, out, overwrite=force)
    _report(out, model.n_parameters, known)
    if probe is None:
        print("logits were compared with nothing: see --check")


def _check_free(path: Path, force: bool) -> None:
    """Say before the work what would be said after it."""
    if path.exists() and not force:
        raise FileExistsError(f"{path} exists; use --force")


def _report(
    out: Path, n_parameters: int, tokenizer: "Tokenizer | None"
) -> None:
    """Say what was written."""
    if tokenizer is None:
        along = "without a tokenizer"
    else:
        along = f"tokenizer {tokenizer.content_hash[:12]}"
    print(f"{out}: {n_parameters:,} parameters, {along}")
