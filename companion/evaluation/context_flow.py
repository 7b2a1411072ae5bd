"""Which words each guess of a model can see, found by changing them.

Chapter: book/4-architectures/1-states.ipynb
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

# torch is imported where it is used, so that counting models need none.
if TYPE_CHECKING:
    from torch import Tensor


def context_flow(
    model: "Callable[[Tensor], Tensor]", token_ids: "Tensor"
) -> "Tensor":
    """Change each token of a text, and say which logits change.

    Nothing about the model's inside is asked, so it finds what the code
    does and not what it was meant to do: a future that leaks in, a past
    that never arrives, texts of one batch that mix.

    Args:
        model: (B, T) ids to (B, T, vocab_size) logits, without dropout.
        token_ids: (T,), integers below vocab_size. Keep T small: a change
            that is lost in rounding is not seen.

    Returns:
        (T, T), bool: row t, column s says whether the logits at position
        t depend on the token at s. A decoder that sees all is the lower
        triangle, diagonal included.

    Raises:
        ValueError: token_ids has not one axis, or the model answers twice
            differently to one text.
    """
    if token_ids.ndim != 1:
        raise ValueError(
            f"token_ids must be one text, (T,), got {tuple(token_ids.shape)}"
        )
    import torch

    columns = []
    with torch.no_grad():
        # one text a call: equal shapes make equal sums, to the last bit
        before = model(token_ids[None])[0]  # (T, vocab_size)
        if not torch.equal(before, model(token_ids[None])[0]):
            raise ValueError(
                "one text must give the same logits twice; is dropout still "
                "on? call model.eval() first"
            )
        for s in range(len(token_ids)):
            changed = token_ids.clone()
            changed[s] = (changed[s] + 1) % before.shape[-1]
            columns.append((model(changed[None])[0] != before).any(dim=-1))
    return torch.stack(columns, dim=1)
