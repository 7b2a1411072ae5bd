"""Linear attention: its definition, chunk by chunk, and place by place."""

import pytest
import torch

from companion.models import Attention, Transformer, TransformerConfig
from companion.models.linear_attention import (
    LinearAttention,
    LinearState,
    linear_attention,
    linear_attention_definition,
    use_linear_attention,
)

SMALL = {"vocab_size": 11, "context_length": 40, "d_model": 16, "n_layers": 2}


def qkv(length):
    generator = torch.Generator().manual_seed(length)
    return [
        torch.randn(2, 3, length, width, generator=generator)
        for width in (8, 8, 5)
    ]


def build(**settings):
    torch.manual_seed(0)
    return Transformer(TransformerConfig(**SMALL, **settings)).eval()


@pytest.mark.parametrize("chunk", [1, 4, 16, 64])
@pytest.mark.parametrize("length", [1, 5, 16, 37])
def test_chunks_match_the_definition(length, chunk):
    q, k, v = qkv(length)
    whole = linear_attention_definition(q, k, v)
    torch.testing.assert_close(linear_attention(q, k, v, chunk), whole)


def test_steps_match_the_definition():
    q, k, v = qkv(37)
    state = LinearState()
    steps = [
        state.step(q[..., t, :], k[..., t, :], v[..., t, :]) for t in range(37)
    ]
    whole = linear_attention_definition(q, k, v)
    torch.testing.assert_close(torch.stack(steps, -2), whole)
    assert state.mixed.shape == (2, 3, 8, 5)  # however long the text


def test_definition_matches_a_loop():
    """Place by place, sum by sum, in float64."""
    q, k, v = (each[0, 0].double() for each in qkv(6))

    def f(x):
        return torch.where(x > 0, x + 1, x.exp())

    for i in range(6):
        w = torch.stack([f(q[i]) @ f(k[j]) for j in range(i + 1)])
        mixed = (w[:, None] * v[: i + 1]).sum(0) / w.sum()
        ours = linear_attention_definition(q, k, v)[i]
        torch.testing.assert_close(ours, mixed)


@pytest.mark.parametrize("position", ["learned", "rotary"])
@pytest.mark.parametrize("n_kv_heads", [1, 4])
def test_model_cannot_see_the_future(position, n_kv_heads):
    model = build(position=position, n_kv_heads=n_kv_heads)
    use_linear_attention(model)
    generator = torch.Generator().manual_seed(0)
    before = torch.randint(11, (2, 40), generator=generator)
    after = before.clone()
    after[:, 25] = (after[:, 25] + 1) % 11
    with torch.inference_mode():
        old, new = model(before), model(after)
    torch.testing.assert_close(old[:, :25], new[:, :25])
    assert (old[:, 25:] - new[:, 25:]).abs().amax((0, 2)).min() > 0


def test_model_keeps_its_weights():
    model, same = build(), build()
    use_linear_attention(model)
    assert all(isinstance(b.attention, LinearAttention) for b in model.blocks)
    for a, b in zip(model.parameters(), same.parameters(), strict=True):
        assert torch.equal(a, b)
    assert model.n_parameters == same.n_parameters


def test_heads_share_keys_as_in_attention():
    """With equal scores everywhere both are a plain mean."""
    config = build(n_kv_heads=2).config
    linear, soft = LinearAttention(config), Attention(config)
    for layer in (linear, soft):
        torch.nn.init.zeros_(layer.q_proj.weight)
        torch.nn.init.zeros_(layer.k_proj.weight)
    soft.load_state_dict(linear.state_dict())
    x = qkv(9)[0].reshape(2, 9, 24)[..., :16]
    for layer in (linear, soft):
        layer.q_proj.bias.data.zero_()
        layer.k_proj.bias.data.zero_()
    torch.testing.assert_close(linear(x), soft(x))


def test_refused():
    q, k, v = qkv(4)
    with pytest.raises(ValueError, match="chunk must be at least 1, got 0"):
        linear_attention(q, k, v, 0)
    with pytest.raises(ValueError, match="needs a causal model without a win"):
        use_linear_attention(build(window=3))
    with pytest.raises(ValueError, match="got causal=False, window=None"):
        use_linear_attention(build(causal=False))
    model = use_linear_attention(build())
    with pytest.raises(ValueError, match="causal, without mask or cache"):
        model.run(torch.zeros(1, 3, dtype=torch.long))
