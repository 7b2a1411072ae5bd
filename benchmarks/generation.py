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
from companion.interop import config_to_hf, state_to_hf
from companion.models import Transformer, TransformerConfig

PROMPT, NEW = 16, 200
NO_END = {"bos_token_id": None, "eos_token_id": None}
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
    """Copy the weights into the model of transformers; no token is an end."""
    words = config_to_hf(model.config) | NO_END
    theirs = GPT2LMHeadModel(GPT2Config(**words))
    theirs.load_state_dict(state_to_hf(model.state_dict(), model.config))
    return theirs.eval()


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
