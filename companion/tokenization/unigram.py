"""The unigram model: of all ways to cut a word, the likeliest.

Chapter: book/3-tokenization/4-other-ways-to-cut.ipynb
"""

import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from companion.tokenization.base import BytesTokenizer
from companion.tokenization.byte_tokenizer import BYTE_TOKENS, BYTES_DECODER
from companion.tokenization.pieces import SPLITS, count_pieces, splitter
from companion.tokenization.protocol import (
    END_OF_TEXT,
    UNKNOWN,
    check_texts,
    check_vocab_size,
)
from companion.tokenization.tokenizer_json import (
    check_hash,
    content_hash,
    read_tokenizer_json,
    write_tokenizer_json,
)
from companion.tokenization.unigram_trainer import learn_pieces
from companion.tokenization.viterbi import likeliest_path

KIND = "unigram"
# Ids 0 to 257. A text is cut within each of these names, so none matches.
RESERVED = (END_OF_TEXT, UNKNOWN, *BYTE_TOKENS)
_FIRST_BYTE = 2
_PENALTY = 10.0  # nats that `tokenizers` takes off for a missing character


@dataclass(frozen=True)
class UnigramTokenizer(BytesTokenizer):
    """Cut each word so that the product of its pieces' probabilities is best.

    Words carry the space before them (" the"), as GPT-2 cuts them, so that
    `decode(encode(text)) == text` for every text. A character that is no
    piece becomes its UTF-8 bytes; `<unk>` is there for the file format. Of
    equally likely ways to cut, the one whose last piece is longer is taken.

    Source: Kudo 2018 (arXiv:1804.10959); byte fallback: Kudo and Richardson
    2018 (SentencePiece, arXiv:1808.06226).

    Args:
        pieces: the pieces with ids 258, 259 ...
        scores: the log-probability of each, in nats. They are rounded to 6
            decimals, so that every reader of the file has the same.

    Raises:
        ValueError: a piece is empty, not a string, reserved or there twice;
            scores and pieces differ in number; a score is above 0 or not
            finite.
    """

    pieces: tuple[str, ...]
    scores: tuple[float, ...]

    _cut = staticmethod(splitter("gpt2"))

    def __post_init__(self) -> None:
        pieces = tuple(self.pieces)
        scores = tuple(round(float(score), 6) for score in self.scores)
        if len(pieces) != len(scores):
            raise ValueError(
                "each piece must have one score, got "
                f"{len(pieces)} pieces and {len(scores)} scores"
            )
        seen = {"", *RESERVED}
        for piece, score in zip(pieces, scores, strict=True):
            if not isinstance(piece, str) or piece in seen:
                raise ValueError(
                    "pieces must be strings that differ from each other, "
                    f"from '' and from reserved names, got {piece!r}"
                )
            seen.add(piece)
            if not -math.inf < score <= 0:
                raise ValueError(
                    f"scores must be finite and at most 0, got {score}"
                )
        object.__setattr__(self, "pieces", pieces)
        object.__setattr__(self, "scores", scores)

    @classmethod
    def train(
        cls, texts: Iterable[str], vocab_size: int, **options: float
    ) -> Self:
        """Learn pieces and their probabilities; see `unigram_trainer`.

        Args:
            texts: documents, read once.
            vocab_size: the largest number of ids: two reserved ones, 256
                bytes and the pieces.
            options: as `companion.tokenization.unigram_trainer.learn_pieces`
                takes them.

        Raises:
            ValueError: vocab_size below 258, or texts is one string.
        """
        check_vocab_size(vocab_size, len(RESERVED))
        words = count_pieces(check_texts(texts))
        n_pieces = vocab_size - len(RESERVED)
        scores = learn_pieces(words, n_pieces, **options) if n_pieces else {}
        return cls(tuple(scores), tuple(scores.values()))

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        """The name of each id: reserved ones, bytes ("<0x41>"), pieces."""
        return RESERVED + self.pieces

    @cached_property
    def content_hash(self) -> str:
        """SHA-256, in hexadecimal, of the splitting, pieces and scores."""
        return content_hash(KIND, SPLITS["gpt2"], self.pieces, self.scores)

    @cached_property
    def _scores(self) -> dict[str, float]:
        return dict(zip(self.pieces, self.scores, strict=True))

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {piece: i for i, piece in enumerate(self.pieces, len(RESERVED))}

    @cached_property
    def _lowest(self) -> float:
        return min(self.scores, default=0.0)

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self.pieces), default=0)

    def _encode_piece(self, word: str) -> list[int]:
        ids: list[int] = []
        for piece in self.best_pieces(word):
            if known := self._ids.get(piece):
                ids.append(known)
            else:
                ids += [_FIRST_BYTE + byte for byte in piece.encode()]
        return ids

    def best_pieces(self, word: str) -> list[str]:
        """Find the likeliest way to cut a word; see `likeliest_path`."""
        missing = self._lowest - _PENALTY
        return likeliest_path(word, self._scores, self._longest, missing)

    @cached_property
    def _bytes(self) -> list[bytes]:
        """What each id stands for."""
        single = [bytes([byte]) for byte in range(256)]
        pieces = [piece.encode() for piece in self.pieces]
        return [b"", UNKNOWN.encode(), *single, *pieces]

    def save(
        self, path: str | os.PathLike, *, overwrite: bool = False
    ) -> None:
        """Write a `tokenizer.json` that the library `tokenizers` reads.

        There, other than here, its name in a text becomes the
        special token.

        Raises:
            FileExistsError: the file exists and `overwrite` is False.
        """
        scores = (self._lowest,) * len(RESERVED) + self.scores
        split = {
            "type": "Split",
            "pattern": {"Regex": SPLITS["gpt2"]},
            "behavior": "Isolated",
            "invert": False,
        }
        write_tokenizer_json(
            path,
            kind=KIND,
            content_hash=self.content_hash,
            model={
                "type": "Unigram",
                "unk_id": 1,
                "vocab": [*zip(self.tokens, scores, strict=True)],
                "byte_fallback": True,
            },
            pre_tokenizer=split,
            decoder=BYTES_DECODER,
            overwrite=overwrite,
        )

    @classmethod
    def load(cls, path: str | os.PathLike) -> Self:
        """Read what `save` wrote.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the file holds something else, or was changed.
        """
        model, ours = read_tokenizer_json(path, KIND)
        try:
            vocabulary = [(name, score) for name, score in model["vocab"]]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path} has a broken model: {error}") from error
        names = tuple(name for name, _ in vocabulary)
        if names[: len(RESERVED)] != RESERVED:
            raise ValueError(f"{path} must list the reserved tokens first")
        scores = tuple(score for _, score in vocabulary)
        tokenizer = cls(names[len(RESERVED) :], scores[len(RESERVED) :])
        check_hash(path, ours["content_hash"], tokenizer.content_hash)
        return tokenizer
