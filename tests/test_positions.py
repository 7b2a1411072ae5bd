"""The laws of positions, and that ours are those of transformers."""

import pytest
import torch

from companion.models import Rotation, Transformer, TransformerConfig
from companion.models.positions import frequencies, sinusoidal

PLACES = torch.arange(40).double()


def vectors(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def test_frequencies_fall_geometrically_from_one():
    found = frequencies(8, theta=10_000.0)
    expected = torch.tensor([1.0, 0.1, 0.01, 0.001], dtype=torch.float64)
    torch.testing.assert_close(found, expected)
    assert frequencies(2).tolist() == [1.0]


def test_sinusoids_are_the_formula_of_the_paper():
    table = sinusoidal(30, 6, theta=100.0)
    for place in range(30):
        for i in range(3):
            angle = torch.tensor(place / 100.0 ** (2 * i / 6)).double()
            pair = torch.stack([angle.sin(), angle.cos()]).float()
            torch.testing.assert_close(
                table[place, 2 * i : 2 * i + 2], pair, rtol=0, atol=1e-6
            )


def test_sinusoids_of_a_distance_are_one_matrix_apart():
    table = sinusoidal(60, 8).double()
    step = torch.zeros(8, 8).double()
    for i, angle in enumerate(7 * frequencies(8)):
        sin, cos = angle.sin(), angle.cos()
        block = torch.tensor([[cos, -sin], [sin, cos]])
        step[2 * i : 2 * i + 2, 2 * i : 2 * i + 2] = block
    torch.testing.assert_close(table[:53] @ step, table[7:], rtol=0, atol=1e-6)


def test_rotary_scores_depend_on_the_distance_alone():
    q, k = vectors(2, 16)
    turn = Rotation.at(PLACES, 16)
    scores = turn(q.expand(40, 16)) @ turn(k.expand(40, 16)).T
    for distance in range(-39, 40):
        same = scores.diagonal(distance)
        assert (same - same[0]).abs().max() < 1e-12
    assert scores[0].diff().abs().min() > 1e-6  # and on the distance it does


def test_turning_keeps_lengths_and_adds_up():
    x = vectors(40, 16)
    turned = Rotation.at(PLACES, 16)(x)
    torch.testing.assert_close(turned.norm(dim=-1), x.norm(dim=-1))
    assert torch.equal(turned[0], x[0])  # place 0 is not turned
    twice = Rotation.at(PLACES / 2, 16)(Rotation.at(PLACES / 2, 16)(x))
    torch.testing.assert_close(twice, turned)


@pytest.mark.parametrize("theta", [100.0, 10_000.0, 500_000.0])
@pytest.mark.parametrize("d_head", [2, 8, 64])
def test_rotation_matches_transformers(d_head, theta):
    llama = pytest.importorskip("transformers.models.llama.modeling_llama")
    config = llama.LlamaConfig(
        hidden_size=4 * d_head,
        num_attention_heads=4,
        rope_parameters={"rope_type": "default", "rope_theta": theta},
    )
    q, k = (vectors(2, 4, 50, d_head, seed=s).float() for s in (0, 1))
    places = torch.arange(50)[None]
    cos, sin = llama.LlamaRotaryEmbedding(config)(q, places)
    theirs = llama.apply_rotary_pos_emb(q, k, cos, sin)
    turn = Rotation.table(50, d_head, theta)
    torch.testing.assert_close((turn(q), turn(k)), theirs)


def test_halves_are_neighbours_in_another_order():
    """Su et al. pair neighbours: as complex numbers, times e^(i angle)."""
    x = vectors(40, 16)
    angles = PLACES[:, None] * frequencies(16)
    pairs = torch.view_as_complex(x.unflatten(-1, (8, 2)))
    turned = pairs * torch.polar(torch.ones_like(angles), angles)
    neighbours = torch.view_as_real(turned).flatten(-2)
    order = torch.arange(16).view(8, 2).T.flatten()  # 0, 2, ..., 1, 3, ...
    halves = Rotation.at(PLACES, 16)(x[:, order])
    torch.testing.assert_close(halves, neighbours[:, order])


def test_table_is_the_whole_places():
    table = Rotation.table(40, 8)
    at = Rotation.at(torch.arange(40), 8)
    assert torch.equal(table.cos, at.cos) and torch.equal(table.sin, at.sin)
    assert table.cos.dtype == torch.float32 and table.cos.shape == (40, 8)
    assert Rotation.at(PLACES, 8).sin.dtype == torch.float64


@pytest.mark.parametrize("depth", [1, 3])
def test_one_word_again_and_again_shows_no_place(depth):
    """Without positions, any mean of equal vectors is that vector."""
    for position in ("none", "learned", "sinusoidal", "rotary"):
        torch.manual_seed(0)
        model = Transformer(
            TransformerConfig(
                vocab_size=5,
                context_length=9,
                d_model=16,
                n_layers=depth,
                n_heads=2,
                position=position,
                init_std=0.3,
            )
        ).eval()
        with torch.no_grad():
            logits = model(torch.full((1, 9), 3))[0]
        same = torch.allclose(logits, logits[:1].expand(9, 5), atol=1e-5)
        # rotary turns queries and keys only: equal values stay equal
        assert same == (position in ("none", "rotary"))


def test_rotary_places_can_start_anywhere():
    """All places moved by 20: a rotary layer says the same."""
    torch.manual_seed(0)
    config = TransformerConfig(
        vocab_size=5, context_length=9, d_model=16, position="rotary"
    )
    attention = Transformer(config).double().blocks[0].attention
    x = vectors(2, 9, 16)
    with torch.no_grad():
        near = attention(x, rotation=Rotation.at(PLACES[:9], 4))
        far = attention(x, rotation=Rotation.at(PLACES[:9] + 20, 4))
    torch.testing.assert_close(near, far, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    "make",
    [
        lambda: frequencies(7),
        lambda: sinusoidal(3, 7),
        lambda: Rotation.table(3, 7),
        lambda: Rotation.at(PLACES, 7),
    ],
)
def test_odd_widths_are_refused(make):
    with pytest.raises(ValueError, match="width must be even, got 7"):
        make()


def test_sinusoids_do_not_drown_the_words():
    """Both have the size with which the vectors of words are drawn."""
    config = TransformerConfig(
        vocab_size=50, d_model=64, position="sinusoidal", init_std=0.02
    )
    model = Transformer(config)
    places = model.places.square().mean().sqrt()
    words = model.token_embedding.weight.square().mean().sqrt()
    assert 0.6 < places / words < 0.8  # a sine's root mean square is 0.71
    expected = 0.02 * sinusoidal(128, 64)
    torch.testing.assert_close(model.places, expected)
