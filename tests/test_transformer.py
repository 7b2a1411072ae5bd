"""The Transformer's laws; that it is GPT-2 and Llama is in test_interop."""

import itertools
import math

import pytest
import torch
from torch.nn import functional as F

from companion import config as configs
from companion.models import (
    DropoutConfig,
    KVCache,
    Transformer,
    TransformerConfig,
)

SMALL = {"vocab_size": 11, "context_length": 12, "d_model": 16, "n_layers": 2}
POSITIONS = ("learned", "sinusoidal", "rotary", "none")
ACTIVATIONS = ("relu", "gelu", "gelu_tanh", "swiglu")


def build(seed=0, **settings):
    torch.manual_seed(seed)
    settings = SMALL | {"init_std": 0.3} | settings
    return Transformer(TransformerConfig(**settings)).eval()


def ids(n_texts=2, length=12, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(11, (n_texts, length), generator=generator)


def all_kinds():
    return [
        {"position": position, "norm": norm, "norm_position": where}
        | {"activation": activation, "n_kv_heads": kv}
        for position, norm, where, activation, kv in itertools.product(
            POSITIONS, ("layer", "rms"), ("pre", "post"), ACTIVATIONS, (1, 4)
        )
    ]


@pytest.mark.parametrize("kind", all_kinds(), ids=str)
def test_the_future_cannot_change_the_past(kind):
    model, before = build(**kind), ids()
    after = before.clone()
    after[:, 7] = (after[:, 7] + 1) % 11
    with torch.inference_mode():
        old, new = model(before), model(after)
    assert torch.equal(old[:, :7], new[:, :7])
    assert (old[:, 7:] - new[:, 7:]).abs().amax((0, 2)).min() > 0


@pytest.mark.parametrize("kind", all_kinds()[::5], ids=str)
@pytest.mark.parametrize("window", [None, 1, 5])
def test_cached_equals_uncached_for_every_split(kind, window):
    model, tokens = build(window=window, **kind), ids()
    with torch.inference_mode():
        whole = model(tokens)
        for first in range(1, 12):
            a, cache = model.run(tokens[:, :first])
            b, cache = model.run(tokens[:, first:], cache)
            torch.testing.assert_close(torch.cat([a, b], 1), whole)
            assert cache.length == 12


def test_cached_one_by_one():
    model, tokens, cache = build(position="rotary"), ids(), None
    with torch.inference_mode():
        for t in range(12):
            logits, cache = model.run(tokens[:, t : t + 1], cache)
            whole = model(tokens[:, : t + 1])
            torch.testing.assert_close(logits, whole[:, -1:])


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("window", [None, 3])
def test_padding_on_the_left_changes_nothing(position, window):
    model, tokens = build(position=position, window=window), ids(1, 9)
    padded = torch.cat([torch.zeros(1, 3).long(), tokens], 1)
    visible = torch.arange(12)[None] >= 3
    with torch.inference_mode():
        alone = model(tokens)
        torch.testing.assert_close(model(padded, visible)[:, 3:], alone)
        _, cache = model.run(padded[:, :5], visible=visible[:, :5])
        rest, _ = model.run(padded[:, 5:], cache)
        torch.testing.assert_close(rest, alone[:, 2:])


def test_an_encoder_sees_both_sides_but_no_padding():
    model = build(causal=False)
    tokens = ids(1, 9)
    after = tokens.clone()
    after[0, 8] = (after[0, 8] + 1) % 11
    with torch.inference_mode():
        alone = model(tokens)
        assert not torch.equal(model(after)[:, 0], alone[:, 0])
        padded = torch.cat([tokens, torch.zeros(1, 3).long()], 1)
        visible = torch.arange(12)[None] < 9
        torch.testing.assert_close(model(padded, visible)[:, :9], alone)
    with pytest.raises(ValueError, match="an encoder reads a text at once"):
        model.run(tokens)


def test_a_window_sees_no_further():
    model = build(window=3, n_layers=1, position="none")
    before = ids()
    after = before.clone()
    after[:, 0] = (after[:, 0] + 1) % 11
    with torch.inference_mode():
        changed = (model(before) != model(after)).any(2).all(0)
    assert changed.tolist() == [True] * 3 + [False] * 9


def test_order_is_invisible_without_positions():
    """Of one layer, at the last place: a permutation before it is unseen."""
    tokens = ids(1, 8)
    order = torch.tensor([3, 1, 0, 2, 6, 5, 4, 7])
    for position in POSITIONS:
        model = build(position=position, n_layers=1)
        with torch.inference_mode():
            a, b = model(tokens), model(tokens[:, order])
        same = torch.allclose(a[:, -1], b[:, -1], atol=1e-5)
        assert same == (position == "none")


PLACES = ("embedding", "weights", "attention", "hidden", "ffn", "skip")


@pytest.mark.parametrize("place", PLACES)
def test_each_dropout_drops_in_training_only(place):
    model = build(dropout=DropoutConfig(**{place: 0.5}))
    same = build()
    tokens = ids()
    torch.testing.assert_close(model(tokens), same(tokens))
    model.train()
    assert not torch.equal(model(tokens), model(tokens))


def test_the_four_dropouts_of_gpt2():
    chosen = configs.to_dict(DropoutConfig.gpt2(0.1))
    assert {k for k, p in chosen.items() if p == 0.1} == {
        *("embedding", "weights", "attention", "ffn"),
    }


def test_residual_dropout_has_two_meanings():
    """On what is added, the stream stays; on the skip, it goes too."""
    tokens, first = ids(), build()
    stream = first.token_embedding(tokens)
    stream = stream + first.position_embedding.weight

    def after_a_block(**dropout):
        model = build(dropout=DropoutConfig(**dropout)).train()
        torch.manual_seed(3)
        return model.blocks[0](stream)

    nearly_all = 1 - 1e-7
    added = after_a_block(attention=nearly_all, ffn=nearly_all)
    torch.testing.assert_close(added, stream)
    skipped = after_a_block(skip=nearly_all)
    assert not torch.allclose(skipped, stream, atol=0.1)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("kind", all_kinds()[::7], ids=str)
def test_n_parameters(kind, tied):
    model = build(tied=tied, **kind)
    distinct = {id(p): p.numel() for p in model.parameters()}
    assert model.n_parameters == sum(distinct.values())
    shared = model.lm_head.weight is model.token_embedding.weight
    assert shared == tied


def test_it_can_learn_a_batch_by_heart():
    model, tokens = build(init_std=0.02), ids(4, 12)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(150):
        logits = model.train()(tokens[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    # what follows the first token of a text cannot be known
    assert loss < 0.15


def test_a_fresh_model_knows_nothing():
    torch.manual_seed(0)
    model = Transformer(TransformerConfig(vocab_size=500))
    tokens = torch.randint(500, (8, 65))
    logits = model(tokens[:, :-1]).flatten(0, 1)
    loss = F.cross_entropy(logits, tokens[:, 1:].flatten())
    assert abs(loss - math.log(500)) < 0.1


def test_config_round_trip():
    config = TransformerConfig.llama(
        vocab_size=7, n_kv_heads=2, dropout=DropoutConfig(skip=0.1)
    )
    plain = configs.to_dict(config)
    assert configs.from_dict(TransformerConfig, plain) == config
    assert (config.d_ff, config.d_head) == (512, 32)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"d_model": 18}, r"d_model \(18\) must be a multiple of n_heads"),
        ({"n_kv_heads": 3}, r"n_heads \(4\) must be a multiple of n_kv"),
        ({"n_layers": 0}, "n_layers must be at least 1, got 0"),
        ({"d_model": 12, "position": "rotary"}, "d_head must be even, got 3"),
        ({"window": 0}, "window must be at least 1, got 0"),
        ({"window": 4, "causal": False}, "a window is for a causal model"),
        ({"norm_eps": 0.0}, "norm_eps must be above 0, got 0.0"),
        ({"norm": "rmsnorm"}, "norm must be one of layer, rms, got 'rmsn"),
        ({"norm_position": "Pre"}, "norm_position must be one of pre, post"),
        ({"activation": "silu"}, "activation must be one of relu, gelu, g"),
        ({"position": None}, "position must be one of learned, .* got None"),
    ],
)
def test_config_refuses(wrong, message):
    with pytest.raises(ValueError, match=message):
        TransformerConfig(**SMALL | wrong)


