import math
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from companion.evaluation import NeuralScorer
from companion.models import (
    RecurrentConfig,
    RecurrentModel,
    WindowConfig,
    WindowModel,
)
from companion.tokenization import BPETokenizer, Vocabulary
from companion.training import (
    TrainConfig,
    document_batches,
    encode_documents,
    fit,
    next_word_loss,
)
from companion.training.batches import IGNORED, pad

TEXTS = ["the cat sat", "a dog sat on the cat", "the dog", "", "a cat ran"]
DOCUMENTS = [text.split() for text in TEXTS]
VOCABULARY = Vocabulary.build(DOCUMENTS)


def encoded(lengths):
    """Documents whose ids tell which document they come from."""
    return [
        np.concatenate([[2], np.full(n, 4 + i), [3]])
        for i, n in enumerate(lengths)
    ]


def small_model(dropout=0.0):
    torch.manual_seed(0)
    sizes = dict(vocab_size=len(VOCABULARY), d_model=8, d_hidden=8)
    return RecurrentModel(RecurrentConfig(dropout=dropout, **sizes))


def test_loss_matches_torch_on_each_document_alone():
    """Padding changes nothing: a batch's loss is its total over its words."""
    model = small_model()
    documents = encode_documents(DOCUMENTS, VOCABULARY)
    batch = pad(documents)
    ours = next_word_loss(model(batch.inputs), batch.targets)
    total = 0.0
    for document in documents:
        ids = torch.from_numpy(document)[None]
        logits = model(ids[:, :-1])[0]
        total += F.cross_entropy(logits, ids[0, 1:], reduction="sum")
    torch.testing.assert_close(ours, total / batch.n_words)


def test_each_word_counts_the_same_in_documents_of_any_length():
    """The mean of sentence means is another number, and a wrong one."""
    logits = torch.zeros(2, 9, 5)
    logits[0, :, 0] = 5.0  # sure of word 0 in the long document
    targets = torch.zeros(2, 9, dtype=torch.long)
    targets[1, 1:] = IGNORED
    surprises = F.cross_entropy(
        logits.flatten(0, 1), torch.zeros(18).long(), reduction="none"
    ).view(2, 9)
    want = (surprises[0].sum() + surprises[1, 0]) / 10
    torch.testing.assert_close(next_word_loss(logits, targets), want)
    mean_of_means = (surprises[0].mean() + surprises[1, 0]) / 2
    assert abs(mean_of_means - want) > 0.5


def test_documents_are_encoded_between_their_ends():
    first, *_, empty, _ = encode_documents(DOCUMENTS, VOCABULARY)
    assert first.tolist() == [2, *VOCABULARY.ids(DOCUMENTS[0]), 3]
    assert empty.tolist() == [2, 3]


def test_position_t_predicts_word_t_plus_1():
    inputs, targets = pad([np.array([2, 7, 8, 3]), np.array([2, 3])])
    assert inputs.tolist() == [[2, 7, 8], [2, 0, 0]]
    assert targets.tolist() == [[7, 8, 3], [3, IGNORED, IGNORED]]


@given(
    lengths=st.lists(st.integers(0, 30), min_size=1, max_size=60),
    batch_size=st.integers(1, 9),
    seed=st.integers(0, 2**32 - 1),
)
def test_an_epoch_holds_each_document_once(lengths, batch_size, seed):
    rng = np.random.default_rng(seed)
    seen = []
    for batch in document_batches(encoded(lengths), batch_size, rng):
        assert 1 <= len(batch.inputs) <= batch_size
        for inputs, targets in zip(*batch, strict=True):
            words = targets[targets != IGNORED].tolist()
            assert inputs[: len(words)].tolist() == [2, *words[:-1]]
            assert words[-1] == 3
            seen.append(len(words) - 1)
    assert sorted(seen) == sorted(lengths)


def test_little_of_a_batch_is_padding():
    rng = np.random.default_rng(0)
    documents = encoded(rng.integers(20, 200, 800))
    cells = words = 0
    for batch in document_batches(documents, 32, rng):
        cells += batch.targets.numel()
        words += batch.n_words
    assert words / cells > 0.9  # 0.57 without sorting


def test_the_generator_alone_decides_the_order():
    documents = encoded(range(50))
    runs = [
        [b.targets for b in document_batches(documents, 4, rng)]
        for rng in map(np.random.default_rng, [1, 1, 2])
    ]
    assert all(map(torch.equal, runs[0], runs[1]))
    firsts = [run[0].shape for run in runs]
    assert firsts[0] != firsts[2] or not torch.equal(runs[0][0], runs[2][0])


def trained(**changes):
    model = small_model(dropout=0.1)
    documents = encode_documents(DOCUMENTS, VOCABULARY)
    config = TrainConfig(**{"steps": 12, "batch_size": 2, **changes})
    return model, fit(model, documents, config)


def test_one_step_matches_adamw_written_out():
    torch.manual_seed(0)
    model = WindowModel(WindowConfig(vocab_size=6, d_model=3, d_hidden=4))
    document = np.array([2, 4, 5, 4, 3])
    before = {k: v.clone() for k, v in model.state_dict().items()}
    loss = next_word_loss(
        model(torch.from_numpy(document)[None, :-1]),
        torch.from_numpy(document)[None, 1:],
    )
    names = [name for name, _ in model.named_parameters()]
    gradients = torch.autograd.grad(loss, list(model.parameters()))
    config = TrainConfig(
        steps=1, lr=0.01, weight_decay=0.1, warmup=0.0, clip_norm=0.05
    )
    history = fit(model, [document], config)
    norm = torch.cat([g.flatten() for g in gradients]).norm()
    assert norm > 0.05  # so that clipping does something
    for name, gradient in zip(names, gradients, strict=True):
        # After one step Adam's mean over root mean square is g / |g|.
        clipped = gradient * 0.05 / (norm + 1e-6)
        adam = clipped / (clipped.abs() + 1e-8)
        decays = name.startswith("hidden") and name.endswith("weight")
        want = before[name] * (1 - 0.01 * 0.1 * decays) - 0.01 * adam
        torch.testing.assert_close(model.state_dict()[name], want)
    assert history[0]["loss"] == pytest.approx(loss.item())


