"""A model's folder: the same model comes back, or an error says why not."""

import json
import shutil
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file, save_file

from companion.models import DropoutConfig, Transformer, TransformerConfig
from companion.models.storage import load, model_type, save
from companion.models.tensors import (
    check_tensors,
    read_tensors,
    write_tensors,
)
from companion.tokenization import (
    BPETokenizer,
    ByteTokenizer,
    Vocabulary,
    WordTokenizer,
)

SMALL = {"vocab_size": 300, "context_length": 8, "d_model": 8, "n_layers": 1}
TEXTS = ["the red kite", "the dog took the kite"]


def build(**settings):
    torch.manual_seed(0)
    return Transformer(TransformerConfig(**(SMALL | settings)))


def rewrite(path, **changes):
    record = json.loads(path.read_text())
    path.write_text(json.dumps(record | changes))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"tied": False, "bias": False, "position": "sinusoidal"},
        {"position": "rotary", "norm": "rms", "activation": "swiglu"},
        {"dropout": DropoutConfig.gpt2(0.1), "window": 3, "n_kv_heads": 2},
    ],
    ids=str,
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_same_model_comes_back(tmp_path, settings, dtype):
    model = build(**settings).to(dtype)
    save(model, tmp_path / "new" / "m")
    before = torch.get_rng_state()
    again, tokenizer = load(tmp_path / "new" / "m")
    assert torch.equal(before, torch.get_rng_state())
    assert (again.config, tokenizer) == (model.config, None)
    assert not again.training
    expected = model.state_dict()
    assert list(again.state_dict()) == list(expected)
    for name, tensor in again.state_dict().items():
        assert torch.equal(tensor, expected[name])
        assert tensor.dtype == dtype
    assert again.n_parameters == model.n_parameters
    ids = torch.arange(8)[None]
    with torch.inference_mode():
        assert torch.equal(again(ids), model.eval()(ids))


def test_loading_does_not_load_torchs_compiler(tmp_path):
    """It takes a second, of the two that a command has."""
    save(build(position="rotary"), tmp_path / "m")
    program = (
        "import sys; from companion.models.storage import load; "
        "load(sys.argv[1]); print('torch._dynamo' in sys.modules)"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "m")]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    assert said.stdout == "False\n"


def test_tied_weights_stand_once_and_stay_tied(tmp_path):
    model = build(d_model=64)
    save(model, tmp_path / "tied")
    save(build(d_model=64, tied=False), tmp_path / "not")
    names = load_file(tmp_path / "tied" / "model.safetensors")
    assert "lm_head.weight" not in names
    sizes = [
        (tmp_path / name / "model.safetensors").stat().st_size
        for name in ("tied", "not")
    ]
    assert 0 <= sizes[1] - sizes[0] - 300 * 64 * 4 < 200  # a line of header
    again = load(tmp_path / "tied").model
    assert again.lm_head.weight is again.token_embedding.weight


@pytest.mark.parametrize(
    "tokenizer",
    [
        BPETokenizer.train(TEXTS, 270),
        WordTokenizer.train(TEXTS, 20),
        ByteTokenizer(),
        Vocabulary.build([text.split() for text in TEXTS]),
    ],
    ids=lambda tokenizer: type(tokenizer).__name__,
)
def test_the_tokenizer_travels_and_is_known_by_its_hash(tmp_path, tokenizer):
    save(build(), tmp_path / "m", tokenizer)
    again = load(tmp_path / "m").tokenizer
    assert type(again) is type(tokenizer)
    assert again.content_hash == tokenizer.content_hash
    record = json.loads((tmp_path / "m" / "config.json").read_text())
    assert record["model_type"] == "companion"
    assert record["tokenizer_hash"] == tokenizer.content_hash


