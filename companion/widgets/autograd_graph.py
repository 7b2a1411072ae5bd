"""The graph behind a value, stepped forward and then backward.

Drawing, values and gradients are computed in the browser
(`autograd_graph.js`); `companion.autograd` computes the same, and `plan` and
`replay` are the steps in Python.

Chapter: book/2-environment/3-gradients.ipynb
"""

import math
from collections.abc import Mapping, Sequence

import traitlets

from companion.autograd import Value, graph
from companion.widgets.base import BookWidget, bundle, check_between, synced

MAX_NODES = 40  # a drawing of more could not be read


def describe(output: Value, names: Mapping[str, Value]) -> list[dict]:
    """List the nodes of a graph as the browser gets them.

    Args:
        output: the value at the end.
        names: of values to show by name. Other results are called v1, v2,
            ...; another leaf is a constant and shows as its number.

    Returns:
        For each node, parents first: name ("" for a constant), operation
        ("" for a leaf), parents (positions in the list), data.

    Raises:
        ValueError: a name is empty or names no value of the graph, a value
            has two names, there are not 2 to 40 nodes, or a number is not
            finite.
    """
    nodes, _ = graph(output)
    if not 2 <= len(nodes) <= MAX_NODES:
        raise ValueError(
            f"a graph must have 2 to {MAX_NODES} nodes, got {len(nodes)}"
        )
    place = {node: i for i, node in enumerate(nodes)}
    called = _called(names, place)
    for node in nodes:
        if not math.isfinite(node.data):
            raise ValueError(f"every value must be finite, got {node.data}")
    spare = (f"v{k}" for k in range(1, 10**6) if f"v{k}" not in names)
    return [
        {
            "name": called.get(node) or (next(spare) if node.parents else ""),
            "operation": node.operation,
            "parents": [place[parent] for parent in node.parents],
            "data": node.data,
        }
        for node in nodes
    ]


def _called(
    names: Mapping[str, Value], place: Mapping[Value, int]
) -> dict[Value, str]:
    """Return the name of each named value, once all is well with them."""
    called: dict[Value, str] = {}
    for name, value in names.items():
        if not name or value not in place:
            raise ValueError(f"a name must name a value here, got {name!r}")
        if value in called:
            raise ValueError(
                "a value must have one name, "
                f"got {called[value]!r} and {name!r}"
            )
        called[value] = name
    return called


def plan(nodes: Sequence[dict]) -> list[tuple[str, int, int]]:
    """List the steps: what happens, at which node, to which parent.

    Returns:
        ("forward", i, -1) for each result, ("seed", output, -1), then
        ("backward", i, k): a share of i's gradient goes to its parent k.
    """
    results = [i for i, node in enumerate(nodes) if node["parents"]]
    return [
        *(("forward", i, -1) for i in results),
        ("seed", len(nodes) - 1, -1),
        *(
            ("backward", i, k)
            for i in reversed(results)
            for k in range(len(nodes[i]["parents"]))
        ),
    ]


def replay(output: Value, step: int) -> tuple[list[bool], list[float]]:
    """Say what is known after so many steps, by the engine's derivatives.

    Returns:
        Whether each node's data is computed, and each node's gradient.
    """
    values, _ = graph(output)
    nodes = describe(output, {})
    known = [not node["parents"] for node in nodes]
    grads = [0.0] * len(nodes)
    for kind, i, k in plan(nodes)[:step]:
        if kind == "forward":
            known[i] = True
        elif kind == "seed":
            grads[i] = 1.0
        else:
            share = values[i].derivatives[k] * grads[i]
            grads[nodes[i]["parents"][k]] += share
    return known, grads


class AutogradGraph(BookWidget):
    """A drawn graph of values, with sliders for its named leaves.

    What the reader sets comes back: `widget.leaves` holds the numbers of
    the named leaves (where a kernel runs).

    Args:
        output: the value at the end of the graph.
        names: see `describe`.
        step: how many steps are done at first.

    Raises:
        ValueError: see `describe`; or there is no such step.
    """

    _esm = bundle("autograd_graph")

    nodes = synced(traitlets.List(traitlets.Dict()))
    leaves = synced(traitlets.List(traitlets.Float()))
    step = synced(traitlets.Int())

    def __init__(
        self,
        output: Value,
        names: Mapping[str, Value] | None = None,
        *,
        step: int = 0,
    ) -> None:
        nodes = describe(output, names or {})
        leaves = [
            node["data"]
            for node in nodes
            if node["name"] and not node["parents"]
        ]
        super().__init__(nodes=nodes, leaves=leaves, step=step)

    @traitlets.validate("leaves")
    def _check_leaves(self, proposal: dict) -> list[float]:
        values = proposal["value"]
        n = sum(bool(x["name"] and not x["parents"]) for x in self.nodes)
        if len(values) != n or not all(map(math.isfinite, values)):
            raise ValueError(
                f"leaves must be {n} finite numbers, got {values}"
            )
        return values

    @traitlets.validate("step")
    def _check_step(self, proposal: dict) -> int:
        return check_between(
            "step", proposal["value"], 0, len(plan(self.nodes))
        )

    def summary(self) -> str:
        """Say how large the graph is."""
        return f"{len(self.nodes)} values, {len(plan(self.nodes))} steps"
