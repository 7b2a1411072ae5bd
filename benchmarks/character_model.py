"""Time a character model to a validation loss, against nanoGPT's recipe.

    python benchmarks/character_model.py --text tinyshakespeare.txt \\
        --nanogpt FOLDER

The first 90 % of the text train, the rest validates. The loss is the mean
over the whole validation part, in windows of the model's own context that
do not overlap, in nats per character.

FOLDER holds nanoGPT's own model.py. Its recipe for a CPU is 2,000 steps of
12 windows of 64 characters, which it takes here: 4 layers, 4 heads, 128
wide, no biases, AdamW at 1e-3 with cosine decay to 1e-4. It is timed in
turns with ours; --whole trains it to the end and scores it too.
"""

import argparse
import importlib.util
import math
import statistics
import tempfile
import time
from pathlib import Path

import torch
from torch import Tensor, nn

from companion.machine import keep_freed_memory
from companion.models import Transformer, TransformerConfig
from companion.shards import PackedBatches, open_shards, write_shards
from companion.tokenization import CharacterTokenizer
from companion.training import TrainConfig, Trainer, token_losses

TARGET = 1.88  # nats per character
THEIR_STEPS, TURN = 2_000, 50
CONTEXT, BATCH = 64, 12

OURS = TrainConfig(
    steps=460,
    batch_size=BATCH,
    optimizer="muon",
    lr=0.015,
    schedule="cosine",
    beta2=0.99,
    weight_decay=0.1,
)


def our_model(vocab_size: int) -> Transformer:
    """Make ours: a Llama of half the size."""
    torch.manual_seed(0)
    config = TransformerConfig.llama(
        vocab_size=vocab_size,
        context_length=CONTEXT,
        d_model=96,
        d_ff=256,
        init_std=0.05,
    )
    return Transformer(config)


@torch.no_grad()
def validation_loss(model: nn.Module, ids: Tensor) -> float:
    """Score every window that does not overlap another."""
    model.eval()
    n = (len(ids) - 1) // CONTEXT * CONTEXT
    inputs, targets = (t.view(-1, CONTEXT) for t in (ids[:n], ids[1 : n + 1]))
    pairs = zip(inputs.split(128), targets.split(128), strict=True)
    return sum(token_losses(model(x), y).item() for x, y in pairs) / n


class Theirs:
    """nanoGPT's model and recipe."""

    def __init__(self, folder: Path, vocab_size: int, ids: Tensor) -> None:
        path = folder / "model.py"
        spec = importlib.util.spec_from_file_location("nanogpt_model", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        torch.manual_seed(1337)
        config = module.GPTConfig(
            block_size=CONTEXT, vocab_size=vocab_size, n_layer=4, n_head=4,
            n_embd=128, dropout=0.0, bias=False,
        )  # fmt: skip
        self.model, self.ids, self.step = module.GPT(config), ids, 0
        self.optimizer = self.model.configure_optimizers(
            0.1, 1e-3, (0.9, 0.99), "cpu"
        )

    def train(self, steps: int) -> float:
        """Make some steps; return the seconds of one."""
        self.model.train()
        start = time.perf_counter()
        for _ in range(steps):
            first = torch.randint(len(self.ids) - CONTEXT, (BATCH,))
            rows = self.ids[first[:, None] + torch.arange(CONTEXT + 1)]
            for group in self.optimizer.param_groups:
                group["lr"] = self._rate()
            _, loss = self.model(rows[:, :-1], rows[:, 1:].contiguous())
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
            self.step += 1
        return (time.perf_counter() - start) / steps

    def _rate(self) -> float:
        if self.step < 100:
            return 1e-3 * (self.step + 1) / 101
        share = (self.step - 100) / (THEIR_STEPS - 100)
        return 1e-4 + 0.9e-3 * (1 + math.cos(math.pi * share)) / 2

    def loss(self, ids: Tensor) -> float:
        """Score as ours is scored."""

        class Logits(nn.Module):
            def forward(_, x: Tensor) -> Tensor:
                return self.model(x, x)[0]

        self.model.eval()
        return validation_loss(Logits(), ids)


def main() -> None:
    """Train ours, in turns with some steps of theirs, and print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--text", type=Path)
    parser.add_argument("--nanogpt", type=Path)
    parser.add_argument("--whole", action="store_true")
    options = parser.parse_args()
    if not options.text:
        print("no text: --text tinyshakespeare.txt")
        return
    text = options.text.read_text(encoding="utf-8")
    cut = int(0.9 * len(text))
    tokenizer = CharacterTokenizer.train([text], 10_000)
    parts = text[:cut], text[cut:]
    train, validation = (torch.tensor(tokenizer.encode(p)) for p in parts)
    model = our_model(tokenizer.vocab_size)
    keep_freed_memory()
    theirs, turns = None, []
    if options.nanogpt:
        theirs = Theirs(options.nanogpt, tokenizer.vocab_size, train)
        theirs.train(5)  # warm
    with tempfile.TemporaryDirectory() as folder:
        write_shards([parts[0]], tokenizer, folder)
        shards = open_shards(folder, tokenizer)
        batches = PackedBatches(
            shards, context_length=CONTEXT, batch_size=BATCH, epochs=None
        )
        trainer = Trainer(model, batches, OURS)
        seconds = 0.0
        while not trainer.finished:
            start = time.perf_counter()
            trainer.run(lambda entry: entry["step"] % TURN == 0)
            seconds += time.perf_counter() - start
            if theirs:
                turns.append(theirs.train(20))
    loss = validation_loss(model, validation)
    print(
        f"ours: {model.n_parameters:,} parameters, {trainer.step} steps in "
        f"{seconds:.1f} s, {1000 * seconds / trainer.step:.1f} ms a step: "
        f"{loss:.4f} nats per character (target {TARGET})"
    )
    if not theirs:
        print("nanoGPT: not given; --nanogpt FOLDER times it in turns")
        return
    step = statistics.median(turns)
    total = THEIR_STEPS * step
    print(
        f"nanoGPT: {1000 * step:.1f} ms a step, {total:.0f} s for its "
        f"{THEIR_STEPS:,} steps; ours takes {seconds / total:.2f} of that"
    )
    if options.whole:
        theirs.train(THEIR_STEPS - theirs.step)
        print(f"nanoGPT: {theirs.loss(validation):.4f} nats per character")


if __name__ == "__main__":
    main()
