"""Where things are, and what `_config.yml` says about them."""

import os
import shutil
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
ASSETS = ROOT / "site_assets"
VENDOR = ASSETS / "vendor"
BUILD = ROOT / "_build"
CHROMIUM_NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
MAC_CHROME = Path(
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
)


def config() -> dict:
    """Return `_config.yml`."""
    return yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))


def repository_url() -> str:
    """Return the one address that every link to the source is made from."""
    return config()["repository"]["url"].rstrip("/")


def notebooks() -> list[Path]:
    """Return the book's notebooks, in reading order."""
    paths = BOOK.rglob("*.ipynb")
    return sorted(p for p in paths if ".ipynb_checkpoints" not in p.parts)


def pages() -> list[Path]:
    """Return every source page of the book, notebooks included."""
    markdown = [p for p in BOOK.rglob("*.md") if "_build" not in p.parts]
    return sorted([*markdown, *notebooks()])


def toc_pages() -> list[str]:
    """Return the page names of `_toc.yml`, in reading order."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))

    def walk(entries: list[dict]) -> list[str]:
        names = []
        for entry in entries:
            names.append(entry["file"])
            names += walk(entry.get("sections", []))
        return names

    chapters = [c for part in toc["parts"] for c in part["chapters"]]
    return [toc["root"], *walk(chapters)]


def chromium() -> str | None:
    """Return the path of a Chromium or Chrome, or None."""
    named = os.environ.get("CHROMIUM")
    found = [named] if named else map(shutil.which, CHROMIUM_NAMES)
    mac = str(MAC_CHROME) if MAC_CHROME.exists() else None
    return next((path for path in found if path), mac)


def limit_threads(threads: int) -> None:
    """Give each process this many threads, all its libraries alike.

    Two settings that disagree make them wait for one another. A number that
    the reader has set for OpenMP wins.
    """
    threads = os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    os.environ["MKL_NUM_THREADS"] = threads
