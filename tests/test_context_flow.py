"""What every model of the book sees: its past, and nothing else."""

import pytest
import torch

from companion.evaluation import context_flow
from companion.models import (
    RecurrentConfig,
    RecurrentModel,
    Transformer,
    TransformerConfig,
    WindowConfig,
    WindowModel,
)

V, T = 11, 8
PAST = torch.ones(T, T, dtype=torch.bool).tril()
TEXT = torch.arange(T) * 5 % V


def recurrent(cell, **changes):
    config = RecurrentConfig(
        vocab_size=V, cell=cell, d_model=6, d_hidden=6, **changes
    )
    return RecurrentModel(config)


def transformer(**changes):
    sizes = dict(vocab_size=V, d_model=16, n_layers=2, init_std=0.3)
    return Transformer(TransformerConfig(**sizes, **changes))


def window(k):
    config = WindowConfig(
        vocab_size=V, context_length=k, d_model=5, embedding_std=1.0
    )
    return WindowModel(config)


def llama():
    choices = TransformerConfig.llama(
        vocab_size=V, d_model=16, n_layers=2, init_std=0.3
    )
    return Transformer(choices)


SEE_ALL = {
    "rnn": lambda: recurrent("rnn"),
    "lstm": lambda: recurrent("lstm"),
    "gru": lambda: recurrent("gru"),
    "gru, two layers": lambda: recurrent("gru", n_layers=2),
    "Transformer": transformer,
    "Llama": llama,
    "wide window": lambda: window(T),
}


@pytest.mark.parametrize("name", SEE_ALL)
def test_a_model_sees_all_of_its_past_and_nothing_else(name):
    torch.manual_seed(0)
    model = SEE_ALL[name]().eval()
    assert torch.equal(context_flow(model, TEXT), PAST)


@pytest.mark.parametrize("k", [1, 3])
def test_a_window_sees_its_words(k):
    torch.manual_seed(0)
    flow = context_flow(window(k).eval(), TEXT)
    assert torch.equal(flow, PAST.triu(1 - k))


def test_an_encoder_sees_both_sides():
    torch.manual_seed(0)
    assert context_flow(transformer(causal=False).eval(), TEXT).all()


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_time_fed_as_batch_sees_one_word(cell):
    """The fault that `batch_first` invites, and no error reports."""
    torch.manual_seed(0)
    model = recurrent(cell).eval()
    flow = context_flow(lambda ids: model(ids.T).transpose(0, 1), TEXT)
    assert torch.equal(flow, torch.eye(T, dtype=torch.bool))


def test_a_model_that_answers_itself_is_found():
    """Guess t made from state t + 1: it has read the word it guesses."""
    torch.manual_seed(0)
    model = recurrent("lstm").eval()
    flow = context_flow(lambda ids: model(ids).roll(-1, 1), TEXT)
    assert flow[:-1].diagonal(1).all()


def test_refuses_a_batch():
    with pytest.raises(ValueError, match=r"one text, \(T,\), got \(1, 8\)"):
        context_flow(recurrent("rnn"), TEXT[None])


def test_refuses_a_model_that_changes_its_mind():
    model = recurrent("rnn", dropout=0.5).train()
    with pytest.raises(ValueError, match="same logits twice; is dropout"):
        context_flow(model, TEXT)
