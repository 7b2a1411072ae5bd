"""The feed-forward part of a block: the same small network at each place.

Source: Vaswani et al. 2017 (arXiv:1706.03762), section 3.3; GELU from
Hendrycks and Gimpel 2016 (arXiv:1606.08415); SwiGLU from Shazeer 2020
(arXiv:2002.05202).

Chapter: book/4-architectures/4-the-whole-model.ipynb
"""

from functools import partial

from torch import Tensor, nn
from torch.nn import functional as F

from companion.models.transformer_config import TransformerConfig

ACTIVATIONS = {
    "relu": F.relu,
    "gelu": F.gelu,
    "gelu_tanh": partial(F.gelu, approximate="tanh"),
    "swiglu": F.silu,  # of the gate
}


class FeedForward(nn.Module):
    """Wider, bent, and back: down(act(up(x))); or down(act(gate(x)) up(x))."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        sizes = config.d_model, config.d_ff
        self.activation = ACTIVATIONS[config.activation]
        self.gated = config.activation == "swiglu"
        if self.gated:
            self.gate_proj = nn.Linear(*sizes, config.bias)
        self.up_proj = nn.Linear(*sizes, config.bias)
        self.down_proj = nn.Linear(config.d_ff, config.d_model, config.bias)
        self.dropout = nn.Dropout(config.dropout.hidden)

    def forward(self, x: Tensor) -> Tensor:
        """Change each vector by itself.

        Args:
            x: (..., d_model)

        Returns:
            As x.
        """
        if self.gated:
            hidden = self.activation(self.gate_proj(x)) * self.up_proj(x)
        else:
            hidden = self.activation(self.up_proj(x))
        return self.down_proj(self.dropout(hidden))
