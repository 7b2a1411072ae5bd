"""Byte-level byte-pair encoding: every text, no unknown words.

Chapter: book/3-tokenization/2-byte-pairs.ipynb
"""

import os
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Self

from companion.tokenization import bpe_trainer
from companion.tokenization.base import BytesTokenizer
from companion.tokenization.byte_names import BYTE_IDS, BYTE_NAMES, BYTES
from companion.tokenization.merging import merge_ids
from companion.tokenization.pieces import SPLITS, count_pieces, splitter
from companion.tokenization.protocol import (
    END_OF_TEXT,
    check_text,
    check_vocab_size,
)
from companion.tokenization.tokenizer_json import (
    check_hash,
    content_hash,
    read_tokenizer_json,
    write_tokenizer_json,
)

KIND = "bpe"
N_BASE = 257  # the end of a text, and the 256 bytes


class BPETokenizer(BytesTokenizer):
    """Byte-pair encoding of UTF-8, with merges that stay inside words.

    Id 0 is the end of a text, 1 to 256 are the bytes, and then comes one
    token for each merge, in the order they were learned. Encoding applies
    the merges to each piece of the text in that same order.

    Source: Sennrich et al. 2016 (arXiv:1508.07909); on bytes: Radford et
    al. 2019 (GPT-2).

    Args:
        merges: pairs of ids; the n-th (from 0) makes the token 257 + n.
        split: how text is cut into pieces: "gpt2", "gpt4" or "lines".

    Raises:
        ValueError: a merge of a token that is not there yet, or no such
            split.
    """

    def __init__(
        self, merges: Iterable[tuple[int, int]], split: str = "gpt2"
    ) -> None:
        self.merges = tuple((int(a), int(b)) for a, b in merges)
        self.split = split
        self._cut = splitter(split)
        self._bytes = [b"", *(bytes([byte]) for byte in BYTES)]
        for n, (a, b) in enumerate(self.merges):
            if not (0 < a < N_BASE + n and 0 < b < N_BASE + n):
                raise ValueError(
                    f"merge {n} must join two ids from 1 to {N_BASE + n - 1},"
                    f" got {a} and {b}"
                )
            self._bytes.append(self._bytes[a] + self._bytes[b])
        self.merged = {pair: N_BASE + n for n, pair in enumerate(self.merges)}

    @classmethod
    def train(
        cls,
        texts: Iterable[str],
        vocab_size: int = 4096,
        *,
        split: str = "gpt2",
        min_count: int = 1,
        learn_merges: Callable = bpe_trainer.learn_merges,
    ) -> Self:
        """Learn the merges from texts.

        Args:
            texts: documents, read once.
            vocab_size: the end of a text, 256 bytes and the merges. There
                are fewer if the texts hold no more pairs.
            split: see `companion.tokenization.pieces`.
            min_count: a pair less frequent than this is not merged.
            learn_merges: the trainer: the fast one, or `bpe_naive`'s.

        Raises:
            ValueError: vocab_size below 257, min_count below 1, no such
                split, or a text holds a surrogate.
        """
        return cls((), split).extend(
            texts, vocab_size, min_count=min_count, learn_merges=learn_merges
        )

    def extend(
        self,
        texts: Iterable[str],
        vocab_size: int,
        *,
        min_count: int = 1,
        learn_merges: Callable = bpe_trainer.learn_merges,
    ) -> Self:
        """Learn further merges from other texts; the ids so far stay.

        Args and errors are those of `train`.
        """
        check_vocab_size(vocab_size, self.vocab_size)
        if min_count < 1:
            raise ValueError(f"min_count must be at least 1, got {min_count}")
        pieces = {
            tuple(self._encode_piece(piece)): count
            for piece, count in count_pieces(texts, self.split).items()
        }
        new = learn_merges(pieces, vocab_size, self.vocab_size, min_count)
        return type(self)((*self.merges, *new), self.split)

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        """A printable name for each id: "Ġthe" is " the"."""
        names = ["".join(map(BYTE_NAMES.__getitem__, b)) for b in self._bytes]
        return (END_OF_TEXT, *names[1:])

    @cached_property
    def content_hash(self) -> str:
        """SHA-256, in hexadecimal, of the splitting and the merges."""
        return content_hash(KIND, SPLITS[self.split], self.merges)

    def pieces(self, text: str) -> list[str]:
        """Cut text into the pieces that are encoded one by one."""
        check_text(text)
        return self._cut(text)

    def _encode_piece(self, piece: str) -> list[int]:
        """Apply the merges to a piece, the earliest learned first."""
        ids = [BYTE_IDS[byte] for byte in piece.encode()]
        return ids if len(ids) == 1 else merge_ids(ids, self.merged)

    def save(
        self, path: str | os.PathLike, *, overwrite: bool = False
    ) -> None:
        """Write a `tokenizer.json` that the library `tokenizers` reads.

        There, other than here, its name in a text becomes the
        special token.

        Raises:
            FileExistsError: the file exists and `overwrite` is False.
        """
        names = self.tokens
        by_words = self.split == "gpt2"  # what the library's ByteLevel does
        to_bytes = {
            "type": "ByteLevel",
            "add_prefix_space": False,
            "trim_offsets": True,
            "use_regex": by_words,
        }
        cut = {
            "type": "Split",
            "pattern": {"Regex": SPLITS[self.split]},
            "behavior": "Isolated",
            "invert": False,
        }
        both = {"type": "Sequence", "pretokenizers": [cut, to_bytes]}
        write_tokenizer_json(
            path,
            kind=KIND,
            content_hash=self.content_hash,
            model={
                "type": "BPE",
                "vocab": {name: n for n, name in enumerate(names)},
                "merges": [[names[a], names[b]] for a, b in self.merges],
            },
            pre_tokenizer=to_bytes if by_words else both,
            decoder=to_bytes,
            settings={"split": self.split},
            overwrite=overwrite,
        )

    @classmethod
    def load(cls, path: str | os.PathLike) -> Self:
        """Read what `save` wrote.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the file is not a BPE tokenizer of this book, or was
                changed.
        """
        model, ours = read_tokenizer_json(path, KIND)
        try:
            ids = model["vocab"]
            merges = [(ids[a], ids[b]) for a, b in model["merges"]]
            tokenizer = cls(merges, ours["split"])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path} has a broken model: {error}") from error
        if dict(ids) != {name: n for n, name in enumerate(tokenizer.tokens)}:
            raise ValueError(f"the vocabulary in {path} must fit its merges")
        check_hash(path, ours["content_hash"], tokenizer.content_hash)
        return tokenizer
