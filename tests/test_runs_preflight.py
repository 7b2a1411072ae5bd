"""Each check of the pre-flight, with a model that is broken just there."""

import time

import numpy as np
import pytest
import torch
from torch import nn

from companion.models import Transformer, TransformerConfig
from companion.models.transformer_config import DropoutConfig
from companion.runs import preflight
from companion.tokenization import ByteTokenizer
from companion.training import EndlessDocuments, TrainConfig

V = 257
RNG = np.random.default_rng(0)
DOCUMENTS = [RNG.integers(1, V, size=20) for _ in range(40)]
CONFIG = TrainConfig(seconds=900, batch_size=4, lr=1e-2, seed=1)
NAMES = (
    "first loss",
    "no look ahead",
    "learns one batch",
    "stored",
    "resumed",
)


def model_config(**choices):
    return TransformerConfig.llama(
        vocab_size=V,
        **{"context_length": 24, "d_model": 16, "n_layers": 2, "n_heads": 2}
        | choices,
    )


def build(cls=Transformer, **choices):
    torch.manual_seed(0)
    return cls(model_config(**choices))


def batches():
    return EndlessDocuments(DOCUMENTS, CONFIG.batch_size, CONFIG.seed)


def failed(make_model, make_batches=batches, tokenizer=None):
    """Names of the checks that failed, with what they measured."""
    checks = preflight(make_model, make_batches, CONFIG, tokenizer)
    assert tuple(check.name for check in checks) == NAMES
    return {c.name: c.measured for c in checks if not c.passed}


def test_a_sound_model_passes_and_nothing_is_touched():
    torch.manual_seed(7)
    want = torch.rand(3)
    torch.manual_seed(7)
    start = time.process_time()
    assert failed(build_sound, tokenizer=ByteTokenizer()) == {}
    assert time.process_time() - start < 10
    assert torch.equal(torch.rand(3), want)


def build_sound():
    with torch.random.fork_rng(devices=[]):
        return build(dropout=DropoutConfig(weights=0.1))


def test_wrong_first_weights():
    def wrong():
        model = build()
        nn.init.normal_(model.lm_head.weight, std=3.0)
        return model

    found = failed(wrong)
    assert list(found) == ["first loss"]
    assert "ln 257 is 5.549" in found["first loss"]


class Leaky(Transformer):
    """Each guess also sees what comes next."""

    def forward(self, token_ids, visible=None):
        ahead = super().forward(token_ids.roll(-1, 1))
        return super().forward(token_ids) + 0.1 * ahead


def test_a_leak():
    found = failed(lambda: build(Leaky))
    assert (
        "the guess at place 0 sees the token at 1" in (found["no look ahead"])
    )
    assert "differ" in found["stored"]  # what was loaded does not leak


class Blind(Transformer):
    """No token sees another."""

    def forward(self, token_ids, visible=None):
        each = super().forward(token_ids.reshape(-1, 1))
        return each.reshape(*token_ids.shape, -1)


def test_a_past_that_never_arrives():
    assert failed(lambda: build(Blind))["no look ahead"] == (
        "the guess at place 1 does not see the token at 0"
    )


class Restless(Transformer):
    """Dropout that eval() does not turn off."""

    def forward(self, token_ids, visible=None):
        logits = super().forward(token_ids)
        return nn.functional.dropout(logits, 0.2, training=True)


def test_dropout_left_on():
    found = failed(lambda: build(Restless))
    assert "is dropout still on?" in found["no look ahead"]


def test_a_model_that_does_not_learn():
    def frozen():
        model = build()
        head = model.lm_head
        head.register_forward_hook(lambda m, i, o: o.detach() + 0 * o)
        return model

    found = failed(frozen)
    assert list(found) == ["learns one batch"]


class Counting(Transformer):
    """Keeps a number that no checkpoint holds."""

    def __init__(self, config):
        super().__init__(config)
        self.calls = 0

    def forward(self, token_ids, visible=None):
        self.calls += self.training
        return super().forward(token_ids) * (1 + 0.01 * self.calls)


def test_a_state_that_is_not_kept():
    found = failed(lambda: build(Counting))
    assert list(found) == ["resumed"]
    assert "differs by" in found["resumed"]
    assert "after 2 + 2 steps" in found["resumed"]


class Forgetful(EndlessDocuments):
    """Says where it is, and starts anew."""

    def resume(self, state):
        pass


def test_batches_that_start_anew():
    found = failed(
        build, lambda: Forgetful(DOCUMENTS, CONFIG.batch_size, CONFIG.seed)
    )
    assert list(found) == ["resumed"]


def test_a_model_of_no_family():
    found = failed(lambda: build(activation="relu"))
    assert list(found) == ["stored"]
    assert "a config must be all of one family" in found["stored"]


@pytest.mark.parametrize("size", [260])
def test_a_tokenizer_that_does_not_fit(size):
    class Larger(ByteTokenizer):
        vocab_size = size

    found = failed(build, tokenizer=Larger())
    assert "must be at least that of the tokenizer" in found["stored"]
