"""Draw the logo, the favicon and the social card into `site_assets/`.

Bars of falling height that come down to a line and stop there: losses of
better and better models, and the floor. Run `python -m tools.draw_brand`
after a change; the results are committed.
"""

from pathlib import Path

from tools.project import ASSETS

HEIGHTS = (46, 32, 21, 13)  # above the floor, each bar about 2/3 of the last
LIGHT = {"bar": "#0b6e99", "floor": "#c2410c"}
DARK = {"bar": "#6cc4ee", "floor": "#ff9f5a"}
SIDE = 64  # of the square that the mark is drawn in
FLOOR_Y, FLOOR_HEIGHT = 52, 6
WIDTH, STEP, LEFT = 10, 14, 6


def bars() -> list[tuple[int, int, int, int]]:
    """Return (x, y, width, height) of each bar, y downwards."""
    return [
        (LEFT + STEP * i, FLOOR_Y - 2 - height, WIDTH, height)
        for i, height in enumerate(HEIGHTS)
    ]


def mark(colours: dict[str, str]) -> str:
    """Return the mark as SVG."""
    rects = "".join(
        f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="2"/>'
        for x, y, w, h in bars()
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}"'
        f' width="{SIDE}" height="{SIDE}">'
        f'<g fill="{colours["bar"]}">{rects}</g>'
        f'<rect x="2" y="{FLOOR_Y}" width="60" height="{FLOOR_HEIGHT}" rx="3"'
        f' fill="{colours["floor"]}"/></svg>\n'
    )


def draw_card(path: Path) -> None:
    """Draw the picture that is shown where the site is linked."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.patches import Rectangle

    fig = plt.figure(figsize=(12, 6.3), dpi=100, facecolor="white")
    axes = fig.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 1200), ylim=(630, 0))
    axes.axis("off")
    scale, left, top = 5, 800, 200
    for x, y, w, h in bars():
        corner = (left + scale * x, top + scale * y)
        axes.add_patch(
            Rectangle(corner, scale * w, scale * h, color=LIGHT["bar"])
        )
    floor = (80, top + scale * FLOOR_Y)
    axes.add_patch(Rectangle(floor, 1040, 14, color=LIGHT["floor"]))
    axes.text(80, 260, "Language Models,\nMeasured", size=50, weight="bold")
    promise = "Build one from scratch in Python,\nand check every number."
    axes.text(80, 400, promise, size=26, color="#444444")
    axes.text(80, 525, "the floor", size=22, color=LIGHT["floor"])
    fig.savefig(path, metadata={"Software": None})
    plt.close(fig)


def main() -> None:
    """Write the four files."""
    ASSETS.mkdir(exist_ok=True)
    for name, colours in [
        ("logo-light.svg", LIGHT),
        ("logo-dark.svg", DARK),
        ("favicon.svg", LIGHT),
    ]:
        (ASSETS / name).write_text(mark(colours), encoding="utf-8")
    draw_card(ASSETS / "social-card.png")


if __name__ == "__main__":
    main()
