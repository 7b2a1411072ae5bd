"""Write text with a neural model, one sampled word after another.

Chapter: book/1-language-models/5-remembering.ipynb
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

if TYPE_CHECKING:
    from companion.tokenization import Vocabulary


def sample(
    model: nn.Module,
    vocabulary: "Vocabulary",
    rng: np.random.Generator,
    *,
    temperature: float = 1.0,
    max_words: int = 200,
    prompt: Sequence[str] = (),
) -> list[str]:
    """Continue `prompt` until the model ends the text.

    Args:
        model: (1, T) ids to (1, T, vocab_size) logits. One with `run`
            carries its state and reads each word once.
        vocabulary: the words behind the ids.
        rng: the only source of randomness.
        temperature: divides the logits: below 1 safer, above 1 bolder;
            0 always takes the likeliest word.
        max_words: most words to add.
        prompt: words to start from.

    Returns:
        The words added, without the prompt and without </s>.

    Raises:
        ValueError: temperature or max_words is negative.
    """
    if not temperature >= 0:
        raise ValueError(f"temperature must be >= 0, got {temperature}")
    if max_words < 0:
        raise ValueError(f"max_words must be >= 0, got {max_words}")
    model.eval()
    words: list[str] = []
    reader = _logits(model, [vocabulary.bos_id, *vocabulary.ids(prompt)])
    logits = next(reader)
    for _ in range(max_words):
        # A text neither starts again nor holds padding.
        logits[[vocabulary.pad_id, vocabulary.bos_id]] = -np.inf
        choice = choose(logits, rng, temperature)
        if choice == vocabulary.eos_id:
            break
        words += vocabulary.words([choice])
        logits = reader.send(choice)
    return words


def choose(
    logits: np.ndarray, rng: np.random.Generator, temperature: float
) -> int:
    """Draw an index with probability softmax(logits / temperature).

    Args:
        logits: (vocab_size,); -inf is never drawn.
        rng: the source of randomness; one number is taken from it.
        temperature: 0 takes the largest logit.
    """
    draw = rng.random()
    if temperature == 0:
        return int(logits.argmax())
    weights = np.exp((logits - logits.max()) / temperature)
    sums = weights.cumsum()
    return int(np.searchsorted(sums, draw * sums[-1], side="right"))


@torch.no_grad()
def _logits(model: nn.Module, token_ids: list[int]) -> Iterator[np.ndarray]:
    """Yield the logits of the next word; is sent the word that was taken."""
    device = next(model.parameters()).device
    state = None
    new = token_ids
    while True:
        if hasattr(model, "run"):
            logits, state = model.run(torch.tensor([new]).to(device), state)
        else:
            logits = model(torch.tensor([token_ids]).to(device))
        last = logits[0, -1].double().cpu().numpy()  # (vocab_size,)
        new = [(yield last)]
        token_ids = token_ids + new
