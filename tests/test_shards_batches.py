"""Batches from shards: the referees are slices of the whole row of ids."""

import json

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from companion.shards import (
    IGNORED,
    DocumentBatches,
    PackedBatches,
    open_shards,
    write_shards,
)
from companion.tokenization import ByteTokenizer
from companion.training import batches as training

TEXTS = [
    "".join(chr(97 + (7 * n + i) % 26) for i in range(n * n % 37))
    for n in range(90)
]


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shards")
    write_shards(TEXTS, ByteTokenizer(), folder, tokens_per_shard=300)
    shards = open_shards(folder)
    assert len(shards.manifest.shards) > 4
    return shards


def whole(shards) -> np.ndarray:
    return shards.tokens(0, shards.n_tokens).astype(np.int64)


def same(ours: list, theirs: list) -> bool:
    return len(ours) == len(theirs) and all(
        np.array_equal(a, b)
        for one, two in zip(ours, theirs, strict=True)
        for a, b in zip(one, two, strict=True)
    )


@pytest.mark.parametrize("length", [1, 7, 64, 1000])
def test_packed_windows_match_slices(shards, length):
    ids = whole(shards)
    n_windows = (len(ids) - 1) // length
    batches = list(
        PackedBatches(
            shards, context_length=length, batch_size=3, shuffle=False
        )
    )
    inputs, targets = (np.concatenate(a) for a in zip(*batches, strict=True))
    used = n_windows * length
    assert np.array_equal(inputs, ids[:used].reshape(-1, length))
    assert np.array_equal(targets, ids[1 : used + 1].reshape(-1, length))
    assert sum(batch.n_tokens for batch in batches) == used
    assert len(ids) - 1 - used < length


def test_documents_match_pad(shards):
    """Rows are those of companion.training, END_OF_TEXT at both ends."""
    (batch,) = DocumentBatches(shards, batch_size=len(TEXTS), shuffle=False)
    encoded = [
        np.array([0, *ByteTokenizer().encode(text), 0]) for text in TEXTS
    ]
    expected = training.pad(encoded, pad_id=0)
    assert np.array_equal(batch.inputs, expected.inputs.numpy())
    assert np.array_equal(batch.targets, expected.targets.numpy())
    assert batch.n_tokens == expected.n_words == shards.n_tokens
    assert training.IGNORED == IGNORED


def make(kind: type, shards, **options):
    options = {"batch_size": 4, "context_length": 16, **options}
    return kind(shards, **options)


kinds = pytest.mark.parametrize("kind", [PackedBatches, DocumentBatches])


@kinds
def test_an_epoch_has_each_row_once_in_another_order(shards, kind):
    def rows(batches) -> list[tuple]:
        return [
            tuple(np.trim_zeros(row, "b").tolist())
            for batch in batches
            for row in batch.inputs
        ]

    plain = rows(make(kind, shards, shuffle=False))
    loader = make(kind, shards, epochs=2)
    orders = [rows(next(loader) for _ in range(len(loader))) for _ in "ab"]
    for order in orders:
        assert sorted(order) == sorted(plain)
        assert order != plain
    assert orders[0] != orders[1]
    with pytest.raises(StopIteration):
        next(loader)


@kinds
def test_a_seed_decides_the_order(shards, kind):
    one, again, other = (
        list(make(kind, shards, seed=seed)) for seed in (5, 5, 6)
    )
    assert same(one, again)
    assert not same(one, other)


@kinds
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    seed=st.integers(0, 9),
    done=st.integers(0, 70),
    batch_size=st.integers(1, 9),
)
def test_continuing_gives_the_batches_of_an_uninterrupted_run(
    shards, kind, seed, done, batch_size
):
    options = {"batch_size": batch_size, "epochs": None}
    running = make(kind, shards, seed=seed, **options)
    for _ in range(done):
        next(running)
    state = json.loads(json.dumps(running.state()))
    expected = [next(running) for _ in range(40)]
    continued = make(kind, shards, seed=99, **options)
    if done % 2:
        next(continued)  # what it did before does not matter
    continued.resume(state)
    assert same([next(continued) for _ in range(40)], expected)


def test_a_state_is_small_and_says_where(shards):
    batches = make(PackedBatches, shards, seed=3, epochs=2)
    for _ in range(len(batches) + 2):
        next(batches)
    state = batches.state()
    assert (state["seed"], state["epoch"], state["position"]) == (3, 1, 2)
    assert len(json.dumps(state)) < 300


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"batch_size": 5}, "its batch_size is 4, here it is 5"),
        ({"context_length": 9}, "its context_length is 16, here it is 9"),
        ({"shuffle": False}, "its shuffle is True, here it is False"),
    ],
)
def test_refuses_the_state_of_other_batches(shards, change, message):
    state = make(PackedBatches, shards).state()
    with pytest.raises(ValueError, match=message):
        make(PackedBatches, shards, **change).resume(state)


def test_refuses_the_state_of_other_shards(shards, tmp_path):
    write_shards([*TEXTS, "more"], ByteTokenizer(), tmp_path)
    state = make(PackedBatches, open_shards(tmp_path)).state()
    with pytest.raises(ValueError, match=r"its shards is '\w+', here it is"):
        make(PackedBatches, shards).resume(state)
    with pytest.raises(ValueError, match="its kind is 'PackedBatches', here"):
        make(DocumentBatches, shards).resume(state)


def test_long_documents_are_cut_and_counted(shards):
    lengths = np.array([len(text) + 1 for text in TEXTS])
    batches = make(DocumentBatches, shards, context_length=20, shuffle=False)
    assert batches.n_cut == (lengths > 20).sum() > 0
    assert sum(b.n_tokens for b in batches) == np.minimum(lengths, 20).sum()
    whole_ones = make(DocumentBatches, shards, context_length=None)
    assert whole_ones.n_cut == 0
    assert sum(batch.n_tokens for batch in whole_ones) == shards.n_tokens


def test_documents_of_similar_length_share_a_batch(shards):
    def padding(shuffle: bool) -> float:
        batches = list(
            make(DocumentBatches, shards, context_length=None, shuffle=shuffle)
        )
        size = sum(batch.inputs.size for batch in batches)
        return 1 - sum(batch.n_tokens for batch in batches) / size

    assert padding(shuffle=True) < padding(shuffle=False) / 2


def test_torch_takes_a_batch_without_copying(shards):
    batch = next(make(PackedBatches, shards))
    inputs = torch.from_numpy(batch.inputs)
    assert inputs.dtype == torch.int64
    assert inputs.is_contiguous()
    assert inputs.data_ptr() == batch.inputs.ctypes.data


@kinds
@pytest.mark.parametrize("name", ["batch_size", "context_length", "epochs"])
def test_refuses_numbers_below_one(shards, kind, name):
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        make(kind, shards, **{name: 0})


def test_refuses_a_window_longer_than_the_shards(shards):
    n = shards.n_tokens
    make(PackedBatches, shards, context_length=n - 1)
    message = rf"context_length \+ 1 = {n + 1} tokens, they have {n}"
    with pytest.raises(ValueError, match=message):
        make(PackedBatches, shards, context_length=n)