def test_equal_seeds_give_equal_bits_and_others_do_not():
    (one, first), (two, second), (_, other) = (
        trained(),
        trained(),
        trained(seed=1),
    )
    losses = [[e["loss"] for e in h] for h in (first, second, other)]
    assert losses[0] == losses[1] != losses[2]
    for a, b in zip(one.parameters(), two.parameters(), strict=True):
        assert torch.equal(a, b)


def test_training_leaves_the_global_generator_alone():
    torch.manual_seed(5)
    want = torch.rand(3)
    torch.manual_seed(5)
    model = small_model()
    torch.manual_seed(5)
    fit(model, encode_documents(DOCUMENTS, VOCABULARY), TrainConfig(steps=2))
    assert torch.equal(torch.rand(3), want)


def test_history_counts_words_and_the_model_learns():
    model, history = trained(steps=300, lr=0.02)
    epoch = sum(len(words) + 1 for words in DOCUMENTS)
    assert [entry["step"] for entry in history] == list(range(1, 301))
    assert history[299]["tokens"] == epoch * 100  # 3 batches an epoch
    seconds = [entry["seconds"] for entry in history]
    assert seconds == sorted(seconds)
    assert history[0]["loss"] == pytest.approx(math.log(len(VOCABULARY)), 0.2)
    # Nothing tells which document comes: ln 5 nats each over 3.8 words.
    assert np.mean([e["loss"] for e in history[-30:]]) < 0.8
    assert not model.training


def test_a_budget_in_seconds_is_kept():
    _, history = trained(steps=None, seconds=0.3)
    assert 0.3 <= history[-1]["seconds"] < 3
    assert history[-2]["seconds"] < 0.3
    assert history[-1]["lr"] < history[len(history) // 2]["lr"]


def test_the_caller_can_stop_early():
    documents = encode_documents(DOCUMENTS, VOCABULARY)
    history = fit(
        small_model(),
        documents,
        TrainConfig(steps=50),
        on_step=lambda entry: entry["step"] == 3,
    )
    assert len(history) == 3


def test_the_learning_rate_rises_and_falls():
    config = TrainConfig(steps=100, lr=1.0, warmup=0.2)
    rates = [config.lr_at(config.progress(s, 0)) for s in range(101)]
    assert rates[0] == pytest.approx(0.02)
    assert rates[10] == pytest.approx(0.5)
    assert max(rates) == rates[20] == pytest.approx(1.0)
    assert rates[60] == pytest.approx(0.5)
    assert rates[100] == pytest.approx(0.0)


def test_the_scarcer_budget_counts():
    config = TrainConfig(steps=100, seconds=10)
    assert config.progress(50, 1) == 0.5
    assert config.progress(50, 8) == 0.8
    assert config.progress(50, 11) == 1.0


def test_progress_is_shown_only_where_somebody_looks(capsys, monkeypatch):
    trained()
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    trained()
    shown = capsys.readouterr().err
    assert "100%" in shown and "step 12" in shown
    assert shown.endswith(" tokens/s\n")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "give a budget: steps, seconds or both"),
        ({"steps": 0}, "steps must be above 0, got 0"),
        ({"seconds": -1.0}, "seconds must be above 0"),
        ({"seconds": math.nan}, "seconds must be above 0, got nan"),
        ({"steps": 1, "lr": 0.0}, "lr must be above 0"),
        ({"steps": 1, "warmup": 1.0}, r"warmup must be in \[0, 1\)"),
    ],
)
def test_refuses_a_budget_that_cannot_be(changes, message):
    with pytest.raises(ValueError, match=message):
        TrainConfig(**changes)


def test_refuses_to_train_on_nothing():
    with pytest.raises(ValueError, match="must be texts to learn from"):
        fit(small_model(), [], TrainConfig(steps=1))
    with pytest.raises(ValueError, match="batch_size must be at least 1"):
        next(document_batches(encoded([1]), 0, np.random.default_rng(0)))


def test_texts_stand_between_ends_of_text():
    tokenizer = BPETokenizer(())
    (encoded,) = encode_documents(["to be"], tokenizer)
    assert encoded.tolist() == [0, *tokenizer.encode("to be"), 0]


def test_score_of_a_text_is_the_cross_entropy_of_its_tokens():
    tokenizer = BPETokenizer.train(["to be or not to be"], 262)
    torch.manual_seed(0)
    model = RecurrentModel(
        RecurrentConfig(vocab_size=tokenizer.vocab_size, d_hidden=16)
    )
    text = "not to be"
    ids = torch.tensor([0, *tokenizer.encode(text), 0])
    logits = model(ids[None, :-1])[0]
    expected = -torch.nn.functional.cross_entropy(
        logits, ids[1:], reduction="none"
    )
    scored = NeuralScorer(model, tokenizer).log_probs(text)
    np.testing.assert_allclose(scored, expected.detach(), rtol=1e-5)
