"""The widget of positions: JavaScript, Python and the models agree."""

import math

import numpy as np
import pytest
import torch

from companion.models.positions import Rotation, sinusoidal
from companion.models.positions import frequencies as of_models
from companion.widgets import PositionalEncodings
from companion.widgets import positional_encodings as ours

MODULE = "positional_encodings"


def cases():
    """Kind, two places, width, theta, seed."""
    rng = np.random.default_rng(0)
    return [
        (
            kind,
            *rng.integers(0, 64, 2).tolist(),
            int(2 * rng.integers(1, 17)),
            float(10 ** rng.uniform(1, 6)),
            int(rng.integers(0, 4)),
        )
        for kind in ours.KINDS * 30
    ]


def test_vectors_match_python(javascript):
    rows = [(kind, "qk"[p % 2], p, *rest) for kind, p, _, *rest in cases()]
    found = javascript(MODULE, [("column", row) for row in rows])
    for row, vector in zip(rows, found, strict=True):
        np.testing.assert_allclose(vector, ours.column(*row), atol=1e-12)


def test_products_match_python(javascript):
    found = javascript(MODULE, [("shares", case) for case in cases()])
    for case, parts in zip(cases(), found, strict=True):
        np.testing.assert_allclose(parts, ours.shares(*case), atol=1e-12)
    rows = [(kind, p, *rest) for kind, p, _, *rest in cases()]
    found = javascript(MODULE, [("similarities", row) for row in rows])
    for row, curve in zip(rows, found, strict=True):
        np.testing.assert_allclose(curve, ours.similarities(*row), atol=1e-11)


def test_query_and_key_match_python(javascript):
    pairs = [(width, seed) for width in (2, 8, 32) for seed in (0, 1, 2)]
    found = javascript(MODULE, [("contents", pair) for pair in pairs])
    for (width, seed), both in zip(pairs, found, strict=True):
        expected = ours.contents(width, seed)
        np.testing.assert_allclose(both, expected, rtol=1e-14)
        np.testing.assert_allclose(
            np.linalg.norm(both, axis=1), math.sqrt(width)
        )


def test_the_functions_are_those_of_the_models():
    for width, theta in ((2, 10.0), (16, 1e4), (32, 1e6)):
        np.testing.assert_allclose(
            ours.frequencies(width, theta), of_models(width, theta)
        )
        table = sinusoidal(64, width, theta)
        for place in (0, 7, 63):
            np.testing.assert_allclose(
                ours.encoding(place, width, theta), table[place], atol=1e-6
            )
        # a model pairs halves, the widget neighbours
        order = torch.arange(width).view(-1, 2).T.flatten()
        q, _ = ours.contents(width, 5)
        place = torch.tensor([9.0]).double()
        turned = Rotation.at(place, width, theta)(torch.tensor(q)[order])
        np.testing.assert_allclose(
            np.array(ours.turn(q, 9, theta))[order], turned[0], atol=1e-6
        )


def test_products_depend_on_the_distance_alone():
    for kind in ours.KINDS:
        by_two = [
            sum(ours.shares(kind, p, p + 5, 16, 1e4, 3)) for p in range(59)
        ]
        assert max(by_two) - min(by_two) < 1e-12


def test_equal_contents_give_the_curve_of_the_sinusoids():
    one = ours.similarities("sinusoidal", 20, 16, 1e4, 0)
    other = ours.similarities("rotary", 20, 16, 1e4, 0)
    np.testing.assert_allclose(np.multiply(one, 2), other, atol=1e-12)
    np.testing.assert_allclose(one[20 - 9], one[20 + 9])  # no direction
    drawn = ours.similarities("rotary", 20, 16, 1e4, 1)
    assert abs(drawn[20 - 9] - drawn[20 + 9]) > 0.1  # a direction


def test_clocks_and_moves(javascript):
    assert javascript(MODULE, [("clocksOf", [w]) for w in (2, 4, 6, 32)]) == [
        [0],
        [0, 1],
        [0, 1, 2],
        [0, 5, 10, 15],
    ]
    moves = [(20, 25, 30), (25, 20, 0), (60, 63, 63), (5, 9, -3)]
    assert javascript(MODULE, [("moveBoth", m) for m in moves]) == [
        [30, 35],
        [5, 0],
        [60, 63],
        [0, 4],
    ]


def test_sentence_says_where_and_how_much(javascript):
    view = {"kind": "sinusoidal", "p": 20, "q": 25, "width": 2, "theta": 10.0}
    view["seed"] = 0
    (told,) = javascript(MODULE, [("positionSentence", [view])])
    expected = f"{math.cos(5):.2f}"
    assert told.startswith(
        f"Place 25 lies 5 after place 20: the dot product is {expected}. "
        f"On the other side, at place 15, it is {expected}."
    )
    (told,) = javascript(MODULE, [("positionSentence", [view | {"q": 20}])])
    assert told.startswith("Both stand at place 20: the dot product is 1.00.")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": "learned"}, "kind must be one of .*, got 'learned'"),
        ({"width": 7}, "width must be even and from 2 to 32, got 7"),
        ({"width": 34}, "width must be even and from 2 to 32, got 34"),
        ({"theta": 1.0}, r"theta must be from 10 to 1e\+06, got 1"),
        ({"p": 64}, "p must be from 0 to 63, got 64"),
        ({"q": -1}, "q must be from 0 to 63, got -1"),
        ({"seed": -1}, "seed must be from 0 to .*, got -1"),
    ],
)
def test_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        PositionalEncodings(**settings)
