import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from test_trainer import CONFIG, assert_same_weights, trainer

from companion.training.checkpoint import (
    OtherTraining,
    checkpoints,
    load_checkpoint,
    save_checkpoint,
)

ABOUT = {"corpus": "abc", "train": {"lr": 0.01, "betas": (0.9, 0.99)}}


def half_way(folder, about=ABOUT):
    run = trainer()
    run.run(lambda entry: entry["step"] == 4)
    return run, save_checkpoint(run.state(), folder, about)


def test_from_a_file_to_the_same_end(tmp_path):
    whole = trainer()
    whole.run()
    _, path = half_way(tmp_path)
    second = trainer(seed=9)
    second.resume(load_checkpoint(path, ABOUT))
    second.run()
    assert_same_weights(whole.model, second.model)


def test_tied_weights_stay_tied(tmp_path):
    _, path = half_way(tmp_path)
    second = trainer()
    second.resume(load_checkpoint(path, ABOUT))
    head, tokens = second.model.lm_head, second.model.token_embedding
    assert head.weight is tokens.weight


def test_keeps_the_two_newest(tmp_path):
    run = trainer()
    run.run(lambda e: bool(save_checkpoint(run.state(), tmp_path, {})) and 0)
    names = [path.name for path in checkpoints(tmp_path)]
    assert names == [
        "step-000000007.safetensors",
        "step-000000008.safetensors",
    ]
    assert len(list(tmp_path.iterdir())) == 2  # nothing else is left


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.999])
def test_refuses_a_file_cut_short(tmp_path, share):
    _, path = half_way(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(ValueError, match=f"{path.name} is damaged"):
        load_checkpoint(path, ABOUT)


def test_refuses_any_altered_byte(tmp_path):
    _, path = half_way(tmp_path)
    data = path.read_bytes()
    rng = np.random.default_rng(0)
    for place in rng.integers(len(data), size=200).tolist():
        changed = bytearray(data)
        changed[place] ^= 1 << rng.integers(8)
        path.write_bytes(changed)
        with pytest.raises(ValueError, match=path.name):
            load_checkpoint(path, ABOUT)
    path.write_bytes(data)
    load_checkpoint(path, ABOUT)


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"corpus": "x"}, "its corpus is 'abc', here it is 'x'"),
        (ABOUT | {"seed": 1}, "its seed is None, here it is 1"),
        (
            ABOUT | {"train": {"lr": 0.02, "betas": (0.9, 0.99)}},
            "its train.lr is 0.01, here it is 0.02",
        ),
    ],
)
def test_refuses_another_training(tmp_path, about, message):
    _, path = half_way(tmp_path)
    with pytest.raises(OtherTraining, match=message):
        load_checkpoint(path, about)


def test_there_must_be_a_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no file"):
        load_checkpoint(tmp_path / "step-1.safetensors", {})


CHILD = """
import sys
import torch
sys.path.insert(0, {tests!r})
from test_trainer import trainer
from companion.training import TrainConfig
from companion.training.checkpoint import *
torch.set_num_threads(1)
folder, steps = sys.argv[1], int(sys.argv[2])
run = trainer(TrainConfig(steps=steps, batch_size=4, lr=1e-2, seed=3))
found = checkpoints(folder)
if found:
    run.resume(load_checkpoint(found[-1], {{}}))
print("ready", flush=True)
run.run(lambda entry: bool(save_checkpoint(run.state(), folder, {{}})) and 0)
save_checkpoint(run.state(), folder + "/end", {{}})
"""


def test_killed_at_any_moment_ends_the_same(tmp_path):
    """SIGKILL, again and again, between writes and in the middle of one."""
    steps, kills = 60, 0
    child = CHILD.format(tests=__file__.rsplit("/", 1)[0])
    folder = tmp_path / "run"
    folder.mkdir()
    rng = np.random.default_rng(0)
    command = [sys.executable, "-c", child, str(folder), str(steps)]
    for wait in rng.uniform(0.02, 0.4, size=30):
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        process.stdout.readline()  # it has begun, or gone on
        time.sleep(wait)
        process.kill()
        killed = process.wait() != 0
        kills += killed
        if not killed or kills == 3:
            break
    subprocess.run(command, check=True, capture_output=True)
    torch.set_num_threads(1)
    whole = trainer(type(CONFIG)(steps=steps, batch_size=4, lr=1e-2, seed=3))
    whole.run()
    (end,) = checkpoints(folder / "end")
    ended = load_checkpoint(end, {}).tensors
    for name, tensor in whole.model.state_dict().items():
        assert torch.equal(tensor, ended[f"model.{name}"]), name
    assert kills >= 2
