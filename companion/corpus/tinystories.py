"""TinyStories by name: downloaded once, checked, streamed.

Source: Eldan and Li 2023 (arXiv:2305.07759).

Chapter: book/1-language-models/1-counting.ipynb
"""

import os
import re
import sys
from collections.abc import Iterator
from hashlib import file_digest
from itertools import chain
from pathlib import Path

from companion.corpus.reading import read_documents

REPOSITORY = "roneneldan/TinyStories"
REVISION = "f54c09fd23315a6f9c86f9dc80f725de7d8f9c64"  # 12 August 2024
FILES = {
    "train": (
        "data/train-00000-of-00004-2d5a1467fff1081b.parquet",
        "data/train-00001-of-00004-5852b56a2bd28fd9.parquet",
        "data/train-00002-of-00004-a26307300439e943.parquet",
        "data/train-00003-of-00004-d243063613e5a057.parquet",
    ),
    "validation": ("data/validation-00000-of-00001-869c898b519ad725.parquet",),
}


def tinystories(
    split: str = "train", cache_dir: str | os.PathLike | None = None
) -> Iterator[str]:
    """Yield the stories of TinyStories (2.1 million in train, 1 GB).

    The files come from the Hugging Face Hub at a fixed revision, each when
    the stories reach it (train has four of 250 MB), and stay in the cache.
    The SHA-256 of each is printed on stderr; where the cache records what
    it should be, the two are compared.

    Args:
        split: "train" or "validation".
        cache_dir: the Hub cache to use instead of the usual one.

    Raises:
        ValueError: unknown split, or a file that is not what was published.
        ModuleNotFoundError: huggingface_hub is not installed.
        FileNotFoundError: neither in the cache nor reachable.
    """
    if split not in FILES:
        raise ValueError(f"split must be train or validation, got {split!r}")
    revision, names = _layout(split, cache_dir)
    first = _fetch(names[0], revision, cache_dir)
    rest = (_fetch(name, revision, cache_dir) for name in names[1:])
    return chain.from_iterable(map(read_documents, chain([first], rest)))


def _hub():
    """Import huggingface_hub, or say how to install it."""
    try:
        import huggingface_hub
        import huggingface_hub.utils
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "TinyStories by name needs huggingface_hub: "
            "pip install 'lm-measured[download]'"
        ) from None
    return huggingface_hub


def _layout(
    split: str, cache_dir: str | os.PathLike | None
) -> tuple[str, list[str]]:
    """Return the revision and its files: the known ones, else as listed."""
    hub = _hub()
    try:
        _download(FILES[split][0], REVISION, cache_dir)
    except hub.utils.LocalEntryNotFoundError:
        raise FileNotFoundError(_what_to_do(FILES[split][0])) from None
    except (hub.utils.EntryNotFoundError, hub.utils.RevisionNotFoundError):
        files = hub.list_repo_files(REPOSITORY, repo_type="dataset")
        pattern = re.compile(rf"(.*/)?{split}-[^/]*\.parquet")
        names = sorted(filter(pattern.fullmatch, files))
        if not names:
            raise FileNotFoundError(_what_to_do(FILES[split][0])) from None
        return "main", names
    return REVISION, list(FILES[split])


def _download(
    name: str, revision: str, cache_dir: str | os.PathLike | None
) -> Path:
    return Path(
        _hub().hf_hub_download(
            REPOSITORY,
            name,
            repo_type="dataset",
            revision=revision,
            cache_dir=cache_dir,
        )
    )


def _fetch(
    name: str, revision: str, cache_dir: str | os.PathLike | None
) -> Path:
    """Return a file of the data set, downloaded if need be, and checked."""
    try:
        path = _download(name, revision, cache_dir)
    except _hub().utils.LocalEntryNotFoundError:
        raise FileNotFoundError(_what_to_do(name)) from None
    with path.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    # the cache stores a large file under its published SHA-256
    published = path.resolve().name
    if re.fullmatch("[0-9a-f]{64}", published) and published != digest:
        raise ValueError(
            f"{name} must have SHA-256 {published}, got {digest}; "
            f"delete {path.resolve()} and try again"
        )
    print(f"TinyStories {name}: SHA-256 {digest}", file=sys.stderr)
    return path


def _what_to_do(name: str) -> str:
    return (
        f"TinyStories ({name}) is neither in the cache nor reachable; where "
        f"there is a network, run `hf download {REPOSITORY} --repo-type "
        "dataset --include 'data/*'`, copy the files and pass the path of one "
        "to companion.corpus.files.read_documents; or use "
        "companion.corpus.storyworld.StoryWorld, which needs no download"
    )
