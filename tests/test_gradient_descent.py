"""The widget of gradient descent: torch, the JavaScript, its verdicts."""

import math

import numpy as np
import pytest
import torch

from companion.widgets import GradientDescent
from companion.widgets.descent import (
    CEILING,
    SURFACES,
    descend,
    largest_stable_rate,
    verdict,
)


def cases(n, seed):
    """n descents on every surface, from calm to wild."""
    rng = np.random.default_rng(seed)
    for i in range(n):
        name = list(SURFACES)[i % len(SURFACES)]
        start = rng.uniform(-2, 2, 2).round(2).tolist()
        momentum = float(rng.choice([0.0, 0.5, 0.9, 0.99]))
        rate = largest_stable_rate(name, momentum)
        lr = rate * float(rng.choice([0.01, 0.3, 0.9, 1.0, 1.1, 3.0]))
        yield name, start, lr, momentum, int(rng.integers(0, 120))


@pytest.mark.parametrize("name", SURFACES)
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_descend_matches_torch_sgd(name, momentum):
    surface = SURFACES[name]
    path = descend(name, surface.start, surface.lr / 5, momentum, 40)
    point = torch.tensor(surface.start, dtype=torch.float64)
    point.requires_grad_()
    sgd = torch.optim.SGD([point], lr=surface.lr / 5, momentum=momentum)
    for ours, loss in zip(path.points, path.losses, strict=True):
        value = surface.value(*point)
        np.testing.assert_allclose(ours, point.detach(), rtol=1e-9, atol=1e-12)
        assert loss == pytest.approx(value.item(), rel=1e-9, abs=1e-12)
        sgd.zero_grad()
        value.backward()
        sgd.step()
    assert len(path.points) == 41


@pytest.mark.parametrize("name", SURFACES)
def test_gradient_and_curvature_match_torch(name):
    surface = SURFACES[name]
    rng = np.random.default_rng(0)
    for x, y in rng.uniform(-2, 2, (20, 2)):
        point = torch.tensor([x, y], requires_grad=True)
        surface.value(*point).backward()
        expected = point.grad.tolist()
        assert surface.gradient(x, y) == pytest.approx(expected, abs=1e-9)
    minimum = {"rosenbrock": [1.0, 1.0], "saddle": [0.0, -1.0]}
    point = torch.tensor(minimum.get(name, [0.0, 0.0]), dtype=torch.float64)
    hessian = torch.autograd.functional.hessian(
        lambda p: surface.value(*p), point
    )
    greatest = torch.linalg.eigvalsh(hessian).max().item()
    assert surface.curvature == pytest.approx(greatest, rel=1e-12)
    assert surface.value(*point.tolist()) == surface.lowest
    assert surface.gradient(*point.tolist()) == (0.0, 0.0)


def test_javascript_takes_the_same_steps(javascript):
    runs = list(cases(120, seed=1))
    found = javascript("gradient_descent", [("descend", c) for c in runs])
    kinds = set()
    for case, theirs in zip(runs, found, strict=True):
        ours = descend(*case)
        assert theirs["points"] == ours.points  # bit for bit
        assert theirs["losses"] == ours.losses
        assert theirs["diverged"] == ours.diverged
        kinds.add(ours.diverged)
    assert kinds == {True, False}


def test_javascript_comes_to_the_same_verdict(javascript):
    runs = list(cases(240, seed=2))
    runs += [("saddle", [1.0, 0.0], 0.1, 0.0, 300)]
    runs += [("valley", [1.0, 0.0], 0.1, 0.0, 300)]
    paths = javascript("gradient_descent", [("descend", c) for c in runs])
    asked = [
        ("verdict", [name, lr, momentum, path])
        for (name, _, lr, momentum, _), path in zip(runs, paths, strict=True)
    ]
    found = javascript("gradient_descent", asked)
    ours = [
        verdict(case[0], case[2], case[3], descend(*case)) for case in runs
    ]
    assert found == ours
    assert set(ours) == {
        "arrived", "bounces", "diverges", "edge", "stuck", "under way",
    }  # fmt: skip
    assert ours[-2:] == ["stuck", "arrived"]


def test_javascript_has_the_same_surfaces(javascript):
    points = [(x, y) for x in (-2, -0.3, 0.7, 1.9) for y in (-1.1, 0.2, 2)]
    calls = [("slopeAt", [name, *p]) for name in SURFACES for p in points]
    found = iter(javascript("surfaces", calls))
    for surface in SURFACES.values():
        for point in points:
            at = next(found)
            assert at["loss"] == surface.value(*point)
            assert at["gradient"] == list(surface.gradient(*point))
    rates = [(name, m) for name in SURFACES for m in (0, 0.5, 0.9)]
    found = javascript(
        "gradient_descent", [("largestStableRate", c) for c in rates]
    )
    assert found == [largest_stable_rate(*c) for c in rates]


