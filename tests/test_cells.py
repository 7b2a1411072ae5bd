"""NumPy's cells against torch's, forward and back."""

import numpy as np
import pytest
import torch
from torch import nn

from companion.models import (
    RecurrentConfig,
    RecurrentModel,
    gru_step,
    lstm_step,
    rnn_backward,
    rnn_forward,
    rnn_step,
)
from companion.models.cells import sigmoid

B, T, D_MODEL, D_HIDDEN = 3, 9, 4, 5


def arrays(*shapes, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in shapes]


def weights(blocks=1, *, seed=0, n_biases=1):
    rows = blocks * D_HIDDEN
    return arrays(
        (rows, D_MODEL), (rows, D_HIDDEN), *[(rows,)] * n_biases, seed=seed
    )


def parameters(module):
    return [p.detach().numpy() for p in module.parameters()]


def torch_cell(kind):
    torch.manual_seed(0)
    return kind(D_MODEL, D_HIDDEN).double()


def test_rnn_step_matches_torch():
    x, h = arrays((B, D_MODEL), (B, D_HIDDEN))
    cell = torch_cell(nn.RNNCell)
    w, u, b1, b2 = parameters(cell)
    theirs = cell(torch.tensor(x), torch.tensor(h)).detach()
    np.testing.assert_allclose(rnn_step(x, h, w, u, b1 + b2), theirs)


def test_lstm_step_matches_torch():
    x, h, c = arrays((B, D_MODEL), (B, D_HIDDEN), (B, D_HIDDEN))
    cell = torch_cell(nn.LSTMCell)
    w, u, b1, b2 = parameters(cell)
    ours = lstm_step(x, h, c, w, u, b1 + b2)
    theirs = cell(torch.tensor(x), (torch.tensor(h), torch.tensor(c)))
    for mine, reference in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, reference.detach())


def test_gru_step_matches_torch():
    x, h = arrays((B, D_MODEL), (B, D_HIDDEN))
    cell = torch_cell(nn.GRUCell)
    theirs = cell(torch.tensor(x), torch.tensor(h)).detach()
    np.testing.assert_allclose(gru_step(x, h, *parameters(cell)), theirs)


def test_lstm_gates_stand_in_the_order_i_f_g_o():
    """Each block alone, by its bias, does what its gate is there for."""
    w, u = np.zeros((4, 1)), np.zeros((4, 1))
    x, h, c = np.zeros(1), np.zeros(1), np.array([0.5])

    def step(**gates):
        # 50 opens a sigmoid fully, and makes a tanh 1
        b = np.array([50.0 * gates.get(gate, -1) for gate in "ifgo"])
        return lstm_step(x, h, c, w, u, b)

    assert step(f=1, g=0)[1] == pytest.approx(0.5)  # kept
    assert step(g=0)[1] == pytest.approx(0)  # forgotten
    assert step(i=1, g=1)[1] == pytest.approx(1)  # written
    assert step(i=1)[1] == pytest.approx(-1)
    assert step(f=1)[0] == pytest.approx(0)  # hidden
    assert step(f=1, o=1)[0] == pytest.approx(np.tanh(0.5))  # shown


def test_gru_gates_stand_in_the_order_r_z_n():
    w, u = np.zeros((3, 1)), np.array([[0.0], [0.0], [2.0]])
    x, h = np.zeros(1), np.array([0.5])

    def step(r, z, n):
        b = np.array([r, z, n])
        return gru_step(x, h, w, u, b, np.zeros(3))

    assert step(-50.0, 50.0, 1.0) == pytest.approx(0.5)  # kept
    assert step(-50.0, -50.0, 1.0) == pytest.approx(np.tanh(1))  # replaced
    assert step(50.0, -50.0, 1.0) == pytest.approx(np.tanh(1 + 2 * 0.5))


