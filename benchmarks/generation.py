"""Time writing with a cache against `generate` of transformers.

    python benchmarks/generation.py --repeats 7

One text, a decoder of 0.83 M parameters (4 layers, 4 heads, 128 wide, 65
tokens, context 256), the same weights on both sides, 200 new tokens after
16, the likeliest each time, keys and values cached. The tokens are compared
before any time is printed. The two are timed in turn, with one thread and
with all cores, and the medians count.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from transformers import GPT2Config, GPT2LMHeadModel
from transformers.utils import logging

from companion.generation import SamplingConfig, generate
from companion.models import Transformer, TransformerConfig

PROMPT, NEW = 16, 200
SETTINGS = {"do_sample": False, "use_cache": True, "pad_token_id": 0}


def our_model() -> Transformer:
    """Make the model, with weights large enough to prefer something."""
    torch.manual_seed(0)
    config = TransformerConfig(
        vocab_size=65,
        context_length=256,
        n_layers=4,
        n_heads=4,
        d_model=128,
        init_std=0.3,
    )
    return Transformer(config).eval()


def copied(model: Transformer) -> GPT2LMHeadModel:
    """Copy the weights into the model of transformers."""
    config = model.config
    theirs = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=config.vocab_size,
            n_positions=config.context_length,
            n_embd=config.d_model,
            n_layer=config.n_layers,
            n_head=config.n_heads,
            bos_token_id=None,
            eos_token_id=None,
        )
    ).eval()
    theirs.load_state_dict(gpt2_names(model), strict=False)
    return theirs


def gpt2_names(model: Transformer) -> dict[str, torch.Tensor]:
    """Name our weights as GPT-2's; its matrices lie on their side."""
    ours, parts = model.state_dict(), {}
    table = [
        ("attention_norm", "ln_1"),
        ("attention.o_proj", "attn.c_proj"),
        ("ffn_norm", "ln_2"),
        ("ffn.up_proj", "mlp.c_fc"),
        ("ffn.down_proj", "mlp.c_proj"),
    ]
    for i in range(model.config.n_layers):
        for kind in ("weight", "bias"):
            qkv = [
                ours[f"blocks.{i}.attention.{name}_proj.{kind}"]
                for name in "qkv"
            ]
            part = torch.cat(qkv)
            parts[f"transformer.h.{i}.attn.c_attn.{kind}"] = part.t()
            for mine, other in table:
                part = ours[f"blocks.{i}.{mine}.{kind}"]
                parts[f"transformer.h.{i}.{other}.{kind}"] = part.t()
    for mine, other in (
        ("token_embedding.weight", "wte.weight"),
        ("position_embedding.weight", "wpe.weight"),
        ("final_norm.weight", "ln_f.weight"),
        ("final_norm.bias", "ln_f.bias"),
    ):
        parts[f"transformer.{other}"] = ours[mine]
    return parts | {"lm_head.weight": ours["lm_head.weight"]}


def in_turn(ours: Callable, theirs: Callable, repeats: int) -> str:
    """Run both in turn; return the rates in words."""
    ours(), theirs()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        ours()
        middle = time.perf_counter()
        theirs()
        seconds.append((middle - start, time.perf_counter() - middle))
    mine, other = map(statistics.median, zip(*seconds, strict=True))
    ratios = [theirs / ours for ours, theirs in seconds]
    return (
        f"ours {NEW / mine:,.0f} tokens/s, transformers {NEW / other:,.0f}, "
        f"ratio {statistics.median(ratios):.1f} ({min(ratios):.1f} to "
        f"{max(ratios):.1f})"
    )


def main() -> None:
    """Compare the tokens, then the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    logging.set_verbosity_error()
    model = our_model()
    other = copied(model)
    rng = np.random.default_rng(0)
    prompt = rng.integers(65, size=PROMPT).tolist()
    greedy = SamplingConfig(temperature=0)
    row = torch.tensor([prompt])

    def ours() -> list[int]:
        (text,) = generate(model, [prompt], greedy, rng, max_tokens=NEW)
        return text.tokens

    def theirs() -> list[int]:
        ids = other.generate(
            row,
            attention_mask=torch.ones_like(row),
            max_new_tokens=NEW,
            **SETTINGS,
        )
        return ids[0, PROMPT:].tolist()

    assert ours() == theirs(), "the tokens differ"
    print(f"{model.n_parameters:,} parameters, {len(set(ours()))} tokens used")
    for threads in sorted({1, torch.get_num_threads()}):
        torch.set_num_threads(threads)
        words = in_turn(ours, theirs, repeats)
        print(f"{threads} threads: {words}", flush=True)


if __name__ == "__main__":
    main()
