"""Recurrent cells in NumPy: one step of each, and the way back in time.

Source: Elman 1990, "Finding structure in time", Cognitive Science 14 (the
plain cell); Hochreiter and Schmidhuber 1997, "Long short-term memory",
Neural Computation 9, with the forget gate of Gers, Schmidhuber and Cummins
2000 (LSTM); Cho et al. 2014 (arXiv:1406.1078, GRU); Werbos 1990,
"Backpropagation through time", Proceedings of the IEEE 78.

Weights are laid out as torch lays them out: the blocks of the gates stand
below each other, in the order i, f, g, o (LSTM) and r, z, n (GRU).

Chapter: book/4-architectures/1-states.ipynb
"""

from typing import NamedTuple

import numpy as np


class RNNGradients(NamedTuple):
    """Gradients of one number with respect to all that made the states."""

    xs: np.ndarray  # (B, T, d_model)
    h0: np.ndarray  # (B, d_hidden)
    w_input: np.ndarray  # (d_hidden, d_model)
    w_hidden: np.ndarray  # (d_hidden, d_hidden)
    b: np.ndarray  # (d_hidden,)


def sigmoid(a: np.ndarray) -> np.ndarray:
    """Press numbers between 0 and 1: 1 / (1 + e^-a), without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * a))


def rnn_step(
    x: np.ndarray,
    h: np.ndarray,
    w_input: np.ndarray,
    w_hidden: np.ndarray,
    b: np.ndarray,
) -> np.ndarray:
    """Take one step of a plain recurrent network.

    h_t = tanh(W_h h_{t-1} + W_x x_t + b). Source: Elman 1990.

    Args:
        x: (..., d_model), the vector of word t.
        h: (..., d_hidden), the state after word t - 1.
        w_input: (d_hidden, d_model)
        w_hidden: (d_hidden, d_hidden)
        b: (d_hidden,); torch keeps two biases, of which this is the sum.

    Returns:
        (..., d_hidden): the state after word t.

    Raises:
        ValueError: the shapes do not fit.
    """
    _check_shapes(1, x, h, w_input, w_hidden, b)
    return np.tanh(h @ w_hidden.T + x @ w_input.T + b)


def lstm_step(
    x: np.ndarray,
    h: np.ndarray,
    c: np.ndarray,
    w_input: np.ndarray,
    w_hidden: np.ndarray,
    b: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Take one step of an LSTM.

    c_t = f * c_{t-1} + i * g and h_t = o * tanh(c_t), where i, f and o are
    sigmoids, and g is the tanh, of W x_t + U h_{t-1} + b, each with its own
    block of the weights. Source: Gers et al. 2000, without peepholes.

    Args:
        x: (..., d_model), the vector of word t.
        h: (..., d_hidden), the state after word t - 1.
        c: (..., d_hidden), the cell after word t - 1.
        w_input: (4 d_hidden, d_model), blocks in the order i, f, g, o.
        w_hidden: (4 d_hidden, d_hidden), likewise.
        b: (4 d_hidden,), likewise; the sum of torch's two biases.

    Returns:
        State and cell after word t, both (..., d_hidden).

    Raises:
        ValueError: the shapes do not fit, or c is shaped unlike h.
    """
    _check_shapes(4, x, h, w_input, w_hidden, b)
    if c.shape != h.shape:
        raise ValueError(
            f"state and cell must have one shape, got {h.shape} and {c.shape}"
        )
    sums = x @ w_input.T + h @ w_hidden.T + b
    i, f, g, o = np.split(sums, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def gru_step(
    x: np.ndarray,
    h: np.ndarray,
    w_input: np.ndarray,
    w_hidden: np.ndarray,
    b_input: np.ndarray,
    b_hidden: np.ndarray,
) -> np.ndarray:
    """Take one step of a GRU, in torch's form.

    h_t = (1 - z) * n + z * h_{t-1}, with r and z sigmoids of
    W x_t + U h_{t-1} + b, and n = tanh(W_n x_t + b_n + r * (U_n h_{t-1} +
    b'_n)). As published, Cho et al. 2014 multiply h by r before the product
    with U_n; the first version of their preprint has the form used here.

    Args:
        x: (..., d_model), the vector of word t.
        h: (..., d_hidden), the state after word t - 1.
        w_input: (3 d_hidden, d_model), blocks in the order r, z, n.
        w_hidden: (3 d_hidden, d_hidden), likewise.
        b_input: (3 d_hidden,), added to the products with x.
        b_hidden: (3 d_hidden,), added to the products with h; apart from
            b_input, since r multiplies the last block of it.

    Returns:
        (..., d_hidden): the state after word t.

    Raises:
        ValueError: the shapes do not fit.
    """
    for b in (b_input, b_hidden):
        _check_shapes(3, x, h, w_input, w_hidden, b)
    from_x = np.split(x @ w_input.T + b_input, 3, axis=-1)
    from_h = np.split(h @ w_hidden.T + b_hidden, 3, axis=-1)
    r = sigmoid(from_x[0] + from_h[0])
    z = sigmoid(from_x[1] + from_h[1])
    n = np.tanh(from_x[2] + r * from_h[2])
    return (1 - z) * n + z * h


def rnn_forward(
    xs: np.ndarray,
    h0: np.ndarray,
    w_input: np.ndarray,
    w_hidden: np.ndarray,
    b: np.ndarray,
) -> np.ndarray:
    """Read whole texts with a plain recurrent network.

    Args:
        xs: (B, T, d_model), the vectors of the words; the texts come
            first, then time, of which there is at least one step.
        h0: (B, d_hidden), the states before the first word.
        w_input, w_hidden, b: as for `rnn_step`.

    Returns:
        (B, T, d_hidden): the state after each word.

    Raises:
        ValueError: the shapes do not fit.
    """
    shaped = xs.ndim == 3 and h0.shape == (len(xs), *w_hidden.shape[1:])
    if not shaped or xs.shape[1] == 0:
        raise ValueError(
            "xs must be (B, T, d_model) with T at least 1 and h0 "
            f"(B, d_hidden), got {xs.shape} and {h0.shape}"
        )
    h, states = h0, []
    for t in range(xs.shape[1]):
        h = rnn_step(xs[:, t], h, w_input, w_hidden, b)
        states.append(h)
    return np.stack(states, axis=1)


def rnn_backward(
    grad: np.ndarray,
    xs: np.ndarray,
    h0: np.ndarray,
    states: np.ndarray,
    w_input: np.ndarray,
    w_hidden: np.ndarray,
) -> RNNGradients:
    """Go back through time, from the last word to the first.

    A state is used twice: by the loss at its own place, and by the next
    state. Its gradient is the sum of both. Source: Werbos 1990.

    Args:
        grad: (B, T, d_hidden), of the loss with respect to each state as
            the loss uses it directly; 0 where it does not.
        xs, h0, w_input, w_hidden: what `rnn_forward` was given.
        states: (B, T, d_hidden), what it returned.

    Returns:
        The gradients with respect to xs, h0, w_input, w_hidden and b.

    Raises:
        ValueError: grad is shaped unlike states.
    """
    if grad.shape != states.shape:
        raise ValueError(
            "grad must have the shape of states, "
            f"got {grad.shape} and {states.shape}"
        )
    before = np.concatenate([h0[:, None], states[:, :-1]], axis=1)
    d_sums = np.empty_like(states)  # of the sums that go into tanh
    from_later = np.zeros_like(h0)
    for t in reversed(range(states.shape[1])):
        d_h = grad[:, t] + from_later
        d_sums[:, t] = d_h * (1 - states[:, t] ** 2)  # tanh' = 1 - tanh^2
        from_later = d_sums[:, t] @ w_hidden
    return RNNGradients(
        xs=d_sums @ w_input,
        h0=from_later,
        w_input=np.einsum("bth,btx->hx", d_sums, xs),
        w_hidden=np.einsum("bth,btk->hk", d_sums, before),
        b=d_sums.sum(axis=(0, 1)),
    )


def _check_shapes(
    blocks: int,
    x: np.ndarray,
    h: np.ndarray,
    w_input: np.ndarray,
    w_hidden: np.ndarray,
    b: np.ndarray,
) -> None:
    """Refuse weights that NumPy would broadcast, or cut, in silence."""
    rows = blocks * h.shape[-1]
    wanted = (rows, x.shape[-1]), (rows, h.shape[-1]), (rows,)
    got = w_input.shape, w_hidden.shape, b.shape
    if got != wanted:
        raise ValueError(
            f"w_input, w_hidden and bias must be shaped {wanted}, got {got}"
        )
