"""How many numbers a published model stores, from its configuration.

Biases, gains and position vectors count; what a model computes (rotary
angles, masks) does not.

Chapter: book/1-language-models/6-what-is-coming.ipynb
"""


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
    d_ff = 4 * d_model if d_ff is None else d_ff
    _check(vocab_size=vocab_size, context_length=context_length)
    _check(d_model=d_model, n_layers=n_layers, d_ff=d_ff)
    attention = 4 * (d_model * d_model + d_model)  # q, k, v, output
    feed_forward = 2 * d_model * d_ff + d_ff + d_model
    norm = 2 * d_model  # gain and bias
    block = attention + feed_forward + 2 * norm
    return (vocab_size + context_length) * d_model + n_layers * block + norm


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
    _check(vocab_size=vocab_size, d_model=d_model)
    _check(n_layers=n_layers, d_ff=d_ff)
    attention = 4 * d_model * d_model
    feed_forward = 3 * d_model * d_ff
    block = attention + feed_forward + 2 * d_model
    return 2 * vocab_size * d_model + n_layers * block + d_model


def _check(**sizes: int) -> None:
    """Refuse a size below 1."""
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1, got {size}")