def test_refuses():
    model = build()
    with pytest.raises(ValueError, match=r"context_length \(12\) tokens, got"):
        model(ids(1, 13))
    _, cache = model.run(ids(2, 10))
    with pytest.raises(ValueError, match="tokens, got 13"):
        model.run(ids(2, 3), cache)
    with pytest.raises(ValueError, match="the cache is of 2 texts, got 1"):
        model.run(ids(1, 1), cache)
    with pytest.raises(ValueError, match=r"dropout\.skip must be in"):
        DropoutConfig(skip=1.0)


@pytest.mark.parametrize("position", ["rotary", "sinusoidal"])
def test_a_way_through_sixteen_bits_leaves_no_trace_in_the_tables(position):
    model = build(position=position)
    before = dict(model.named_buffers())
    after = dict(model.half().float().named_buffers())
    assert before.keys() == after.keys() and before
    for name in before:
        assert torch.equal(after[name], before[name])
    assert all(b.dtype == torch.half for b in model.half().buffers())


def test_cache_counts_its_bytes():
    model = build(n_kv_heads=2)
    _, cache = model.run(ids(3, 5))
    assert isinstance(cache, KVCache)
    # 2 layers, keys and values, 3 texts, 2 heads, 12 places, 4 wide, float32
    assert cache.n_bytes == 2 * 2 * 3 * 2 * 12 * 4 * 4
