from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from companion.generation import choose, sample
from companion.models import (
    RecurrentConfig,
    RecurrentModel,
    WindowConfig,
    WindowModel,
)
from companion.tokenization import Vocabulary

WORDS = ("the", "cat", "dog", "sat")
VOCABULARY = Vocabulary(WORDS)
V = len(VOCABULARY)


class Chain(nn.Module):
    """A bigram model with given logits: (V, V)."""

    def __init__(self, logits):
        super().__init__()
        self.table = nn.Parameter(torch.as_tensor(logits).float())

    def forward(self, token_ids):
        return self.table[token_ids]


def chain(links):
    """A chain that follows `links` almost surely; others end at once."""
    logits = np.full((V, V), -50.0)
    logits[:, VOCABULARY.eos_id] = 0.0
    for a, b in links:
        i, j = VOCABULARY.symbol_ids([a, b])
        logits[i, j], logits[i, VOCABULARY.eos_id] = 0.0, -50.0
    return Chain(logits)


def test_frequencies_match_the_softmax():
    rng = np.random.default_rng(0)
    logits = np.array([0.0, 1.0, -np.inf, 2.0, -1.0])
    for temperature in (0.5, 1.0, 2.0):
        draws = [choose(logits, rng, temperature) for _ in range(20_000)]
        got = np.bincount(draws, minlength=5) / 20_000
        want = torch.softmax(torch.tensor(logits) / temperature, 0).numpy()
        assert got[2] == 0
        np.testing.assert_allclose(got, want, atol=4 * 0.5 / 20_000**0.5)


def test_temperature_zero_takes_the_likeliest():
    rng = np.random.default_rng(0)
    assert choose(np.array([0.1, 0.3, 0.2]), rng, 0) == 1


def test_follows_the_model_to_its_end():
    model = chain([("<s>", "the"), ("the", "cat"), ("cat", "sat")])
    rng = np.random.default_rng(0)
    assert sample(model, VOCABULARY, rng) == ["the", "cat", "sat"]


def test_continues_a_prompt():
    model = chain([("dog", "sat")])
    rng = np.random.default_rng(0)
    prompt = ("the", "dog")
    assert sample(model, VOCABULARY, rng, prompt=prompt) == ["sat"]
    assert prompt == ("the", "dog")


def test_stops_at_max_words_beyond_the_prompt():
    model = chain([("<s>", "cat"), ("cat", "cat")])
    rng = np.random.default_rng(0)
    words = sample(model, VOCABULARY, rng, max_words=5, prompt=["cat"])
    assert words == ["cat"] * 5
    assert sample(model, VOCABULARY, rng, max_words=0) == []


def test_never_writes_padding_or_a_second_beginning():
    model = Chain(np.zeros((V, V)))
    rng = np.random.default_rng(0)
    for _ in range(50):
        words = sample(model, VOCABULARY, rng)
        assert not {"<pad>", "<s>", "</s>"} & set(words)


def models():
    torch.manual_seed(0)
    sizes = dict(vocab_size=V, d_model=4, d_hidden=6)
    yield WindowModel(WindowConfig(**sizes))
    for cell in ("rnn", "lstm", "gru"):
        yield RecurrentModel(RecurrentConfig(cell=cell, **sizes))


def test_equal_seeds_write_equal_text():
    for model in models():
        texts = [
            sample(model, VOCABULARY, np.random.default_rng(s), max_words=40)
            for s in (3, 3, 4)
        ]
        assert texts[0] == texts[1] != texts[2]


def test_a_carried_state_writes_what_reading_all_again_writes():
    """Greedy text satisfies the model's own argmax at every position."""
    for model in models():
        rng = np.random.default_rng(0)
        words = sample(
            model, VOCABULARY, rng, temperature=0, max_words=8, prompt=["dog"]
        )
        ids = [VOCABULARY.bos_id, *VOCABULARY.ids(["dog", *words])]
        with torch.no_grad():
            logits = model(torch.tensor([ids]))[0]
        logits[:, [VOCABULARY.pad_id, VOCABULARY.bos_id]] = -torch.inf
        want = logits.argmax(1)
        for (_, taken), best in list(
            zip(pairwise(ids), want.tolist(), strict=False)
        )[1:]:
            assert taken == best


def test_refuses_negative_settings():
    model, rng = chain([]), np.random.default_rng(0)
    with pytest.raises(ValueError, match="temperature must be >= 0, got -1"):
        sample(model, VOCABULARY, rng, temperature=-1)
    with pytest.raises(ValueError, match="max_words must be >= 0, got -2"):
        sample(model, VOCABULARY, rng, max_words=-2)
