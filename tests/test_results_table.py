from tools.results_table import FOLDER, PAGE, table


def test_the_page_shows_the_rows_that_were_measured():
    message = "the table is older than its rows: `make execute`"
    assert PAGE.read_text(encoding="utf-8") == table(), message


def test_every_row_is_in_the_table():
    lines = table().splitlines()
    assert len(lines) == 2 + len(list(FOLDER.glob("*.json")))