def test_a_tokenizer_that_does_not_belong(tmp_path):
    save(build(), tmp_path / "m", BPETokenizer.train(TEXTS, 270))
    other = BPETokenizer.train(["other words, other pairs"], 270)
    other.save(tmp_path / "m" / "tokenizer.json", overwrite=True)
    with pytest.raises(ValueError, match="must be the tokenizer that the mo"):
        load(tmp_path / "m")
    (tmp_path / "m" / "tokenizer.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"no file .*tokenizer\.json"):
        load(tmp_path / "m")
    with pytest.raises(ValueError, match=r"vocab_size \(300\) must be at lea"):
        save(build(), tmp_path / "n", Vocabulary(tuple(map(str, range(297)))))
    assert not (tmp_path / "n").exists()


def test_nothing_is_overwritten_by_surprise(tmp_path):
    first, second = build(), build(d_model=16)
    save(first, tmp_path / "m")
    with pytest.raises(FileExistsError, match="pass overwrite=True"):
        save(second, tmp_path / "m")
    assert load(tmp_path / "m").model.config == first.config
    save(second, tmp_path / "m", overwrite=True)
    assert load(tmp_path / "m").model.config == second.config
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("dear")
    with pytest.raises(FileExistsError, match="holds files and no model"):
        save(first, tmp_path / "letters", overwrite=True)
    assert (tmp_path / "letters" / "a.txt").read_text() == "dear"


def test_a_failure_leaves_nothing_behind(tmp_path):
    class Broken(BPETokenizer):
        def save(self, path, *, overwrite=False):
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        save(build(), tmp_path / "m", Broken(()))
    assert list(tmp_path.iterdir()) == []
    save(build(), tmp_path / "m")
    with pytest.raises(OSError, match="full"):
        save(build(d_model=16), tmp_path / "m", Broken(()), overwrite=True)
    assert load(tmp_path / "m").model.config.d_model == 8
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_what_is_no_model_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file .*config\.json"):
        load(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    assert model_type(tmp_path) == "gpt2"
    with pytest.raises(ValueError, match=r"read it with companion\.interop"):
        load(tmp_path)
    for text in ("{", "[]", "{}"):
        (tmp_path / "config.json").write_text(text)
        with pytest.raises(ValueError, match="must name a model_type"):
            load(tmp_path)


def test_a_damaged_folder_is_refused(tmp_path):
    save(build(), tmp_path / "good")
    weights = tmp_path / "m" / "model.safetensors"
    config = tmp_path / "m" / "config.json"

    def fresh():
        shutil.rmtree(tmp_path / "m", ignore_errors=True)
        shutil.copytree(tmp_path / "good", tmp_path / "m")

    fresh()
    weights.write_bytes(weights.read_bytes()[:-5])
    with pytest.raises(ValueError, match="is not a safetensors file"):
        load(tmp_path / "m")
    weights.unlink()
    with pytest.raises(FileNotFoundError, match="there is no file"):
        load(tmp_path / "m")
    for changes, message in (
        ({"schema": 2}, "schema is 2, this version reads 1"),
        ({"tokenizer_hash": "a"}, "must be given together"),
        ({"dtype": "float16"}, r"must be float16, got float32"),
        ({"speed": 1}, "unknown in StoredConfig: speed"),
    ):
        fresh()
        rewrite(config, **changes)
        with pytest.raises(ValueError, match=message):
            load(tmp_path / "m")
    fresh()
    tensors = load_file(weights)
    tensors["lm_head.weight"] = torch.zeros(300, 8)
    save_file(tensors, weights)
    with pytest.raises(ValueError, match=r"not expected: lm_head\.weight"):
        load(tmp_path / "m")


def test_check_tensors_names_all_that_is_wrong():
    right = {"a": torch.zeros(2, 3), "b": torch.zeros(4), "c": torch.zeros(1)}
    check_tensors({n: t.double() for n, t in right.items()}, right)
    wrong = {"a": torch.zeros(3, 2), "b": torch.zeros(1, 4).half()}
    with pytest.raises(ValueError) as error:
        check_tensors(wrong | {"d": torch.zeros(1)}, right)
    assert str(error.value) == (
        "the tensors must be those of the config; missing: c; not expected: "
        "d; a must be (2, 3), got (3, 2), its transpose; b must be (4,), got "
        "(1, 4), a row too deep; b must be float32, got float16"
    )
    with pytest.raises(ValueError, match="a must be float32, got int64"):
        check_tensors({"a": torch.ones(1).long()}, {"a": torch.ones(1)})


def test_views_of_one_tensor_are_written(tmp_path):
    whole = torch.arange(6.0).reshape(2, 3)
    views = {"all": whole, "turned": whole.T, "row": whole[1]}
    write_tensors(views, tmp_path / "a.safetensors")
    again = read_tensors(tmp_path / "a.safetensors")
    assert all(torch.equal(again[name], views[name]) for name in views)
    with pytest.raises(FileExistsError, match="exists"):
        write_tensors(views, tmp_path / "a.safetensors")
