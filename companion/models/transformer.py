"""The Transformer: one module for a family of models.

Source: Vaswani et al. 2017 (arXiv:1706.03762); with the defaults the
decoder of Radford et al. 2019 (GPT-2), with `TransformerConfig.llama` that
of Touvron et al. 2023 (arXiv:2302.13971).

B: texts, T: tokens that are read now, S: tokens that can be seen.

Chapter: book/4-architectures/4-the-whole-model.ipynb
"""

import math

import torch
from torch import Tensor, nn

from companion.models.attention import causal_mask
from companion.models.block import Block
from companion.models.cache import KVCache
from companion.models.norms import build_norm
from companion.models.positions import Rotation, sinusoidal
from companion.models.transformer_config import TransformerConfig


class Transformer(nn.Module):
    """Token ids in, logits out: of the next token, or of each (encoder)."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.token_embedding = nn.Embedding(config.vocab_size, config.d_model)
        if config.position == "learned":
            self.position_embedding = nn.Embedding(
                config.context_length, config.d_model
            )
        self.embedding_dropout = nn.Dropout(config.dropout.embedding)
        self.blocks = nn.ModuleList(
            Block(config) for _ in range(config.n_layers)
        )
        if config.norm_position == "pre":
            self.final_norm = build_norm(config)
        else:  # each block ends in a norm
            self.final_norm = nn.Identity()
        self.lm_head = nn.Linear(config.d_model, config.vocab_size, bias=False)
        if config.tied:
            self.lm_head.weight = self.token_embedding.weight
        self._add_tables()
        self.apply(self._initialise)
        self._shrink_residuals()

    def _add_tables(self) -> None:
        """Store what is computed from places alone; it is no parameter."""
        config, tables = self.config, {}
        if config.position == "rotary":
            places = torch.arange(config.context_length).double()
            table = Rotation.at(places, config.d_head, config.rope_theta)
            tables = {"cos": table.cos, "sin": table.sin}
        elif config.position == "sinusoidal":
            size = config.context_length, config.d_model
            # as small as the token vectors, or these would hardly be seen
            tables = {"places": config.init_std * sinusoidal(*size)}
        weight = self.token_embedding.weight
        for name, table in tables.items():
            self.register_buffer(name, table.to(weight), persistent=False)

    def _apply(self, *args: object, **kw: object) -> "Transformer":
        """Move or convert; tables are computed anew in the new format.

        Else a model that was once in sixteen bits would keep the rotations
        of sixteen bits for ever.
        """
        super()._apply(*args, **kw)
        self._add_tables()
        return self

    def _initialise(self, module: nn.Module) -> None:
        """Draw weights as GPT-2 does: normal, biases 0."""
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=self.config.init_std)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)

    def _shrink_residuals(self) -> None:
        """Divide what is added by the root of 2 n_layers, as GPT-2 does."""
        with torch.no_grad():
            for block in self.blocks:
                for last in (block.attention.o_proj, block.ffn.down_proj):
                    last.weight /= math.sqrt(2 * self.config.n_layers)

    @property
    def n_parameters(self) -> int:
        """How many numbers training can change; shared ones count once."""
        return sum(p.numel() for p in self.parameters())

    def forward(
        self, token_ids: Tensor, visible: Tensor | None = None
    ) -> Tensor:
        """Score every token at every place.

        Args:
            token_ids: (B, T), integers below vocab_size.
            visible: (B, T), bool: False where there is no token but
                padding. Padding after the end of a text needs no mark in a
                causal model, since no token sees what follows it.

        Returns:
            (B, T, vocab_size): logits; in a causal model, position t
            predicts token t + 1.

        Raises:
            ValueError: T is above context_length.
        """
        return self._logits(token_ids, None, visible)

    @torch.no_grad()
    def run(
        self,
        token_ids: Tensor,
        cache: KVCache | None = None,
        visible: Tensor | None = None,
    ) -> tuple[Tensor, KVCache]:
        """Read on from a cache, without gradients.

        Args:
            token_ids: (B, T), the next tokens of each text.
            cache: what an earlier call returned, changed in place; None at
                the begin of the texts.
            visible: (B, T), False where there is no token but padding.

        Returns:
            (B, T, vocab_size): as from one `forward` over all tokens so
            far, its last T places.
            The cache, T places longer.

        Raises:
            ValueError: this model is no decoder, the cache holds other
                texts, or there would be more than context_length places.
        """
        if not self.config.causal:
            raise ValueError("an encoder reads a text at once: use forward")
        if cache is None:
            weight = self.token_embedding.weight
            cache = KVCache(self.config, len(token_ids), weight)
        elif cache.n_texts != len(token_ids):
            raise ValueError(
                f"the cache is of {cache.n_texts} texts, got {len(token_ids)}"
            )
        return self._logits(token_ids, cache, visible), cache

    def hidden(
        self,
        token_ids: Tensor,
        cache: KVCache | None = None,
        visible: Tensor | None = None,
    ) -> Tensor:
        """Compute the last vectors before the logits: (B, T, d_model)."""
        start = cache.length if cache else 0
        end = start + token_ids.shape[1]
        if end > self.config.context_length:
            raise ValueError(
                f"a text must have at most context_length "
                f"({self.config.context_length}) tokens, got {end}"
            )
        if cache is not None:
            visible = cache.see(visible, token_ids.shape[1])
        places = _places(visible, start, end)
        x = self.token_embedding(token_ids)  # (B, T, d_model)
        x = self.embedding_dropout(self._placed(x, places))
        mask = self._mask(start, end, visible, token_ids.device)
        rotation = self._rotation(places)
        layers = cache.layers if cache else [None] * len(self.blocks)
        for block, layer in zip(self.blocks, layers, strict=True):
            x = block(x, mask, rotation, layer)
        return self.final_norm(x)

    def _logits(self, *given: object) -> Tensor:
        return self.lm_head(self.hidden(*given))

    def _placed(self, x: Tensor, places: slice | Tensor) -> Tensor:
        """Add the vectors of the places, where a model has some."""
        if self.config.position == "learned":
            return x + self.position_embedding.weight[places]
        if self.config.position == "sinusoidal":
            return x + self.places[places]
        return x

    def _rotation(self, places: slice | Tensor) -> Rotation | None:
        if self.config.position != "rotary":
            return None
        cos, sin = self.cos[places], self.sin[places]
        if isinstance(places, Tensor):  # (B, T, d_head): the same each head
            cos, sin = cos[:, None], sin[:, None]
        return Rotation(cos, sin)

    def _mask(
        self,
        start: int,
        end: int,
        visible: Tensor | None,
        device: torch.device,
    ) -> Tensor | None:
        """Say what can be seen; None if causality alone decides."""
        if visible is None and self.config.window is None:
            # torch's own causal mask starts at place 0
            simple = not self.config.causal or start == 0 or end - start == 1
            if simple:
                return None
        n_new = end - start
        if self.config.causal:
            mask = causal_mask(n_new, end, self.config.window)
        else:
            mask = torch.ones(n_new, end, dtype=torch.bool)
        mask = mask.to(device)
        if visible is None:
            return mask
        mask = mask & visible[:, None]  # (B, T, S)
        # padding sees itself, or it would see nothing and become NaN
        itself = torch.eye(n_new, end, dtype=torch.bool, device=device)
        return (mask | itself.roll(start, 1))[:, None]  # (B, 1, T, S)


def _places(visible: Tensor | None, start: int, end: int) -> slice | Tensor:
    """Number the tokens of each text from 0: a slice, or (B, T)."""
    if visible is None:
        return slice(start, end)
    return (visible.long().cumsum(1) - 1).clamp_min(0)[:, start:end]
