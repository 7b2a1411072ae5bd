import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from companion.evaluation.scoring import (
    LanguageModel,
    Loss,
    NeuralScorer,
    loss_of,
    ratio_se,
    score,
    stories_loss,
    total_loss,
)
from companion.models import RecurrentConfig, RecurrentModel
from companion.tokenization import Vocabulary

TEXTS = ["the cat sat .", "a dog", "", "the dog and the cat sat .", "a cat"]
DOCUMENTS = [text.split() for text in TEXTS]
VOCABULARY = Vocabulary.build(DOCUMENTS)


class Uniform:
    """Each word and the end have probability 1/4."""

    def log_probs(self, words):
        return np.full(len(words) + 1, math.log(1 / 4))


@pytest.fixture
def scorer():
    torch.manual_seed(0)
    sizes = dict(vocab_size=len(VOCABULARY), d_model=8, d_hidden=8)
    model = RecurrentModel(RecurrentConfig(dropout=0.5, **sizes))
    return NeuralScorer(model.train(), VOCABULARY)


def test_matches_torch_cross_entropy(scorer):
    for words in DOCUMENTS:
        ours = scorer.log_probs(words)
        ids = torch.tensor([2, *VOCABULARY.ids(words), 3])
        logits = scorer.model(ids[None, :-1])[0]
        theirs = F.cross_entropy(logits, ids[1:], reduction="none")
        assert ours.shape == (len(words) + 1,)
        np.testing.assert_allclose(ours, -theirs.detach(), rtol=1e-5)


@pytest.mark.parametrize("batch_size", [1, 2, 64])
def test_a_batch_scores_as_one_document_does(scorer, batch_size):
    many = scorer.log_probs_many(DOCUMENTS, batch_size)
    for words, scores in zip(DOCUMENTS, many, strict=True):
        np.testing.assert_allclose(scores, scorer.log_probs(words), atol=1e-6)


def test_the_probabilities_of_all_next_words_sum_to_one(scorer):
    prefix = ["the", "cat"]
    every = [*VOCABULARY.entries, "an-unknown-word"]
    total = sum(
        math.exp(scorer.log_probs([*prefix, word])[2]) for word in every
    )
    total += math.exp(scorer.log_probs(prefix)[2])
    ids = torch.tensor([[2, *VOCABULARY.ids(prefix)]])
    unused = scorer.model(ids)[0, -1].softmax(0)[[0, 2]].sum()  # <pad>, <s>
    assert total + unused.item() == pytest.approx(1.0, abs=1e-6)


def test_counting_and_neural_models_share_one_protocol(scorer):
    assert isinstance(scorer, LanguageModel)
    assert isinstance(Uniform(), LanguageModel)
    assert len(score(Uniform(), DOCUMENTS)) == len(DOCUMENTS)


def test_loss_of_a_fair_four_sided_die():
    loss = total_loss(Uniform(), DOCUMENTS, texts=TEXTS)
    n_words = sum(len(words) + 1 for words in DOCUMENTS)
    n_bytes = len("".join(TEXTS))
    assert (loss.n_words, loss.n_bytes) == (n_words, n_bytes)
    assert loss.nats_per_word == pytest.approx(math.log(4))
    assert loss.perplexity == pytest.approx(4)
    assert loss.bits_per_byte == pytest.approx(2 * n_words / n_bytes)
    assert loss.nats_per_word_se == pytest.approx(0)


def test_bytes_are_utf8():
    loss = total_loss(Uniform(), [["кот"]], texts=["кот"])
    assert loss.n_bytes == 6


def test_bits_per_byte_needs_the_texts():
    with pytest.raises(ValueError, match="needs the texts"):
        _ = total_loss(Uniform(), DOCUMENTS).bits_per_byte


def test_perplexity_is_the_total_over_all_words():
    """Not the exponential of the mean of document means."""
    log_probs = [np.log([0.5]), np.log([0.1, 0.1, 0.1])]
    loss = loss_of(log_probs)
    assert loss.perplexity == pytest.approx((0.5 * 0.1**3) ** (-1 / 4))
    assert loss.perplexity != pytest.approx((0.5 * 0.1) ** (-1 / 2))


def test_stories_carry_words_and_text():
    class Story:
        words, text = ("a", "cat", "."), "A cat."

    assert stories_loss(Uniform(), [Story()]) == Loss(
        nats=pytest.approx(4 * math.log(4)),
        n_words=4,
        n_bytes=6,
        nats_per_word_se=pytest.approx(math.nan, nan_ok=True),
    )


def test_refuses_no_documents():
    with pytest.raises(ValueError, match="there must be documents to score"):
        total_loss(Uniform(), [])


def test_the_standard_error_is_the_spread_over_samples():
    rng = np.random.default_rng(0)

    def draw():
        counts = rng.integers(5, 50, 400)
        level = rng.normal(1.0, 0.3, 400)  # words of a document go together
        return level * counts, counts

    samples = [draw() for _ in range(400)]
    spread = np.std([t.sum() / c.sum() for t, c in samples])
    estimates = [ratio_se(*s) for s in samples]
    assert np.mean(estimates) == pytest.approx(spread, rel=0.15)
    assert math.isnan(ratio_se(np.ones(1), np.ones(1)))
    assert math.isnan(ratio_se(np.zeros(3), np.zeros(3)))


def test_counting_models_are_scored_without_torch():
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from companion.evaluation import loss_of\n"
        "print(loss_of([[-1.0, -2.0]]).nats_per_word)"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )
    assert out.stdout == "1.5\n", out.stderr
