"""One look for every figure of the book.

Figures are SVG on white; the website shows them in dark mode by inverting
their lightness and turning the hues back. The colours stay apart under
both, for readers with any kind of colour vision.

Chapter: book/1-language-models/1-counting.ipynb
"""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from cycler import cycler
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.container import BarContainer
from matplotlib.figure import Figure

SIZE = (6.4, 3.6)  # inches: the default figure, as wide as a line of text
COLOURS = ("#0072b2", "#d55e00", "#350040", "#5798d9", "#154000", "#8c5b5b")
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 3)))
METADATA = {"Date": None, "Creator": None}  # so that equal plots are equal

STYLE = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.labelsize": 11,
    # Dashes as well as colours: a figure must survive a grey printer.
    "axes.prop_cycle": cycler(color=COLOURS, linestyle=DASHES),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.facecolor": "white",
    "font.size": 10.5,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "legend.fontsize": 10,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "savefig.facecolor": "white",
    "svg.fonttype": "path",  # the same letters with any reader's fonts
    "svg.hashsalt": "language-models-measured",
}


def use_style() -> None:
    """Set the book's style; in a notebook, also SVG as the image format."""
    mpl.rcParams.update(STYLE)
    try:
        from IPython import get_ipython
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:
        return
    if get_ipython() is not None:
        set_matplotlib_formats("svg", metadata=METADATA)


def figure(
    width: float = 1.0,
    height: float = 1.0,
    *,
    columns: int = 1,
    rows: int = 1,
    **kw: object,
) -> tuple[Figure, Axes | np.ndarray]:
    """Start a figure in the book's style.

    Args:
        width: of the whole figure, as a multiple of the default.
        height: likewise.
        columns: axes side by side.
        rows: axes below each other.
        kw: passed on to `matplotlib.pyplot.subplots`.

    Returns:
        The figure and its axes: one `Axes`, or an array of them.
    """
    use_style()
    size = (SIZE[0] * width, SIZE[1] * height)
    return plt.subplots(
        rows, columns, figsize=size, layout="constrained", **kw
    )


def bars_by_group(
    axes: Axes,
    groups: Sequence[str],
    heights: Mapping[str, Sequence[float]],
    errors: Mapping[str, Sequence[float]] | None = None,
) -> list[BarContainer]:
    """Draw bars side by side, a cluster for each group.

    Args:
        axes: to draw on; label and legend are the caller's.
        groups: a name under each cluster.
        heights: for each model, in the legend, one height a group.
        errors: standard errors of the same shape; drawn two each way.

    Returns:
        The bars of each model.

    Raises:
        ValueError: a model has more or fewer heights than there are groups.
    """
    places = np.arange(len(groups))
    width = 0.8 / max(1, len(heights))
    bars = []
    for i, (name, values) in enumerate(heights.items()):
        if len(values) != len(groups):
            raise ValueError(
                f"each model needs one height a group ({len(groups)}), "
                f"got {len(values)} for {name!r}"
            )
        spread = 2 * np.asarray(errors[name]) if errors else None
        left = places + (i - (len(heights) - 1) / 2) * width
        colour = COLOURS[i % len(COLOURS)]
        bars.append(
            axes.bar(
                left, values, width * 0.92, yerr=spread, label=name,
                color=colour, error_kw={"lw": 1, "ecolor": "#555555"},
            )
        )  # fmt: skip
    axes.set_xticks(places, groups)
    axes.grid(axis="x", visible=False)
    return bars


def label_lines(axes: Axes, *, gap: float = 0.055) -> None:
    """Write each line's label at its right end, in its own colour.

    A name beside its line is found faster than a name in a legend.

    Args:
        axes: holds lines with labels; limits must be final.
        gap: least distance between labels, as a share of the height.
    """
    lines = [
        line
        for line in axes.get_lines()
        if not str(line.get_label()).startswith("_") and len(line.get_xdata())
    ]
    to_share = axes.transData + axes.transAxes.inverted()
    ends = [
        to_share.transform((line.get_xdata()[-1], line.get_ydata()[-1]))
        for line in lines
    ]
    lowest = -np.inf
    for i in np.argsort([y for _, y in ends], kind="stable"):
        x, y = ends[i]
        lowest = max(y, lowest + gap)
        axes.annotate(
            str(lines[i].get_label()),
            (x, lowest),
            xycoords="axes fraction",
            xytext=(5, 0),
            textcoords="offset points",
            color=lines[i].get_color(),
            va="center",
        )
