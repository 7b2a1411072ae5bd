"""The scalar autograd engine: torch, finite differences, deep graphs."""

import ast
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from companion import autograd
from companion.autograd import Value, graph

LEAVES = 3
UNARY = ("exp", "log", "tanh", "relu", "neg", "square", "reciprocal", "root")
BINARY = ("+", "-", "*", "/")
numbers = st.floats(-2, 2).filter(lambda x: abs(x) > 0.05)
# each step takes two earlier results, by their distance from the newest
programs = st.lists(
    st.tuples(
        st.sampled_from(UNARY + BINARY), st.integers(0, 9), st.integers(0, 9)
    ),
    min_size=1,
    max_size=14,
)


def apply(operation, a, b):
    """Apply one operation to Values, or to tensors, or to floats."""
    if operation in BINARY:
        return {
            "+": lambda: a + b,
            "-": lambda: a - b,
            "*": lambda: a * b,
            "/": lambda: a / b,
        }[operation]()
    if operation == "neg":
        return -a
    if operation in ("square", "reciprocal", "root"):
        return a ** {"square": 2, "reciprocal": -1, "root": 0.5}[operation]
    if isinstance(a, float):
        functions = {"relu": lambda x: max(x, 0.0)}
        return functions.get(operation, getattr(math, operation, None))(a)
    return getattr(a, operation)()


def run(program, leaves):
    """Run a program; the result is the sum of everything computed."""
    results = list(leaves)
    for operation, i, j in program:
        a = results[-1 - i % len(results)]
        b = results[-1 - j % len(results)]
        results.append(apply(operation, a, b))
    total = results[LEAVES]
    for one in results[LEAVES + 1 :]:
        total = total + one
    return total


def gradients(program, data):
    """Our gradient of a program, or a rejected example."""
    leaves = [Value(x) for x in data]
    try:
        output = run(program, leaves)
        output.backward()
    except (ValueError, OverflowError):
        assume(False)
    found = [leaf.grad for leaf in leaves]
    assume(all(map(math.isfinite, [output.data, *found])))
    return output, found


@settings(max_examples=300, deadline=None)
@given(program=programs, data=st.tuples(*[numbers] * LEAVES))
def test_matches_torch(program, data):
    output, found = gradients(program, data)
    leaves = [
        torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in data
    ]
    theirs = run(program, leaves)
    theirs.backward()
    assert output.data == pytest.approx(theirs.item(), rel=1e-12)
    for ours, leaf in zip(found, leaves, strict=True):
        expected = 0.0 if leaf.grad is None else leaf.grad.item()
        assert ours == pytest.approx(expected, rel=1e-9, abs=1e-9)


SMOOTH = [
    ("square", 0, 0),
    ("tanh", 0, 0),
    ("*", 0, 3),
    ("exp", 0, 0),
    ("-", 0, 4),
    ("square", 0, 0),
    ("+", 7, 0),
    ("neg", 0, 0),
    ("/", 0, 2),
    ("root", 6, 0),
    ("log", 0, 0),
    ("reciprocal", 3, 0),
]


@settings(max_examples=100, deadline=None)
@given(length=st.integers(1, len(SMOOTH)), data=st.tuples(*[numbers] * LEAVES))
def test_matches_central_differences(length, data):
    program, step = SMOOTH[:length], 1e-6
    _, found = gradients(program, data)
    assume(all(abs(grad) < 1e3 for grad in found))
    for i, ours in enumerate(found):
        above, below = list(data), list(data)
        above[i] += step
        below[i] -= step
        rise = run(program, above) - run(program, below)
        assert ours == pytest.approx(rise / (2 * step), rel=1e-4, abs=1e-5)


def test_shared_subexpressions_add_up():
    a = Value(3.0)
    y = a * a + a
    y.backward()
    assert (y.data, a.grad) == (12.0, 7.0)


def test_gradients_of_several_losses_accumulate_in_the_leaves():
    x = Value(2.0)
    shared = x * x
    one, other = 3 * shared, 5 * shared
    one.backward()
    assert x.grad == 12.0
    other.backward()
    assert x.grad == 12.0 + 20.0
    assert shared.grad == 5.0  # what lies between begins anew
    x.backward()
    assert x.grad == 33.0


def test_constants_stand_on_either_side():
    x = Value(4.0)
    assert [
        (2 + x).data,
        (2 - x).data,
        (2 * x).data,
        (2 / x).data,
        (x - 2).data,
        (-x).data,
        (np.float64(2) * x).data,
    ] == [6.0, -2.0, 8.0, 0.5, 2.0, -4.0, 8.0]
    y = 2 - 8 / x
    y.backward()
    assert x.grad == 0.5


def test_slopes_at_zero_are_those_of_torch():
    x = Value(0.0)
    y = x.relu() + x**0 + x**1 + x**1.5
    y.backward()
    assert (y.data, x.grad) == (1.0, 1.0)


def test_deep_graphs_need_no_recursion():
    n = 20_000  # twenty times as deep as Python lets functions nest
    x = Value(1.0)
    y = x
    for _ in range(n):
        y = y + 0.5 * x
    y.backward()
    assert x.grad == 1 + n / 2
    assert len(graph(y)[0]) == 1 + 3 * n  # the constants are nodes
    del y  # taking the graph apart needs no recursion either


def test_graph_lists_parents_first_and_each_edge():
    a, b = Value(2.0), Value(3.0)
    output = a * a + b
    nodes, edges = graph(output)
    assert [node.operation for node in nodes] == ["", "*", "", "+"]
    assert nodes[0] is a and nodes[2] is b and nodes[3] is output
    assert edges == [(0, 1), (0, 1), (1, 3), (2, 3)]
    assert all(parent < child for parent, child in edges)
    names = {node.operation for node in graph((a**2).exp() / -b)[0]}
    assert names == {"", "**2", "exp", "neg", "/"}


def test_prints_as_data_and_grad():
    assert repr(Value(1 / 3)) == "Value(data=0.333333, grad=0)"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda x: Value("3"), "data must be one real number, got '3'"),
        (lambda x: x + {}, "data must be one real number, got {}"),
        (lambda x: x / 0, "a divisor must not be 0, got -2.0 / 0"),
        (lambda x: 1 / (x - x), "a divisor must not be 0, got 1.0 / 0"),
        (lambda x: x.log(), "log must get more than 0, got -2.0"),
        (lambda x: (x * 0).log(), "log must get more than 0, got -0.0"),
        (lambda x: x**0.5, r"a power must have a slope, got -2.0 \*\* 0.5"),
        (lambda x: Value(0) ** -1, r"must have a slope, got 0.0 \*\* -1"),
        (lambda x: Value(0) ** 0.5, r"must have a slope, got 0.0 \*\* 0.5"),
        (lambda x: x**x, "an exponent must be a constant, got Value"),
    ],
)
def test_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make(Value(-2.0))


def test_engine_has_fewer_than_100_lines_of_code():
    source = Path(autograd.__file__).read_text(encoding="utf-8")
    tree = ast.parse(source)
    docstrings = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        for line in range(node.lineno, node.end_lineno + 1)
    }
    lines = [
        line
        for number, line in enumerate(source.splitlines(), start=1)
        if line.strip() and number not in docstrings
    ]
    assert len(lines) < 100


def test_imports_the_standard_library_alone():
    code = (
        "import sys, companion.autograd; "
        "print(sorted({'numpy', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
