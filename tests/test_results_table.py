import re

from tools.results_table import FOLDER, PAGE, table


def test_the_page_shows_the_rows_that_were_measured():
    message = "the table is older than its rows: `make execute`"
    assert PAGE.read_text(encoding="utf-8") == table(), message


def test_every_row_is_in_the_table():
    lines = table().splitlines()
    assert len(lines) == 2 + len(list(FOLDER.glob("*.json")))


def test_every_file_of_results_is_explained():
    readme = (PAGE.parent / "README.md").read_text(encoding="utf-8")
    explained = re.findall(r"`([^`\s]+)`", readme)
    kept = {path.name for path in PAGE.parent.iterdir()}
    kept -= {"README.md", "ladder", PAGE.name}
    missing = {n for n in kept if not {n, f"{n}/"} & set(explained)}
    assert not missing, f"not in README.md: {missing}"
