"""Whether a model that is stored is the model that was stored.

Chapter: book/5-training/8-a-run-to-trust.ipynb
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from companion.generation import SamplingConfig, generate
from companion.interop import export_model, import_model
from companion.models import Transformer
from companion.models.storage import Stored, load, save
from companion.tokenization import Tokenizer

WRITTEN = 8  # tokens


def same_when_stored(
    model: Transformer, tokenizer: Tokenizer | None, ids: Tensor
) -> tuple[bool, str]:
    """Store a model, load it, export it, import it, and let it write.

    Args:
        model: in evaluation mode.
        tokenizer: stored with it.
        ids: (T,), some text.

    Returns:
        Whether the logits are equal to the bit each time, and what was
        measured, in words.

    Raises:
        ValueError: the model cannot be stored or exported.
    """
    with torch.no_grad():
        want = model(ids[None]).cpu()
    for word, way in (("loaded", _loaded), ("exported", _exported)):
        stored = way(model, tokenizer)
        with torch.no_grad():
            got = stored.model(ids[None].cpu())
        if next(model.parameters()).device.type != "cpu":
            close = torch.allclose(got, want, 1e-3, 1e-3)
        else:
            close = torch.equal(got, want)
        if not close:
            far = (got - want).abs().max().item()
            return False, f"when {word} its logits differ by {far:.2g}"
        if tokenizer is not None and (
            stored.tokenizer is None
            or stored.tokenizer.content_hash != tokenizer.content_hash
        ):
            return False, f"when {word} its tokenizer is another"
    settings = SamplingConfig(temperature=0)
    (text,) = generate(
        stored.model,
        [ids[:1].tolist()],
        settings,
        np.random.default_rng(0),
        max_tokens=WRITTEN,
        when_full="slide",
    )
    said = "" if tokenizer is None else f": {tokenizer.decode(text.tokens)!r}"
    return (
        len(text.tokens) == WRITTEN,
        f"loaded and exported it gives equal logits, and writes {WRITTEN} "
        f"tokens{said}",
    )


def _loaded(model: Transformer, tokenizer: Tokenizer | None) -> Stored:
    return _through(model, tokenizer, save, load)


def _exported(model: Transformer, tokenizer: Tokenizer | None) -> Stored:
    return _through(
        model,
        tokenizer,
        lambda a, folder, b: export_model(a, b, folder),
        import_model,
    )


def _through(
    model: Transformer,
    tokenizer: Tokenizer | None,
    write: Callable[..., None],
    read: Callable[[Path], Stored],
) -> Stored:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "model"
        write(model, folder, tokenizer)
        return read(folder)
