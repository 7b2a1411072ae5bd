"""How many numbers a published model stores, from its configuration.

Biases, gains and position vectors count; what a model computes (rotary
angles, masks) does not.

Chapter: book/1-language-models/6-what-is-coming.ipynb
"""

from companion.models.budget import parameters
from companion.models.transformer_config import TransformerConfig


def gpt_parameters(
    *,
    vocab_size: int,
    context_length: int,
    d_model: int,
    n_layers: int,
    d_ff: int | None = None,
) -> int:
    """Count the parameters of a GPT-2 or a GPT-3.

    Learned positions, biases everywhere, two layer norms a block and one
    at the end, output weights tied to the word vectors. Source: Radford et
    al. 2019; the heads share d_model, so their number does not matter.

    Args:
        vocab_size: tokens.
        context_length: tokens, each place with a vector of its own.
        d_model: width.
        n_layers: blocks.
        d_ff: width inside the feed-forward part; 4 * d_model if not given.

    Raises:
        ValueError: a size is below 1.
    """
    config = TransformerConfig(
        vocab_size=vocab_size,
        context_length=context_length,
        d_model=d_model,
        n_layers=n_layers,
        n_heads=1,
        d_ff=d_ff,
    )
    return sum(parameters(config).values())


def llama_parameters(
    *, vocab_size: int, d_model: int, n_layers: int, d_ff: int
) -> int:
    """Count the parameters of a first-generation LLaMA.

    No biases, positions by rotation, a gated feed-forward part of three
    matrices, root-mean-square norms with a gain alone, output weights of
    their own. Source: Touvron et al. 2023 (arXiv:2302.13971).

    Args:
        vocab_size: tokens.
        d_model: width.
        n_layers: blocks.
        d_ff: width inside the feed-forward part.

    Raises:
        ValueError: a size is below 1.
    """
    config = TransformerConfig.llama(
        vocab_size=vocab_size,
        d_model=d_model,
        n_layers=n_layers,
        n_heads=1,
        d_ff=d_ff,
    )
    return sum(parameters(config).values())
