"""Our optimizers against torch's, on arrays and on tensors."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from companion.optimizers import (
    SGD,
    Adam,
    AdamW,
    Muon,
    RMSprop,
    clip_global_norm,
    orthogonal,
)
from companion.training import muon as stacked

STEPS = 100
SHAPES = [(3, 4), (4,), (2, 3, 2), ()]
MATRICES = [(4, 4), (3, 7), (6, 2)]

PAIRS = {
    "sgd": (SGD(0.05), torch.optim.SGD, dict(lr=0.05)),
    "momentum": (
        SGD(0.05, momentum=0.9),
        torch.optim.SGD,
        dict(lr=0.05, momentum=0.9),
    ),
    "nesterov": (
        SGD(0.05, momentum=0.9, nesterov=True),
        torch.optim.SGD,
        dict(lr=0.05, momentum=0.9, nesterov=True),
    ),
    "dampening": (
        SGD(0.05, momentum=0.8, dampening=0.3),
        torch.optim.SGD,
        dict(lr=0.05, momentum=0.8, dampening=0.3),
    ),
    "rmsprop": (RMSprop(0.01), torch.optim.RMSprop, dict(lr=0.01)),
    "centred rmsprop": (
        RMSprop(0.01, alpha=0.9, centered=True),
        torch.optim.RMSprop,
        dict(lr=0.01, alpha=0.9, centered=True),
    ),
    "adam": (
        Adam(0.01, betas=(0.8, 0.95), eps=1e-6),
        torch.optim.Adam,
        dict(lr=0.01, betas=(0.8, 0.95), eps=1e-6),
    ),
    "adamw": (
        AdamW(0.01, weight_decay=0.1),
        torch.optim.AdamW,
        dict(lr=0.01, weight_decay=0.1),
    ),
    "muon": (
        Muon(0.02, weight_decay=0.1),
        torch.optim.Muon,
        dict(lr=0.02, weight_decay=0.1, adjust_lr_fn="match_rms_adamw"),
    ),
}


def shapes_of(name):
    return MATRICES if name == "muon" else SHAPES


def start(name, dtype):
    """Parameters, and a gradient that depends on them and on chance."""
    rng = np.random.default_rng(0)
    arrays = [np.asarray(rng.normal(size=s), dtype) for s in shapes_of(name)]
    noise = [
        [np.asarray(rng.normal(size=s), dtype) for s in shapes_of(name)]
        for _ in range(STEPS)
    ]
    return arrays, noise


def fresh(optimizer):
    """The same settings, nothing remembered."""
    settings = {
        k: v
        for k, v in vars(optimizer).items()
        if k not in ("steps", "_kept", "memories")
    }
    return type(optimizer)(**settings)


def rates(lr):
    """A schedule: the rate may be set before each step."""
    return [lr * (1 - step / (2 * STEPS)) for step in range(STEPS)]


def train_torch(name, dtype):
    arrays, noise = start(name, dtype)
    _, kind, settings = PAIRS[name]
    parameters = [torch.nn.Parameter(torch.tensor(a)) for a in arrays]
    theirs = kind(parameters, **settings)
    for now, lr in zip(noise, rates(settings["lr"]), strict=True):
        for p, extra in zip(parameters, now, strict=True):
            p.grad = 0.3 * p.detach() + torch.tensor(extra)
        theirs.param_groups[0]["lr"] = lr
        theirs.step()
    return [p.detach().numpy() for p in parameters]


def train_ours(name, dtype, array=np.array, stop=None):
    """Train; with `stop`, by a second optimizer from that step on."""
    arrays, noise = start(name, dtype)
    ours = fresh(PAIRS[name][0])
    parameters = [array(a) for a in arrays]
    plan = zip(noise, rates(ours.lr), strict=True)
    for step, (now, lr) in enumerate(plan):
        if step == stop:
            state, ours = ours.state(), fresh(ours)
            ours.resume(state)
        ours.lr = lr
        gradients = [
            0.3 * p + array(extra)
            for p, extra in zip(parameters, now, strict=True)
        ]
        ours.step(parameters, gradients)
    return [np.asarray(p) for p in parameters]


@pytest.fixture
def exact_muon(monkeypatch):
    """torch's Muon without its sixteen bits."""
    monkeypatch.setattr(torch.Tensor, "bfloat16", lambda self: self.clone())


