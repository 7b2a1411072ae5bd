"""A step with NumPy is the model's own `run`, to rounding."""

import itertools

import pytest
import torch

from companion.generation import Step
from companion.models import Transformer, TransformerConfig

SMALL = {"vocab_size": 11, "context_length": 12, "d_model": 16, "n_layers": 2}
KINDS = [
    {"position": position, "norm": norm, "norm_position": where}
    | {"activation": activation, "n_kv_heads": kv, "bias": bias}
    for position, norm, where, activation, kv, bias in itertools.product(
        ("learned", "sinusoidal", "rotary", "none"),
        ("layer", "rms"),
        ("pre", "post"),
        ("relu", "gelu", "gelu_tanh", "swiglu"),
        (1, 2, 4),
        (True, False),
    )
]


def build(**settings):
    torch.manual_seed(0)
    settings = SMALL | {"init_std": 0.3} | settings
    model = Transformer(TransformerConfig(**settings)).eval()
    with torch.no_grad():  # so that no weight is 1 and no bias 0
        for parameter in model.parameters():
            parameter += 0.05 * torch.randn_like(parameter)
    return model


@pytest.mark.parametrize("window", [None, 1, 5])
@pytest.mark.parametrize("kind", KINDS[::7], ids=str)
def test_equals_the_model(kind, window):
    model = build(window=window, **kind)
    tokens = torch.randint(11, (1, 12), generator=torch.manual_seed(1))
    step = Step(model)
    _, cache = model.run(tokens[:, :4])
    with torch.inference_mode():
        whole = model(tokens)[0]
    for place in range(4, 12):
        ours = step(int(tokens[0, place]), cache)
        torch.testing.assert_close(torch.from_numpy(ours), whole[place])
    assert cache.length == 12
    with pytest.raises(ValueError, match=r"context_length \(12\) tokens, got"):
        step(0, cache)


def test_the_model_can_go_on_from_its_cache():
    """Step and `run` share one memory, so they can take turns."""
    model, step = build(), None
    tokens = torch.randint(11, (1, 9), generator=torch.manual_seed(1))
    step = Step(model)
    _, cache = model.run(tokens[:, :4])
    step(int(tokens[0, 4]), cache)
    _, cache = model.run(tokens[:, 5:7], cache)
    step(int(tokens[0, 7]), cache)
    last, _ = model.run(tokens[:, 8:], cache)
    with torch.inference_mode():
        torch.testing.assert_close(last, model(tokens)[:, -1:])


def test_in_float64():
    model = build().double()
    _, cache = model.run(torch.tensor([[1, 2]]))
    ours = torch.from_numpy(Step(model)(3, cache))
    with torch.inference_mode():
        whole = model(torch.tensor([[1, 2, 3]]))[0, -1]
    torch.testing.assert_close(ours, whole, rtol=1e-12, atol=1e-12)


def test_whom_it_suits():
    class Other(Transformer):
        pass

    assert Step.suits(build())
    assert not Step.suits(build().bfloat16())
    assert not Step.suits(Other(build().config))
    assert not Step.suits(torch.nn.Linear(2, 2))
