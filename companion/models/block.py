"""One block of a Transformer: attention, then a network at each place.

Source: Vaswani et al. 2017 (arXiv:1706.03762), section 3.1; norms before
each part as in Radford et al. 2019 (GPT-2).

Chapter: book/4-architectures/4-the-whole-model.ipynb
"""

from torch import Tensor, nn

from companion.models.attention import Attention
from companion.models.cache import LayerCache
from companion.models.feed_forward import FeedForward
from companion.models.norms import build_norm
from companion.models.positions import Rotation
from companion.models.transformer_config import TransformerConfig


class Block(nn.Module):
    """Look around, then think: two parts, each added to what is there."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.pre_norm = config.norm_position == "pre"
        self.attention_norm = build_norm(config)
        self.attention = Attention(config)
        self.ffn_norm = build_norm(config)
        self.ffn = FeedForward(config)
        self.attention_dropout = nn.Dropout(config.dropout.attention)
        self.ffn_dropout = nn.Dropout(config.dropout.ffn)
        self.skip_dropout = nn.Dropout(config.dropout.skip)

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None = None,
        rotation: Rotation | None = None,
        cache: LayerCache | None = None,
    ) -> Tensor:
        """Take the residual stream one block further, (B, T, d_model)."""
        look = self.attention_norm(x) if self.pre_norm else x
        found = self.attention(look, mask, rotation, cache)
        x = self.skip_dropout(x) + self.attention_dropout(found)
        if not self.pre_norm:
            x = self.attention_norm(x)
        thought = self.ffn(self.ffn_norm(x) if self.pre_norm else x)
        x = self.skip_dropout(x) + self.ffn_dropout(thought)
        return x if self.pre_norm else self.ffn_norm(x)
