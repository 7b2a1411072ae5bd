"""The widget of the autograd graph: the engine, the JavaScript, the layout."""

import itertools

import numpy as np
import pytest

from companion.autograd import Value, graph
from companion.widgets import AutogradGraph
from companion.widgets.autograd_graph import describe, plan, replay

MODULE = "autograd_graph"
UNARY = [
    lambda a: -a,
    lambda a: (0.1 * a).exp(),
    lambda a: (a * a + 0.5).log(),
    Value.tanh,
    Value.relu,
    lambda a: a**2,
    lambda a: (a * a + 0.5) ** -1,
    lambda a: a**0,
    lambda a: (a**2 + 1) ** 0.5,
]
BINARY = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: a / (b**2 + 1),
]


def random_graph(seed):
    """A graph with two named leaves, its output, its names."""
    rng = np.random.default_rng(seed)
    names = {"x": Value(rng.normal()), "w": Value(rng.normal())}
    values = list(names.values())
    for _ in range(rng.integers(2, 6)):
        values.append(UNARY[rng.integers(len(UNARY))](values[-1]))
        other = values[rng.integers(len(values))]
        values.append(BINARY[rng.integers(len(BINARY))](values[-1], other))
    output = values[-1] * names["x"] + names["w"]
    return output, {**names, "out": output}


GRAPHS = [random_graph(seed) for seed in range(24)]
DESCRIBED = [describe(*case) for case in GRAPHS]


def leaves_of(nodes):
    """The numbers of the named leaves."""
    named = [n for n in nodes if n["name"] and not n["parents"]]
    return [node["data"] for node in named]


def test_javascript_computes_what_the_engine_computes(javascript):
    asked = [("evaluate", [nodes, leaves_of(nodes)]) for nodes in DESCRIBED]
    for (output, _), found in zip(
        GRAPHS, javascript(MODULE, asked), strict=True
    ):
        values = graph(output)[0]
        assert found["data"] == pytest.approx(
            [value.data for value in values], rel=1e-12, abs=1e-15
        )
        for value, theirs in zip(values, found["derivatives"], strict=True):
            assert theirs == pytest.approx(
                list(value.derivatives), rel=1e-11, abs=1e-14
            )


def test_the_graphs_hold_every_operation():
    met = {node["operation"] for nodes in DESCRIBED for node in nodes}
    powers = {"**2", "**-1", "**0", "**0.5"}
    assert met == {"", *"+-*/", "neg", "exp", "log", "tanh", "relu", *powers}


def test_javascript_computes_anew_from_other_leaves(javascript):
    def build(x, w):
        return {"x": x, "w": w}, (w * x + 1).tanh() / (x**2 + 2) - w

    names, output = build(Value(0.5), Value(-2.0))
    nodes = describe(output, names)
    other, moved = build(Value(-1.25), Value(0.75))
    order = [node["name"] for node in nodes if node["name"] in names]
    found = javascript(
        MODULE, [("evaluate", [nodes, [other[k].data for k in order]])]
    )[0]
    assert found["data"] == pytest.approx(
        [value.data for value in graph(moved)[0]], rel=1e-12
    )


def test_javascript_takes_the_same_steps(javascript):
    found = javascript(MODULE, [("plan", [nodes]) for nodes in DESCRIBED])
    for nodes, steps in zip(DESCRIBED, found, strict=True):
        assert [tuple(step) for step in steps] == plan(nodes)


def test_javascript_knows_the_same_after_every_step(javascript):
    asked, ours = [], []
    for (output, _), nodes in zip(GRAPHS, DESCRIBED, strict=True):
        slopes = [list(value.derivatives) for value in graph(output)[0]]
        for step in range(len(plan(nodes)) + 1):
            asked.append(("replay", [nodes, slopes, step]))
            ours.append(replay(output, step))
    for found, (known, grads) in zip(
        javascript(MODULE, asked), ours, strict=True
    ):
        assert found["known"] == known
        assert found["grads"] == grads  # the same sums in the same order


@pytest.mark.parametrize("case", range(len(GRAPHS)))
def test_the_last_step_ends_with_the_gradients_of_backward(case):
    output, _ = GRAPHS[case]
    values, _ = graph(output)
    for value in values:
        value.grad = 0.0
    output.backward()
    known, grads = replay(output, len(plan(DESCRIBED[case])))
    assert all(known)
    expected = [value.grad for value in values]
    assert grads == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_nothing_is_known_at_first_but_the_leaves():
    a = Value(3.0)
    known, grads = replay(a * a + a, 0)
    assert (known, grads) == ([True, False, False], [0.0, 0.0, 0.0])
    known, grads = replay(a * a + a, 3)
    assert (known, grads) == ([True, True, True], [0.0, 0.0, 1.0])
    assert replay(a * a + a, 7)[1] == [7.0, 1.0, 1.0]


def test_results_without_a_name_are_numbered():
    w, v1 = Value(2.0), Value(3.0)
    output = (w * v1 + 1).tanh()
    nodes = describe(output, {"w": w, "v1": v1})
    assert [node["name"] for node in nodes] == [
        "w", "v1", "v2", "", "v3", "v4",
    ]  # fmt: skip
    assert nodes[2] == {
        "name": "v2", "operation": "*", "parents": [0, 1], "data": 6.0,
    }  # fmt: skip


