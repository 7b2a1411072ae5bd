"""Batches, training and storage of the NumPy engine: torch is the referee."""

import json

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from companion import models
from companion.models import TransformerConfig
from companion.models import storage as torch_storage
from companion.numpy_gpt import (
    IGNORED,
    DecoderConfig,
    loss_and_gradients,
    new_decoder,
    storage,
)
from companion.numpy_gpt.examples import Batch, Example, batches, pad
from companion.numpy_gpt.storage import Stored, load, save
from companion.numpy_gpt.training import EpochsConfig, train
from companion.tokenization import WordPunctTokenizer

SIZES = {"vocab_size": 9, "context_length": 12, "d_model": 8, "n_layers": 2,
         "n_heads": 2}  # fmt: skip
CONFIG = DecoderConfig(**SIZES)
TOKENIZER = WordPunctTokenizer(tuple("abcdefg"))


def examples(count=10, seed=0):
    """Texts of unequal length, half of them learned from their middle."""
    rng = np.random.default_rng(seed)
    return [
        Example(rng.integers(9, size=n), 1 if n % 2 else int(n // 2))
        for n in rng.integers(3, 11, size=count)
    ]


def fresh(seed=0, **more):
    """A new decoder."""
    return new_decoder(CONFIG, np.random.default_rng(seed), **more)


def test_pad_learns_only_from_where_it_should():
    batch = pad(
        [Example(np.array([0, 5, 6, 0]), 2), Example(np.array([7, 8]))]
    )
    assert batch.inputs.tolist() == [[0, 5, 6], [7, 0, 0]]
    assert batch.targets.tolist() == [
        [IGNORED, 6, 0],
        [8, IGNORED, IGNORED],
    ]
    assert batch.n_targets == 3


def test_a_pass_has_every_example_once():
    given = [Example(np.full(n, n)) for n in range(2, 60)]
    found = list(batches(given, 4, np.random.default_rng(0)))
    rows = [row[0] for batch in found for row in batch.inputs]
    assert sorted(rows) == list(range(2, 60))
    assert max(len(batch.inputs) for batch in found) == 4
    again = batches(given, 4, np.random.default_rng(0))
    for one, two in zip(found, again, strict=True):
        assert np.array_equal(one.inputs, two.inputs)


def test_training_matches_torch():
    """Steps of Adam on clipped gradients, the rate as it changes."""
    ours = fresh(dtype=np.float64)
    theirs = models.Transformer(TransformerConfig(**SIZES)).double()
    theirs.load_state_dict(
        {name: torch.tensor(a) for name, a in ours.weights.items()}
    )
    config = EpochsConfig(epochs=3, batch_size=4, lr=1e-2, clip_norm=0.5)
    given = examples()
    history = train(ours, lambda rng: given, config, np.random.default_rng(7))
    rng, step = np.random.default_rng(7), 0
    optimizer = torch.optim.Adam(theirs.parameters(), lr=1e-2)
    total = history[-1]["step"]
    for _epoch in range(3):
        for batch in batches(given, 4, rng):
            x, y = (torch.tensor(part) for part in batch)
            logits = theirs(x).flatten(0, 1)
            optimizer.zero_grad()
            F.cross_entropy(logits, y.flatten()).backward()
            torch.nn.utils.clip_grad_norm_(theirs.parameters(), 0.5)
            share = step / total
            rise = share / 0.03 if share < 0.03 else None
            after = (share - 0.03) / 0.97
            fall = 0.1 + 0.9 * (1 + np.cos(np.pi * after)) / 2
            factor = fall if rise is None else max(rise, 0.02)
            optimizer.param_groups[0]["lr"] = 1e-2 * factor
            optimizer.step()
            step += 1
    for name, parameter in theirs.named_parameters():
        np.testing.assert_allclose(
            ours.weights[name], parameter.detach(), atol=1e-5, err_msg=name
        )
    assert [entry["epoch"] for entry in history] == [1, 2, 3]
    assert history[-1]["tokens"] == 3 * pad(given).n_targets


def test_training_learns_and_clips():
    """What is drawn once can be learned by heart; and clipping fires."""
    decoder, given = fresh(), examples(6)
    config = EpochsConfig(epochs=120, batch_size=6, lr=1e-2, clip_norm=0.1)
    seen = []
    history = train(
        decoder, lambda rng: given, config, np.random.default_rng(0),
        seen.append,
    )  # fmt: skip
    assert seen == history
    assert history[0]["loss"] > 2 > 0.5 > history[-1]["loss"]
    assert history[0]["clipped"] == 1 and history[0]["grad_norm"] > 0.1
    batch = pad(given)
    loss, _ = loss_and_gradients(decoder, *batch)
    assert loss < 0.5


def test_the_same_seed_trains_the_same():
    given, config = examples(), EpochsConfig(epochs=2, batch_size=3)
    one, two = fresh(), fresh()
    for decoder in (one, two):
        train(decoder, lambda rng: given, config, np.random.default_rng(1))
    for name, array in one.parameters.items():
        assert np.array_equal(array, two.parameters[name])


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("position", ["learned", "rotary"])
def test_torch_reads_what_numpy_wrote_and_back(tmp_path, tied, position):
    config = DecoderConfig(
        **SIZES, tied=tied, position=position, activation="relu"
    )
    decoder = new_decoder(config, np.random.default_rng(0))
    ids = np.random.default_rng(1).integers(9, size=(2, 12))
    save(Stored(config, decoder, TOKENIZER), tmp_path / "model")
    theirs = torch_storage.load(tmp_path / "model")
    with torch.no_grad():
        logits = theirs.model(torch.tensor(ids))
    np.testing.assert_allclose(decoder.logits(ids), logits, atol=1e-6)
    torch_storage.save(theirs.model, tmp_path / "theirs", theirs.tokenizer)
    for folder in ("model", "theirs"):
        again = load(tmp_path / folder)
        assert again.config == config
        assert again.tokenizer.content_hash == TOKENIZER.content_hash
        assert np.array_equal(again.decoder.logits(ids), decoder.logits(ids))
        assert again.decoder.tied == tied


def stored(tmp_path):
    save(Stored(CONFIG, fresh(), TOKENIZER), tmp_path / "model")
    return tmp_path / "model"


def test_storage_refuses_to_replace(tmp_path):
    folder = stored(tmp_path)
    with pytest.raises(FileExistsError, match="exists; pass overwrite=True"):
        save(Stored(CONFIG, fresh(), TOKENIZER), folder)
    save(Stored(CONFIG, fresh(3), TOKENIZER), folder, overwrite=True)
    large = WordPunctTokenizer(tuple("abcdefgh"))
    with pytest.raises(ValueError, match=r"vocab_size \(9\) must be at least"):
        save(Stored(CONFIG, fresh(), large), tmp_path / "other")


def change(folder, **values):
    path = folder / storage.CONFIG
    record = json.loads(path.read_text())
    record["model"] |= values
    path.write_text(json.dumps(record))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"norm": "rms"}, "norm must be layer, got rms"),
        ({"n_kv_heads": 1}, "n_kv_heads must be 2, got 1"),
        ({"d_model": 7}, r"d_model \(7\) must be a multiple of n_heads"),
        ({"n_layers": 3}, r"it differs in blocks\.2\."),
        ({"activation": "swiglu"}, "must be one of gelu_tanh, relu"),
    ],
)
def test_storage_refuses_other_models(tmp_path, values, message):
    folder = stored(tmp_path)
    change(folder, **values)
    with pytest.raises(ValueError, match=message):
        load(folder)


