"""Folders for and from transformers, which loads them offline."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from companion.corpus import StoryWorld
from companion.interop import export_model, import_model
from companion.interop.folders import read_weights
from companion.models import Transformer, TransformerConfig
from companion.models.storage import load, save
from companion.tokenization import (
    TOKENIZERS,
    BPETokenizer,
    Vocabulary,
    WordTokenizer,
)

transformers = pytest.importorskip("transformers")
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()

TEXTS = list(StoryWorld().texts(60))
BPE = BPETokenizer.train(TEXTS, 320)
SIZES = {"context_length": 40, "d_model": 16, "n_layers": 2}
KINDS = {
    "gpt2": TransformerConfig(vocab_size=320, **SIZES),
    "gpt2 untied": TransformerConfig(
        vocab_size=320, **SIZES, tied=False, bias=False, activation="relu"
    ),
    "llama": TransformerConfig.llama(vocab_size=320, **SIZES, n_kv_heads=2),
    "llama tied": TransformerConfig.llama(
        vocab_size=321, **SIZES, tied=True, bias=True, rope_theta=100.0
    ),
}


def build(kind, std=0.15):
    """A model whose choices are clear: far from equal logits."""
    torch.manual_seed(0)
    model = Transformer(KINDS[kind])
    with torch.no_grad():
        for weight in model.parameters():
            weight += std * torch.randn(weight.shape)
    return model.eval()


def theirs_at(folder):
    return transformers.AutoModelForCausalLM.from_pretrained(folder).eval()


@torch.inference_mode()
def greedy(model, ids, n_new, end):
    """Our own greedy tokens, each time with the whole text read again."""
    ids = list(ids)
    for _ in range(n_new):
        ids.append(model(torch.tensor([ids]))[0, -1].argmax().item())
        if ids[-1] == end:
            break
    return ids


@pytest.mark.parametrize("kind", KINDS)
def test_transformers_loads_it_and_writes_the_same(tmp_path, kind):
    model = build(kind)
    export_model(model, BPE, tmp_path / "out")
    theirs = theirs_at(tmp_path / "out")
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")
    for text in TEXTS[:5]:
        prompt = " ".join(text.split()[:4])
        ids = tokenizer(prompt, return_tensors="pt").input_ids
        assert ids[0].tolist() == BPE.encode(prompt)
        ours = greedy(model, BPE.encode(prompt), 25, end=0)
        made = theirs.generate(ids, max_new_tokens=25, do_sample=False)
        assert made[0].tolist() == ours
        assert tokenizer.decode(
            made[0], skip_special_tokens=True
        ) == BPE.decode(ours)
    ids = torch.randint(320, (2, 40))
    with torch.inference_mode():
        torch.testing.assert_close(
            theirs(ids).logits, model(ids), atol=1e-5, rtol=1e-5
        )


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_left_over_when_transformers_loads_it(tmp_path, kind):
    export_model(build(kind), BPE, tmp_path / "out")
    _, told = transformers.AutoModelForCausalLM.from_pretrained(
        tmp_path / "out", output_loading_info=True
    )
    for name in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        assert not told[name], told


def test_generation_stops_at_the_end_of_a_text(tmp_path):
    """A model that always says the end: one new token, and no more."""
    model = build("gpt2", std=0.0)
    with torch.no_grad():
        model.final_norm.weight.zero_()
        model.final_norm.bias.fill_(1)
        model.token_embedding.weight[0] = 1
    export_model(model, BPE, tmp_path / "out")
    ids = torch.tensor([[5, 6]])
    made = theirs_at(tmp_path / "out").generate(ids, max_new_tokens=9)
    assert made.tolist() == [[5, 6, 0]]
    export_model(model, None, tmp_path / "bare")
    names = {path.name for path in (tmp_path / "bare").iterdir()}
    assert names == {
        "config.json",
        "generation_config.json",
        "model.safetensors",
    }
    made = theirs_at(tmp_path / "bare").generate(ids, max_new_tokens=9)
    assert made.tolist() == [[5, 6] + [0] * 9]


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_each_tokenizer_travels(tmp_path, kind):
    tokenizer = TOKENIZERS[kind].train(TEXTS, 320)
    model = Transformer(
        TransformerConfig(vocab_size=tokenizer.vocab_size, d_model=8)
    )
    export_model(model, tokenizer, tmp_path / "out")
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")
    for text in (*TEXTS[:20], "A zebra , it's  odd.", "Ω!", ""):
        ids = tokenizer.encode(text)
        assert theirs(text).input_ids == ids
        assert theirs.decode(ids) == tokenizer.decode(ids)
    assert theirs.eos_token_id == theirs.pad_token_id == 0
    assert theirs.model_max_length == 128
    assert len(theirs) == tokenizer.vocab_size
    again = import_model(tmp_path / "out").tokenizer
    assert type(again) is type(tokenizer)
    assert again.content_hash == tokenizer.content_hash


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_ours_comes_back(tmp_path, kind, dtype):
    model = build(kind).to(dtype)
    export_model(model, BPE, tmp_path / "out")
    again, tokenizer = import_model(tmp_path / "out", dtype)
    assert tokenizer.content_hash == BPE.content_hash
    assert not again.training
    expected = model.state_dict()
    for name, tensor in again.state_dict().items():
        if name in expected:  # GPT-2 has biases, if only zeros
            assert torch.equal(tensor, expected[name])
            assert tensor.dtype == dtype
        else:
            assert name.endswith(".bias") and not tensor.any()
    ids = torch.arange(40)[None]
    with torch.inference_mode():
        assert torch.equal(again(ids), model(ids))
    wide = import_model(tmp_path / "out").model
    assert wide.token_embedding.weight.dtype == torch.float32


def write_theirs(folder, family="gpt2", tied=True, **saving):
    """A model of theirs as their own library writes it."""
    torch.manual_seed(0)
    sizes = {"vocab_size": 50, "bos_token_id": None, "eos_token_id": None}
    sizes |= {"hidden_size": 16, "num_hidden_layers": 2}
    sizes |= {"num_attention_heads": 4, "max_position_embeddings": 12}
    if family == "llama":
        sizes |= {"intermediate_size": 20, "num_key_value_heads": 2}
    config = transformers.AutoConfig.for_model(
        family, **sizes, tie_word_embeddings=tied
    )
    model = transformers.AutoModelForCausalLM.from_config(config).eval()
    model.save_pretrained(folder, **saving)
    return model


@pytest.mark.parametrize("family", ["gpt2", "llama"])
@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("shards", [False, True])
def test_reads_what_transformers_writes(tmp_path, family, tied, shards):
    saving = {"max_shard_size": "4KB"} if shards else {}
    theirs = write_theirs(tmp_path, family, tied, **saving)
    files = [path.name for path in tmp_path.glob("*.safetensors")]
    assert ("model.safetensors" in files) != shards
    assert (len(files) > 2) == shards
    assert ("lm_head.weight" in read_weights(tmp_path)) != tied
    ours, tokenizer = import_model(tmp_path)
    assert tokenizer is None and not ours.training
    ids = torch.arange(24).reshape(2, 12)
    with torch.inference_mode():
        torch.testing.assert_close(ours(ids), theirs(ids).logits)


def test_a_base_model_without_its_head(tmp_path):
    """As the file of GPT-2: no "transformer." and no head."""
    theirs = write_theirs(tmp_path / "whole")
    theirs.transformer.save_pretrained(tmp_path / "base")
    names = load_file(tmp_path / "base" / "model.safetensors")
    assert "wte.weight" in names
    ours = import_model(tmp_path / "base").model
    ids = torch.arange(12)[None]
    with torch.inference_mode():
        torch.testing.assert_close(ours(ids), theirs(ids).logits)


def test_a_tokenizer_of_another_kind_is_passed_over(tmp_path):
    export_model(build("gpt2"), BPE, tmp_path / "out")
    path = tmp_path / "out" / "tokenizer.json"
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")
    theirs.save_pretrained(tmp_path / "out")  # drops what is ours
    assert "companion" not in json.loads(path.read_text())["model"]
    assert import_model(tmp_path / "out").tokenizer is None


def test_a_changed_tokenizer_is_refused(tmp_path):
    export_model(build("gpt2"), BPE, tmp_path / "out")
    path = tmp_path / "out" / "tokenizer.json"
    record = json.loads(path.read_text())
    record["model"]["merges"].reverse()
    path.write_text(json.dumps(record))
    with pytest.raises(ValueError, match=r"tokenizer\.json"):
        import_model(tmp_path / "out")
    path.write_text("{")
    with pytest.raises(ValueError, match="is not JSON"):
        import_model(tmp_path / "out")
    path.write_text("[]")
    with pytest.raises(ValueError, match=r"must hold a JSON object, got \[\]"):
        import_model(tmp_path / "out")


def test_what_cannot_be_exported(tmp_path):
    model = build("gpt2")
    words = Vocabulary.build([text.split() for text in TEXTS])
    with pytest.raises(ValueError, match="Vocabulary has no tokenizer"):
        export_model(model, words, tmp_path / "out")
    with pytest.raises(ValueError, match=r"vocab_size \(320\) must be at l"):
        many = BPETokenizer.train(TEXTS, 321)
        export_model(model, many, tmp_path / "out")
    odd = Transformer(TransformerConfig(vocab_size=320, norm="rms"))
    with pytest.raises(ValueError, match="GPT-2 has no norm='rms'"):
        export_model(odd, BPE, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    export_model(model, BPE, tmp_path / "out")
    with pytest.raises(FileExistsError, match="pass overwrite=True"):
        export_model(model, BPE, tmp_path / "out")
    few = WordTokenizer.train(TEXTS, 90)
    export_model(model, few, tmp_path / "out", overwrite=True)
    kept = import_model(tmp_path / "out").tokenizer
    assert kept.content_hash == few.content_hash
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a").write_text("")
    with pytest.raises(FileExistsError, match="holds files and no model"):
        export_model(model, BPE, tmp_path / "mine", overwrite=True)


def test_the_wrong_reader_names_the_right_one(tmp_path):
    save(build("gpt2"), tmp_path / "ours")
    with pytest.raises(ValueError, match=r"companion\.models\.storage\.load"):
        import_model(tmp_path / "ours")
    export_model(build("gpt2"), BPE, tmp_path / "theirs")
    with pytest.raises(ValueError, match=r"companion\.interop\.import_model"):
        load(tmp_path / "theirs")


def test_broken_folders(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file .*config\.json"):
        import_model(tmp_path)
    write_theirs(tmp_path, max_shard_size="4KB")
    index = tmp_path / "model.safetensors.index.json"
    good = json.loads(index.read_text())
    where = good["weight_map"]
    first, file = next(iter(where.items()))

    def write(weight_map):
        index.write_text(json.dumps({"weight_map": weight_map}))

    write(where | {first: "../x.safetensors"})
    with pytest.raises(ValueError, match="must name files beside it"):
        import_model(tmp_path)
    write({name: f for name, f in where.items() if name != first})
    with pytest.raises(ValueError, match=f"must agree on {first}"):
        import_model(tmp_path)
    write(where | {"own": file})
    with pytest.raises(ValueError, match="must agree on own"):
        import_model(tmp_path)
    write(where | {first: "none.safetensors"})
    with pytest.raises((FileNotFoundError, ValueError)):
        import_model(tmp_path)
    write({})
    with pytest.raises(ValueError, match="must hold a weight_map"):
        import_model(tmp_path)
    write(where)
    (tmp_path / file).unlink()
    with pytest.raises(FileNotFoundError, match=file):
        import_model(tmp_path)
    index.unlink()
    with pytest.raises(FileNotFoundError, match="a pickle can run any code"):
        import_model(tmp_path)


def test_a_file_that_lacks_a_tensor_says_where(tmp_path):
    write_theirs(tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    del tensors["transformer.wpe.weight"]
    save_file(tensors, tmp_path / "model.safetensors")
    message = rf"{tmp_path.name}: .*missing: transformer\.wpe\.weight"
    with pytest.raises(ValueError, match=message):
        import_model(tmp_path)
