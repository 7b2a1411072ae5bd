"""From a corpus to a tokenizer and shards, once for all runs on them.

Chapter: book/5-training/8-a-run-to-trust.ipynb
"""

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from companion.runs.corpus import FRACTIONS, Corpus
from companion.runs.presets import Preset
from companion.shards import (
    DocumentBatches,
    PackedBatches,
    TokenShards,
    open_shards,
    write_shards,
)
from companion.tokenization import UNKNOWN, Tokenizer, load_tokenizer
from companion.tokenization.loading import tokenizer_class

TOKENIZER, SHARDS = "tokenizer.json", "data"
# Pairs and pieces that are frequent are so in a sample; counting more takes
# time and changes little.
MOST_FOR_TOKENIZER = 20_000_000  # characters
LISTS = ("word", "word-punct", "character")  # these count all of the text


@dataclass(frozen=True)
class Part:
    """The size of a part."""

    documents: int
    tokens: int  # an end for each document included
    text_bytes: int  # UTF-8
    unknown: int  # tokens that stand for what the tokenizer lacks


class Data:
    """A tokenizer, and the two parts of a corpus in its tokens.

    Args:
        folder: as `prepare` left it.

    Raises:
        FileNotFoundError: something is missing.
        ValueError: a file is not what was written.
    """

    def __init__(self, folder: Path) -> None:
        self.tokenizer: Tokenizer = load_tokenizer(folder / TOKENIZER)
        self.train, self.validation = (
            open_shards(folder / SHARDS, self.tokenizer, split=part)
            for part in FRACTIONS
        )

    def batches(
        self, preset: Preset, seed: int
    ) -> PackedBatches | DocumentBatches:
        """Make the endless batches of a training."""
        documents = preset.rows == "documents"
        return (DocumentBatches if documents else PackedBatches)(
            self.train,
            context_length=preset.model.context_length,
            batch_size=preset.train.batch_size,
            seed=seed,
            epochs=None,
        )

    def sizes(self) -> dict[str, dict[str, int]]:
        """Count what the parts hold."""
        return {
            name: asdict(_size(getattr(self, name), self.tokenizer))
            for name in FRACTIONS
        }

    def hashes(self) -> dict[str, str]:
        """Say what the tokenizer and the parts are."""
        parts = {name: getattr(self, name).content_hash for name in FRACTIONS}
        return {"tokenizer": self.tokenizer.content_hash, **parts}


def prepare(corpus: Corpus, preset: Preset, folder: Path) -> Data:
    """Write FOLDER/tokenizer.json and FOLDER/data, or find them there.

    The tokenizer is trained on the training part alone. What a killed
    process left half done is done anew.

    Args:
        corpus: of which parts are made.
        preset: names the tokenizer and what a batch is.
        folder: exists.

    Raises:
        ValueError: there is too little text for one batch, or none for
            validation.
    """
    try:
        data = Data(folder)
    except (FileNotFoundError, ValueError):
        shutil.rmtree(folder / SHARDS, ignore_errors=True)
        _write(corpus, preset, folder)
        data = Data(folder)
    _check_size(data, preset)
    return data


def _write(corpus: Corpus, preset: Preset, folder: Path) -> None:
    texts = _enough(corpus.part("train"), preset.tokenizer)
    tokenizer = tokenizer_class(preset.tokenizer).train(
        texts, preset.vocab_size
    )
    tokenizer.save(folder / TOKENIZER, overwrite=True)
    for part in FRACTIONS:
        documents = iter(corpus.part(part))
        first = next(documents, None)
        if first is None:
            raise ValueError(
                f"the {part} part must hold a document, it has none: "
                f"{corpus.path} is too short"
            )
        write_shards(
            chain([first], documents), tokenizer, folder / SHARDS, split=part
        )


def _enough(texts: Iterable[str], kind: str) -> Iterator[str]:
    """Pass on as much text as a tokenizer needs."""
    passed = 0
    for text in texts:
        if passed >= MOST_FOR_TOKENIZER and kind not in LISTS:
            return
        passed += len(text)
        yield text


def _check_size(data: Data, preset: Preset) -> None:
    """Refuse a training part that does not fill a batch."""
    size, length = preset.train.batch_size, preset.model.context_length
    if preset.rows == "documents":
        need, have, what = size, data.train.n_documents, "documents"
        rule = f"one batch, {size} documents"
    else:
        need, have, what = size * length + 1, data.train.n_tokens, "tokens"
        rule = f"one batch, {size} rows of {length} tokens and one"
    if have < need:
        raise ValueError(
            f"the training part must fill {rule}: it has {have} {what}, "
            f"{need} are needed; give more text, or a smaller "
            "train.batch_size or model.context_length"
        )


def _size(shards: TokenShards, tokenizer: Tokenizer) -> Part:
    manifest = shards.manifest
    unknown = 0
    if UNKNOWN in tokenizer.tokens and hasattr(tokenizer, "unk_id"):
        ids = shards.tokens(0, shards.n_tokens)
        unknown = int(np.count_nonzero(ids == tokenizer.unk_id))
    return Part(
        manifest.n_documents, manifest.n_tokens, manifest.text_bytes, unknown
    )
