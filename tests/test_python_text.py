"""Python's own text: the referees are pydoc_data and ast."""

import ast
import sys
import sysconfig
from pathlib import Path
from pydoc_data.topics import topics

import pytest

from companion.corpus import python_text


def test_matches_pydoc():
    texts = python_text.documentation()
    whole = [topics[k].strip("\n") for k in sorted(topics)]
    assert texts == [text for text in whole if text in set(texts)]
    size = sum(len(text.encode()) for text in texts)
    assert 300_000 < size < 1_500_000
    assert all(text.strip() for text in texts)


def test_no_topic_repeats_another():
    seen, repeated, total = set(), 0, 0
    for text in python_text.documentation():
        for paragraph in text.split("\n\n"):
            repeated += len(paragraph) * (paragraph in seen)
            total += len(paragraph)
            seen.add(paragraph)
    assert repeated < 0.02 * total


def test_source_is_python_that_parses():
    texts = list(python_text.source(1_000_000))
    size = sum(len(text.encode()) for text in texts)
    assert 500_000 < size <= 1_000_000
    for text in texts:
        ast.parse(text)


def test_source_is_the_same_each_time_and_prefixes_agree():
    short = list(python_text.source(200_000))
    assert short == list(python_text.source(200_000))
    assert list(python_text.source(400_000))[: len(short)] == short


def test_source_skips_tests_and_installed_packages():
    folder = Path(sysconfig.get_path("stdlib"))
    paths = [p.relative_to(folder) for p in python_text._modules(folder)]
    assert Path("json/decoder.py") in paths
    skipped = {"test", "tests", "site-packages", "__pycache__"}
    assert not [p for p in paths if skipped & set(p.parts)]
    assert [p.parts for p in paths] == sorted(p.parts for p in paths)
    assert not [p for p in paths if p.name.startswith("_sysconfigdata")]


def test_source_passes_over_what_is_not_utf8(tmp_path, monkeypatch):
    (tmp_path / "a.py").write_text("\nx = 1\n\n")
    (tmp_path / "b.py").write_bytes(b"# \xe9\n")
    (tmp_path / "c.py").write_text("")
    (tmp_path / "d.py").write_text("y = 'é'\n", encoding="utf-8")
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path))
    assert list(python_text.source()) == ["x = 1", "y = 'é'"]
    assert list(python_text.source(13)) == ["x = 1", "y = 'é'"]
    assert list(python_text.source(12)) == ["x = 1"]
    with pytest.raises(ValueError, match=r"at least the size of a.py \(5\)"):
        list(python_text.source(4))


def test_another_text_is_not_the_books_edition(monkeypatch):
    if sys.version_info[:3] == (3, 11, 7):  # which measured the book
        assert python_text.is_books_edition()
    others = [*python_text.documentation(), "one topic more"]
    monkeypatch.setattr(python_text, "documentation", lambda: others)
    assert not python_text.is_books_edition()
