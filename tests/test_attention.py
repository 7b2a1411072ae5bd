"""Attention against torch's, its own loop, and the laws of a look-up."""

import itertools
import math

import pytest
import torch
from torch.nn import functional as F

from companion.models import (
    Attention,
    DropoutConfig,
    TransformerConfig,
    attention,
    attention_weights,
    causal_mask,
)

SIZES = {"vocab_size": 11, "context_length": 16, "d_model": 16}
DTYPES = (torch.float32, torch.float64)


def draw(*shape, dtype=torch.float32, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=dtype)


def qkv(before, n_queries, n_keys, d_head, d_value, dtype=torch.float64):
    return (
        draw(*before, n_queries, d_head, dtype=dtype, seed=1),
        draw(*before, n_keys, d_head, dtype=dtype, seed=2),
        draw(*before, n_keys, d_value, dtype=dtype, seed=3),
    )


def masks(n_queries, n_keys):
    """Nothing hidden, the future hidden, a window, and holes at random."""
    holes = draw(n_queries, n_keys) > 0.3
    holes[:, 0] = True  # each query sees something
    causal = [causal_mask(n_queries, n_keys)] if n_queries <= n_keys else []
    window = [causal_mask(n_queries, n_keys, 2)] if causal else []
    return [None, holes, *causal, *window]


def build(seed=0, **settings):
    torch.manual_seed(seed)
    return Attention(TransformerConfig(**SIZES | settings)).eval()


# The definition


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("widths", [(1, 1), (8, 8), (5, 3)], ids=str)
@pytest.mark.parametrize("lengths", [(1, 1), (6, 6), (1, 7), (5, 2), (2, 5)])
@pytest.mark.parametrize("before", [(), (3,), (2, 4), (2, 1, 3)], ids=str)
def test_matches_torch(before, lengths, widths, dtype):
    q, k, v = qkv(before, *lengths, *widths, dtype=dtype)
    for mask in masks(*lengths):
        ours = attention(q, k, v, mask)
        theirs = F.scaled_dot_product_attention(q, k, v, mask)
        assert ours.shape == (*before, lengths[0], widths[1])
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("which", range(4))
def test_gradients_match_torch(which, dtype):
    parts = [p.requires_grad_() for p in qkv((2, 3), 5, 7, 4, 6, dtype)]
    mask, slope = masks(5, 7)[which], draw(2, 3, 5, 6, dtype=dtype, seed=4)
    ours = torch.autograd.grad(attention(*parts, mask), parts, slope)
    answer = F.scaled_dot_product_attention(*parts, mask)
    theirs = torch.autograd.grad(answer, parts, slope)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b)


def test_gradients_are_finite_differences():
    parts = [p.requires_grad_() for p in qkv((2,), 3, 4, 3, 2)]
    mask = causal_mask(3, 4)
    assert torch.autograd.gradcheck(lambda *p: attention(*p, mask), parts)


def test_it_is_its_loop():
    q, k, v = qkv((), 4, 4, 3, 2)
    for t in range(4):
        sizes = [math.exp(q[t] @ k[s] / math.sqrt(3)) for s in range(t + 1)]
        mix = sum(size * v[s] for s, size in enumerate(sizes)) / sum(sizes)
        answer = attention(q, k, v, causal_mask(4))[t]
        torch.testing.assert_close(answer, mix)


def test_the_answer_is_a_mix_of_values():
    q, k, v = qkv((2, 3), 5, 7, 4, 6)
    for mask in masks(5, 7):
        weights = attention_weights(q, k, mask)
        assert weights.min() >= 0
        torch.testing.assert_close(weights.sum(-1), weights.new_ones(2, 3, 5))
        if mask is not None:
            assert not weights[..., ~mask].any()
        answer = attention(q, k, v, mask)
        assert (answer <= v.amax(-2, keepdim=True) + 1e-12).all()
        assert (answer >= v.amin(-2, keepdim=True) - 1e-12).all()


