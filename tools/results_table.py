"""Write the table of results as a page: `python -m tools.results_table`.

`make execute` calls it, so that the table on the website is the one that the
notebooks measured.
"""

from companion.evaluation.ladder import show
from companion.files import write_atomically
from tools.project import BOOK

FOLDER = BOOK / "results" / "ladder"
PAGE = BOOK / "results" / "ladder.txt"


def table() -> str:
    """Return the table of all models as a Markdown table."""
    return show(FOLDER)._repr_markdown_() + "\n"


def main() -> None:
    """Write the page, if it changed."""
    if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != table():
        with write_atomically(PAGE, mode="w", overwrite=True) as file:
            file.write(table())
        print(f"wrote {PAGE.relative_to(BOOK.parent)}")


if __name__ == "__main__":
    main()
