"""The rules of the book, applied to every notebook and page in it."""

import pkgutil

import nbformat
import pytest

import companion
from tools.notebook_lints import LINTS
from tools.notebook_text import bold_numbers
from tools.project import BOOK, notebooks, pages, toc_pages


def name(path):
    return str(path.relative_to(BOOK))


@pytest.mark.parametrize("lint", LINTS, ids=lambda lint: lint.__name__)
@pytest.mark.parametrize("path", notebooks(), ids=name)
def test_notebook(path, lint):
    problems = lint(nbformat.read(path, as_version=4))
    assert not problems, f"{name(path)}: " + "; ".join(problems)


@pytest.mark.parametrize(
    "path", [p for p in pages() if p.suffix == ".md"], ids=name
)
def test_page_makes_no_unchecked_claim(path):
    bold = bold_numbers(path.read_text(encoding="utf-8"))
    assert not bold, (
        f"{name(path)}: a bold number is one that a claim checks, and a "
        f"Markdown page has no claims; write these plain: {bold}"
    )


def test_every_page_is_in_the_table_of_contents():
    written = {name(path).rsplit(".", 1)[0] for path in pages()}
    missing = sorted(written - set(toc_pages()))
    assert not missing, f"add to _toc.yml: {missing}"


def test_every_public_module_is_in_the_reference():
    parts = [BOOK / "api.md", *sorted((BOOK / "api").glob("*.md"))]
    reference = "".join(part.read_text(encoding="utf-8") for part in parts)
    modules = [m.name for m in pkgutil.iter_modules(companion.__path__)]
    missing = [
        module
        for module in modules
        if f"automodule:: companion.{module}\n" not in reference
    ]
    assert not missing, f"add an automodule to book/api/*.md: {missing}"
