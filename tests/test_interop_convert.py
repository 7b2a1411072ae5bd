"""Old layouts: names, shapes and numbers, each caught by its own check."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from companion import config as configs
from companion.cli import app
from companion.interop import Entry, Layout, Probe, convert
from companion.interop.convert import square_matrices
from companion.models import Transformer, TransformerConfig
from companion.models.storage import load, save
from companion.tokenization import BPETokenizer, Vocabulary

SIZES = {"vocab_size": 290, "context_length": 9, "d_model": 12, "n_layers": 2}
CONFIG = TransformerConfig(**SIZES, n_heads=3, activation="relu")
LINEAR = {
    "attn.query": "attention.q_proj",
    "attn.key": "attention.k_proj",
    "attn.value": "attention.v_proj",
    "attn.out": "attention.o_proj",
    "mlp.in": "ffn.up_proj",
    "mlp.out": "ffn.down_proj",
}
ENTRIES = {
    "tokens": Entry("token_embedding.weight"),
    "places": Entry("position_embedding.weight"),
    "last.g": Entry("final_norm.weight", squeeze=True),
    "last.b": Entry("final_norm.bias", squeeze=True),
}
for old, new in {"one": "attention_norm", "two": "ffn_norm"}.items():
    for part, ours in {"g": "weight", "b": "bias"}.items():
        ENTRIES[f"b{{i}}.{old}.{part}"] = Entry(
            f"blocks.{{i}}.{new}.{ours}", squeeze=True
        )
for old, new in LINEAR.items():
    ENTRIES[f"b{{i}}.{old}.w"] = Entry(
        f"blocks.{{i}}.{new}.weight", transpose=True
    )
    ENTRIES[f"b{{i}}.{old}.b"] = Entry(
        f"blocks.{{i}}.{new}.bias", squeeze=True
    )
LAYOUT = Layout(CONFIG, ENTRIES)
TOKENIZER = BPETokenizer.train(["the red kite and the dog"], 270)


def build():
    torch.manual_seed(0)
    model = Transformer(CONFIG)
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.2 * torch.randn(weight.shape)
    return model.eval()


def old_file(model):
    """Store a model as the old program did."""
    state, old = model.state_dict(), {}
    for name, entry in LAYOUT.each().items():
        tensor = state[entry.to]
        old[name] = (tensor.T if entry.transpose else tensor).contiguous()
        if entry.squeeze:
            old[name] = old[name][None]
    return old


@torch.inference_mode()
def probe_of(model):
    ids = torch.randint(290, (2, 9), generator=torch.Generator())
    return Probe(ids, model(ids))


def test_the_model_comes_back():
    model = build()
    made = convert(old_file(model), LAYOUT, probe_of(model))
    assert not made.training
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, made.state_dict()[name])
    assert made.lm_head.weight is made.token_embedding.weight


def changed(name, **settings):
    """The layout with one entry another."""
    entry = replace(ENTRIES[name], **settings)
    return Layout(CONFIG, ENTRIES | {name: entry})


@pytest.mark.parametrize("name", ENTRIES)
def test_each_wrong_entry_is_caught(name):
    """By its shape if that shows it, else by the logits, else by neither."""
    model = build()
    entry = ENTRIES[name]
    if entry.squeeze:
        wrong = changed(name, squeeze=False)
        with pytest.raises(ValueError, match="a row too deep"):
            convert(old_file(model), wrong)
        return
    wrong = changed(name, transpose=not entry.transpose)
    if entry.to in square_matrices(CONFIG):
        convert(old_file(model), wrong)  # unseen
        with pytest.raises(ValueError, match=r"old program's to 0\.0001, got"):
            convert(old_file(model), wrong, probe_of(model))
    else:
        with pytest.raises(ValueError, match="its transpose"):
            convert(old_file(model), wrong)


def test_the_square_ones_are_named():
    assert square_matrices(CONFIG) == [
        f"blocks.{{i}}.attention.{name}_proj.weight" for name in "qkvo"
    ]
    square = TransformerConfig(vocab_size=8, d_model=8, n_kv_heads=2)
    assert square_matrices(square) == [
        "token_embedding.weight",
        "blocks.{i}.attention.q_proj.weight",
        "blocks.{i}.attention.o_proj.weight",
        "lm_head.weight",
    ]
    wrong = changed("b{i}.attn.out.w", transpose=False)
    with pytest.raises(ValueError, match=r"q_proj\.weight, .*o_proj\.weight"):
        convert(old_file(build()), wrong, probe_of(build()))


def test_one_more_head_shows_only_in_the_logits():
    """No file of weights says how many heads there are."""
    wrong = Layout(replace(CONFIG, n_heads=4, n_kv_heads=4), ENTRIES)
    convert(old_file(build()), wrong)
    with pytest.raises(ValueError, match="old program"):
        convert(old_file(build()), wrong, probe_of(build()))


def test_names_are_checked_first():
    old = old_file(build())
    old["own"] = old.pop("tokens")
    with pytest.raises(ValueError, match="missing: tokens; not expected: own"):
        convert(old, LAYOUT)
    with pytest.raises(ValueError, match=r"missing: b0\.mlp\.in\.w; not expe"):
        convert(
            {k: v for k, v in old_file(build()).items() if k != "b0.mlp.in.w"},
            LAYOUT,
        )
    few = {k: v for k, v in ENTRIES.items() if k != "places"}
    old = {k: v for k, v in old_file(build()).items() if k != "places"}
    with pytest.raises(ValueError, match=r"missing: position_embedding\.wei"):
        convert(old, Layout(CONFIG, few))


def test_formats_are_checked():
    old = old_file(build())
    old["places"] = old["places"].double()
    with pytest.raises(ValueError, match="must be float32, got float64"):
        convert(old, LAYOUT)
    doubled = {name: tensor.double() for name, tensor in old.items()}
    made = convert(doubled, LAYOUT)
    assert made.token_embedding.weight.dtype == torch.float64


def test_a_layout_that_cannot_be():
    with pytest.raises(ValueError, match=r"a tensor of the model, got blocks"):
        Layout(CONFIG, {"x": Entry("blocks.2.ffn_norm.weight")})
    twice = {"x": Entry("final_norm.bias"), "y": Entry("final_norm.bias")}
    with pytest.raises(ValueError, match=r"one entry, got more for final_n"):
        Layout(CONFIG, twice)


def test_logits_of_another_shape_and_nan():
    probe = probe_of(build())
    with pytest.raises(ValueError, match=r"shape \(2, 9, 290\), got \(2, 9,"):
        convert(old_file(build()), LAYOUT, Probe(probe[0], probe[1][..., :9]))
    with pytest.raises(ValueError, match="got a difference of nan"):
        convert(
            old_file(build()), LAYOUT, Probe(probe[0], probe[1] * torch.nan)
        )


# the commands


def invoke(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


def write_layout(path, layout=LAYOUT):
    """Write a layout as somebody would by hand: defaults left out."""
    model = configs.to_dict(layout.model)
    usual = configs.to_dict(TransformerConfig(vocab_size=1))
    model = {k: v for k, v in model.items() if v != usual[k]}
    entries = {
        name: {k: v for k, v in configs.to_dict(entry).items() if v}
        for name, entry in layout.tensors.items()
    }
    path.write_text(json.dumps({"model": model, "tensors": entries}))


@pytest.fixture
def files(tmp_path):
    """The old file, its layout, what it computed, and a tokenizer."""
    model = build()
    save_file(old_file(model), tmp_path / "old.safetensors")
    save_file(probe_of(model)._asdict(), tmp_path / "probe.safetensors")
    write_layout(tmp_path / "layout.json")
    TOKENIZER.save(tmp_path / "tokenizer.json")
    return tmp_path


def arguments(files, *more):
    return (
        *("convert", "--from", files / "old.safetensors"),
        *("--layout", files / "layout.json", "--out", files / "out"),
        *more,
    )


def test_convert_writes_what_transformers_loads(files):
    transformers = pytest.importorskip("transformers")
    more = ("--check", files / "probe.safetensors")
    more += ("--tokenizer", files / "tokenizer.json")
    result = invoke(*arguments(files, *more))
    assert (result.exit_code, result.stderr) == (0, "")
    n = build().n_parameters
    assert (
        f"out: {n:,} parameters, tokenizer {TOKENIZER.content_hash[:12]}"
        in (result.stdout)
    )
    probe = probe_of(build())
    theirs = transformers.AutoModelForCausalLM.from_pretrained(files / "out")
    with torch.inference_mode():
        torch.testing.assert_close(
            theirs.eval()(probe.token_ids).logits,
            probe.logits,
            atol=1e-5,
            rtol=0,
        )


def test_convert_says_that_it_compared_nothing(files):
    result = invoke(*arguments(files))
    assert result.exit_code == 0
    assert "without a tokenizer" in result.stdout
    assert "compared with nothing: see --check" in result.stdout
    again = invoke(*arguments(files))
    assert again.exit_code == 1
    assert again.stderr.endswith("out exists; use --force\n")
    assert invoke(*arguments(files, "--force")).exit_code == 0


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: (f / "old.safetensors").unlink(), "there is no file"),
        (lambda f: (f / "old.safetensors").write_bytes(b"x"), "is not a safe"),
        (lambda f: (f / "layout.json").write_text("{"), "layout.json: Expect"),
        (lambda f: (f / "layout.json").write_text("[]"), "is no layout"),
        (lambda f: (f / "layout.json").write_text("{}"), "a part 'model'"),
        (
            lambda f: (f / "layout.json").write_text(
                '{"model": {"vocab_size": 9, "width": 3}, "tensors": {}}'
            ),
            "unknown in TransformerConfig: width",
        ),
        (
            lambda f: (f / "layout.json").write_text(
                '{"model": {"vocab_size": 9}, "tensors": {"a": {"too": "b"}}}'
            ),
            "unknown in Entry: too",
        ),
        (
            lambda f: write_layout(
                f / "layout.json", changed("b{i}.attn.out.w", transpose=False)
            ),
            "logits must be the old program's",
        ),
        (
            lambda f: write_layout(
                f / "layout.json", changed("b{i}.mlp.in.w", transpose=False)
            ),
            "its transpose",
        ),
        (
            lambda f: save_file(
                {"logits": torch.ones(1)}, f / "probe.safetensors"
            ),
            "must hold token_ids and logits, got logits",
        ),
        (lambda f: (f / "layout.json").unlink(), "No such file"),
    ],
)
def test_convert_fails_in_one_line_and_writes_nothing(files, spoil, message):
    spoil(files)
    more = ("--check", files / "probe.safetensors")
    result = invoke(*arguments(files, *more))
    assert result.exit_code == 1
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (files / "out").exists()


def test_export_and_import_are_a_round_trip(tmp_path):
    save(build(), tmp_path / "mine", TOKENIZER)
    model = ("--model", tmp_path / "mine", "--out", tmp_path / "hf")
    result = invoke("export", *model)
    assert (result.exit_code, result.stderr) == (0, "")
    back = ("--from", tmp_path / "hf", "--out", tmp_path / "again")
    result = invoke("import", *back)
    assert (result.exit_code, result.stderr) == (0, "")
    assert TOKENIZER.content_hash[:12] in result.stdout
    again = load(tmp_path / "again")
    assert again.tokenizer.content_hash == TOKENIZER.content_hash
    assert again.model.config == CONFIG
    assert all(
        torch.equal(a, b)
        for a, b in zip(
            again.model.parameters(), build().parameters(), strict=True
        )
    )
    both = ((("export", *model)), ("import", *back))
    for command in both:
        refused = invoke(*command)
        assert refused.exit_code == 1
        assert "exists; use --force" in refused.stderr
        assert invoke(*command, "--force").exit_code == 0


def test_export_and_import_refuse_in_one_line(tmp_path):
    result = invoke("export", "--model", tmp_path, "--out", tmp_path / "b")
    assert result.exit_code == 1
    assert "there is no file" in result.stderr
    words = Vocabulary(("a", "b"))
    save(build(), tmp_path / "mine", words)
    model = ("--model", tmp_path / "mine", "--out", tmp_path / "b")
    result = invoke("export", *model)
    assert "a Vocabulary has no tokenizer.json" in result.stderr
    source = ("--from", tmp_path / "mine", "--out", tmp_path / "b")
    result = invoke("import", *source)
    assert result.exit_code == 1
    assert "holds a model of this book" in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "b").exists()
    assert load_file(tmp_path / "mine" / "model.safetensors")
