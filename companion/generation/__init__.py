"""Write text with a model: filters, the draw, caches, streams."""

from companion.generation.draw import choose
from companion.generation.generate import (
    Continuation,
    generate,
    seen_from,
    write,
)
from companion.generation.sampling import (
    SamplingConfig,
    min_p,
    repetition_penalty,
    temperature,
    top_k,
    top_p,
)
from companion.generation.step import Step
from companion.generation.stream import stream
from companion.generation.words import WordDecoder, join_words, sample

__all__ = [
    "Continuation",
    "SamplingConfig",
    "Step",
    "WordDecoder",
    "choose",
    "generate",
    "join_words",
    "min_p",
    "repetition_penalty",
    "sample",
    "seen_from",
    "stream",
    "temperature",
    "top_k",
    "top_p",
    "write",
]