def test_with_one_position_the_answer_is_its_value():
    q, k, v = qkv((3,), 1, 1, 64, 64)
    assert torch.equal(attention(q, k, v), v)
    assert torch.equal(attention(-5 * q, 0 * k, v), v)


def test_without_a_mask_order_does_not_matter():
    q, k, v = qkv((2,), 6, 6, 4, 4)
    order = torch.tensor([3, 1, 5, 0, 2, 4])
    moved = attention(q, k[:, order], v[:, order])
    torch.testing.assert_close(moved, attention(q, k, v))
    asked = attention(q[:, order], k, v)
    torch.testing.assert_close(asked, attention(q, k, v)[:, order])


def test_the_future_cannot_change_the_past():
    q, k, v = qkv((2,), 6, 6, 4, 4)
    before = attention(q, k, v, causal_mask(6))
    for t in range(1, 6):
        loud = torch.zeros(6, 1, dtype=v.dtype)
        loud[t:] = 1e3
        after = attention(q + loud, k + loud, v + loud, causal_mask(6))
        assert torch.equal(before[:, :t], after[:, :t])


def test_a_query_that_may_see_nothing_has_no_answer():
    q, k, v = qkv((2,), 3, 4, 5, 6)
    mask = torch.ones(3, 4, dtype=torch.bool)
    mask[1] = False
    answer = attention(q, k, v, mask)
    assert answer[:, 1].isnan().all()
    assert answer[:, [0, 2]].isfinite().all()
    # torch's kernel says 0 instead, and agrees on the others
    theirs = F.scaled_dot_product_attention(q, k, v, mask)
    assert not theirs[:, 1].any()
    torch.testing.assert_close(answer[:, [0, 2]], theirs[:, [0, 2]])


def test_large_scores_do_not_overflow():
    q, k, v = qkv((), 4, 4, 3, 2, torch.float32)
    answer = attention(1e6 * q, 1e6 * k, v)
    nearest = (q @ k.T).argmax(-1)
    assert torch.equal(answer, v[nearest])


def test_refuses():
    q, k, v = qkv((2,), 3, 3, 8, 8)
    with pytest.raises(ValueError, match="must share d_head, got 8 and 7"):
        attention(q, k[..., :7], v)
    with pytest.raises(ValueError, match="must share d_head, got 7 and 8"):
        attention_weights(q[..., :7], k)


# The mask


