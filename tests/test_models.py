import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from companion.models import (
    RecurrentConfig,
    RecurrentModel,
    WindowConfig,
    WindowModel,
    rnn_step,
)

VOCAB_SIZE = 11
CELLS = ["rnn", "lstm", "gru"]


def small_window(**changes) -> WindowModel:
    torch.manual_seed(0)
    sizes = dict(vocab_size=VOCAB_SIZE, context_length=3, d_model=5)
    return WindowModel(WindowConfig(**{**sizes, "d_hidden": 7, **changes}))


def small_recurrent(cell="lstm", **changes) -> RecurrentModel:
    torch.manual_seed(0)
    sizes = dict(vocab_size=VOCAB_SIZE, d_model=6, d_hidden=6)
    return RecurrentModel(RecurrentConfig(cell=cell, **{**sizes, **changes}))


@pytest.fixture
def token_ids():
    rng = np.random.default_rng(0)
    return torch.from_numpy(rng.integers(0, VOCAB_SIZE, (2, 9)))


def test_rnn_step_matches_torch():
    """NumPy's step, repeated, is torch.nn.RNN to 1e-6."""
    torch.manual_seed(0)
    theirs = nn.RNN(4, 6, batch_first=True)
    x = torch.randn(2, 10, 4)
    want, _ = theirs(x)
    w_input, w_hidden, b_input, b_hidden = (
        p.detach().numpy() for p in theirs.parameters()
    )
    h = np.zeros((2, 6), dtype=np.float32)
    for t in range(10):
        h = rnn_step(x[:, t].numpy(), h, w_input, w_hidden, b_input + b_hidden)
        np.testing.assert_allclose(h, want[:, t].detach(), atol=1e-6)


def window_by_hand(model, token_ids):
    """The model's equation, one position at a time."""
    k, d = model.config.context_length, model.config.d_model
    out = []
    for t in range(len(token_ids)):
        seen = [
            model.token_embedding(token_ids[i]) if i >= 0 else torch.zeros(d)
            for i in range(t - k + 1, t + 1)
        ]
        x = torch.cat(seen)
        y = model.lm_head(torch.tanh(model.hidden(x)))
        out.append(y + model.direct(x) if model.config.direct else y)
    return torch.stack(out)


@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("context_length", [1, 3, 20])
def test_window_matches_its_equation(token_ids, direct, context_length):
    model = small_window(direct=direct, context_length=context_length)
    ours = model(token_ids)
    assert ours.shape == (2, 9, VOCAB_SIZE)
    torch.testing.assert_close(ours[1], window_by_hand(model, token_ids[1]))


def changed_positions(model, token_ids, position):
    """The positions whose logits change when one token changes."""
    other = token_ids.clone()
    other[:, position] = (other[:, position] + 1) % VOCAB_SIZE
    with torch.no_grad():
        change = (model(token_ids) - model(other)).abs().amax((0, 2))
    return torch.nonzero(change > 1e-9).flatten().tolist()


def test_a_window_sees_its_words_and_no_others(token_ids):
    model = small_window(context_length=3)
    assert changed_positions(model, token_ids, 4) == [4, 5, 6]


@pytest.mark.parametrize("cell", CELLS)
def test_a_changed_token_changes_all_later_logits_only(token_ids, cell):
    model = small_recurrent(cell)
    assert changed_positions(model, token_ids, 1) == list(range(1, 9))


@pytest.mark.parametrize("cell", CELLS)
def test_time_fed_as_batch_remembers_nothing(token_ids, cell):
    """The [T, 1] layout makes T documents of one token: a bigram model."""
    model = small_recurrent(cell)
    sentence = token_ids[:1]
    other = sentence.clone()
    other[0, 1] = (other[0, 1] + 1) % VOCAB_SIZE
    with torch.no_grad():
        right = (model(sentence) - model(other))[0, 5].abs().max()
        faulty = (model(sentence.T) - model(other.T))[5, 0].abs().max()
    assert right > 1e-9
    assert faulty == 0


@pytest.mark.parametrize("n_layers", [1, 2])
@pytest.mark.parametrize("cell", CELLS)
def test_two_halves_with_carried_state_equal_the_whole(
    token_ids, cell, n_layers
):
    model = small_recurrent(cell, n_layers=n_layers)
    first, state = model.run(token_ids[:, :4])
    second, _ = model.run(token_ids[:, 4:], state)
    whole = model(token_ids)
    torch.testing.assert_close(torch.cat([first, second], 1), whole)


def test_rnn_matches_our_step_through_the_whole_model(token_ids):
    model = small_recurrent("rnn")
    w_input, w_hidden, b_input, b_hidden = (
        p.detach().numpy() for p in model.recurrent.parameters()
    )
    x = model.token_embedding(token_ids).detach().numpy()
    h = np.zeros((2, 6), dtype=np.float32)
    for t in range(9):
        h = rnn_step(x[:, t], h, w_input, w_hidden, b_input + b_hidden)
    want = model.lm_head(torch.from_numpy(h))
    torch.testing.assert_close(model(token_ids)[:, -1], want)


def test_an_embedding_is_a_product_with_one_hot_vectors(token_ids):
    weight = small_recurrent().token_embedding.weight
    one_hot = F.one_hot(token_ids, VOCAB_SIZE).float()
    assert torch.equal(one_hot @ weight, F.embedding(token_ids, weight))


def test_tied_weights_are_one_tensor_and_start_near_uniform():
    wide = dict(d_model=64, d_hidden=64)
    tied = small_recurrent(tied=True, embedding_std=0.1, **wide)
    plain = small_recurrent(**wide)
    sizes = [sum(p.numel() for p in m.parameters()) for m in (tied, plain)]
    assert sizes[1] - sizes[0] == VOCAB_SIZE * 64
    loss = F.cross_entropy(tied(torch.arange(10)[None])[0], torch.arange(10))
    assert abs(loss.item() - np.log(VOCAB_SIZE)) < 0.3


def test_dropout_is_off_when_not_training(token_ids):
    for model in (small_window(dropout=0.5), small_recurrent(dropout=0.5)):
        model.train()
        assert not torch.equal(model(token_ids), model(token_ids))
        model.eval()
        assert torch.equal(model(token_ids), model(token_ids))


def test_gradients_reach_every_parameter(token_ids):
    models = [small_window(direct=True)]
    models += [small_recurrent(cell, n_layers=2) for cell in CELLS]
    for model in models:
        model(token_ids).logsumexp(-1).sum().backward()
        for name, parameter in model.named_parameters():
            assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: small_window(context_length=0), "context_length must be at"),
        (lambda: small_window(dropout=1.0), r"dropout must be in \[0, 1\)"),
        (lambda: small_recurrent(n_layers=0), "n_layers must be at least 1"),
        (lambda: small_recurrent(dropout=-0.1), r"dropout must be in \[0"),
        (lambda: small_recurrent("elman"), "cell must be one of rnn, lstm"),
        (
            lambda: small_recurrent(tied=True, d_hidden=8),
            r"tied needs d_hidden \(8\) equal to d_model \(6\)",
        ),
    ],
)
def test_refuses_impossible_sizes(build, message):
    with pytest.raises(ValueError, match=message):
        build()
