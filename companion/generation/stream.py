"""Text as it comes: shown word by word, and never half a character.

Chapter: book/4-architectures/7-writing.ipynb
"""

from collections.abc import Iterator
from contextlib import closing

import numpy as np
from torch import nn

from companion.generation.generate import WhenFull, write
from companion.generation.sampling import SamplingConfig
from companion.generation.words import WordDecoder
from companion.tokenization import Tokenizer, Vocabulary, split_words
from companion.tokenization.streaming import StreamDecoder


def decoder_of(
    vocabulary: Vocabulary | Tokenizer,
) -> WordDecoder | StreamDecoder:
    """Choose what turns ids into text one by one.

    Raises:
        ValueError: a tokenizer whose tokens are no bytes.
    """
    if isinstance(vocabulary, Vocabulary):
        return WordDecoder(vocabulary)
    if not hasattr(vocabulary, "token_bytes"):
        raise ValueError(
            "only tokens that are bytes can be shown one by one, got a "
            f"{type(vocabulary).__name__}"
        )
    return StreamDecoder(vocabulary)


def stream(
    model: nn.Module,
    vocabulary: Vocabulary | Tokenizer,
    prompt: str,
    config: SamplingConfig,
    rng: np.random.Generator,
    *,
    max_tokens: int,
    when_full: WhenFull = "stop",
) -> Iterator[str]:
    """Yield a continuation of a text as soon as there is some.

    Nothing is computed before it is asked for: who stops asking, stops the
    model.

    Args:
        model: as for `generate`.
        vocabulary: words, or a tokenizer whose tokens are bytes.
        prompt: the begin of a text, "" for a new one.
        config: for example `SamplingConfig.of(vocabulary)`.
        rng: the only source of randomness.
        max_tokens: most tokens to write.
        when_full: as for `generate`.

    Yields:
        Pieces of text, none of them empty; joined, they follow the prompt.
    """
    decoder = decoder_of(vocabulary)
    if isinstance(vocabulary, Vocabulary):
        ids = [vocabulary.bos_id, *vocabulary.ids(split_words(prompt))]
        for word in ids[1:]:
            decoder.push(word)  # so that it knows of open quotes
    else:
        (begin,) = vocabulary.special_ids.values()
        ids = [begin, *vocabulary.encode(prompt)]
    texts = write(
        model, ids, config, rng, max_tokens=max_tokens, when_full=when_full
    )
    shown = 0
    with closing(texts):
        for text in texts:
            for token in text.tokens[shown:]:
                if piece := decoder.push(token):
                    yield piece
            shown = len(text.tokens)
    if rest := decoder.end():
        yield rest
