"""GPT-2 and Llama: the referee is the library transformers, offline."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from companion.interop import (
    config_from_hf,
    config_to_hf,
    family_of,
    gpt2,
    llama,
    state_from_hf,
    state_to_hf,
)
from companion.models import DropoutConfig, Transformer, TransformerConfig

transformers = pytest.importorskip("transformers")
transformers.logging.set_verbosity_error()

CLASSES = {
    "gpt2": (transformers.GPT2Config, transformers.GPT2LMHeadModel),
    "llama": (transformers.LlamaConfig, transformers.LlamaForCausalLM),
}
ENDS = {"bos_token_id": None, "eos_token_id": None}
SMALL = {"vocab_size": 11, "context_length": 12, "d_model": 16, "n_layers": 2}


def random_gpt2(rng):
    """Draw a config of theirs, odd sizes among them."""
    heads, d_head = int(rng.integers(1, 5)), int(rng.integers(2, 10))
    return transformers.GPT2Config(
        vocab_size=int(rng.integers(5, 60)),
        n_positions=int(rng.integers(4, 40)),
        n_embd=heads * d_head,
        n_layer=int(rng.integers(1, 4)),
        n_head=heads,
        n_inner=[None, int(rng.integers(1, 50))][rng.integers(2)],
        activation_function=str(rng.choice(list(gpt2.ACTIVATIONS))),
        layer_norm_epsilon=float(10.0 ** rng.integers(-7, -2)),
        tie_word_embeddings=bool(rng.integers(2)),
        **ENDS,
    )


def random_llama(rng):
    kv, groups = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    return transformers.LlamaConfig(
        vocab_size=int(rng.integers(5, 60)),
        max_position_embeddings=int(rng.integers(4, 40)),
        hidden_size=kv * groups * 2 * int(rng.integers(1, 6)),
        num_hidden_layers=int(rng.integers(1, 4)),
        num_attention_heads=kv * groups,
        num_key_value_heads=kv,
        intermediate_size=int(rng.integers(1, 50)),
        rms_norm_eps=float(10.0 ** rng.integers(-7, -2)),
        rope_parameters={
            "rope_type": "default",
            "rope_theta": float(10.0 ** rng.uniform(1, 6)),
        },
        tie_word_embeddings=bool(rng.integers(2)),
        attention_bias=bool(rng.integers(2)),
        mlp_bias=bool(rng.integers(2)),
        **ENDS,
    )


def random_weights(model, rng):
    """Draw every weight, also norms and biases, which begin as 1 and 0.

    Rows of a matrix have a length near 1, so that logits and what leads to
    them are of size 1, as the bar of 1e-5 supposes.
    """
    with torch.no_grad():
        for name, weight in model.named_parameters():
            drawn = torch.from_numpy(rng.normal(size=tuple(weight.shape)))
            is_norm = weight.dim() == 1 and name.endswith("weight")
            scale = 1 / np.sqrt(min(weight.shape)) if weight.dim() == 2 else 1
            weight.copy_(drawn * (0.2 if is_norm else scale) + is_norm)
    return model.eval()


def tokens(vocab_size, length, rng):
    return torch.from_numpy(rng.integers(0, vocab_size, (2, length)))


def draw(family, seed):
    """A model of theirs with random sizes and weights, and some tokens."""
    rng = np.random.default_rng(seed)
    config = {"gpt2": random_gpt2, "llama": random_llama}[family](rng)
    theirs = random_weights(CLASSES[family][1](config), rng)
    length = config.max_position_embeddings
    return theirs, tokens(config.vocab_size, length, rng)


def ours_of(theirs):
    values = theirs.config.to_dict()
    ours = Transformer(config_from_hf(values)).eval()
    ours.load_state_dict(state_from_hf(theirs.state_dict(), values))
    return ours


def theirs_of(ours):
    values = config_to_hf(ours.config)
    config_class, model_class = CLASSES[values["model_type"]]
    theirs = model_class(config_class(**values, **ENDS)).eval()
    theirs.load_state_dict(state_to_hf(ours.state_dict(), ours.config))
    return theirs


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("family", CLASSES)
def test_matches_transformers_both_ways(family, seed):
    """Theirs to ours, and back to a new one of theirs: the same logits."""
    theirs, ids = draw(family, seed)
    ours = ours_of(theirs)
    assert family_of(ours.config) == family
    again = theirs_of(ours)
    with torch.inference_mode():
        expected = theirs(ids).logits
        assert expected.abs().max() > 0.5  # or 1e-5 would mean nothing
        torch.testing.assert_close(ours(ids), expected, atol=1e-5, rtol=0)
        torch.testing.assert_close(
            again(ids).logits, expected, atol=1e-5, rtol=0
        )
    tied = theirs.config.tie_word_embeddings
    assert (ours.lm_head.weight is ours.token_embedding.weight) == tied


@pytest.mark.parametrize("family", CLASSES)
def test_the_draws_cover_what_they_should(family):
    configs = [draw(family, seed)[0].config for seed in range(40)]
    assert len({config.tie_word_embeddings for config in configs}) == 2
    if family == "gpt2":
        names = {config.activation_function for config in configs}
        assert names == set(gpt2.ACTIVATIONS)
        assert any(config.n_embd % 2 for config in configs)
        assert any(config.n_inner is None for config in configs)
    else:
        kinds = {(c.attention_bias, c.mlp_bias) for c in configs}
        assert len(kinds) == 4
        shares = {
            c.num_attention_heads // c.num_key_value_heads for c in configs
        }
        assert shares == {1, 2, 3}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("family", CLASSES)
def test_gradients_match(family, seed):
    """The gradient of each weight, carried over as the weight itself."""
    theirs, ids = draw(family, seed)
    ours = ours_of(theirs)
    for logits in (theirs(ids).logits, ours(ids)):
        flat = logits[:, :-1].flatten(0, 1)
        F.cross_entropy(flat, ids[:, 1:].flatten()).backward()
    named = dict(theirs.named_parameters())
    tied = {"lm_head.weight"} if theirs.config.tie_word_embeddings else set()
    slopes = {name: weight.grad for name, weight in named.items()}
    expected = state_from_hf(slopes, theirs.config.to_dict())
    for name, weight in ours.named_parameters():
        padded = name.endswith(".bias") and name.startswith("blocks")
        if padded and family == "llama":
            continue  # theirs may lack it
        torch.testing.assert_close(
            weight.grad, expected[name], atol=1e-5, rtol=1e-4
        )
    assert set(expected) - tied == {n for n, _ in ours.named_parameters()}


@pytest.mark.parametrize("family", CLASSES)
def test_the_context_is_theirs_to_the_end(family):
    """At GPT-2's and Llama 1's own context lengths, not toy ones."""
    rng = np.random.default_rng(0)
    values = {
        "gpt2": {"n_embd": 12, "n_layer": 1, "n_head": 3},
        "llama": {"hidden_size": 12, "num_hidden_layers": 1}
        | {"num_attention_heads": 3, "intermediate_size": 20},
    }[family]
    config = CLASSES[family][0](vocab_size=31, **values, **ENDS)
    theirs = random_weights(CLASSES[family][1](config), rng)
    ids = tokens(31, config.max_position_embeddings, rng)
    with torch.inference_mode():
        torch.testing.assert_close(
            ours_of(theirs)(ids), theirs(ids).logits, atol=1e-5, rtol=0
        )


@pytest.mark.parametrize("family", CLASSES)
def test_what_a_config_leaves_out_is_what_the_library_assumes(family):
    config = CLASSES[family][0]()
    module = {"gpt2": gpt2, "llama": llama}[family]
    computed = {"num_key_value_heads", "head_dim"}  # from other settings
    for name, value in module.DEFAULTS.items():
        if name not in computed:
            assert getattr(config, name) == value, name
    full = config_from_hf(config.to_dict())
    assert full == config_from_hf({"model_type": family})
    if family == "llama":
        theta = config.rope_parameters["rope_theta"]
        assert theta == llama.THETA == full.rope_theta


@pytest.mark.parametrize(
    "config",
    [
        TransformerConfig(**SMALL),
        TransformerConfig(
            **SMALL,
            **{"activation": "gelu", "tied": False, "norm_eps": 1e-3},
            **{"d_ff": 21, "init_std": 0.1, "window": 12},
            dropout=DropoutConfig(
                embedding=0.1, weights=0.2, attention=0.3, ffn=0.3
            ),
        ),
        TransformerConfig.llama(**SMALL),
        TransformerConfig.llama(
            **SMALL,
            **{"n_kv_heads": 2, "bias": True, "tied": True, "d_ff": 21},
            **{"norm_eps": 1e-3, "rope_theta": 77.0},
            dropout=DropoutConfig(weights=0.1),
        ),
    ],
    ids=str,
)
def test_a_config_comes_back(config):
    values = config_to_hf(config)
    again = config_from_hf(values)
    for name in ("window",):  # as long as the context: none
        object.__setattr__(again, name, getattr(config, name))
    assert again == config
    read = CLASSES[values["model_type"]][0](**values)
    assert config_from_hf(read.to_dict() | ENDS) == config_from_hf(values)


def test_without_biases_gpt2_gets_zeros():
    torch.manual_seed(0)
    ours = Transformer(TransformerConfig(**SMALL, bias=False)).eval()
    state = state_to_hf(ours.state_dict(), ours.config)
    assert not state["transformer.h.1.attn.c_attn.bias"].any()
    ids = torch.arange(11)[None]
    with torch.inference_mode():
        torch.testing.assert_close(theirs_of(ours)(ids).logits, ours(ids))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"position": "rotary"}, r"GPT-2 has no position='rotary'; Llama has"),
        ({"position": "rotary"}, "Llama has no norm='layer', activation='gel"),
        ({"norm_position": "post"}, "GPT-2 has no norm_position='post'"),
        ({"n_kv_heads": 2}, "GPT-2 has no n_kv_heads=2"),
        ({"activation": "swiglu"}, "GPT-2 has no activation='swiglu'"),
        ({"causal": False}, "Llama has no position='learned'.*causal=False"),
        ({"window": 4}, "GPT-2 has no window=4; .* window=4"),
        (
            {"dropout": DropoutConfig(hidden=0.1)},
            r"GPT-2 has no dropout\.hidden=0\.1",
        ),
        (
            {"dropout": DropoutConfig(ffn=0.1)},
            r"no dropout\.attention=0\.0 beside dropout\.ffn=0\.1",
        ),
        (
            {"dropout": DropoutConfig(skip=0.1)},
            r"dropout\.skip=0\.1; Llama .*dropout\.skip=0\.1",
        ),
    ],
    ids=str,
)
def test_a_config_of_no_family_is_refused_by_its_choice(settings, message):
    config = TransformerConfig(**SMALL, **settings)
    for function in (family_of, config_to_hf):
        with pytest.raises(ValueError, match=message):
            function(config)
    state = Transformer(config).state_dict()
    with pytest.raises(ValueError, match=message):
        state_to_hf(state, config)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "model_type must be one of gpt2, llama, got None"),
        ({"model_type": "mamba"}, "must be one of gpt2, llama, got mamba"),
        (
            {"model_type": "gpt2", "activation_function": "silu"},
            "activation_function must be one of gelu_new, .*, got silu",
        ),
        (
            {"model_type": "gpt2", "scale_attn_weights": False},
            "scale_attn_weights must be True, got False",
        ),
        (
            {"model_type": "gpt2", "scale_attn_by_inverse_layer_idx": True},
            "scale_attn_by_inverse_layer_idx must be False, got True",
        ),
        (
            {"model_type": "gpt2", "add_cross_attention": True},
            "add_cross_attention must be False, got True",
        ),
        ({"model_type": "gpt2", "n_embd": "16"}, "of a wrong type"),
        ({"model_type": "gpt2", "n_layer": 1.5}, "n_layers must be int, got"),
        ({"model_type": "gpt2", "n_head": 5}, r"d_model \(768\) must be a mu"),
        (
            {"model_type": "llama", "hidden_act": "gelu"},
            "hidden_act must be silu, got gelu",
        ),
        (
            {"model_type": "llama", "head_dim": 64},
            r"head_dim must be .* \(128\), got 64",
        ),
        (
            {"model_type": "llama", "rope_scaling": {"type": "linear"}},
            "rope_scaling must leave the angles as they are",
        ),
        (
            {
                "model_type": "llama",
                "rope_parameters": {"rope_type": "llama3", "rope_theta": 1e4},
            },
            "rope_parameters must leave the angles as they are",
        ),
        (
            {
                "model_type": "llama",
                "rope_parameters": {"partial_rotary_factor": 0.5},
            },
            "rope_parameters must leave the angles",
        ),
        (
            {"model_type": "llama", "quantization_config": {"bits": 4}},
            "must be plain numbers, got a quantization_config",
        ),
    ],
    ids=str,
)
def test_a_config_beyond_ours_is_refused_by_its_setting(values, message):
    with pytest.raises(ValueError, match=message):
        config_from_hf(values)


def test_older_files_say_the_angles_elsewhere():
    old = {"model_type": "llama", "rope_theta": 5e5, "rope_scaling": None}
    assert config_from_hf(old).rope_theta == 5e5
    new = {"rope_type": "default", "rope_theta": 7.0}
    config = config_from_hf({"model_type": "llama", "rope_parameters": new})
    assert config.rope_theta == 7.0


def test_all_that_is_wrong_is_listed():
    theirs, _ = draw("gpt2", 1)
    values, state = theirs.config.to_dict(), dict(theirs.state_dict())
    first = "transformer.h.0."
    del state[f"{first}ln_1.bias"], state["transformer.wpe.weight"]
    state["model.own"] = torch.zeros(1)
    for name in ("attn.c_attn.weight", "mlp.c_fc.weight"):
        state[first + name] = state[first + name].T
    state[f"{first}ln_2.weight"] = state[f"{first}ln_2.weight"][None]
    state[f"{first}mlp.c_proj.bias"] = state[f"{first}mlp.c_proj.bias"].half()
    with pytest.raises(ValueError) as error:
        state_from_hf(state, values)
    for part in (
        r"missing: transformer.wpe.weight, transformer.h.0.ln_1.bias; ",
        "not expected: model.own; ",
        "c_attn.weight must be ",
        "c_fc.weight must be ",
        "its transpose",
        "ln_2.weight must be ",
        "a row too deep",
        "c_proj.bias must be float32, got float16",
    ):
        assert part in str(error.value)


@pytest.mark.parametrize("family", CLASSES)
def test_each_tensor_is_missed_and_each_shape_seen(family):
    theirs, _ = draw(family, 3)
    values, state = theirs.config.to_dict(), theirs.state_dict()
    ours = ours_of(theirs)
    for name in state:
        if name == "lm_head.weight" and theirs.config.tie_word_embeddings:
            continue
        fewer = {n: t for n, t in state.items() if n != name}
        with pytest.raises(ValueError, match=f"missing: .*{name}"):
            state_from_hf(fewer, values)
        with pytest.raises(ValueError, match=f"{name} must be"):
            state_from_hf(state | {name: state[name][:-1]}, values)
    for name, tensor in ours.state_dict().items():
        wrong = ours.state_dict() | {name: tensor[..., :-1]}
        with pytest.raises(ValueError, match=f"{name} must be"):
            state_to_hf(wrong, ours.config)


def test_a_dtype_that_the_config_does_not_promise():
    theirs, _ = draw("llama", 0)
    values = theirs.config.to_dict() | {"dtype": "bfloat16"}
    with pytest.raises(ValueError, match="must be bfloat16, got float32"):
        state_from_hf(theirs.state_dict(), values)
    half = {k: v.bfloat16() for k, v in theirs.state_dict().items()}
    assert state_from_hf(half, values)
    for key in ("dtype", "torch_dtype"):
        said = {"dtype": None} | {key: "int8"}
        with pytest.raises(ValueError, match=r"dtype must be .* int8"):
            state_from_hf(half, theirs.config.to_dict() | said)


@pytest.mark.parametrize("family", CLASSES)
def test_a_tied_head_may_be_missing_but_not_another(family):
    seeds = (
        s for s in range(40) if draw(family, s)[0].config.tie_word_embeddings
    )
    theirs, _ = draw(family, next(seeds))
    values, state = theirs.config.to_dict(), dict(theirs.state_dict())
    head = state.pop("lm_head.weight")
    made = state_from_hf(state, values)
    assert made["lm_head.weight"] is made["token_embedding.weight"]
    with pytest.raises(ValueError, match=r"lm_head\.weight must equal"):
        state_from_hf(state | {"lm_head.weight": head + 1}, values)
    ours = ours_of(theirs)
    wrong = ours.state_dict() | {"lm_head.weight": head + 1}
    with pytest.raises(ValueError, match=r"lm_head\.weight must equal"):
        state_to_hf(wrong, ours.config)


@pytest.mark.parametrize("family", CLASSES)
def test_old_files_leave_out_a_part_of_names_and_hold_tables(family):
    """As the files of GPT-2 and of the first Llamas do."""
    theirs, ids = draw(family, 4)
    values = theirs.config.to_dict()
    base, table = {
        "gpt2": ("transformer.", "h.0.attn.bias"),
        "llama": ("model.", "layers.0.self_attn.rotary_emb.inv_freq"),
    }[family]
    state = {k.removeprefix(base): v for k, v in theirs.state_dict().items()}
    state[table] = torch.ones(1, 1, 4, 4).bool()
    ours = Transformer(config_from_hf(values)).eval()
    ours.load_state_dict(state_from_hf(state, values))
    with torch.inference_mode():
        torch.testing.assert_close(ours(ids), ours_of(theirs)(ids))
