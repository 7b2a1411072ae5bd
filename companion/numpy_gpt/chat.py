"""A chat model in NumPy: vocabulary, pre-training, tuning, answers.

Chapter: book/projects/1-chat-in-numpy.ipynb
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from companion.numpy_gpt.chat_data import (
    END,
    ChatData,
    Pair,
    build_tokenizer,
    dialogue,
    packed,
    prompt_ids,
)
from companion.numpy_gpt.config import DecoderConfig, new_decoder
from companion.numpy_gpt.storage import Stored
from companion.numpy_gpt.training import Entry, EpochsConfig, train
from companion.tokenization import WordPunctTokenizer

UNK = 1  # the id of words outside the vocabulary
LONGEST = 40  # tokens of an answer


@dataclass(frozen=True, kw_only=True)
class ChatConfig:
    """Sizes of the model, and the recipe of both phases."""

    d_model: int = 64
    n_layers: int = 2
    n_heads: int = 4
    context_length: int = 96  # most tokens of statements, or of a dialogue
    position: Literal["learned", "rotary"] = "learned"
    activation: Literal["gelu_tanh", "relu"] = "relu"
    pretraining_epochs: int = 60
    pretraining_lr: float = 3e-3
    pack: int = 3  # most statements that stand in one text
    tuning_epochs: int = 25
    tuning_lr: float = 1e-3
    mix: float = 0.3  # texts of statements read again, for each dialogue
    batch_size: int = 16
    clip_norm: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.pack < 1:
            raise ValueError(f"pack must be at least 1, got {self.pack}")
        if self.mix < 0:
            raise ValueError(f"mix must be at least 0, got {self.mix}")

    def phase(self, name: str) -> EpochsConfig:
        """The settings of "pretraining" or "tuning"."""
        return EpochsConfig(
            epochs=getattr(self, f"{name}_epochs"),
            lr=getattr(self, f"{name}_lr"),
            batch_size=self.batch_size,
            clip_norm=self.clip_norm,
        )


class Reply(NamedTuple):
    """What the model says, and which words it could not read."""

    text: str
    unknown: tuple[str, ...]


class ChatRun:
    """A model that is to learn a chat, phase by phase.

    Args:
        data: what it learns from; only its training part is read.
        config: sizes and recipe; its seed decides all that is drawn.

    Raises:
        ValueError: there is nothing to learn, or a text is too long.
    """

    def __init__(self, data: ChatData, config: ChatConfig) -> None:
        for name in ("statements", "train"):
            if not getattr(data, name):
                raise ValueError(f"data must have {name}, got none")
        self.config = config
        self.rng = np.random.default_rng(config.seed)
        tokenizer = build_tokenizer(data.statements, data.train)
        self._statements = [tokenizer.encode(s) for s in data.statements]
        self._dialogues = [dialogue(pair, tokenizer) for pair in data.train]
        self._check_lengths()
        sizes = DecoderConfig(
            vocab_size=tokenizer.vocab_size,
            context_length=config.context_length,
            d_model=config.d_model,
            n_layers=config.n_layers,
            n_heads=config.n_heads,
            position=config.position,
            activation=config.activation,
        )
        self.model = Stored(sizes, new_decoder(sizes, self.rng), tokenizer)

    def _check_lengths(self) -> None:
        room = self.config.context_length - 1
        longest = max(map(len, self._statements)) * self.config.pack
        asked = max(len(each.token_ids) for each in self._dialogues)
        for name, length in (("statements", longest), ("dialogue", asked)):
            if length > room:
                raise ValueError(
                    f"context_length ({room + 1}) must hold the longest "
                    f"{name}, {length + 1} tokens"
                )

    def pretrain(
        self, on_epoch: Callable[[Entry], object] | None = None
    ) -> list[Entry]:
        """Learn to continue statements, every token of them."""
        return self._train("pretraining", self._packed, on_epoch)

    def tune(
        self, on_epoch: Callable[[Entry], object] | None = None
    ) -> list[Entry]:
        """Learn to answer, with some statements so as not to forget them."""
        return self._train("tuning", self._mixed, on_epoch)

    def _train(self, name: str, lesson: Callable, on_epoch: Callable) -> list:
        decoder, config = self.model.decoder, self.config.phase(name)
        return train(decoder, lesson, config, self.rng, on_epoch)

    def _packed(self, rng: np.random.Generator) -> list:
        return packed(self._statements, self.config.pack, rng)

    def _mixed(self, rng: np.random.Generator) -> list:
        wanted = round(self.config.mix * len(self._dialogues))
        return [*self._dialogues, *self._packed(rng)[:wanted]]


def reply(model: Stored, question: str) -> Reply:
    """Answer a question with the likeliest words, one by one.

    Words outside the vocabulary are read as `<unk>`, and named.

    Raises:
        ValueError: the question is empty, or leaves no room for an answer.
    """
    if not question.strip():
        raise ValueError("a question must have words, got none")
    (said,) = answer_ids(model, [question])
    cut = WordPunctTokenizer.cut(question)
    unknown = [word for word in cut if model.tokenizer.encode(word) == [UNK]]
    return Reply(
        tidy(model.tokenizer.decode(said)), tuple(dict.fromkeys(unknown))
    )


def answer_ids(model: Stored, questions: Sequence[str]) -> list[list[int]]:
    """Answer many questions, those of one length side by side.

    Raises:
        ValueError: a question leaves no room for an answer.
    """
    texts = [prompt_ids(q, model.tokenizer) for q in questions]
    room = model.config.context_length
    by_length: dict[int, list[int]] = {}
    for place, text in enumerate(texts):
        if len(text) >= room:
            raise ValueError(
                f"a question must have fewer than {room} tokens, "
                f"got {len(text)}"
            )
        by_length.setdefault(len(text), []).append(place)
    answers: list[list[int]] = [[] for _ in texts]
    for length, places in by_length.items():
        ids = np.array([texts[place] for place in places])  # (B, T)
        ended = np.zeros(len(places), dtype=bool)
        while not ended.all() and ids.shape[1] < min(room, length + LONGEST):
            best = model.decoder.logits(ids)[:, -1].argmax(axis=-1)
            ended |= best == END
            ids = np.column_stack([ids, best])
        for place, row in zip(places, ids[:, length:].tolist(), strict=True):
            end = row.index(END) if END in row else len(row)
            answers[place] = row[:end]
    return answers


def share_right(model: Stored, pairs: Sequence[Pair]) -> float:
    """Measure how many questions get an answer that holds the value."""
    answers = answer_ids(model, [pair.question for pair in pairs])
    right = [
        holds(model.tokenizer.decode(said), pair.value)
        for said, pair in zip(answers, pairs, strict=True)
    ]
    return float(np.mean(right))


def holds(text: str, value: str) -> bool:
    """Tell whether the words of a value stand in a text, in their order."""
    words, wanted = (" ".join(re.findall(r"\w+", t)) for t in (text, value))
    return f" {wanted} " in f" {words} "


def tidy(text: str) -> str:
    """Put the spaces of English between words and marks."""
    text = re.sub(r" ' (?=\w)", "'", text)
    return re.sub(r" ([.,;:!?])", r"\1", text)
