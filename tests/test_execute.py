"""Notebooks are run whole or not touched; the brand is what draws it."""

import json

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools.build_site import forget_changed_assets
from tools.draw_brand import DARK, LIGHT, draw_card, mark
from tools.execute import choose, is_current, run
from tools.project import ASSETS
from tools.setup_cell import setup_source
from tools.sphinx_book import exists, pages_url, share_programs


def write(path, source):
    cells = [new_markdown_cell("# A page"), new_code_cell(source)]
    nbformat.write(new_notebook(cells=cells), path)


def test_run_stores_outputs_and_repeats_itself(tmp_path):
    path = tmp_path / "page.ipynb"
    write(path, "print(6 * 7)")
    run(path, timeout=60)
    notebook = nbformat.read(path, as_version=4)
    setup, cell = notebook.cells[1:]
    assert setup.source == setup_source() and setup.outputs == []
    assert cell.outputs[0].text == "42\n" and cell.execution_count == 2
    assert is_current(notebook)
    once = path.read_bytes()
    run(path, timeout=60)
    assert path.read_bytes() == once


def test_failing_notebook_is_left_as_it_was(tmp_path):
    path = tmp_path / "page.ipynb"
    write(path, "print(1)\nundefined")
    before = path.read_bytes()
    with pytest.raises(CellExecutionError, match="undefined"):
        run(path, timeout=60)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_unknown_notebook_is_an_error():
    with pytest.raises(FileNotFoundError, match="no notebook at nowhere"):
        choose("nowhere.ipynb", everything=False)


@pytest.mark.parametrize(
    ("name", "colours"),
    [("logo-light", LIGHT), ("logo-dark", DARK), ("favicon", LIGHT)],
)
def test_logo_is_what_the_code_draws(name, colours):
    drawn = (ASSETS / f"{name}.svg").read_text(encoding="utf-8")
    assert drawn == mark(colours), "run `python -m tools.draw_brand`"


def test_social_card_is_drawn(tmp_path):
    draw_card(tmp_path / "card.png")
    drawn = (tmp_path / "card.png").read_bytes()
    assert drawn.startswith(b"\x89PNG") and len(drawn) < 100_000


def test_site_address_follows_the_repository():
    url = "https://github.com/Some-Body/book"
    assert pages_url(url) == "https://some-body.github.io/book/"


def test_programs_of_widgets_become_shared_files(tmp_path):
    state = {
        "a": {"state": {"_esm": "export </script>", "_css": "p {}", "n": 1}},
        "b": {"state": {"_css": "p {}"}},
    }
    text = json.dumps({"state": state}).replace("</", "<\\/")
    kind = "application/vnd.jupyter.widget-state+json"
    page = f'<p></p><script type="{kind}">{text}</script><p></p>'
    folder = tmp_path / "_static"
    lighter = share_programs(page, tmp_path / "book" / "a.html", folder)
    stored = json.loads(lighter.split(">", 3)[3].split("</script>")[0])
    a, b = (stored["state"][model]["state"] for model in "ab")
    assert a["n"] == 1 and a["_css"] == b["_css"]
    program = (tmp_path / "book" / a["_esm"]).resolve()
    assert program.read_text() == "export </script>"
    assert len(list(folder.iterdir())) == 2
    again = share_programs(lighter, tmp_path / "book" / "a.html", folder)
    assert again == lighter
    assert share_programs("<p></p>", page, folder) == "<p></p>"


def test_a_changed_style_reaches_the_site_that_was_built(tmp_path):
    for name in ("custom.css", "favicon.svg"):
        (tmp_path / name).write_bytes((ASSETS / name).read_bytes())
    with open(tmp_path / "custom.css", "a", encoding="utf-8") as file:
        file.write("old {}")
    forget_changed_assets(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["favicon.svg"]


def test_reference_knows_which_names_exist():
    assert exists("companion.files", "write_atomically")
    assert not exists("companion.files", "nothing")
    assert not exists("companion.nowhere", "nothing")