def test_gru_resets_after_the_product():
    """Torch's form; as published, a GRU resets before it: another cell."""
    x, h = arrays((B, D_MODEL), (B, D_HIDDEN))
    w, u, b1, b2 = weights(3, n_biases=2, seed=1)
    gates = sigmoid(x @ w[:10].T + h @ u[:10].T + (b1 + b2)[:10])
    r, z = np.split(gates, 2, axis=-1)

    def mixed(from_h):
        n = np.tanh(x @ w[10:].T + b1[10:] + from_h)
        return (1 - z) * n + z * h

    after = mixed(r * (h @ u[10:].T + b2[10:]))
    before = mixed((r * h) @ u[10:].T + b2[10:])
    ours = gru_step(x, h, w, u, b1, b2)
    np.testing.assert_allclose(ours, after)
    assert np.abs(ours - before).max() > 0.05


STACKS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


def read(kind, xs, layer):
    """Read whole texts with one layer: (B, T, d) to (B, T, d_hidden)."""
    w, u, b1, b2 = layer
    h = c = np.zeros((len(xs), u.shape[1]))
    states = []
    for t in range(xs.shape[1]):
        if kind == "rnn":
            h = rnn_step(xs[:, t], h, w, u, b1 + b2)
        elif kind == "lstm":
            h, c = lstm_step(xs[:, t], h, c, w, u, b1 + b2)
        else:
            h = gru_step(xs[:, t], h, w, u, b1, b2)
        states.append(h)
    return np.stack(states, axis=1)


@pytest.mark.parametrize("n_layers", [1, 3])
@pytest.mark.parametrize("kind", STACKS)
def test_a_stack_of_steps_matches_torch(kind, n_layers):
    torch.manual_seed(0)
    stack = STACKS[kind](D_MODEL, D_HIDDEN, n_layers, batch_first=True)
    stack.double()
    numbers = parameters(stack)
    (states,) = arrays((B, T, D_MODEL))
    theirs, _ = stack(torch.tensor(states))
    for layer in range(n_layers):
        states = read(kind, states, numbers[4 * layer : 4 * layer + 4])
    np.testing.assert_allclose(states, theirs.detach(), atol=1e-12)


@pytest.mark.parametrize("kind", STACKS)
def test_steps_match_the_model_of_the_book(kind):
    torch.manual_seed(0)
    model = RecurrentModel(
        RecurrentConfig(
            vocab_size=7, cell=kind, d_model=D_MODEL, d_hidden=D_HIDDEN
        )
    ).double()
    ids = torch.tensor(np.random.default_rng(0).integers(7, size=(B, T)))
    (words,) = parameters(model.token_embedding)
    states = read(kind, words[ids], parameters(model.recurrent))
    w, b = parameters(model.lm_head)
    theirs = model(ids).detach()
    np.testing.assert_allclose(states @ w.T + b, theirs, atol=1e-12)


def test_rnn_forward_matches_torch():
    xs, h0 = arrays((B, T, D_MODEL), (B, D_HIDDEN))
    torch.manual_seed(0)
    stack = nn.RNN(D_MODEL, D_HIDDEN, batch_first=True).double()
    w, u, b1, b2 = parameters(stack)
    theirs, _ = stack(torch.tensor(xs), torch.tensor(h0)[None])
    ours = rnn_forward(xs, h0, w, u, b1 + b2)
    np.testing.assert_allclose(ours, theirs.detach(), atol=1e-14)


