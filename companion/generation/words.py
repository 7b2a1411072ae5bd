"""Words of a vocabulary: written, and put together to a text.

Chapter: book/4-architectures/7-writing.ipynb
"""

from collections.abc import Iterable, Sequence

import numpy as np
from torch import nn

from companion.generation.generate import generate
from companion.generation.sampling import SamplingConfig
from companion.tokenization import Vocabulary

CLOSES = frozenset(".,;:!?)]}")  # stands at the word before it
OPENS = frozenset("([{")  # stands at the word after it


class WordDecoder:
    """Turn the ids of a vocabulary into text one by one, spaces included.

    The counterpart of `StreamDecoder` for words. White space is not in the
    words, so it follows a rule for English: none before a mark that closes
    and none after one that opens; quotation marks open and close in turn.

    Args:
        vocabulary: whose ids they are.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._words = vocabulary.words
        self._quoted = False
        self._space = ""

    def push(self, token_id: int) -> str:
        """Take a word's id; give the word and the space before it.

        Raises:
            ValueError: an id that the vocabulary does not have.
        """
        (word,) = self._words([token_id])
        closes = word in CLOSES or (word == '"' and self._quoted)
        opens = word in OPENS or (word == '"' and not self._quoted)
        text = word if closes else self._space + word
        self._space = "" if opens else " "
        self._quoted ^= word == '"'
        return text

    def end(self) -> str:
        """Give what is left, which is nothing; be ready for a new text."""
        self._quoted, self._space = False, ""
        return ""


def join_words(ids: Iterable[int], vocabulary: Vocabulary) -> str:
    """Write words as a text, with the spaces of `WordDecoder`."""
    return "".join(map(WordDecoder(vocabulary).push, ids))


def sample(
    model: nn.Module,
    vocabulary: Vocabulary,
    rng: np.random.Generator,
    *,
    temperature: float = 1.0,
    max_words: int = 200,
    prompt: Sequence[str] = (),
) -> list[str]:
    """Continue `prompt` until the model ends the text: `generate` for words.

    Args:
        model: as for `generate`.
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
    if max_words < 0:
        raise ValueError(f"max_words must be >= 0, got {max_words}")
    config = SamplingConfig.of(vocabulary, temperature=temperature)
    begin = [[vocabulary.bos_id, *vocabulary.ids(prompt)]]
    (text,) = generate(model, begin, config, rng, max_tokens=max_words)
    return vocabulary.words(text.tokens)