def test_causal_mask():
    assert causal_mask(3).int().tolist() == [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    assert causal_mask(1, 3).tolist() == [[True, True, True]]
    assert causal_mask(2, 4, window=2).int().tolist() == [
        [0, 1, 1, 0],
        [0, 0, 1, 1],
    ]
    with pytest.raises(ValueError, match=r"n_keys \(2\) must be at least"):
        causal_mask(3, 2)
    with pytest.raises(ValueError, match="window must be at least 1, got 0"):
        causal_mask(3, window=0)


def test_a_mask_of_fewer_queries_is_the_last_rows():
    for n, window in itertools.product(range(1, 7), (None, 1, 3, 9)):
        whole = causal_mask(6, window=window)
        assert torch.equal(causal_mask(n, 6, window), whole[6 - n :])
        assert whole.any(1).all()


# The heads


@pytest.mark.parametrize("kv", [1, 2, 4])
def test_heads_are_a_loop(kv):
    """Split, look up in each part of the width, lay side by side."""
    module, x = build(n_kv_heads=kv), draw(3, 7, 16)
    heads = []
    for head in range(4):
        rows, shared = 4 * head, 4 * (head // (4 // kv))
        q = module.q_proj(x)[..., rows : rows + 4]  # (B, T, d_head)
        k = module.k_proj(x)[..., shared : shared + 4]
        v = module.v_proj(x)[..., shared : shared + 4]
        heads.append(attention(q, k, v, causal_mask(7)))
    expected = module.o_proj(torch.cat(heads, dim=-1))  # (B, T, d_model)
    torch.testing.assert_close(module(x), expected)


@pytest.mark.parametrize("kv", [1, 2, 4])
def test_attention_is_its_definition(kv):
    module, x = build(n_kv_heads=kv), draw(3, 7, 16)
    q, k, v = module.project(x)
    k, v = (part.repeat_interleave(4 // kv, dim=1) for part in (k, v))
    mixed = attention(q, k, v, causal_mask(7))  # (B, H, T, d_head)
    expected = module.o_proj(mixed.transpose(1, 2).flatten(2))
    torch.testing.assert_close(module(x), expected)


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("heads", [1, 2, 4, 16])
def test_multi_head_matches_torch(heads, causal):
    ours = build(n_heads=heads, causal=causal)
    theirs = torch.nn.MultiheadAttention(16, heads, batch_first=True)
    parts = (ours.q_proj, ours.k_proj, ours.v_proj)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([p.weight for p in parts]))
        theirs.in_proj_bias.copy_(torch.cat([p.bias for p in parts]))
    theirs.out_proj.load_state_dict(ours.o_proj.state_dict())
    a = draw(2, 7, 16).requires_grad_()
    b = a.detach().clone().requires_grad_()
    hidden = ~causal_mask(7) if causal else None  # True hides, there
    expected, _ = theirs(b, b, b, attn_mask=hidden, need_weights=False)
    torch.testing.assert_close(ours(a), expected)
    ours(a).square().sum().backward()
    expected.square().sum().backward()
    torch.testing.assert_close(a.grad, b.grad)


def test_a_given_mask_decides_alone():
    x = draw(2, 7, 16)
    everything = torch.ones(7, 7, dtype=torch.bool)
    torch.testing.assert_close(build()(x, everything), build(causal=False)(x))
    torch.testing.assert_close(
        build(causal=False)(x, causal_mask(7)), build()(x)
    )
    by_head = torch.stack([everything] * 2 + [causal_mask(7)] * 2)
    assert build()(x, by_head).shape == (2, 7, 16)
    by_text = torch.stack([everything, causal_mask(7)])[:, None]
    mixed = build()(x, by_text)
    torch.testing.assert_close(mixed[0], build(causal=False)(x)[0])
    torch.testing.assert_close(mixed[1], build()(x)[1])


def test_the_number_of_heads_is_no_number_of_parameters():
    sizes = {
        heads: sum(p.numel() for p in build(n_heads=heads).parameters())
        for heads in (1, 2, 4)
    }
    assert set(sizes.values()) == {4 * (16 * 16 + 16)}
    answers = [build(n_heads=h)(draw(1, 7, 16)) for h in (1, 4)]
    assert not torch.allclose(*answers, atol=1e-3)
    grouped = build(n_kv_heads=1)
    assert grouped.k_proj.weight.shape == (4, 16)


def test_dropout_of_weights():
    """Values that are unit vectors show the weights as they are used."""
    dropout = DropoutConfig(weights=0.25)
    module = build(n_heads=1, bias=False, dropout=dropout)
    with torch.no_grad():
        module.v_proj.weight.copy_(torch.eye(16))
        module.o_proj.weight.copy_(torch.eye(16))
    x = torch.eye(16)[None]  # (1, T, d_model), and T = d_model
    whole = module(x)
    q, k, _ = module.project(x)
    weights = attention_weights(q, k, causal_mask(16))[:, 0]
    torch.testing.assert_close(whole, weights)
    torch.manual_seed(0)
    used = module.train()(x)
    visible = causal_mask(16)[None]
    share = (used / whole)[visible]
    kept = share > 0
    torch.testing.assert_close(
        share[kept], torch.full_like(share[kept], 1 / 0.75)
    )
    assert not used[~visible].any()
    assert 0.6 < kept.float().mean() < 0.9  # 136 weights, each kept at 3/4
