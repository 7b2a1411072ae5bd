"""A neural language model that sees a fixed window of words.

Source: Bengio, Ducharme, Vincent and Jauvin 2003, "A neural probabilistic
language model", JMLR 3, section 2.

Chapter: book/1-language-models/4-learning.ipynb
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True, kw_only=True)
class WindowConfig:
    """The numbers that fix every parameter shape of a `WindowModel`."""

    vocab_size: int
    context_length: int = 4  # words seen, the current one included
    d_model: int = 32  # width of a word's vector
    d_hidden: int = 128  # width of the tanh layer
    embedding_std: float = 0.1  # small: words in equal contexts come close
    direct: bool = False  # connect the word vectors to the output as well
    dropout: float = 0.0  # on the hidden layer, while training

    def __post_init__(self) -> None:
        for name in ("vocab_size", "context_length", "d_model", "d_hidden"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"{name} must be at least 1, got {getattr(self, name)}"
                )
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be in [0, 1), got {self.dropout}")

    @property
    def d_window(self) -> int:
        """Width of the word vectors of a window, one after another."""
        return self.context_length * self.d_model


class WindowModel(nn.Module):
    """Predict the next word from the vectors of the last few words.

    y = b + W x + U tanh(d + H x), where x holds the vectors of the last
    `context_length` words; W only with `direct`. Before the first word of
    a document stand zero vectors.
    """

    def __init__(self, config: WindowConfig) -> None:
        super().__init__()
        self.config = config
        self.token_embedding = nn.Embedding(config.vocab_size, config.d_model)
        nn.init.normal_(self.token_embedding.weight, std=config.embedding_std)
        self.hidden = nn.Linear(config.d_window, config.d_hidden)
        self.lm_head = nn.Linear(config.d_hidden, config.vocab_size)
        self.dropout = nn.Dropout(config.dropout)
        if config.direct:
            self.direct = nn.Linear(
                config.d_window, config.vocab_size, bias=False
            )

    def windows(self, token_ids: Tensor) -> Tensor:
        """Lay the vectors of the last words side by side, oldest first.

        Args:
            token_ids: (B, T), integers below vocab_size.

        Returns:
            (B, T, d_window): at position t, words t-context_length+1 to t.
        """
        embedded = self.token_embedding(token_ids)  # (B, T, d_model)
        before = self.config.context_length - 1
        padded = F.pad(embedded, (0, 0, before, 0))
        rolled = padded.unfold(1, before + 1, 1)  # (B, T, d_model, window)
        return rolled.transpose(2, 3).flatten(2)  # (B, T, d_window)

    def forward(self, token_ids: Tensor) -> Tensor:
        """Score every word as the next one, at every position at once.

        Args:
            token_ids: (B, T), integers below vocab_size.

        Returns:
            (B, T, vocab_size): logits; position t predicts token t + 1.
        """
        windows = self.windows(token_ids)
        hidden = torch.tanh(self.hidden(windows))  # (B, T, d_hidden)
        logits = self.lm_head(self.dropout(hidden))  # (B, T, vocab_size)
        if self.config.direct:
            logits = logits + self.direct(windows)
        return logits
