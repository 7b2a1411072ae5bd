"""The command line's front: help, version, and errors of one line.

Nothing heavy is imported before a command runs, so `--help` is quick.

Chapter: book/1-language-models/1-counting.ipynb
"""

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from companion.cli import corpus, interop, numpy_chat, tokenize, write
from companion.cli.doctor import doctor
from companion.cli.evaluate import evaluate
from companion.cli.train import train


class OneLineErrors(TyperGroup):
    """A group of commands whose errors are one line on stderr.

    Exit code 2: the command was not understood. 1: it could not be done.
    """

    def main(self, *args: Any, standalone_mode: bool = True, **kw: Any) -> Any:
        """Run a command and leave with its exit code."""
        try:
            code = super().main(*args, standalone_mode=False, **kw)
        except (ValueError, OSError, FloatingPointError) as error:
            code = _complain(_plain(error), 1)
        except typer.Abort:
            code = _complain("stopped", 1)
        except Exception as error:
            if not hasattr(error, "format_message"):
                raise
            # what click says of a command line that it cannot read
            code = _complain(error.format_message(), error.exit_code)
        sys.exit(code if isinstance(code, int) else 0)


def _plain(error: Exception) -> str:
    """Word an error for somebody who types options, not Python."""
    text = str(error).replace("pass overwrite=True", "use --force")
    return text or type(error).__name__


def _complain(text: str, code: int) -> int:
    print("companion:", " ".join(text.split()), file=sys.stderr)
    return code


app = typer.Typer(
    cls=OneLineErrors,
    help="Language models, measured: the book's command line.",
    rich_markup_mode=None,
    add_completion=False,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
)
app.add_typer(corpus.app, name="corpus")
app.add_typer(tokenize.app, name="tokenize")
app.add_typer(numpy_chat.app, name="numpy-chat")
app.command()(train)
app.command()(write.generate)
app.command()(write.chat)
app.command()(evaluate)
app.command()(interop.convert)
app.command()(interop.export)
app.command("import")(interop.import_)
app.command()(doctor)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"companion {version('lm-measured')}")
        raise typer.Exit


@app.callback()
def _companion(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Show the version and leave.",
            callback=_show_version,
            is_eager=True,
        ),
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())