def test_boxes_stand_apart_and_parents_to_the_left(javascript):
    shapes = javascript(MODULE, [("layout", [nodes]) for nodes in DESCRIBED])
    for nodes, shape in zip(DESCRIBED, shapes, strict=True):
        boxes = [(box["x"], box["y"]) for box in shape["boxes"]]
        for (x, y), (other, below) in itertools.combinations(boxes, 2):
            assert abs(x - other) > 112 or abs(y - below) >= 68
        for x, y in boxes:
            assert 56 <= x <= shape["width"] - 56
            assert 34 <= y <= shape["height"] - 34
        assert len(shape["edges"]) == sum(len(n["parents"]) for n in nodes)
        for edge in shape["edges"]:
            way = [boxes[edge["parent"]]]
            way += [(bend["x"], bend["y"]) for bend in edge["way"]]
            way += [boxes[edge["child"]]]
            columns = np.diff([x for x, _ in way])
            assert (columns == columns[0]).all() and columns[0] > 112
            for x, y in way[1:-1]:  # a bend goes through no box
                near = [v for u, v in boxes if u == x]
                assert all(abs(y - v) > 34 for v in near)


def sentences(javascript, output, names):
    """What is said before the first step and after each."""
    nodes = describe(output, names)
    steps = range(len(plan(nodes)) + 1)
    leaves = leaves_of(nodes)
    return javascript(MODULE, [("explain", [nodes, leaves, s]) for s in steps])


def test_the_sentence_states_the_local_derivative(javascript):
    w, x, b = Value(-2.0), Value(3.0), Value(6.5)
    said = sentences(javascript, (w * x + b).tanh(), {"w": w, "x": x, "b": b})
    assert said[0] == (
        "Only the leaves are known: w = −2, x = 3, b = 6.5. "
        "Step to compute forward."
    )
    assert said[1] == "Forward: v1 = w × x = (−2) × 3 = −6."
    assert said[3] == "Forward: v3 = tanh v2 = tanh 0.5 = 0.4621."
    assert "the gradient of v3 with respect to itself is 1" in said[4]
    assert said[5] == (
        "Backward through v3 = tanh v2: its local derivative with respect "
        "to v2 is 1 − v3² = 0.7864. Times the gradient of v3, 0.7864 × 1 = "
        "0.7864 is added to the gradient of v2."
    )
    assert "with respect to w is x = 3. Times" in said[-2]
    assert "with respect to x is w = −2. Times the gradient" in said[-1]
    assert "(−2) × 0.7864 = −1.573 is added" in said[-1]
    assert said[-1].endswith("Done: every gradient is complete.")


@pytest.mark.parametrize(
    ("make", "phrase"),
    [
        (lambda a: a - 1, "with respect to 1 is −1. Times"),
        (lambda a: a * -1, "v1 = a × (−1): its local derivative with"),
        (lambda a: 1 / a, "with respect to a is −1 / a² = −0.25. Times"),
        (lambda a: a / 4, "with respect to a is 1 / 4 = 0.25. Times"),
        (lambda a: -a, "v1 = −a: its local derivative with respect to a is"),
        (lambda a: a**3, "with respect to a is 3 × a² = 12. Times"),
        (lambda a: a**2, "with respect to a is 2 × a = 4. Times"),
        (lambda a: a**0.5, "is 0.5 × a^−0.5 = 0.3536. Times"),
        (lambda a: a**0, "with respect to a is 0. Times"),
        (lambda a: a.exp(), "with respect to a is exp a = 7.389. Times"),
        (lambda a: a.log(), "with respect to a is 1 / a = 0.5. Times"),
        (lambda a: a.relu(), "is 1, because a is above 0. Times"),
        (lambda a: (a * -1).relu(), "is 0, because v1 is not above 0."),
        (lambda a: a * a + a, "gradient of a, from 1 to 3."),
    ],
)
def test_every_rule_has_its_words(javascript, make, phrase):
    a = Value(2.0)
    said = sentences(javascript, make(a), {"a": a})
    assert any(phrase in sentence for sentence in said), said


def test_a_number_that_does_not_exist_is_named(javascript):
    a = Value(2.0)
    nodes = describe(a.log(), {"a": a})
    said = javascript(MODULE, [("explain", [nodes, [-1.0], 1])])[0]
    assert said == (
        "Forward: v1 = log a = log (−1) = undefined. "
        "There is no such number: change a leaf."
    )


def test_a_graph_of_40_values_fits_on_a_page():
    x = Value(0.1)
    y = x
    for k in range(13):
        y = y.tanh() * (1 + k)
    widget = AutogradGraph(y, {"x": x})
    assert len(widget.nodes) == 40
    assert widget.state_bytes() < 150_000


def chain(n):
    """A graph of n values."""
    y = Value(1.0)
    for _ in range(n - 1):
        y = -y
    return y


A = Value(2.0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: AutogradGraph(A), "must have 2 to 40 nodes, got 1"),
        (lambda: AutogradGraph(chain(41)), "2 to 40 nodes, got 41"),
        (
            lambda: AutogradGraph(-A, {"z": Value(2.0)}),
            "a name must name a value here, got 'z'",
        ),
        (lambda: AutogradGraph(-A, {"": A}), "name a value here, got ''"),
        (
            lambda: AutogradGraph(-A, {"a": A, "b": A}),
            "a value must have one name, got 'a' and 'b'",
        ),
        (
            lambda: AutogradGraph(A + float("inf")),
            "every value must be finite, got inf",
        ),
        (
            lambda: AutogradGraph(-A, step=4),
            "step must be from 0 to 3, got 4",
        ),
    ],
)
def test_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_leaves_set_from_python_are_checked_too():
    widget = AutogradGraph(-A, {"a": A})
    widget.leaves = [5.0]
    with pytest.raises(ValueError, match="1 finite numbers, got"):
        widget.leaves = [1.0, 2.0]
    with pytest.raises(ValueError, match=r"got \[nan\]"):
        widget.leaves = [float("nan")]
