"""One more token of one text, where calling costs more than computing.

At one token a time a small model spends most of its time on the way into
torch: 3 to 10 microseconds an operation. NumPy's calls cost about a third,
so on a CPU `Step` computes with NumPy what `Transformer.run` computes, on
the same weights and the same cache, whose memory the two share.

Chapter: book/4-architectures/7-writing.ipynb
"""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from companion.models import KVCache, Transformer
from companion.models.transformer_config import TransformerConfig

Vector = np.ndarray
Function = Callable[[Vector], Vector]


class Step:
    """Reads one token of one text, given the cache of those before.

    The weights are those at the time of making: after more training, make
    another.

    Args:
        model: a causal Transformer on the CPU, in float32 or float64.
    """

    def __init__(self, model: Transformer) -> None:
        config = self.config = model.config
        self.tokens = _array(model.token_embedding.weight)
        self.places = None
        if config.position == "learned":
            self.places = _array(model.position_embedding.weight)
        elif config.position == "sinusoidal":
            self.places = _array(model.places)
        turn = _turn(model) if config.position == "rotary" else None
        self.blocks = [_block(block, config, turn) for block in model.blocks]
        self.final_norm = _norm(model.final_norm)
        self.head = _linear(model.lm_head)
        self._bound: tuple[KVCache | None, list] = None, []

    @staticmethod
    def suits(model: nn.Module) -> bool:
        """Whether there is a step for this model, where it now is."""
        if type(model) is not Transformer:
            return False
        weight = model.lm_head.weight
        known = weight.dtype in (torch.float32, torch.float64)
        return known and weight.device.type == "cpu"

    def __call__(self, token_id: int, cache: KVCache) -> Vector:
        """Score the next token.

        Args:
            token_id: the last token of the text.
            cache: of one text, what was read before; grows by one place.

        Returns:
            (vocab_size,): the logits of `model.run`.

        Raises:
            ValueError: the cache is full.
        """
        place = cache.length
        if place >= self.config.context_length:
            raise ValueError(
                f"a text must have at most context_length "
                f"({self.config.context_length}) tokens, got {place + 1}"
            )
        x = self.tokens[token_id]  # (d_model,)
        if self.places is not None:
            x = x + self.places[place]
        for block, stored in zip(self.blocks, self._rows(cache), strict=True):
            x = block(x, stored, place)
        for layer in cache.layers:
            layer.length = place + 1
        return self.head(self.final_norm(x))

    def _rows(self, cache: KVCache) -> list[tuple[Vector, Vector]]:
        """The cache as arrays: of each layer keys and values, (K, C, d)."""
        if cache is not self._bound[0]:
            rows = [
                (layer.keys[0].numpy(), layer.values[0].numpy())
                for layer in cache.layers
            ]
            self._bound = cache, rows
        return self._bound[1]


def _block(
    block: nn.Module, config: TransformerConfig, turn: Callable | None
) -> Callable:
    """Make the function of a block: (d_model,) to the same."""
    attend = _attention(block.attention, config, turn)
    ffn = _ffn(block.ffn)
    norm, ffn_norm = _norm(block.attention_norm), _norm(block.ffn_norm)

    def pre(x: Vector, stored: tuple, place: int) -> Vector:
        x = x + attend(norm(x), stored, place)
        return x + ffn(ffn_norm(x))

    def post(x: Vector, stored: tuple, place: int) -> Vector:
        x = norm(x + attend(x, stored, place))
        return ffn_norm(x + ffn(x))

    return pre if config.norm_position == "pre" else post


def _attention(
    module: nn.Module, config: TransformerConfig, turn: Callable | None
) -> Callable:
    """Make the function that looks up, with one query a head."""
    parts = (module.q_proj, module.k_proj, module.v_proj)
    n_heads, n_kv, d_head = config.n_heads, config.n_kv_heads, config.d_head
    scales = (1 / math.sqrt(d_head), 1, 1)  # of the scores, once and for all
    pairs = list(zip(parts, scales, strict=True))
    weight = torch.cat([part.weight * scale for part, scale in pairs])
    bias = None
    if config.bias:
        bias = torch.cat([part.bias * scale for part, scale in pairs])
    project, output = _product(weight, bias), _linear(module.o_proj)
    window = config.window

    def attend(x: Vector, stored: tuple, place: int) -> Vector:
        keys, values = stored
        qkv = project(x).reshape(-1, d_head)  # (H + K + K, d_head)
        if turn is not None:
            turn(qkv, place)
        keys[:, place] = qkv[n_heads:-n_kv]
        values[:, place] = qkv[-n_kv:]
        q = qkv[:n_heads].reshape(n_kv, -1, d_head)  # (K, H / K, d_head)
        end = place + 1
        start = 0 if window is None else max(0, end - window)
        scores = q @ keys[:, start:end].transpose(0, 2, 1)  # (K, H / K, S)
        scores -= np.maximum.reduce(scores, axis=-1, keepdims=True)
        weights = np.exp(scores, out=scores)
        mixed = weights @ values[:, start:end]  # (K, H / K, d_head)
        mixed /= np.add.reduce(weights, axis=-1, keepdims=True)
        return output(mixed.reshape(-1))

    return attend


def _turn(model: Transformer) -> Callable:
    """Make the function that rotates queries and keys in place."""
    cos, sin = _array(model.cos), _array(model.sin)
    n_turned = model.config.n_heads + model.config.n_kv_heads
    partner = np.roll(np.arange(model.config.d_head), -(cos.shape[1] // 2))

    def turn(qkv: Vector, place: int) -> None:
        x = qkv[:n_turned]
        x[:] = x * cos[place] + x[:, partner] * sin[place]

    return turn


def _ffn(module: nn.Module) -> Function:
    """Make the function of the feed-forward part; torch bends."""
    up, down = _linear(module.up_proj), _linear(module.down_proj)
    bend = module.activation

    def act(x: Vector) -> Vector:
        return bend(torch.from_numpy(x)).numpy()

    if not module.gated:
        return lambda x: down(act(up(x)))
    gate = _linear(module.gate_proj)
    return lambda x: down(act(gate(x)) * up(x))


def _norm(module: nn.Module) -> Function:
    """Make the function of a norm."""
    if isinstance(module, nn.Identity):
        return lambda x: x
    weight, eps, n = _array(module.weight), module.eps, len(module.weight)
    mean = np.full_like(weight, 1 / n)  # a product is faster than a sum

    def rms(x: Vector) -> Vector:
        return x * (1 / math.sqrt(x.dot(x) / n + eps)) * weight

    if isinstance(module, nn.RMSNorm):
        return rms
    bias = _array(module.bias)
    return lambda x: rms(x - x.dot(mean)) + bias


def _linear(module: nn.Linear) -> Function:
    return _product(module.weight, module.bias)


def _product(weight: Tensor, bias: Tensor | None) -> Function:
    matrix = _array(weight)  # (d_out, d_in)
    if bias is None:
        return matrix.dot
    shift = _array(bias)
    return lambda x: matrix.dot(x) + shift


def _array(parameter: Tensor) -> Vector:
    return parameter.detach().numpy()
