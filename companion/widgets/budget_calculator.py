"""What a Transformer costs, its sizes on sliders.

Everything is computed in the browser (`budget_calculator.js`); the Python
twin of its numbers is `companion.models.budget`, gathered in `budget`.

Chapter: book/4-architectures/8-long-texts.ipynb
"""

from collections.abc import Mapping

import traitlets

from companion.models import budget as counts
from companion.models.transformer_config import TransformerConfig
from companion.widgets.base import BookWidget, bundle, synced

SIZES = (
    *("n_layers", "d_model", "n_heads", "n_kv_heads", "d_ff"),
    *("vocab_size", "context_length"),
)
STYLES = {"gpt": TransformerConfig, "llama": TransformerConfig.llama}
GPT2_SMALL = TransformerConfig(
    vocab_size=50_257,
    context_length=1024,
    d_model=768,
    n_layers=12,
    n_heads=12,
)
LLAMA_7B = TransformerConfig.llama(
    vocab_size=32_000,
    context_length=2048,
    d_model=4096,
    n_layers=32,
    n_heads=32,
    d_ff=11_008,
)
OURS = TransformerConfig(
    vocab_size=396, context_length=256, d_model=64, n_layers=2
)


def settings_of(config: TransformerConfig) -> dict:
    """Write a config as the widget's settings: its style and its sizes.

    Raises:
        ValueError: its parts are neither GPT-2's nor Llama's.
    """
    sizes = {name: getattr(config, name) for name in SIZES}
    for style, make in STYLES.items():
        # an even head width, or Llama's style refuses it
        fits = style == "gpt" or config.d_head % 2 == 0
        if fits and make(**sizes) == config:
            return {"style": style} | sizes
    raise ValueError(
        f"a config must have GPT-2's parts or Llama's, got {config}"
    )


def config_of(settings: Mapping) -> TransformerConfig:
    """Make the config that settings describe.

    Raises:
        ValueError: the style is unknown, the width odd, or no config has
            such sizes.
    """
    if settings["d_model"] % 2:  # or no head could be turned
        raise ValueError(f"d_model must be even, got {settings['d_model']}")
    if settings["style"] not in STYLES:
        raise ValueError(
            f"style must be one of {', '.join(STYLES)}, "
            f"got {settings['style']!r}"
        )
    return STYLES[settings["style"]](**{n: settings[n] for n in SIZES})


def budget(
    settings: Mapping, n_texts: int, precision: str, gflops: float
) -> dict:
    """Compute what the widget shows.

    Args:
        settings: as from `settings_of`.
        n_texts: in a batch, each as long as the context.
        precision: a name in `companion.models.budget.PRECISIONS`.
        gflops: what the machine computes, in 10^9 FLOPs a second.

    Returns:
        parameters, flops (of training, a token), training and inference
        (bytes), each by part; sixN, how much of flops 6 N is; stepSeconds
        of a batch, and seconds of 20 tokens a parameter.
    """
    config = config_of(settings)
    length = config.context_length
    parts = counts.parameters(config)
    flops = counts.flops(config, length, training=True)
    of_token = sum(flops.values())
    token_seconds = of_token / (gflops * 1e9)
    batch = (config, n_texts, length, precision)
    return {
        "parameters": parts,
        "flops": flops,
        "training": counts.training_bytes(*batch),
        "inference": counts.inference_bytes(*batch),
        "sixN": counts.rule_of_six(config) / of_token,
        "stepSeconds": n_texts * length * token_seconds,
        "seconds": 20 * sum(parts.values()) * token_seconds,
    }


class BudgetCalculator(BookWidget):
    """Parameters, memory, FLOPs and time, part by part, for sizes to drag.

    Args:
        config: where it begins, with GPT-2's parts or Llama's.
        presets: names and configs to start again from.
        n_texts: in a batch, each as long as the context.
        precision: "float32", "mixed" or "bfloat16".
        gflops: what the machine computes, in 10^9 FLOPs a second.

    Raises:
        ValueError: a config has other parts, or a number is out of range.
    """

    _esm = bundle("budget_calculator")

    settings = synced(traitlets.Dict())
    presets = synced(traitlets.List(traitlets.Dict()))
    n_texts = synced(traitlets.Int(8))
    precision = synced(traitlets.Unicode("float32"))
    gflops = synced(traitlets.Float(100.0))

    def __init__(
        self,
        config: TransformerConfig = GPT2_SMALL,
        presets: Mapping[str, TransformerConfig] | None = None,
        *,
        n_texts: int = 8,
        precision: str = "float32",
        gflops: float = 100.0,
    ) -> None:
        if presets is None:
            presets = {
                "GPT-2 small": GPT2_SMALL,
                "Llama 7B": LLAMA_7B,
                "ours": OURS,
            }
        named = [
            {"name": name} | settings_of(preset)
            for name, preset in presets.items()
        ]
        super().__init__(
            settings=settings_of(config),
            presets=named,
            n_texts=n_texts,
            precision=precision,
            gflops=gflops,
        )

    @traitlets.validate("settings")
    def _check_settings(self, proposal: dict) -> dict:
        config_of(proposal["value"])
        return proposal["value"]

    @traitlets.validate("n_texts", "gflops")
    def _check_number(self, proposal: dict) -> float:
        if not proposal["value"] > 0:
            name = proposal["trait"].name
            raise ValueError(
                f"{name} must be above 0, got {proposal['value']}"
            )
        return proposal["value"]

    @traitlets.validate("precision")
    def _check_precision(self, proposal: dict) -> str:
        counts.inference_bytes(OURS, 1, 1, proposal["value"])
        return proposal["value"]

    def summary(self) -> str:
        """Say how many parameters there are."""
        n = sum(counts.parameters(config_of(self.settings)).values())
        return f"{n:,} parameters"