def test_storage_refuses_damage(tmp_path):
    folder = stored(tmp_path)
    (folder / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="is not a safetensors file"):
        load(folder)
    folder = tmp_path / "second"
    save(Stored(CONFIG, fresh(), TOKENIZER), folder)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(FileNotFoundError, match="there is no file"):
        load(folder)
    WordPunctTokenizer(tuple("abc")).save(folder / "tokenizer.json")
    with pytest.raises(ValueError, match="must be the tokenizer that the mod"):
        load(folder)
    (folder / "config.json").write_text('{"model": {}}')
    with pytest.raises(ValueError, match="must be the config of a decoder"):
        load(folder)


def test_refuses():
    with pytest.raises(ValueError, match="place of its own, 1 to 1, got 2"):
        pad([Example(np.array([1, 2]), 2)])
    with pytest.raises(ValueError, match="batch_size must be at least 1"):
        next(batches(examples(), 0, np.random.default_rng(0)))
    with pytest.raises(ValueError, match="texts to learn from, got none"):
        next(batches([], 1, np.random.default_rng(0)))
    with pytest.raises(ValueError, match="epochs must be above 0, got 0"):
        EpochsConfig(epochs=0)
    decoder = fresh()
    decoder.weights["final_norm.weight"][:] = np.nan
    with pytest.raises(FloatingPointError, match="at step 1 it is nan"):
        train(
            decoder, lambda rng: examples(), EpochsConfig(),
            np.random.default_rng(0),
        )  # fmt: skip


def test_batch_is_inputs_and_targets():
    assert Batch._fields == ("inputs", "targets")
