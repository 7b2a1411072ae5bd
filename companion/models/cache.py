"""Keys and values that have been computed stay computed.

Source: Pope et al. 2022 (arXiv:2211.05102), section 2.1.

Chapter: book/4-architectures/7-writing.ipynb
"""

import torch
from torch import Tensor

from companion.models.transformer_config import TransformerConfig


class LayerCache:
    """Keys and values of one layer, in room for a whole context.

    Args:
        shape: (B, K, context_length, d_head).
        like: says on which device and in which format.
    """

    def __init__(self, shape: tuple[int, ...], like: Tensor) -> None:
        self.keys = like.new_empty(shape)
        self.values = like.new_empty(shape)
        self.length = 0

    def append(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Store the next places; return all there are, (B, K, S, d_head).

        Args:
            k: (B, K, T, d_head)
            v: as k.
        """
        start, self.length = self.length, self.length + k.shape[2]
        # narrow is slicing at half the price, which shows at one token
        self.keys.narrow(2, start, k.shape[2]).copy_(k)
        self.values.narrow(2, start, v.shape[2]).copy_(v)
        return (
            self.keys.narrow(2, 0, self.length),
            self.values.narrow(2, 0, self.length),
        )


class KVCache:
    """What a `Transformer` keeps of the tokens that it has read.

    A cache belongs to one run over one batch of texts: each `run` with it
    changes it in place.

    Args:
        config: of the model.
        n_texts: B.
        like: says on which device and in which format.
    """

    def __init__(
        self, config: TransformerConfig, n_texts: int, like: Tensor
    ) -> None:
        shape = (
            n_texts,
            config.n_kv_heads,
            config.context_length,
            config.d_head,
        )
        self.layers = [LayerCache(shape, like) for _ in range(config.n_layers)]
        self.n_texts = n_texts
        self.visible: Tensor | None = None  # (B, S); None: all of them

    @property
    def length(self) -> int:
        """How many places are stored, padding included."""
        return self.layers[0].length

    @property
    def n_bytes(self) -> int:
        """How much memory the keys and values take, all room included."""
        return sum(
            2 * layer.keys.numel() * layer.keys.element_size()
            for layer in self.layers
        )

    def see(self, visible: Tensor | None, n_new: int) -> Tensor | None:
        """Note which of the next places hold a token; return all, (B, S)."""
        if visible is None and self.visible is None:
            return None
        kept = self.visible
        if kept is None:
            kept = visible.new_ones((self.n_texts, self.length))
        if visible is None:
            visible = kept.new_ones((self.n_texts, n_new))
        self.visible = torch.cat([kept, visible], dim=1)
        return self.visible
