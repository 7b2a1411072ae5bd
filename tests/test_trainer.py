import io
import sys

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from companion.models import Transformer, TransformerConfig
from companion.models.transformer_config import DropoutConfig
from companion.training import TrainConfig, fit
from companion.training.batches import IGNORED, EndlessDocuments, pad
from companion.training.loss import token_losses
from companion.training.optimizer import divide
from companion.training.progress import bar_of
from companion.training.trainer import Trainer

RNG = np.random.default_rng(0)
DOCUMENTS = [RNG.integers(4, 11, size=n) for n in RNG.integers(3, 9, size=60)]
CONFIG = TrainConfig(steps=8, batch_size=4, lr=1e-2, seed=3)


def small_model(dropout=0.2, seed=0, **choices):
    torch.manual_seed(seed)
    return Transformer(
        TransformerConfig(
            vocab_size=11,
            context_length=16,
            d_model=8,
            n_layers=2,
            n_heads=2,
            dropout=DropoutConfig.gpt2(dropout),
            **choices,
        )
    )


def trainer(config=CONFIG, validate=None, **choices):
    batches = EndlessDocuments(DOCUMENTS, config.batch_size, config.seed)
    return Trainer(small_model(**choices), batches, config, validate)


def validation(model):
    """A loss that also draws random numbers, as a sampled one would."""
    torch.rand(3)
    batch = pad(DOCUMENTS[:9])
    nats = token_losses(model(batch.inputs), batch.targets)
    return {"validation_loss": nats.item() / batch.n_words}


def assert_same_weights(a, b):
    ours, theirs = a.state_dict(), b.state_dict()
    assert list(ours) == list(theirs)
    for name, tensor in ours.items():
        assert torch.equal(tensor, theirs[name]), name


SETTINGS = [
    {},
    {"optimizer": "muon"},
    {"accumulate": 3, "schedule": "warmup_stable_decay"},
    {"evaluate_every": 2, "patience": 3},
]


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("stop", [1, 4, 7])
def test_resumed_equals_uninterrupted(settings, stop):
    config = TrainConfig(steps=8, batch_size=4, lr=1e-2, seed=3, **settings)
    validate = validation if config.evaluate_every else None
    whole = trainer(config, validate)
    history = whole.run()
    first = trainer(config, validate)
    begun = first.run(lambda entry: entry["step"] == stop)
    state = first.state()
    second = trainer(config, validate, seed=9)  # its own weights do not count
    torch.rand(5)  # nor does the chance of whoever calls
    second.resume(state)
    rest = second.run()
    assert_same_weights(whole.model, second.model)
    third = trainer(config, validate)
    third.resume(second.state())  # finished
    assert third.finished and third.run() == []
    ours = [(e["step"], e["tokens"], e["loss"]) for e in begun + rest]
    assert ours == [(e["step"], e["tokens"], e["loss"]) for e in history]


def test_one_state_serves_twice():
    first = trainer()
    first.run(lambda entry: entry["step"] == 4)
    state = first.state()
    models = []
    for _ in range(2):
        run = trainer()
        run.resume(state)
        run.run()
        models.append(run.model)
    assert_same_weights(*models)


def test_a_stop_leaves_the_callers_chance_alone():
    run = trainer()
    torch.manual_seed(5)
    want = torch.rand(2)
    torch.manual_seed(5)
    run.run()
    assert torch.equal(torch.rand(2), want)


def test_validating_changes_nothing():
    plain = trainer()
    watched = trainer(
        TrainConfig(steps=8, batch_size=4, lr=1e-2, seed=3, evaluate_every=1),
        validation,
    )
    plain.run()
    history = watched.run()
    assert_same_weights(plain.model, watched.model)
    assert all("validation_loss" in entry for entry in history)


def test_the_best_weights_stay():
    losses = iter([3.0, 2.0, 2.5, 2.6, 2.7])
    kept = []

    def validate(model):
        kept.append(small_model())
        kept[-1].load_state_dict(model.state_dict())
        return {"validation_loss": next(losses)}

    config = TrainConfig(
        steps=90, batch_size=4, lr=1e-2, evaluate_every=2, patience=3
    )
    run = trainer(config, validate)
    history = run.run()
    assert len(history) == 10  # three evaluations in vain after step 4
    assert_same_weights(run.model, kept[1])


