import io
from itertools import combinations, pairwise

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import colors
from matplotlib import pyplot as plt
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from companion.plot import (
    COLOURS,
    DASHES,
    METADATA,
    SIZE,
    bars_by_group,
    figure,
    label_lines,
)

# Filter effects (W3C), hue-rotate(180deg): on values as they are stored.
HUE_180 = [[-0.574, 1.43, 0.144], [0.426, 0.43, 0.144], [0.426, 1.43, -0.856]]
# Machado, Oliveira and Fernandes 2009, full severity; on linear light.
VISION = {
    "trichromat": np.eye(3),
    "protanope": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranope": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanope": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


@pytest.fixture(autouse=True)
def restore():
    with mpl.rc_context({"backend": "agg"}):
        yield
    plt.close("all")


def light(rgb):
    return np.array(rgb, dtype=float)


def dark(rgb):
    """What the site's invert(.9) hue-rotate(180deg) makes of a colour."""
    return np.clip(HUE_180 @ (0.9 - 0.8 * light(rgb)), 0, 1)


def linear(rgb):
    return np.where(
        rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4
    )


def contrast(a, b):
    """WCAG 2.2 contrast ratio."""
    low, high = sorted(linear(x) @ [0.2126, 0.7152, 0.0722] for x in (a, b))
    return (high + 0.05) / (low + 0.05)


def oklab(linear_rgb):
    """Ottosson 2020: distances follow what people see as different."""
    cones = np.cbrt(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
        @ np.clip(linear_rgb, 0, 1)
    )
    return [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ] @ cones


def as_svg(fig):
    buffer = io.BytesIO()
    fig.savefig(buffer, format="svg", metadata=METADATA)
    return buffer.getvalue()


@pytest.mark.parametrize("mode", [light, dark])
def test_contrast_matches_wcag(mode):
    """At least 3 to 1 against the background, WCAG 2.2 criterion 1.4.11."""
    assert contrast(light((0, 0, 0)), light((1, 1, 1))) == pytest.approx(21)
    for colour in COLOURS:
        shown = mode(colors.to_rgb(colour))
        assert contrast(shown, mode((1, 1, 1))) >= 3, colour


@pytest.mark.parametrize("mode", [light, dark])
@pytest.mark.parametrize("vision", VISION)
def test_colours_stay_apart_for_every_eye(mode, vision):
    seen = {
        colour: oklab(VISION[vision] @ linear(mode(colors.to_rgb(colour))))
        for colour in COLOURS
    }
    for a, b in combinations(COLOURS, 2):
        assert np.linalg.norm(seen[a] - seen[b]) > 0.08, (a, b)


def test_lines_differ_without_colour_too():
    assert len(set(DASHES)) == len(DASHES) == len(COLOURS)
    _, axes = figure()
    lines = [axes.plot([0, 1], [i, i])[0] for i in range(len(COLOURS))]
    assert len({str(line.get_linestyle()) for line in lines[:4]}) == 4


def test_the_size_is_a_multiple_of_the_default():
    fig, axes = figure(0.5, 2, columns=2, rows=3, sharex=True)
    assert fig.get_size_inches().tolist() == [SIZE[0] / 2, SIZE[1] * 2]
    assert axes.shape == (3, 2)
    assert figure()[1].get_title() == ""


def test_equal_plots_are_equal_files():
    def draw():
        fig, axes = figure()
        axes.plot([1, 2, 3], [3, 1, 2], label="a")
        axes.fill_between([1, 2, 3], [0, 1, 2], alpha=0.2)
        axes.legend()
        return as_svg(fig)

    assert draw() == draw()
    assert b"<dc:date>" not in draw()


def test_no_box_around_the_axes():
    _, axes = figure()
    visible = {s for s, spine in axes.spines.items() if spine.get_visible()}
    assert visible == {"left", "bottom"}


def test_bars_stand_side_by_side():
    _, axes = figure()
    heights = {"bigram": [1.0, 2.0, 3.0], "LSTM": [0.5, 0.25, 0.125]}
    errors = {name: [0.1] * 3 for name in heights}
    bars = bars_by_group(axes, ["a", "b", "c"], heights, errors)
    for container, want in zip(bars, heights.values(), strict=True):
        assert [patch.get_height() for patch in container] == want
    edges = sorted(
        (patch.get_x(), patch.get_x() + patch.get_width())
        for container in bars
        for patch in container
    )
    assert all(a[1] <= b[0] for a, b in pairwise(edges))
    assert [t.get_text() for t in axes.get_xticklabels()] == ["a", "b", "c"]
    assert axes.get_legend_handles_labels()[1] == list(heights)


def test_bars_need_a_height_for_each_group():
    _, axes = figure()
    with pytest.raises(ValueError, match=r"a group \(2\), got 1 for 'LSTM'"):
        bars_by_group(axes, ["a", "b"], {"LSTM": [1.0]})


def test_labels_at_line_ends_do_not_overlap():
    fig, axes = figure()
    for i in range(3):
        axes.plot([0, 1], [0, 1 + i / 1000], label=f"model {i}")
    axes.plot([0, 1], [0, 0])  # without a label
    axes.set_xlim(0, 2)
    label_lines(axes)
    assert [t.get_text() for t in axes.texts] == [
        f"model {i}" for i in (0, 1, 2)
    ]
    renderer = fig.canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in axes.texts]
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))
    colour = axes.get_lines()[2].get_color()
    assert axes.texts[2].get_color() == colour


def test_a_notebook_shows_svg_without_a_date():
    code = (
        "from companion.plot import figure\n"
        "fig, axes = figure()\n"
        "axes.plot([1, 2]);"
    )
    notebook = new_notebook(cells=[new_code_cell(code)])
    NotebookClient(notebook, timeout=60).execute()
    (output,) = notebook.cells[0].outputs
    assert "image/png" not in output.data
    assert output.data["image/svg+xml"].count("<svg") == 1
    assert "<dc:date>" not in output.data["image/svg+xml"]
