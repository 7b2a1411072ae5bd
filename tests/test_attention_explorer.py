"""The attention explorer: JavaScript against Python and against torch."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from companion.corpus import split
from companion.evaluation import NeuralScorer, stories_loss
from companion.models import Transformer, TransformerConfig
from companion.models.storage import load
from companion.tokenization import Vocabulary, split_words
from companion.widgets import AttentionExplorer, attention_explorer, base
from companion.widgets.attention_explorer import (
    look,
    pack,
    round_matrix,
    rounded,
)

needs_node = pytest.mark.skipif(
    shutil.which("node") is None, reason="node is not installed"
)
RESULTS = Path(__file__).parents[1] / "book" / "results"
VOCABULARY = Vocabulary([f"word{i}" for i in range(26)])  # and 4 symbols
CONFIG = TransformerConfig(
    vocab_size=30,
    context_length=40,
    d_model=24,
    n_layers=2,
    d_ff=20,
    position="rotary",
    init_std=0.3,
)


def model(**changes):
    """A decoder whose biases and norms are not those of a fresh one."""
    torch.manual_seed(0)
    made = Transformer(replace(CONFIG, **changes)).eval()
    for name, parameter in made.named_parameters():
        if parameter.ndim == 1:
            nn.init.normal_(parameter, mean="norm.w" in name, std=0.2)
    return made


def test_look_matches_torch_attention():
    ids = torch.tensor([2, 7, 7, 11, 4])
    ours = look(model(), ids.tolist())
    block = model().blocks[0]
    with torch.no_grad():
        x = block.attention_norm(model().token_embedding(ids)[None])
        q, k, _ = block.attention.project(x)
        turn = model()._rotation(slice(0, 5))
        scores = turn(q) @ turn(k).transpose(-2, -1) / 6**0.5
        scores += torch.full((5, 5), -torch.inf).triu(1)
        logits = model()(ids[None])[0]
    np.testing.assert_allclose(
        ours.weights[0], scores.softmax(-1)[0], atol=1e-6
    )
    np.testing.assert_allclose(ours.next_word, logits.softmax(-1), atol=1e-6)
    assert ours.weights.shape == (2, 4, 5, 5)
    np.testing.assert_allclose(ours.weights.sum(-1), 1, atol=1e-5)


def test_look_repeats_shared_keys_and_keeps_a_window():
    ids = [2, 7, 7, 11, 4]
    weights = look(model(n_kv_heads=2, window=2), ids).weights
    assert weights.shape == (2, 4, 5, 5)
    assert (weights[..., 4, :3] == 0).all()
    assert not model().blocks[0].attention._forward_pre_hooks


@needs_node
def test_javascript_reads_as_python(javascript):
    widget = AttentionExplorer(model(), VOCABULARY)
    setup = [widget.config, widget.packed]
    rng = np.random.default_rng(0)
    texts = [[2, *rng.integers(4, 30, n).tolist()] for n in (0, 1, 9, 38)]
    found = javascript(
        "attention_explorer", [("open.read", [setup, ids]) for ids in texts]
    )
    carried = rounded(model())
    for ids, theirs in zip(texts, found, strict=True):
        ours = look(carried, ids)
        full = np.zeros_like(ours.weights)
        for layer, heads in enumerate(theirs["weights"]):
            for head, rows in enumerate(heads):
                for t, row in enumerate(rows):
                    full[layer, head, t, : t + 1] = row
        np.testing.assert_allclose(full, ours.weights, atol=1e-4)
        np.testing.assert_allclose(
            theirs["next"], ours.next_word, atol=1e-4, rtol=1e-3
        )


@needs_node
def test_javascript_unpacks_what_python_packs(javascript):
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=(5, 7)).astype(np.float32)
    matrix[2] = 0
    vector = rng.normal(size=11).astype(np.float32)
    one, two = javascript(
        "attention_explorer",
        [("unpack", [pack(matrix)]), ("unpack", [pack(vector)])],
    )
    whole, scales = round_matrix(matrix)
    assert one["shape"] == [5, 7] and two["shape"] == [11]
    values = np.array(list(one["data"].values())).reshape(5, 7)
    np.testing.assert_allclose(values, whole * scales[:, None], rtol=1e-6)
    np.testing.assert_array_equal(list(two["data"].values()), vector)


def test_rounding_is_off_by_half_a_step_at_most():
    matrix = np.random.default_rng(2).normal(size=(20, 30))
    whole, scales = round_matrix(matrix.astype(np.float32))
    error = np.abs(whole * scales[:, None] - matrix)
    assert (error <= 0.501 * scales[:, None]).all()
    assert whole.min() >= -127 and whole.max() <= 127


@needs_node
def test_words_are_found_and_the_others_named(javascript):
    words = ["<pad>", "<unk>", "<s>", "</s>", "Once", "the", "don't", "."]
    found, none, long = javascript(
        "attention_explorer",
        [
            ("readText", ["once the zebra, don't. Zebra THE", words]),
            ("readText", ["", words]),
            ("readText", ["the " * 200, words]),
        ],
    )
    assert found == {
        "ids": [4, 5, 6, 7, 5],
        "unknown": ["zebra", ",", "Zebra"],
    }
    assert none == {"ids": [], "unknown": []}
    assert len(long["ids"]) == 120


@needs_node
def test_largest_and_softmax(javascript):
    top, soft = javascript(
        "attention_explorer",
        [("largest", [[0.2, 0.5, 0.2], 2]), ("softmax", [[1000, 1000, -5]])],
    )
    assert top == [[1, 0.5], [0, 0.2]]
    assert soft == [0.5, 0.5, 0]


def test_rounding_costs_the_stored_model_next_to_nothing():
    reader, vocabulary = load(RESULTS / "attention_explorer")
    reader = reader.float()
    stories = list(split("en", "test").stories(20))
    exact, carried = (
        stories_loss(NeuralScorer(one, vocabulary), stories).nats_per_word
        for one in (reader, rounded(reader))
    )
    assert abs(exact - carried) < 0.001
    widget = AttentionExplorer(reader, vocabulary)
    assert widget.state_bytes() < base.MAX_STATE
    known = set(vocabulary.words(range(len(vocabulary))))
    assert known.issuperset(split_words(attention_explorer.TEXT))


def test_state_is_small():
    config = replace(CONFIG, vocab_size=396, d_model=48, d_ff=96)
    words = Vocabulary([f"word{i}" for i in range(392)])
    widget = AttentionExplorer(Transformer(config), words)
    assert widget.state_bytes() < attention_explorer.MAX_WEIGHTS + 50_000
    assert "2 layers, 4 heads each" in repr(widget)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"position": "learned"}, "position must be 'rotary' in this widget"),
        ({"activation": "relu"}, "activation must be 'gelu_tanh'"),
        ({"n_kv_heads": 2}, r"n_kv_heads must be n_heads \(4\)"),
        ({"vocab_size": 31}, r"must have vocab_size \(31\) words, got 30"),
        ({"d_ff": 2_000}, "the weights must fit in 100000 bytes, got"),
    ],
)
def test_other_models_are_refused(change, text):
    with pytest.raises(ValueError, match=text):
        AttentionExplorer(model(**change), VOCABULARY)


@pytest.mark.parametrize("change", [{"layer": 3}, {"head": 0}])
def test_a_head_that_is_not_there_is_refused(change):
    (name,) = change
    with pytest.raises(ValueError, match=f"{name} must be from 1 to"):
        AttentionExplorer(model(), VOCABULARY, **change)
