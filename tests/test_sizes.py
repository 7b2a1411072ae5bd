import pytest
from torch import nn

from companion.models.sizes import gpt_parameters, llama_parameters

GPT = dict(vocab_size=11, context_length=7, d_model=6, n_layers=2)
LLAMA = dict(vocab_size=11, d_model=6, n_layers=2, d_ff=10)


def stored(*modules: nn.Module) -> int:
    return sum(p.numel() for module in modules for p in module.parameters())


@pytest.mark.parametrize("d_ff", [None, 10])
def test_gpt_matches_torch(d_ff):
    """torch's own blocks, with as many layers, words and places."""
    block = nn.TransformerEncoderLayer(6, 2, d_ff or 24)
    built = stored(nn.Embedding(11, 6), nn.Embedding(7, 6), nn.LayerNorm(6))
    assert gpt_parameters(**GPT, d_ff=d_ff) == built + 2 * stored(block)


def test_llama_matches_torch():
    wide = [nn.Linear(6, 6, bias=False) for _ in range(4)]
    gate_up = [nn.Linear(6, 10, bias=False) for _ in range(2)]
    down = nn.Linear(10, 6, bias=False)
    block = stored(*wide, *gate_up, down, nn.RMSNorm(6), nn.RMSNorm(6))
    head = nn.Linear(6, 11, bias=False)
    built = stored(nn.Embedding(11, 6), head, nn.RMSNorm(6))
    assert llama_parameters(**LLAMA) == built + 2 * block


@pytest.mark.parametrize(
    ("d_model", "n_layers", "published"),
    [(768, 12, 124_439_808), (1600, 48, 1_557_611_200)],
)
def test_gpt2_as_released(d_model, n_layers, published):
    """The counts of the weights that were released."""
    size = dict(vocab_size=50_257, context_length=1024)
    assert (
        gpt_parameters(**size, d_model=d_model, n_layers=n_layers) == published
    )


@pytest.mark.parametrize(
    ("d_model", "n_layers", "d_ff", "published"),
    [
        (4096, 32, 11_008, 6_738_415_616),
        (8192, 80, 22_016, 65_285_660_672),
    ],
)
def test_llama_as_released(d_model, n_layers, d_ff, published):
    """The counts of the weights that were released."""
    size = dict(d_model=d_model, n_layers=n_layers, d_ff=d_ff)
    assert llama_parameters(vocab_size=32_000, **size) == published


@pytest.mark.parametrize("name", [*GPT, "d_ff"])
def test_gpt_refuses_a_size_of_nothing(name):
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        gpt_parameters(**{**GPT, name: 0})


@pytest.mark.parametrize("name", list(LLAMA))
def test_llama_refuses_a_size_of_nothing(name):
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        llama_parameters(**{**LLAMA, name: 0})
