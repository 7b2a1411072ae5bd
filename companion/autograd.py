"""A scalar reverse-mode autograd engine: numbers that know their gradient.

Source: Wengert 1964, "A simple automatic derivative evaluation program";
the interface is that of Karpathy's micrograd.

Chapter: book/2-environment/3-gradients.ipynb
"""

import math
from numbers import Real
from typing import Self


class Value:
    """A number, and how it was made from others.

    `derivatives[k]` is the local derivative with respect to `parents[k]`;
    `backward` adds the derivative of its output to `grad`.

    Raises:
        ValueError: data is not one real number.
    """

    def __init__(self, data: float, parents=(), derivatives=(), operation=""):
        if not isinstance(data, Real):
            raise ValueError(f"data must be one real number, got {data!r}")
        self.data, self.grad = float(data), 0.0
        self.parents: tuple[Value, ...] = parents
        self.derivatives: tuple[float, ...] = derivatives
        self.operation: str = operation  # "" for a number that was given

    def __repr__(self) -> str:
        return f"Value(data={self.data:.6g}, grad={self.grad:.6g})"

    def __add__(self, other: Self | float) -> "Value":
        a, b = self, _value(other)
        return Value(a.data + b.data, (a, b), (1.0, 1.0), "+")

    def __sub__(self, other: Self | float) -> "Value":
        a, b = self, _value(other)
        return Value(a.data - b.data, (a, b), (1.0, -1.0), "-")

    def __mul__(self, other: Self | float) -> "Value":
        a, b = self, _value(other)
        return Value(a.data * b.data, (a, b), (b.data, a.data), "*")

    def __truediv__(self, other: Self | float) -> "Value":
        a, b = self, _value(other)
        if b.data == 0:
            raise ValueError(f"a divisor must not be 0, got {a.data} / 0")
        ratio = a.data / b.data
        return Value(ratio, (a, b), (1 / b.data, -ratio / b.data), "/")

    def __pow__(self, n: float) -> "Value":
        if not isinstance(n, Real):
            raise ValueError(f"an exponent must be a constant, got {n!r}")
        x = self.data
        if (x < 0 and n % 1) or (x == 0 and n < 1 and n != 0):
            raise ValueError(f"a power must have a slope, got {x} ** {n}")
        slope = n * x ** (n - 1) if n else 0.0
        return Value(x**n, (self,), (slope,), f"**{n}")

    def __neg__(self) -> "Value":
        return Value(-self.data, (self,), (-1.0,), "neg")

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other: float) -> "Value":
        return _value(other) - self

    def __rtruediv__(self, other: float) -> "Value":
        return _value(other) / self

    def exp(self) -> "Value":
        """Compute e to this power."""
        y = math.exp(self.data)
        return Value(y, (self,), (y,), "exp")

    def log(self) -> "Value":
        """Compute the natural logarithm; ValueError at or below 0."""
        if self.data <= 0:
            raise ValueError(f"log must get more than 0, got {self.data}")
        return Value(math.log(self.data), (self,), (1 / self.data,), "log")

    def tanh(self) -> "Value":
        """Compute the hyperbolic tangent."""
        y = math.tanh(self.data)
        return Value(y, (self,), (1 - y * y,), "tanh")

    def relu(self) -> "Value":
        """Keep what is above 0; the slope at 0 is taken to be 0."""
        on = float(self.data > 0)
        return Value(max(0.0, self.data), (self,), (on,), "relu")

    def backward(self) -> None:
        """Add d(self) / d(leaf) to the `grad` of every leaf below self.

        As in torch: a leaf keeps what it had, so that gradients of several
        losses add up; what lies between begins anew.
        """
        order = _topological(self)
        for value in order:
            if value.parents:
                value.grad = 0.0
        self.grad += 1.0
        for value in reversed(order):
            pairs = zip(value.parents, value.derivatives, strict=True)
            for parent, derivative in pairs:
                parent.grad += derivative * value.grad


def graph(output: Value) -> tuple[list[Value], list[tuple[int, int]]]:
    """List the values behind an output, and which one enters which.

    Returns:
        nodes: parents before children, the output last.
        edges: (parent, child), as positions in nodes; a * a has two.
    """
    nodes = _topological(output)
    place = {node: i for i, node in enumerate(nodes)}
    edges = [(place[p], i) for i, n in enumerate(nodes) for p in n.parents]
    return nodes, edges


def _value(number: Value | float) -> Value:
    return number if isinstance(number, Value) else Value(number)


def _topological(output: Value) -> list[Value]:
    """Order values so that parents come first; a stack, no recursion."""
    order, seen, stack = [], set(), [(output, False)]
    while stack:
        value, parents_done = stack.pop()
        if parents_done:
            order.append(value)
        elif value not in seen:
            seen.add(value)
            stack.append((value, True))
            stack += [(p, False) for p in reversed(value.parents)]
    return order
