"""`companion generate` and `companion chat`: a model writes.

Chapter: book/5-training/8-a-run-to-trust.ipynb
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import numpy as np

    from companion.generation import SamplingConfig
    from companion.runs import Opened

Model = Annotated[
    Path,
    typer.Option(
        help="OUT of companion train, or a model's folder: of this book, or "
        "of transformers with a tokenizer of this book."
    ),
]
Prompt = Annotated[str, typer.Option(help="How the text begins.")]
MaxTokens = Annotated[int, typer.Option(min=0, help="Most tokens to write.")]
Temperature = Annotated[
    float, typer.Option(min=0, help="0: always the likeliest token.")
]
TopK = Annotated[
    int | None, typer.Option(min=1, help="Only the K likeliest tokens.")
]
TopP = Annotated[
    float, typer.Option(help="Only the likeliest that have P together.")
]
Seed = Annotated[int, typer.Option(min=0, help="Of all draws.")]
Samples = Annotated[int, typer.Option(min=1, help="Texts to write.")]


def generate(
    model: Model,
    prompt: Prompt = "",
    max_tokens: MaxTokens = 200,
    temperature: Temperature = 0.8,
    top_k: TopK = None,
    top_p: TopP = 1.0,
    seed: Seed = 0,
    samples: Samples = 1,
) -> None:
    """Write on from a prompt: the prompt and what follows, as text.

    A text ends where the model ends it, or after --max-tokens. With the
    same seed it is the same text. Several samples are parted by a line
    <|endoftext|>.
    """
    import numpy as np

    from companion.runs.opening import open_model
    from companion.tokenization import END_OF_TEXT

    opened = open_model(model)
    settings = _settings(opened, temperature, top_k, top_p)
    rng = np.random.default_rng(seed)
    for number in range(samples):
        if number:
            print(END_OF_TEXT)
        sys.stdout.write(prompt)
        for piece in _written(opened, prompt, settings, rng, max_tokens):
            sys.stdout.write(piece)
            sys.stdout.flush()
        print()


def chat(
    model: Model,
    max_tokens: MaxTokens = 100,
    temperature: Temperature = 0.8,
    top_k: TopK = None,
    top_p: TopP = 1.0,
    seed: Seed = 0,
) -> None:
    """Type the begin of a text, read how the model goes on; exit ends it.

    A model that was trained on plain text does not answer: it continues
    what you type, as its texts would. Each line stands alone.
    """
    import numpy as np

    from companion.runs.opening import open_model

    opened = open_model(model)
    settings = _settings(opened, temperature, top_k, top_p)
    rng = np.random.default_rng(seed)
    print(
        "This is a base model: it was trained to continue text, not to "
        "answer.\nType how a text begins, and it goes on from there; each "
        "line stands alone.\nexit ends it."
    )
    while True:
        print("> ", end="", flush=True)
        line = sys.stdin.readline()
        prompt = line.rstrip("\r\n")
        if not line or prompt.strip().lower() == "exit":
            print("" if line else "\n", end="")
            return
        if not prompt.strip():
            continue
        sys.stdout.write(prompt)
        for piece in _written(opened, prompt, settings, rng, max_tokens):
            sys.stdout.write(piece)
            sys.stdout.flush()
        print()


def _settings(
    opened: "Opened", temperature: float, top_k: int | None, top_p: float
) -> "SamplingConfig":
    from companion.generation import SamplingConfig

    return SamplingConfig.of(
        opened.tokenizer, temperature=temperature, top_k=top_k, top_p=top_p
    )


def _written(
    opened: "Opened",
    prompt: str,
    settings: "SamplingConfig",
    rng: "np.random.Generator",
    max_tokens: int,
) -> Iterator[str]:
    """Yield what follows a prompt, piece by piece where tokens allow it."""
    from companion.generation import write
    from companion.generation.stream import decoder_of

    ids, tokenizer = opened.prompt_ids(prompt), opened.tokenizer
    texts = write(
        opened.model,
        ids,
        settings,
        rng,
        max_tokens=max_tokens,
        when_full="slide",
    )
    if not hasattr(tokenizer, "token_bytes"):
        *_, text = texts
        whole, begin = map(tokenizer.decode, (text.text, ids))
        yield whole[len(begin) :]  # with the space between words
        return
    decoder, shown = decoder_of(tokenizer), 0
    for text in texts:
        for token in text.tokens[shown:]:
            yield decoder.push(token)
        shown = len(text.tokens)
    yield decoder.end()
