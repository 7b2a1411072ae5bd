import json
from dataclasses import asdict, replace
from html.parser import HTMLParser

import pytest

from companion.evaluation.ladder import (
    Ladder,
    LadderError,
    LadderRow,
    read,
    record,
    show,
)

ROW = LadderRow(
    model="Kneser-Ney 5-gram",
    chapter=1,
    notebook="3-measuring",
    parameters=12_345,
    train_words=1_000_000,
    nats_per_word=0.6,
    bits_per_byte=0.2,
    floor_nats_per_word=0.5,
    seconds=3.21,
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("COMPANION_RENEW", "1")
    record(ROW, tmp_path)
    monkeypatch.delenv("COMPANION_RENEW")
    return tmp_path


def test_the_stored_file_matches_json(folder):
    (path,) = folder.iterdir()
    assert path.name == "1-kneser-ney-5-gram-story-world-english.json"
    assert json.loads(path.read_text()) == asdict(ROW)
    assert read(folder) == [ROW]


def test_a_measurement_within_the_tolerance_passes(folder, capsys):
    record(replace(ROW, bits_per_byte=0.2035, seconds=99.0), folder)
    assert capsys.readouterr().out == (
        "✓ Kneser-Ney 5-gram: 0.2035 bits per byte (the table says 0.2000)\n"
    )
    assert read(folder) == [ROW]  # comparing writes nothing


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bits_per_byte": 0.205}, "bits_per_byte is 0.205, but .* 0.2 ± 2%"),
        ({"bits_per_byte": 0.195}, "bits_per_byte is 0.195"),
        ({"bits_per_byte": float("nan")}, "bits_per_byte is nan"),
        ({"nats_per_word": 0.7}, "nats_per_word is 0.7"),
        ({"floor_nats_per_word": 0.4}, "floor_nats_per_word is 0.4"),
        ({"parameters": 12_346}, "parameters is 12346, but .* says 12345"),
        ({"train_words": 5}, "train_words is 5"),
    ],
)
def test_another_measurement_is_an_error(folder, changes, message):
    with pytest.raises(LadderError, match=message):
        record(replace(ROW, **changes), folder)


def test_the_tolerance_can_be_chosen(folder):
    record(replace(ROW, bits_per_byte=0.21), folder, within=0.06)
    with pytest.raises(LadderError, match="bits_per_byte"):
        record(replace(ROW, bits_per_byte=0.2001), folder, within=0.0)


def test_a_row_that_is_not_stored_is_an_error(folder):
    with pytest.raises(LadderError, match="not in the table: set COMPANION_"):
        record(replace(ROW, model="another"), folder)


def test_renewing_replaces_the_row(folder, monkeypatch):
    monkeypatch.setenv("COMPANION_RENEW", "1")
    record(replace(ROW, bits_per_byte=0.9), folder)
    assert [row.bits_per_byte for row in read(folder)] == [0.9]


def test_highest_loss_first_within_a_corpus(folder, monkeypatch):
    monkeypatch.setenv("COMPANION_RENEW", "1")
    record(replace(ROW, model="worse", nats_per_word=2.0), folder)
    record(replace(ROW, model="x", corpus="another world"), folder)
    names = [row.model for row in read(folder)]
    assert names == ["x", "worse", "Kneser-Ney 5-gram"]


class Tags(HTMLParser):
    """Count the tags of a table."""

    def __init__(self, text):
        super().__init__()
        self.seen = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs).get("scope")))


def test_the_table_is_accessible(folder):
    tags = Tags(show(folder)._repr_html_()).seen
    assert tags.count(("caption", None)) == 1
    assert tags.count(("th", "col")) == len(Ladder.HEADERS)
    assert tags.count(("th", "row")) == 1
    assert tags.count(("td", None)) == len(Ladder.HEADERS) - 1


def test_the_table_says_what_the_row_says(folder):
    table = show(folder)
    cells = ("Kneser-Ney 5-gram", "12,345", "1,000,000")
    assert table.cells()[0] == (*cells, "0.600", "0.200", "1.20", "3.2")
    for text in (repr(table), table._repr_markdown_(), table._repr_html_()):
        assert all(cell in text for cell in table.cells()[0])


def test_names_are_escaped():
    row = replace(ROW, model="<b>", seconds=120)
    html = Ladder([row])._repr_html_()
    assert "<b>" not in html
    assert "&lt;b&gt;" in html
    assert Ladder([row]).cells()[0][-1] == "120"


def test_several_corpora_are_named():
    rows = [ROW, replace(ROW, corpus="Python's documentation")]
    assert Ladder(rows).cells()[1][0].endswith("(Python's documentation)")


def test_a_row_knows_its_distance_to_the_floor():
    assert ROW.ratio == pytest.approx(1.2)


def test_refuses_a_file_that_is_no_row(folder):
    (folder / "a.json").write_text('{"model": "x"}')
    with pytest.raises(ValueError, match=r"a\.json must be a JSON object"):
        read(folder)
    (folder / "a.json").write_text("half")
    with pytest.raises(ValueError, match=r"a\.json must be a JSON object"):
        read(folder)


def test_names_a_missing_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="does not exist"):
        read(tmp_path / "none")


def test_a_notebook_alone_has_no_table(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COMPANION_RENEW", "1")
    record(ROW, tmp_path / "none")
    assert "no table at" in capsys.readouterr().out
    assert not (tmp_path / "none").exists()
    assert show(tmp_path / "none").rows == []
