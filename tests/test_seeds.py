"""The referees are the generators' own seeds, and a second process."""

import os
import random
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

from companion.seeds import set_seed, worker_seed

TRAINING = """
import hashlib, random
import torch
from torch import nn
from companion.seeds import set_seed

rng = set_seed({seed})
x = torch.tensor(rng.normal(size=(64, 8)), dtype=torch.float32)
model = nn.Sequential(
    nn.Linear(8, 16), nn.Tanh(), nn.Dropout(0.2), nn.Linear(16, 1)
)
optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
for step in range(20):
    rows = torch.randperm(64)[:16]
    loss = (model(x[rows]) - random.random()).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
weights = nn.utils.parameters_to_vector(model.parameters())
print(hashlib.sha256(weights.detach().numpy().tobytes()).hexdigest())
"""


def train(seed):
    """Train a small network in a process of its own; hash its weights."""
    return subprocess.check_output(
        [sys.executable, "-c", TRAINING.format(seed=seed)],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        text=True,
    ).strip()


def draw():
    return random.random(), np.random.rand(), torch.rand(3).tolist()


def test_matches_each_generators_own_seed():
    rng = set_seed(5)
    ours = draw()
    random.seed(5)
    np.random.seed(5)
    torch.manual_seed(5)
    assert ours == draw()
    theirs = np.random.default_rng(5)
    assert rng.bit_generator.state == theirs.bit_generator.state


def test_two_runs_agree_bit_for_bit():
    first, again, other = train(0), train(0), train(1)
    assert first == again
    assert first != other


def test_in_one_process_too():
    def weights():
        set_seed(3)
        model = nn.Linear(4, 4)
        return (model(torch.rand(2, 4)) + torch.randn(2, 4)).tolist()

    assert weights() == weights()


def test_workers_differ():
    seeds = {worker_seed(s, w) for s in range(50) for w in range(64)}
    assert len(seeds) == 50 * 64
    assert all(0 <= seed < 2**32 for seed in seeds)


def test_worker_is_a_child_that_numpy_spawns():
    children = np.random.SeedSequence(7).spawn(4)
    theirs = [int(child.generate_state(1)[0]) for child in children]
    assert [worker_seed(7, worker) for worker in range(4)] == theirs


def test_workers_draw_unlike_one_another():
    draws = np.array([set_seed(worker_seed(0, w)).random(500) for w in (0, 1)])
    assert abs(np.corrcoef(draws)[0, 1]) < 0.15  # 3.4 standard errors


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_refuses_seeds_outside_the_range(seed):
    rule = f"seed must be at least 0 and at most 4294967295, got {seed}"
    with pytest.raises(ValueError, match=rule):
        set_seed(seed)


def test_refuses_workers_below_zero():
    with pytest.raises(ValueError, match=r"worker must be .* got -1"):
        worker_seed(0, -1)
    with pytest.raises(ValueError, match="seed must be at least 0, got -3"):
        worker_seed(-3, 0)
