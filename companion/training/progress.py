"""How far a training is, on one line, where somebody can see it.

Chapter: book/5-training/8-a-run-to-trust.ipynb
"""

from collections.abc import Mapping

from tqdm import tqdm

from companion.machine import somebody_waits


def bar_of(progress: float, quiet: bool = False) -> tqdm:
    """Make the line; it stays away where nobody looks, or when quiet."""
    form = "{percentage:3.0f}% |{bar:20}| {elapsed} < {remaining}{postfix}"
    hidden = quiet or not somebody_waits()
    return tqdm(total=1.0, initial=progress, disable=hidden, bar_format=form)


def show(bar: tqdm, entry: Mapping[str, float], progress: float) -> None:
    """Bring the line up to date."""
    if bar.disable:
        return
    speed = entry["tokens"] / entry["seconds"]
    bar.set_postfix_str(
        f"step {entry['step']}, {entry['loss']:.3f} nats per token, "
        f"{speed:,.0f} tokens/s",
        refresh=False,
    )
    bar.update(progress - bar.n)