@pytest.mark.parametrize("where", ["everywhere", "last", "first"])
def test_rnn_backward_matches_autograd(where):
    xs, h0, grad = arrays(
        (B, T, D_MODEL), (B, D_HIDDEN), (B, T, D_HIDDEN), seed=2
    )
    if where != "everywhere":
        grad[:, slice(None, -1) if where == "last" else slice(1, None)] = 0
    given = [xs, h0, *weights(seed=3)]
    states = rnn_forward(*given)
    ours = rnn_backward(grad, xs, h0, states, *given[2:4])
    xs, h, w, u, b = (torch.tensor(a, requires_grad=True) for a in given)
    leaves, total = (xs, h, w, u, b), torch.tensor(0.0).double()
    for t in range(T):
        h = torch.tanh(h @ u.T + xs[:, t] @ w.T + b)
        total = total + (h * torch.tensor(grad[:, t])).sum()
    theirs = torch.autograd.grad(total, leaves)
    for name, mine, reference in zip(ours._fields, ours, theirs, strict=True):
        assert mine.shape == reference.shape, name
        np.testing.assert_allclose(
            mine, reference, rtol=1e-10, atol=1e-12, err_msg=name
        )


def test_rnn_backward_matches_finite_differences():
    xs, h0, grad = arrays((B, T, D_MODEL), (B, D_HIDDEN), (B, T, D_HIDDEN))
    w, u, b = weights()
    states = rnn_forward(xs, h0, w, u, b)
    ours = rnn_backward(grad, xs, h0, states, w, u).w_hidden
    for place in ((0, 0), (2, 4)):
        step = np.zeros_like(u)
        step[place] = 1e-6
        up, down = (
            (rnn_forward(xs, h0, w, u + sign * step, b) * grad).sum()
            for sign in (1, -1)
        )
        assert ours[place] == pytest.approx((up - down) / 2e-6, rel=1e-6)


def test_sigmoid_matches_torch_and_does_not_overflow():
    a = np.array([-1e4, -30.0, -1.0, 0.0, 2.0, 1e4])
    with np.errstate(all="raise"):
        ours = sigmoid(a)
    np.testing.assert_allclose(
        ours, torch.sigmoid(torch.tensor(a)), atol=1e-15
    )


def test_cells_keep_single_precision():
    x, h = (a.astype(np.float32) for a in arrays((B, D_MODEL), (B, D_HIDDEN)))
    w, u, b = (a.astype(np.float32) for a in weights(4))
    for part in lstm_step(x, h, h, w, u, b):
        assert part.dtype == np.float32
    assert gru_step(x, h, w[:15], u[:15], b[:15], b[:15]).dtype == np.float32


X, H = np.zeros((B, D_MODEL)), np.zeros((B, D_HIDDEN))
XS = np.zeros((B, T, D_MODEL))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: rnn_step(X, H, *weights(4)),
            r"must be shaped \(\(5, 4\), \(5, 5\), \(5,\)\), got \(\(20, 4\)",
        ),
        (
            lambda: lstm_step(X, H, H, *weights(3)),
            r"must be shaped \(\(20, 4\), .* got \(\(15, 4\)",
        ),
        (
            lambda: gru_step(X, H, *weights(4), np.zeros(20)),
            r"must be shaped \(\(15, 4\), .* got \(\(20, 4\)",
        ),
        (
            lambda: gru_step(X, H, *weights(3), np.zeros(1)),
            r"w_input, w_hidden and bias must be .* \(1,\)\)",
        ),
        (
            lambda: lstm_step(X, H, H[0], *weights(4)),
            r"state and cell must have one shape, got \(3, 5\) and \(5,\)",
        ),
        (
            lambda: rnn_forward(X, H, *weights()),
            r"xs must be \(B, T, d_model\) .* got \(3, 4\) and \(3, 5\)",
        ),
        (
            lambda: rnn_forward(XS[:, :0], H, *weights()),
            r"T at least 1 .* got \(3, 0, 4\)",
        ),
        (
            lambda: rnn_forward(XS, H[:1], *weights()),
            r"h0 \(B, d_hidden\), got \(3, 9, 4\) and \(1, 5\)",
        ),
        (
            lambda: rnn_backward(H, XS, H, XS, *weights()[:2]),
            r"grad must have the shape of states, got \(3, 5\) and \(3, 9, 4",
        ),
    ],
)
def test_refuses_shapes_that_do_not_fit(call, message):
    with pytest.raises(ValueError, match=message):
        call()