@pytest.mark.parametrize("name", ["bowl", "valley"])
@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_quadratics_diverge_above_the_largest_stable_rate(name, momentum):
    rate = largest_stable_rate(name, momentum)
    start = SURFACES[name].start
    below = descend(name, start, 0.98 * rate, momentum, 2000)
    above = descend(name, start, 1.02 * rate, momentum, 2000)
    assert below.losses[-1] < 1e-6 and not below.diverged
    assert above.diverged and above.losses[-1] > CEILING / 100


def test_at_the_largest_stable_rate_it_swings_for_ever():
    path = descend("valley", (0.0, 0.5), largest_stable_rate("valley"), 0, 99)
    heights = [y for _, y in path.points]
    assert heights == pytest.approx([0.5, -0.5] * 50, rel=1e-9)


def test_nothing_that_leaves_is_not_a_number():
    for case in cases(200, seed=3):
        path = descend(*case)
        assert np.isfinite(path.points).all()
        assert max(path.losses) <= CEILING


def test_contours_stand_where_the_surface_has_their_level(javascript):
    levels = javascript("surfaces", [("levels", ["bowl"])])[0]
    assert levels == sorted(levels) and len(levels) == 11
    level = levels[4]
    shape = javascript("surfaces", [("contour", ["bowl", level, 64])])
    radius = math.sqrt(2 * level)
    for piece in shape[0]["rim"]:
        assert np.hypot(*np.transpose(piece)) == pytest.approx(
            radius, rel=2e-3
        )
    # the polygons together cover the disc (the shoelace formula)
    area = 0.0
    for polygon in shape[0]["polygons"]:
        x, y = np.transpose(polygon)
        area += (x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
    assert area == pytest.approx(math.pi * radius**2, rel=5e-3)


def test_numbers_in_words(javascript):
    values = [0, 0.08, 12.345, -3, 1e-7, -2.5e12, 9999.4, 0.00099]
    found = javascript("shared", [("brief", [v]) for v in values])
    assert found == [
        "0", "0.08", "12.3", "−3", "1.0 × 10⁻⁷", "−2.5 × 10¹²", "10000",
        "9.9 × 10⁻⁴",
    ]  # fmt: skip
    heights = [[1, 10], [0, 0], [5e-3, 70], [1e-20, 3]]
    found = javascript("surfaces", [("decades", [h]) for h in heights])
    assert found == [[0, 2], [-1, 0], [-3, 2], [-11, 1]]


def test_the_sentence_says_the_limit_and_the_end(javascript):
    runs = [
        ("valley", [-1.8, 0.8], 0.1, 0.0, 20),
        ("valley", [-1.8, 0.8], 0.1, 0.9, 1),
        ("valley", [-1.8, 0.8], 0.9, 0.0, 200),
        ("saddle", [1.0, 0.0], 0.1, 0.0, 300),
    ]
    paths = javascript("gradient_descent", [("descend", c) for c in runs])
    said = javascript(
        "gradient_descent",
        [
            ("descentSentence", [name, lr, momentum, path])
            for (name, _, lr, momentum, _), path in zip(
                runs, paths, strict=True
            )
        ],
    )
    assert "L = 25, so the largest stable rate is 2/L = 0.08." in said[0]
    assert "Diverges: 0.1 is above it, so each swing is longer" in said[0]
    assert "2(1 + momentum)/L = 0.152. After 1 step the loss is" in said[1]
    assert "Diverges: 0.9 is above it, and after" in said[2]
    assert "the loss passes 10¹²" in said[2]
    assert "no minimum but a saddle point" in said[3]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: GradientDescent("hill"),
            "surface must be one of bowl, valley, rosenbrock, saddle, "
            "got 'hill'",
        ),
        (
            lambda: GradientDescent(start=(3.0, 0.0)),
            r"start must be x and y from -2 to 2, got \[3.0, 0.0\]",
        ),
        (lambda: GradientDescent(start=(1.0,)), r"got \[1.0\]"),
        (
            lambda: GradientDescent(lr=0.0),
            "lr must be from 0.0001 to 10, got 0.0",
        ),
        (
            lambda: GradientDescent(momentum=1.0),
            "momentum must be from 0 to 0.99, got 1.0",
        ),
        (
            lambda: GradientDescent(steps=301),
            "steps must be from 0 to 300, got 301",
        ),
        (lambda: descend("hill", (0, 0), 0.1), "got 'hill'"),
    ],
)
def test_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
