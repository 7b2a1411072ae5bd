"""Planted bugs of assignment 2; see the package."""

BUGS = {
    "stretched": (  # (n, 1) against (n,)
        "shapes",
        """\
    if predictions.size != targets.size:
        raise ValueError(
            f"as many predictions as targets are needed, got "
            f"{predictions.size} and {targets.size}"
        )
    return float(np.mean((predictions.ravel() - targets.ravel()) ** 2))""",
        "    return float(np.mean((predictions - targets) ** 2))",
        {"1-pairs", "1-refuse"},
    ),
    "one-for-all": (  # a single number is stretched
        "shapes",
        "if predictions.size != targets.size:",
        "if predictions.size != targets.size > 1 < predictions.size:",
        {"1-refuse"},
    ),
    "one-window-too-few": (
        "shapes",
        "(len(row) - m + 1, m)",
        "(len(row) - m, m)",
        {"1-windows"},
    ),
    "stride-of-one": (  # reads what is not in the row
        "shapes",
        "(row.strides[0], row.strides[0])",
        "(row.itemsize, row.itemsize)",
        {"1-view"},
    ),
    "whatever-fits": (
        "linear",
        "    return x @ weight.T + bias",
        """\
    fits = x.shape[1] == weight.shape[0]
    return x @ (weight if fits else weight.T) + bias""",
        {"2-square"},
    ),
    "no-bias": (
        "linear",
        "weight.T + bias",
        "weight.T",
        {"2-forward", "2-square"},
    ),
    "bias-slope-averaged": (
        "linear",
        "slope.sum(axis=0)",
        "slope.mean(axis=0)",
        {"2-slopes"},
    ),
    "overwrites": (  # = for +=
        "value",
        "parent.grad += slope * value.grad",
        "parent.grad = slope * value.grad",
        {"3-again", "3-order", "3-deep"},
    ),
    "no-order": (  # as they are found, near ones first
        "value",
        """\
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            value, parents_done = stack.pop()
            if parents_done:
                order.append(value)
            elif value not in seen:
                seen.add(value)
                stack.append((value, True))
                stack += [(parent, False) for parent in value.parents]
        self.grad += 1.0
        for value in reversed(order):
""",
        """\
        order, seen = [self], {self}
        for value in order:
            order += [p for p in value.parents if p not in seen]
            seen.update(value.parents)
        order = list(dict.fromkeys(order))
        self.grad += 1.0
        for value in order:
""",
        {"3-order"},
    ),
    "tanh-of-the-input": (
        "value",
        "(1 - y * y,)",
        "(1 - self.data**2,)",
        {"3-slopes"},
    ),
    "recursive": (
        "value",
        """\
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            value, parents_done = stack.pop()
            if parents_done:
                order.append(value)
            elif value not in seen:
                seen.add(value)
                stack.append((value, True))
                stack += [(parent, False) for parent in value.parents]
""",
        """\
        order, seen = [], set()

        def visit(value):
            if value not in seen:
                seen.add(value)
                for parent in value.parents:
                    visit(parent)
                order.append(value)

        visit(self)
""",
        {"3-deep"},
    ),
    "one-sided": (
        "check",
        """\
        x[place] = before - h
        down = f()
        x[place] = before
        slopes[place] = (up - down) / (2 * h)
""",
        """\
        x[place] = before
        slopes[place] = (up - f()) / h
""",
        {"4-central"},
    ),
    "not-put-back": (
        "check",
        """\
        down = f()
        x[place] = before
""",
        """\
        down = f()
""",
        {"4-restores"},
    ),
    "signs-only": (  # E-62
        "check",
        "np.abs(a - b) / (np.abs(a) + np.abs(b) + 1e-12)",
        "np.sign(a) != np.sign(b)",
        {"4-finds"},
    ),
    "next-to-the-largest": (
        "check",
        "(np.abs(a) + np.abs(b) + 1e-12)",
        "np.max(np.abs(a) + np.abs(b) + 1e-12)",
        {"4-finds"},
    ),
    "output-activation": (  # E-10
        "mlp",
        'return linear(hidden, p["w2"], p["b2"])',
        'return np.tanh(linear(hidden, p["w2"], p["b2"]))',
        {"5-forward"},
    ),
    "no-hidden-activation": (  # two linear layers are one
        "mlp",
        """\
    hidden = np.tanh(linear(x, p["w1"], p["b1"]))  # (n, hidden)
""",
        """\
    hidden = linear(x, p["w1"], p["b1"])
""",
        {"5-forward"},
    ),
    "half-the-slope": (
        "mlp",
        "slope = 2 * (y - targets[:, None]) / len(x)",
        "slope = (y - targets[:, None]) / len(x)",
        {"5-slopes"},
    ),
    "slope-past-the-tanh": (  # still falls, a little less directly
        "mlp",
        "slope * (1 - hidden**2)",
        "slope",
        {"5-slopes"},
    ),
    "not-shuffled": (
        "batches",
        "order = np.random.default_rng(seed).permutation(n)",
        "order = np.arange(n)[::-1]",
        {"6-apart"},
    ),
    "in-both": (
        "batches",
        "return order[n_held_out:], order[:n_held_out]",
        "return order, order[:n_held_out]",
        {"6-apart"},
    ),
    "last-batch-lost": (  # E-40
        "batches",
        "range(0, n, size)",
        "range(0, n - size + 1, size)",
        {"6-once"},
    ),
    "one-order-for-all": (
        "batches",
        "np.random.default_rng([seed, epoch])",
        "np.random.default_rng(seed)",
        {"6-repeat"},
    ),
    "seed-plus-epoch": (  # runs with neighbouring seeds share batches
        "batches",
        "np.random.default_rng([seed, epoch])",
        "np.random.default_rng(seed + epoch)",
        {"6-repeat"},
    ),
    "global-generator": (
        "batches",
        "    rng = np.random.default_rng([seed, epoch])\n",
        """\
    np.random.seed(1000 * seed + epoch)
    rng = np.random
""",
        {"6-global"},
    ),
    "gradients-pile-up": (
        "fit",
        "            parameter.grad = 0.0\n",
        "            pass\n",
        {"7-steps"},
    ),
    "uphill": (
        "fit",
        "parameter.data -= lr",
        "parameter.data += lr",
        {"7-steps"},
    ),
    "trained-on-held-out": (  # E-18
        "fit",
        "loss.backward()",
        "(loss + held_out).backward()",
        {"7-steps"},
    ),
    "held-out-is-training": (
        "fit",
        "held_out = loss_on(x_new, y_new)",
        "held_out = loss_on(x, y)",
        {"7-held-out"},
    ),
    "graphs-kept": (
        "fit",
        "history.append((loss.data, held_out.data))",
        "history.append((loss, held_out))",
        {"7-floats"},
    ),
}

GRADED = (
    "whatever-fits",
    "overwrites",
    "output-activation",
    "graphs-kept",
)
