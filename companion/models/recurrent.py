"""Recurrent language models: a state that is carried from word to word.

Source: Elman 1990, "Finding structure in time", Cognitive Science 14, for
the plain network; Hochreiter and Schmidhuber 1997 (LSTM) and Cho et al.
2014 (arXiv:1406.1078, GRU) for the gated cells. The cells are torch's own;
`companion.models.cells` has the same in NumPy.

Chapter: book/1-language-models/5-remembering.ipynb
"""

from dataclasses import dataclass

from torch import Tensor, nn

CELLS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}

State = Tensor | tuple[Tensor, Tensor]  # an LSTM has two: hidden and cell


@dataclass(frozen=True, kw_only=True)
class RecurrentConfig:
    """The numbers that fix every parameter shape of a `RecurrentModel`."""

    vocab_size: int
    cell: str = "lstm"  # "rnn", "lstm" or "gru"
    d_model: int = 128  # width of a word's vector
    d_hidden: int = 128  # width of the state
    n_layers: int = 1  # recurrent layers, one above the other
    embedding_std: float = 1.0  # large: each word starts out unlike others
    tied: bool = False  # output weights are the word vectors (std 0.1)
    dropout: float = 0.0  # on word vectors and states, while training

    def __post_init__(self) -> None:
        if self.cell not in CELLS:
            raise ValueError(
                f"cell must be one of {', '.join(CELLS)}, got {self.cell!r}"
            )
        for name in ("vocab_size", "d_model", "d_hidden", "n_layers"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"{name} must be at least 1, got {getattr(self, name)}"
                )
        if self.tied and self.d_hidden != self.d_model:
            raise ValueError(
                f"tied needs d_hidden ({self.d_hidden}) equal to d_model "
                f"({self.d_model})"
            )
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be in [0, 1), got {self.dropout}")

    @classmethod
    def toy(cls, vocab_size: int) -> "RecurrentConfig":
        """Sizes often seen in first tutorials; the defaults learn better."""
        return cls(vocab_size=vocab_size, d_model=50, d_hidden=100)


class RecurrentModel(nn.Module):
    """Predict the next word from a state that has seen all words so far."""

    def __init__(self, config: RecurrentConfig) -> None:
        super().__init__()
        self.config = config
        self.token_embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.recurrent = CELLS[config.cell](
            config.d_model,
            config.d_hidden,
            config.n_layers,
            # Without this the first axis is time: a batch of one sentence
            # becomes T sentences of one word, and nothing is remembered.
            batch_first=True,
            dropout=config.dropout if config.n_layers > 1 else 0.0,
        )
        self.dropout = nn.Dropout(config.dropout)
        self.lm_head = nn.Linear(config.d_hidden, config.vocab_size)
        nn.init.normal_(self.token_embedding.weight, std=config.embedding_std)
        if config.tied:
            self.lm_head.weight = self.token_embedding.weight

    def run(
        self, token_ids: Tensor, state: State | None = None
    ) -> tuple[Tensor, State]:
        """Read on from a state; return the logits and the new state.

        Args:
            token_ids: (B, T), integers below vocab_size.
            state: what an earlier call returned; None before a document.

        Returns:
            (B, T, vocab_size): logits; position t predicts token t + 1.
            The state after the last token.
        """
        embedded = self.dropout(self.token_embedding(token_ids))
        hidden, state = self.recurrent(embedded, state)  # (B, T, d_hidden)
        return self.lm_head(self.dropout(hidden)), state

    def forward(self, token_ids: Tensor) -> Tensor:
        """Score every word as the next one, at every position.

        Args:
            token_ids: (B, T), integers below vocab_size.

        Returns:
            (B, T, vocab_size): logits; position t predicts token t + 1.
        """
        return self.run(token_ids)[0]
