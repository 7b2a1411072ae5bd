"""The calculator: its numbers are those of companion.models.budget."""

import random
import shutil

import pytest

from companion.models import TransformerConfig
from companion.models import budget as counts
from companion.widgets import BudgetCalculator
from companion.widgets import budget_calculator as calculator

needs_node = pytest.mark.skipif(
    shutil.which("node") is None, reason="node is not installed"
)


def drawn(n, seed):
    """n settings of random sizes, with batch, precision and machine."""
    rng = random.Random(seed)
    cases = []
    for _ in range(n):
        kv, shared, half = (rng.randint(1, 6) for _ in range(3))
        config = rng.choice([TransformerConfig, TransformerConfig.llama])(
            vocab_size=rng.randint(1, 60_000),
            context_length=rng.randint(1, 5000),
            d_model=kv * shared * half * 2,
            n_layers=rng.randint(1, 90),
            n_heads=kv * shared,
            n_kv_heads=kv,
            d_ff=rng.randint(1, 900),
        )
        cases.append(
            (
                calculator.settings_of(config),
                rng.randint(1, 500),
                rng.choice(list(counts.PRECISIONS)),
                10 ** rng.uniform(0, 6),
            )
        )
    return cases


@needs_node
def test_budget_matches_python(javascript):
    cases = drawn(200, seed=0)
    cases += [
        (calculator.settings_of(config), 8, "float32", 100.0)
        for config in (
            calculator.GPT2_SMALL,
            calculator.LLAMA_7B,
            calculator.OURS,
        )
    ]
    found = javascript("budget_calculator", [("budget", c) for c in cases])
    for case, got in zip(cases, found, strict=True):
        wanted = calculator.budget(*case)
        assert got.keys() == wanted.keys()
        for name, value in wanted.items():
            assert got[name] == pytest.approx(value, rel=1e-12)


@needs_node
def test_a_changed_size_still_makes_a_model(javascript):
    """Whatever is dragged, a config accepts it."""
    rng = random.Random(1)
    calls = []
    for settings, *_ in drawn(200, seed=2):
        name = rng.choice(["d_model", "n_heads", "n_kv_heads", "style"])
        value = {
            "d_model": rng.choice([32, 96, 768, 1600, 12_288]),
            "n_heads": rng.randint(1, 40),
            "n_kv_heads": rng.randint(1, 40),
            "style": rng.choice(["gpt", "llama"]),
        }[name]
        calls.append(("change", (settings, name, value)))
    for call, got in zip(
        calls, javascript("budget_calculator", calls), strict=True
    ):
        calculator.config_of(got)
        _, (_, name, value) = call
        if name in ("d_model", "style"):
            assert got[name] == value


@needs_node
def test_numbers_for_readers(javascript):
    calls = {
        ("inWords", (124_439_808,)): "124 million",
        ("inWords", (6_738_415_616,)): "6.74 billion",
        ("inWords", (999_600,)): "999,600",
        ("inWords", (999_600_000,)): "1 billion",
        ("inWords", (396,)): "396",
        ("withUnit", (1.99e9, "B")): "1.99 GB",
        ("withUnit", (0, "B")): "0 B",
        ("withUnit", (1e11, "FLOP/s")): "100 GFLOP/s",
        ("duration", (0.00123,)): "1.2 ms",
        ("duration", (90,)): "90 s",
        ("duration", (7200,)): "2 h",
        ("duration", (3e9,)): "95 years",
        ("duration", (1e14,)): "3.17 million years",
    }
    assert javascript("budget_calculator", list(calls)) == list(calls.values())


def test_settings_come_back():
    for settings, *_ in drawn(50, seed=3):
        config = calculator.config_of(settings)
        assert calculator.settings_of(config) == settings


def test_prints_its_parameters():
    assert repr(BudgetCalculator()).startswith(
        "BudgetCalculator: 124,439,808 parameters ("
    )


def test_refused():
    with pytest.raises(ValueError, match="must have GPT-2's parts or Llama's"):
        BudgetCalculator(TransformerConfig(vocab_size=9, position="none"))
    with pytest.raises(ValueError, match="n_texts must be above 0, got 0"):
        BudgetCalculator(n_texts=0)
    with pytest.raises(ValueError, match="gflops must be above 0, got -1"):
        BudgetCalculator(gflops=-1.0)
    with pytest.raises(ValueError, match="precision must be one of float32"):
        BudgetCalculator(precision="int8")
    widget = BudgetCalculator()
    with pytest.raises(ValueError, match="style must be one of gpt, llama"):
        widget.settings = widget.settings | {"style": "bert"}
    with pytest.raises(ValueError, match="d_model must be even, got 33"):
        widget.settings = widget.settings | {"d_model": 33}
    with pytest.raises(
        ValueError, match=r"d_model \(768\) must be a multiple"
    ):
        widget.settings = widget.settings | {"n_heads": 5}