def test_accumulated_equals_one_large_batch_with_padding():
    """Each token counts once, whichever batch it is in."""

    class Given:
        """The same batches again and again."""

        def __init__(self, *parts):
            self.parts, self.place = parts, 0

        def __next__(self):
            self.place += 1
            return pad(self.parts[(self.place - 1) % len(self.parts)])

    long, short = DOCUMENTS[:6], [d[:3] for d in DOCUMENTS[6:9]]
    models = []
    for accumulate, batches in [
        (1, Given([*long, *short])),
        (2, Given(long, short)),
    ]:
        config = TrainConfig(steps=1, accumulate=accumulate, lr=1e-2)
        model = small_model(dropout=0.0).double()
        history = Trainer(model, batches, config).run()
        models.append((model, history[0]))
    (one, first), (two, second) = models
    assert first["tokens"] == second["tokens"]
    assert first["loss"] == pytest.approx(second["loss"], abs=1e-12)
    assert first["grad_norm"] == pytest.approx(second["grad_norm"], abs=1e-12)
    for name, tensor in one.state_dict().items():
        torch.testing.assert_close(tensor, two.state_dict()[name])


def test_a_step_is_torchs_own():
    config = TrainConfig(steps=3, batch_size=60, lr=1e-2, clip_norm=0.5)
    ours = trainer(config, dropout=0.0)
    history = ours.run()
    model = small_model(dropout=0.0)
    matrices, others = divide(model)
    optimizer = torch.optim.AdamW(
        [
            {"params": matrices, "weight_decay": 0.01},
            {"params": others, "weight_decay": 0.0},
        ]
    )
    batches = EndlessDocuments(DOCUMENTS, 60)
    for step, entry in enumerate(history):
        for group in optimizer.param_groups:
            group["lr"] = config.lr_at(step / 3)
        batch = next(batches)
        loss = F.cross_entropy(
            model(batch.inputs).flatten(0, 1), batch.targets.flatten()
        )
        optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
        assert entry["loss"] == pytest.approx(loss.item(), rel=1e-5)
        assert entry["grad_norm"] == pytest.approx(norm.item(), rel=1e-4)
    for name, tensor in ours.model.state_dict().items():
        torch.testing.assert_close(
            tensor, model.state_dict()[name], rtol=1e-4, atol=1e-5
        )


def test_only_matrices_inside_decay():
    model = small_model(tied=False)
    names = {id(p): name for name, p in model.named_parameters()}
    matrices, others = divide(model)
    decaying = {names[id(p)] for p in matrices}
    assert len(decaying) == 2 * 6
    assert all(".weight" in name and "_proj" in name for name in decaying)
    assert {"lm_head.weight", "token_embedding.weight"} <= {
        names[id(p)] for p in others
    }
    assert len(matrices) + len(others) == len(names)


def test_padding_has_no_loss():
    logits = torch.randn(2, 3, 5)
    targets = torch.tensor([[1, 2, IGNORED], [4, IGNORED, IGNORED]])
    want = sum(
        -logits[row, place].log_softmax(-1)[targets[row, place]]
        for row, place in [(0, 0), (0, 1), (1, 0)]
    )
    torch.testing.assert_close(token_losses(logits, targets), want)


def test_fit_is_the_trainer():
    a, b = small_model(), trainer()
    fit(a, DOCUMENTS, CONFIG)
    b.run()
    assert_same_weights(a, b.model)


def test_resumes_only_its_own_batches():
    run = trainer()
    run.run(lambda entry: True)
    other = Trainer(
        small_model(), EndlessDocuments(DOCUMENTS[1:], 4, 3), CONFIG
    )
    with pytest.raises(ValueError, match="its documents is 60, here it is 59"):
        other.resume(run.state())


def test_a_loss_that_is_not_finite_ends_the_run():
    run = trainer()
    with torch.no_grad():
        run.model.final_norm.weight.fill_(float("nan"))
    message = r"a loss must be finite, at step 1 it is nan: lower lr \(0.01\)"
    with pytest.raises(FloatingPointError, match=message):
        run.run()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"steps": None}, "give a budget: steps, seconds or both"),
        ({"accumulate": 0}, "accumulate must be above 0, got 0"),
        ({"beta2": 1.0}, r"beta2 must be in \[0, 1\), got 1.0"),
        ({"weight_decay": -0.1}, "weight_decay must be >= 0, got -0.1"),
        ({"patience": 2}, "patience counts evaluations: set evaluate_every"),
    ],
)
def test_config_refuses(wrong, message):
    with pytest.raises(ValueError, match=message):
        TrainConfig(**({"steps": 3} | wrong))


def test_evaluating_needs_a_function():
    config = TrainConfig(steps=3, evaluate_every=1)
    with pytest.raises(ValueError, match="evaluate_every needs a function"):
        Trainer(small_model(), EndlessDocuments(DOCUMENTS, 4), config)


def test_a_notebook_keeps_no_states_of_the_progress_line(monkeypatch):
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.delenv("JPY_PARENT_PID", raising=False)
    assert not bar_of(0.0).disable
    assert bar_of(0.0, quiet=True).disable
    monkeypatch.setenv("JPY_PARENT_PID", "1")
    assert bar_of(0.0).disable