@pytest.mark.parametrize("array", [np.array, torch.tensor])
@pytest.mark.parametrize(
    ("dtype", "within"), [("float64", 1e-12), ("float32", 2e-6)]
)
@pytest.mark.parametrize("name", PAIRS)
def test_matches_torch(name, dtype, within, array, exact_muon):
    if name == "muon" and dtype == "float32":
        within = 2e-5  # five rounds of products in two orders
    ours = train_ours(name, dtype, array)
    theirs = train_torch(name, dtype)
    for a, b in zip(ours, theirs, strict=True):
        assert a.dtype == dtype
        np.testing.assert_allclose(a, b, rtol=within, atol=within)


@pytest.mark.parametrize("stop", [0, 1, 37])
@pytest.mark.parametrize("name", PAIRS)
def test_a_resumed_run_has_the_same_bits(name, stop):
    whole = train_ours(name, "float32")
    resumed = train_ours(name, "float32", stop=stop)
    for a, b in zip(whole, resumed, strict=True):
        assert np.array_equal(a, b)


def test_a_state_is_a_copy():
    adam, p, g = Adam(), [np.ones(2)], [np.ones(2)]
    adam.step(p, g)
    state = adam.state()
    adam.step(p, g)
    assert state["steps"] == 1
    assert state["mean.0"] == pytest.approx(0.1)
    assert sorted(state) == ["mean.0", "square.0", "steps"]


def test_decay_is_for_whom_it_is_said():
    shapes = [(2, 3), (3,), (3, 3)]
    decays = [True, False, False]
    parameters = [np.ones(s) for s in shapes]
    zeros = [np.zeros(s) for s in shapes]
    adam = AdamW(0.1, weight_decay=0.5, decays=decays)
    adam.step(parameters, zeros)
    assert [p.flat[0] for p in parameters] == [0.95, 1, 1]


def test_groups_equal_torchs():
    rng = np.random.default_rng(1)
    start = [rng.normal(size=s) for s in [(2, 3), (3,)]]
    ours = [a.copy() for a in start]
    theirs = [torch.nn.Parameter(torch.tensor(a)) for a in start]
    adam = AdamW(0.01, weight_decay=0.3, decays=[True, False])
    groups = [
        {"params": theirs[:1], "weight_decay": 0.3},
        {"params": theirs[1:], "weight_decay": 0.0},
    ]
    other = torch.optim.AdamW(groups, lr=0.01)
    for _ in range(STEPS):
        gradients = [rng.normal(size=a.shape) for a in start]
        adam.step(ours, gradients)
        for p, g in zip(theirs, gradients, strict=True):
            p.grad = torch.tensor(g)
        other.step()
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b.detach(), rtol=1e-12)


def test_trains_torchs_parameters_in_place():
    layer = torch.nn.Linear(3, 2)
    layer(torch.ones(3)).sum().backward()
    before = layer.weight.detach().clone()
    parameters = list(layer.parameters())
    with torch.no_grad():
        Adam(0.1).step(parameters, [p.grad for p in parameters])
    torch.testing.assert_close(layer.weight.detach(), before - 0.1)


def test_muon_equals_the_one_that_turns_stacks():
    torch.manual_seed(0)
    ours = [torch.randn(s) for s in MATRICES]
    theirs = [torch.nn.Parameter(p.clone()) for p in ours]
    a, b = (
        Muon(0.05, weight_decay=0.1),
        stacked.Muon(theirs, lr=0.05, weight_decay=0.1),
    )
    for _ in range(20):
        gradients = [torch.randn_like(p) for p in ours]
        a.step(ours, gradients)
        for p, g in zip(theirs, gradients, strict=True):
            p.grad = g
        b.step()
    for p, q in zip(ours, theirs, strict=True):
        torch.testing.assert_close(p, q.detach(), rtol=1e-4, atol=1e-5)


def test_orthogonal_brings_singular_values_near_one():
    x = np.random.default_rng(2).normal(size=(9, 5))
    values = np.linalg.svd(orthogonal(x), compute_uv=False)
    assert values.min() > 0.6 and values.max() < 1.3
    u, _, v = np.linalg.svd(x, full_matrices=False)
    turned, exact = orthogonal(x).ravel(), (u @ v).ravel()
    cosine = turned @ exact / np.linalg.norm(turned) / np.linalg.norm(exact)
    assert cosine > 0.97


def test_orthogonal_leaves_zeros():
    assert not orthogonal(np.zeros((2, 3))).any()


