import math

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from companion.evaluation.metrics import (
    bits_per_byte,
    cross_entropy,
    entropy,
    kl_divergence,
    nats_per_token,
    nats_to_bits,
    perplexity,
)

weights = st.lists(st.floats(0, 1), min_size=4, max_size=4).filter(
    lambda values: sum(values) > 1e-3
)


def normalised(values):
    return np.array(values) / np.sum(values)


def test_matches_torch():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(50, 7, generator=generator, dtype=torch.float64)
    targets = torch.randint(7, (50,), generator=generator)
    log_p = logits.log_softmax(-1)
    # E-26: the loss gathers the target's log-probability, and no other
    ours = nats_per_token([log_p[range(50), targets].numpy()])
    theirs = F.cross_entropy(logits, targets).item()
    assert ours == pytest.approx(theirs, rel=1e-12)
    assert perplexity(ours) == pytest.approx(math.exp(theirs), rel=1e-12)


def test_matches_torch_for_soft_targets():
    p, q = normalised([1, 2, 3, 4]), normalised([4, 1, 1, 4])
    log_q = torch.tensor(q).log()
    theirs = F.cross_entropy(log_q[None], torch.tensor(p)[None]).item()
    assert cross_entropy(p, q) == pytest.approx(theirs, rel=1e-12)
    divergence = F.kl_div(log_q, torch.tensor(p), reduction="sum").item()
    assert kl_divergence(p, q) == pytest.approx(divergence, rel=1e-12)


def test_known_entropies():
    assert entropy([0.5, 0.5], base=2) == pytest.approx(1)
    assert entropy([0.25] * 4) == pytest.approx(math.log(4))
    assert str(entropy([1.0, 0.0])) == "0.0"
    assert entropy([0.5, 0.25, 0.125, 0.125], base=2) == pytest.approx(1.75)


@settings(deadline=None)
@given(weights, weights)
def test_cross_entropy_is_entropy_plus_divergence(a, b):
    p, q = normalised(a), normalised(b)
    assume(not np.any((p > 0) & (q == 0)))
    assert cross_entropy(p, q) >= entropy(p) - 1e-9
    assert cross_entropy(p, q) == pytest.approx(
        entropy(p) + kl_divergence(p, q), abs=1e-9
    )


@settings(deadline=None)
@given(weights)
def test_entropy_is_between_zero_and_log_k(a):
    p = normalised(a)
    assert -1e-12 <= entropy(p) <= math.log(4) + 1e-9
    assert kl_divergence(p, p) == 0
    assert nats_to_bits(entropy(p)) == pytest.approx(entropy(p, base=2))


def test_impossible_under_q_is_an_infinite_surprise():
    assert cross_entropy([0.5, 0.5], [1, 0]) == math.inf
    assert kl_divergence([0.5, 0.5], [1, 0]) == math.inf
    assert kl_divergence([1, 0], [0.5, 0.5]) == pytest.approx(math.log(2))


def test_every_token_weighs_the_same():
    documents = [np.full(2, -1.0), np.full(8, -3.0)]
    assert nats_per_token(documents) == pytest.approx(26 / 10)
    mean_of_means = np.mean([-d.mean() for d in documents])
    assert nats_per_token(documents) != pytest.approx(mean_of_means)  # E-19


def test_perplexity_of_equal_choices_is_their_number():
    assert perplexity(math.log(10)) == pytest.approx(10)
    assert perplexity(0) == 1
    assert perplexity(math.inf) == perplexity(1e6) == math.inf
    assert nats_per_token([[0.0, -math.inf]]) == math.inf


def test_bits_per_byte():
    # one of 256 equal bytes costs 8 bits, however the text is cut
    assert bits_per_byte(100 * math.log(256), 100) == pytest.approx(8)
    text = "Ёж"
    nats = 3 * math.log(2)
    assert bits_per_byte(nats, len(text.encode())) == pytest.approx(3 / 4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: entropy([0.5, 0.6]), "p must sum to 1, got 1.1"),
        (lambda: entropy([1.5, -0.5]), "no negative probability, got -0.5"),
        (lambda: entropy([math.nan, 1]), "no negative probability, got nan"),
        (lambda: entropy([]), r"row of probabilities, got shape \(0,\)"),
        (lambda: entropy([[1.0]]), r"got shape \(1, 1\)"),
        (lambda: entropy([1.0], base=1), "base must be above 1, got 1"),
        (lambda: cross_entropy([1.0], [0.2]), "q must sum to 1"),
        (lambda: cross_entropy([1], [0.5, 0.5]), "got 1 and 2"),
        (lambda: perplexity(-1), "at least 0 nats, got -1"),
        (lambda: perplexity(math.nan), "at least 0 nats, got nan"),
        (lambda: nats_per_token([]), "at least one prediction"),
        (lambda: nats_per_token([[0.5]]), "at most 0, got 0.5"),
        (lambda: bits_per_byte(1, 0), "n_bytes must be at least 1, got 0"),
        (lambda: bits_per_byte(-1, 5), "at least 0 nats, got -1"),
    ],
)
def test_refuses(call, message):
    with pytest.raises(ValueError, match=message):
        call()
