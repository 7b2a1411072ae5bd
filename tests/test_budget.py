"""The budget of a Transformer against torch, and against what is published."""

import itertools

import pytest
import torch
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from companion.models import KVCache, Transformer, TransformerConfig
from companion.models.budget import (
    PRECISIONS,
    activations,
    cached,
    flops,
    inference_bytes,
    parameters,
    rule_of_six,
    training_bytes,
)

SIZE = {"vocab_size": 50, "context_length": 40, "d_model": 32, "d_ff": 72}
B, T = 3, 32


def all_kinds():
    kinds = itertools.product(
        ("learned", "rotary"),
        ("layer", "rms"),
        ("pre", "post"),
        ("relu", "gelu", "gelu_tanh", "swiglu"),
        (1, 2, 4),
        (True, False),
    )
    names = ("position", "norm", "norm_position", "activation")
    names += ("n_kv_heads", "tied")
    return [
        SIZE | {"n_layers": 2} | dict(zip(names, kind, strict=True))
        for kind in kinds
    ]


def build(**settings):
    torch.manual_seed(0)
    return Transformer(TransformerConfig(**settings))


def loss_of(model, ids):
    return F.cross_entropy(model(ids).flatten(0, 1), ids.flatten())


def ids():
    generator = torch.Generator().manual_seed(0)
    return torch.randint(50, (B, T), generator=generator)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("position", ["sinusoidal", "none"])
@pytest.mark.parametrize("kind", all_kinds()[::3], ids=str)
def test_parameters_are_those_of_the_model(kind, position, bias):
    for settings in (kind, kind | {"position": position}):
        model = build(**settings, bias=bias)
        counted = sum(parameters(model.config).values())
        assert counted == model.n_parameters


@pytest.mark.parametrize("kind", all_kinds()[::5], ids=str)
def test_flops_match_torch(kind):
    model, tokens = build(**kind), ids()
    with sdpa_kernel(SDPBackend.MATH):  # torch does not count its kernel
        with FlopCounterMode(display=False) as forward:
            loss = loss_of(model, tokens)
        with FlopCounterMode(display=False) as backward:
            loss.backward()
    once = B * T * sum(flops(model.config, T).values())
    train = B * T * sum(flops(model.config, T, training=True).values())
    assert forward.get_total_flops() == once
    assert forward.get_total_flops() + backward.get_total_flops() == train


def kept_by_autograd(model, tokens):
    """Numbers saved for the backward pass; shared memory counts once."""
    own = {*model.parameters(), *model.buffers(), tokens}
    own = {each.untyped_storage().data_ptr() for each in own}
    kept = {}

    def pack(saved):
        storage = saved.untyped_storage()
        if storage.data_ptr() not in own:  # saved: or its memory is reused
            kept[storage.data_ptr()] = storage.nbytes() // 4, saved
        return saved

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda saved: saved):
        loss_of(model, tokens)
    return sum(n for n, _ in kept.values())


@pytest.mark.parametrize("window", [None, 5])
@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("kind", all_kinds()[::5], ids=str)
def test_activations_are_what_autograd_keeps(kind, fused, window):
    model = build(**kind, window=window)
    kernel = SDPBackend.FLASH_ATTENTION if fused else SDPBackend.MATH
    with sdpa_kernel(kernel):
        kept = kept_by_autograd(model, ids())
    counted = sum(activations(model.config, B, T, fused=fused).values())
    assert counted == kept - 1  # the loss keeps its count as well


@pytest.mark.parametrize("n_kv_heads", [1, 4])
def test_cache_is_what_a_cache_holds(n_kv_heads):
    model = build(**SIZE, n_layers=2, n_kv_heads=n_kv_heads)
    cache = KVCache(model.config, B, model.lm_head.weight)
    assert 4 * cached(model.config, B, 40) == cache.n_bytes


def gpt2(**size):
    return TransformerConfig(vocab_size=50_257, context_length=1024, **size)


LLAMA = TransformerConfig.llama(
    vocab_size=32_000,
    context_length=2048,
    d_model=4096,
    n_layers=32,
    n_heads=32,
    d_ff=11_008,
)


@pytest.mark.parametrize(
    ("config", "published"),
    [
        (gpt2(d_model=768, n_layers=12, n_heads=12), 124_439_808),
        (gpt2(d_model=1600, n_layers=48, n_heads=25), 1_557_611_200),
        (LLAMA, 6_738_415_616),
    ],
    ids=["GPT-2 small", "GPT-2 XL", "Llama 7B"],
)
def test_as_released(config, published):
    assert sum(parameters(config).values()) == published
    assert rule_of_six(config) == 6 * published


def test_llama_in_sixteen_bits():
    """Half a megabyte a token: 2 * 32 layers * 4096 * 2 bytes."""
    held = inference_bytes(LLAMA, 1, 2048, "bfloat16")
    assert held == {"weights": 2 * 6_738_415_616, "cache": 2048 * 2**19}


@pytest.mark.parametrize(
    ("precision", "each"), [("float32", 16), ("mixed", 16), ("bfloat16", 8)]
)
def test_bytes_a_parameter(precision, each):
    """4 + 4 + 8; 2 + 2 + 12 as in ZeRO; 2 + 2 + 4."""
    held = training_bytes(LLAMA, 1, 8, precision)
    kept = sum(activations(LLAMA, 1, 8).values())
    of_activations = held.pop("activations")
    assert of_activations == kept * PRECISIONS[precision].activation
    assert sum(held.values()) == each * 6_738_415_616


def test_adam_holds_two_numbers_a_parameter():
    model, tokens = build(**SIZE, n_layers=1), ids()
    optimizer = torch.optim.AdamW(model.parameters())
    loss_of(model, tokens).backward()
    optimizer.step()
    moments = sum(
        each.numel() * each.element_size()
        for state in optimizer.state.values()
        for name, each in state.items()
        if name != "step"
    )
    gradients = sum(4 * p.grad.numel() for p in model.parameters())
    held = training_bytes(model.config, B, T)
    assert (held["optimizer"], held["gradients"]) == (moments, gradients)


@pytest.mark.parametrize("count", [training_bytes, inference_bytes])
def test_an_unknown_precision_is_refused(count):
    message = "precision must be one of float32, mixed, bfloat16, got 'int3'"
    with pytest.raises(ValueError, match=message):
        count(LLAMA, 1, 8, "int3")
