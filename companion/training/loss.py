"""The loss: surprise at the tokens that came, in nats.

Chapter: book/1-language-models/4-learning.ipynb
"""

from torch import Tensor
from torch.nn import functional as F

from companion.training.batches import IGNORED


def next_word_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Average the surprise over all words that count, each word equally.

    Args:
        logits: (B, T, vocab_size)
        targets: (B, T), with IGNORED where there is no word.

    Returns:
        A scalar: nats per word.
    """
    return F.cross_entropy(
        logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED
    )


def token_losses(logits: Tensor, targets: Tensor) -> Tensor:
    """Add up the surprise over all tokens that count.

    Args:
        logits: (B, T, vocab_size)
        targets: (B, T), with IGNORED where there is no token.

    Returns:
        A scalar: nats.
    """
    return F.cross_entropy(
        logits.flatten(0, 1),
        targets.flatten(),
        ignore_index=IGNORED,
        reduction="sum",
    )
