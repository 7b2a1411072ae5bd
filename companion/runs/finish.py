"""The end of a run: scored on all that was kept back, and handed over.

Chapter: book/5-training/8-a-run-to-trust.ipynb
"""

import time

import numpy as np

from companion.generation import SamplingConfig, generate
from companion.interop import export_model
from companion.runs.cost import Cost, compared, sheet
from companion.runs.learn import Learnt
from companion.runs.opening import Opened
from companion.runs.run import Run, Say
from companion.runs.validation import score_shards

SAMPLE = 100  # tokens
WARM = 0.8  # temperature of the sample


def finish(run: Run, learnt: Learnt, say: Say) -> dict:
    """Score the model, write it for transformers, and say what it took.

    Args:
        run: of which the steps are done.
        learnt: what they left.
        say: is given a line at a time.

    Returns:
        The result, which is also in run.json.
    """
    trainer, folder, preset = learnt.trainer, run.folder, run.preset
    start = time.perf_counter()
    model = trainer.model.to("cpu").eval()
    sizes = folder.record["sizes"]["validation"]
    score = score_shards(
        model,
        run.data.validation,
        preset.rows,
        preset.model.context_length,
        ends=run.ends,
        unknown=sizes["unknown"],
    )
    tokenizer = run.data.tokenizer
    export_model(
        model, tokenizer, folder.model, overwrite=True, begins=run.ends
    )
    result = {
        **score.to_dict(),
        "steps": trainer.step,
        "trained_tokens": trainer.tokens,
        "passes": trainer.tokens / run.data.train.n_tokens,
        "seconds": trainer.seconds,
        "converged": _converged(run, learnt),
        "sample": _sample(Opened(model, tokenizer, run.ends), run.seed),
    }
    _tell(run, result, say)
    other = folder.record["other_seconds"] + time.perf_counter() - start
    measured = _measured(run, learnt, other)
    folder.write(status="finished", result=result, measured=measured.to_dict())
    for line in compared(folder.record["predicted"], measured.to_dict()):
        say(line)
    say(f"{folder.model}: for companion generate, and for transformers")
    return result


def _converged(run: Run, learnt: Learnt) -> bool | None:
    """Whether patience ended the run; None where nobody waited for it."""
    patience = learnt.trainer.patience
    return None if patience is None else patience.exhausted


def _sample(opened: Opened, seed: int) -> str:
    """Let the model write: nothing says more quickly what it has learned."""
    settings = SamplingConfig.of(opened.tokenizer, temperature=WARM)
    (text,) = generate(
        opened.model,
        [opened.prompt_ids("")],
        settings,
        np.random.default_rng(seed),
        max_tokens=SAMPLE,
        when_full="slide",
    )
    return opened.tokenizer.decode(text.tokens)


def _tell(run: Run, result: dict, say: Say) -> None:
    """Say the result beside what it must beat."""
    patience = run.config.patience
    if patience is not None:
        ended = (
            f"no better in {patience} evaluations, so it has converged"
            if result["converged"]
            else "the ceiling came before convergence"
        )
        say(f"step {result['steps']:,}: {ended}; the best weights stay")
    unknown = result["unknown_tokens"]
    note = f", {unknown:,} of them unknown" if unknown else ""
    say(
        f"validation, {result['tokens']:,} tokens{note}: "
        f"{result['nats_per_token']:.3f} nats per token, perplexity "
        f"{result['perplexity']:.2f}, {result['bits_per_byte']:.3f} bits per "
        "byte"
    )
    for name, nats in run.folder.record["baselines"].items():
        less = nats - result["nats_per_token"]
        word = "below" if less >= 0 else "ABOVE"
        say(f"  {abs(less):.3f} {word} the {name} ({nats:.3f})")
    say(f"it writes: {result['sample']!r}")


def _measured(run: Run, learnt: Learnt, other: float) -> Cost:
    """Fill in the sheet with what was."""
    trainer = learnt.trainer
    predicted = run.folder.record["predicted"]
    return sheet(
        run.model_config,
        run.row_length,
        tokens=trainer.tokens,
        steps=trainer.step,
        seconds=trainer.seconds,
        train_tokens=run.data.train.n_tokens,
        other_seconds=other,
        machine_flops=predicted["machine_flops"],
        price_per_hour=predicted["price_per_hour"],
    )
