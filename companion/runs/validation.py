"""The loss on text that nobody learned from, each token counted once.

Chapter: book/5-training/8-a-run-to-trust.ipynb
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from companion.evaluation import bits_per_byte, perplexity
from companion.shards import IGNORED, TokenShards
from companion.tokenization import END_OF_TEXT, Tokenizer
from companion.training.loss import token_losses

ROWS = 32  # in one pass; changes the speed only
Stream = Sequence[np.ndarray]


@dataclass(frozen=True)
class Score:
    """What a model pays for a text."""

    nats: float  # total
    tokens: int  # predictions, the end of each document among them
    text_bytes: int  # UTF-8
    unknown: int = 0  # tokens that are not in the tokenizer

    @property
    def nats_per_token(self) -> float:
        """Total loss over predictions."""
        return self.nats / self.tokens

    def to_dict(self) -> dict[str, float]:
        """Say it in all units; JSON can hold it."""
        return {
            "nats_per_token": self.nats_per_token,
            "perplexity": perplexity(self.nats_per_token),
            "bits_per_byte": bits_per_byte(self.nats, self.text_bytes),
            "tokens": self.tokens,
            "text_bytes": self.text_bytes,
            "unknown_tokens": self.unknown,
        }


def streams(shards: TokenShards, rows: str, ends: bool = True) -> Stream:
    """List what is read without a break: each document, or all of them.

    Args:
        shards: of which every id is to be predicted.
        rows: "documents" start anew; "windows" cut one long row, in which
            the first id follows an end.
        ends: False leaves out the ends of documents: of a running text
            they are none.

    Returns:
        Arrays of ids, each with an end before it.
    """
    end = shards.manifest.end_id
    if rows == "windows":
        parts = [shards.tokens(0, shards.n_tokens)]
    else:
        parts = [shards.document(i) for i in range(shards.n_documents)]
    if not ends:
        parts = [ids[ids != end] for ids in parts]
    return [np.concatenate([[end], ids.astype(np.int64)]) for ids in parts]


def score(
    model: nn.Module, texts: Stream, context_length: int
) -> tuple[float, int]:
    """Add up the loss of every id but the first of each text.

    A text that is longer than the context is read in windows, each of which
    begins without memory of the one before: what training does, and no
    better than what a user sees.

    Args:
        model: in evaluation mode.
        texts: arrays of ids.
        context_length: most predictions in a window.

    Returns:
        Nats in all, and the number of predictions.
    """
    windows = [w for text in texts for w in _windows(text, context_length)]
    windows.sort(key=len)
    device = next(model.parameters()).device
    nats, n_tokens = 0.0, 0
    for inputs, targets in _batches(windows):
        with torch.no_grad():
            logits = model(inputs.to(device))
            nats += token_losses(logits, targets.to(device)).item()
        n_tokens += int((targets != IGNORED).sum())
    return nats, n_tokens


def score_shards(
    model: nn.Module,
    shards: TokenShards,
    rows: str,
    context_length: int,
    *,
    ends: bool = True,
    unknown: int = 0,
) -> Score:
    """Score all that shards hold, with a model in evaluation mode."""
    texts = streams(shards, rows, ends)
    nats, n = score(model, texts, context_length)
    return Score(nats, n, shards.manifest.text_bytes, unknown)


def score_texts(
    model: nn.Module,
    tokenizer: Tokenizer,
    texts: Iterable[str],
    running: bool,
) -> Score:
    """Score texts, which need no shards.

    Args:
        model: a Transformer.
        tokenizer: the model's.
        texts: read once.
        running: they are pieces of one text, and have no ends.

    Raises:
        ValueError: there is nothing to predict.
    """
    end = tokenizer.special_ids[END_OF_TEXT]
    unknown, n_bytes, found = 0, 0, []
    for text in texts:
        ids = tokenizer.encode(text)
        n_bytes += len(text.encode())
        unknown += ids.count(getattr(tokenizer, "unk_id", None))
        closing = [] if running else [end]
        found.append(np.array([end, *ids, *closing], dtype=np.int64))
    if not n_bytes:
        raise ValueError("there must be text to score, got none")
    length = model.config.context_length
    nats, n_tokens = score(model.eval(), found, length)
    return Score(nats, n_tokens, n_bytes, unknown)


def validator(
    shards: TokenShards,
    rows: str,
    context_length: int,
    most: int,
    ends: bool = True,
) -> Callable[[nn.Module], dict[str, float]]:
    """Make the function for `Trainer(validate=)`.

    Args:
        shards: the validation part.
        rows: as for `streams`.
        context_length: most predictions in a row.
        most: rows to score; evenly spaced, the same each time.
        ends: as for `streams`.

    Returns:
        A function from the model to {"validation_loss": nats per token}.
    """
    texts = streams(shards, rows, ends)
    if rows == "windows":
        (text,) = texts
        texts = _windows(text, context_length)
    places = np.linspace(0, len(texts) - 1, min(most, len(texts)))
    chosen = [texts[i] for i in places.round().astype(int)]

    def validate(model: nn.Module) -> dict[str, float]:
        nats, n = score(model, chosen, context_length)
        return {"validation_loss": nats / n}

    return validate


def _windows(text: np.ndarray, context_length: int) -> list[np.ndarray]:
    """Cut a text so that each id but the first is a target once."""
    return [
        text[start : start + context_length + 1]
        for start in range(0, len(text) - 1, context_length)
    ]


def _batches(
    windows: Stream,
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Lay windows of similar length under each other."""
    for first in range(0, len(windows), ROWS):
        rows = windows[first : first + ROWS]
        shape = len(rows), len(rows[-1]) - 1
        inputs = np.zeros(shape, np.int64)
        targets = np.full(shape, IGNORED, np.int64)
        for place, row in enumerate(rows):
            inputs[place, : len(row) - 1] = row[:-1]
            targets[place, : len(row) - 1] = row[1:]
        yield torch.from_numpy(inputs), torch.from_numpy(targets)