@pytest.mark.parametrize("array", [np.array, torch.tensor])
@pytest.mark.parametrize("max_norm", [0.5, 5.0, 50.0])
def test_clipping_matches_torch(array, max_norm):
    rng = np.random.default_rng(3)
    arrays = [rng.normal(size=s) for s in SHAPES]
    ours = [array(np.asarray(a)) for a in arrays]
    theirs = [torch.nn.Parameter(torch.zeros(s).double()) for s in SHAPES]
    for p, a in zip(theirs, arrays, strict=True):
        p.grad = torch.tensor(a)
    norm = clip_global_norm(ours, max_norm)
    other = torch.nn.utils.clip_grad_norm_(theirs, max_norm)
    assert norm == pytest.approx(other.item(), rel=1e-12)
    for g, p in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(np.asarray(g), p.grad, rtol=1e-12)


def test_clipping_does_not_touch_what_has_no_length():
    gradients = [np.array([1.0, np.inf])]
    with pytest.raises(FloatingPointError, match="must be finite, it is inf"):
        clip_global_norm(gradients, 1.0)
    assert gradients[0][0] == 1
    assert clip_global_norm([], 1.0) == 0
    with pytest.raises(ValueError, match="max_norm must be above 0, got 0"):
        clip_global_norm(gradients, 0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SGD(0), "lr must be above 0, got 0"),
        (lambda: SGD(momentum=1), r"momentum must be in \[0, 1\), got 1"),
        (lambda: SGD(dampening=2), r"dampening must be in \[0, 1\], got 2"),
        (
            lambda: SGD(nesterov=True),
            "nesterov needs momentum above 0 and dampening 0, got 0.0 and 0.0",
        ),
        (
            lambda: SGD(momentum=0.9, nesterov=True, dampening=0.1),
            "dampening 0, got 0.9 and 0.1",
        ),
        (lambda: RMSprop(alpha=1), r"alpha must be in \[0, 1\), got 1"),
        (lambda: RMSprop(eps=0), "eps must be above 0, got 0"),
        (lambda: Adam(betas=(1, 0.9)), r"beta1 must be in \[0, 1\), got 1"),
        (lambda: Adam(betas=(0.9, -1)), r"beta2 must be in \[0, 1\), got -1"),
        (lambda: Adam(eps=-1), "eps must be above 0, got -1"),
        (lambda: AdamW(weight_decay=-1), "weight_decay must be >= 0, got -1"),
        (lambda: Muon(momentum=-1), r"momentum must be in \[0, 1\), got -1"),
        (lambda: Muon(weight_decay=-1), "weight_decay must be >= 0, got -1"),
        (lambda: Muon(rounds=0), "rounds must be at least 1, got 0"),
    ],
)
def test_refuses_settings(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("parameters", "gradients", "message"),
    [
        ([np.ones(2)], [], "one gradient, got 1 parameters and 0 gradients"),
        ([np.ones(2)], [np.ones(1)], r"its parameter, \(2,\), got \(1,\)"),
        ([1.0], [np.ones(())], "can change in place, got float"),
        ([np.float64(1)], [np.ones(())], "change in place, got float64"),
    ],
)
def test_refuses_what_cannot_move(parameters, gradients, message):
    with pytest.raises(ValueError, match=message):
        Adam().step(parameters, gradients)


def test_refuses_other_parameters_than_before():
    adam = Adam()
    adam.step([np.ones(2)], [np.ones(2)])
    with pytest.raises(ValueError, match=r"of mean, \[\(2,\)\], got \[\(3,\)"):
        adam.step([np.ones(3)], [np.ones(3)])


def test_refuses_decays_of_other_parameters():
    with pytest.raises(ValueError, match="each of 1 parameters, got 2"):
        AdamW(decays=[True, False]).step([np.ones(2)], [np.ones(2)])


def test_muon_is_for_matrices():
    with pytest.raises(ValueError, match=r"to AdamW; got .* shape \(3,\)"):
        Muon().step([np.ones(3)], [np.ones(3)])


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"steps": 2},
        {"steps": 1, "mean.0": np.ones(1)},
        {"steps": 1, "velocity.0": np.ones(1), "mean.0": np.ones(1)},
    ],
)
def test_refuses_a_state_of_another_rule(state):
    with pytest.raises(ValueError, match="hold steps and mean and square"):
        Adam().resume(state)


def test_imports_no_framework():
    code = (
        "import sys, companion.optimizers; "
        "sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
