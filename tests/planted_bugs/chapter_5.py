"""Planted bugs of assignment 5; see the package."""

BUGS = {
    "surprise-at-all": (  # E-06: a sum over classes, with nobody's target
        "loss",
        "float(-picked[counted].mean())",
        "float(-logs[counted].mean())",
        {"1-loss", "1-ignored"},
    ),
    "base-2": (
        "loss",
        "float(-picked[counted].mean())",
        "float(-picked[counted].mean() / math.log(2))",
        {"1-loss", "1-ignored"},
    ),
    "sum-not-mean": (
        "loss",
        "float(-picked[counted].mean())",
        "float(-picked[counted].sum())",
        {"1-loss", "1-ignored"},
    ),
    "overflow": (
        "loss",
        "z = logits - logits.max(axis=-1, keepdims=True)",
        "z = logits",
        {"1-loss"},
    ),
    "never-below": (  # a floor under the probabilities
        "loss",
        "logs = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))",
        "p = np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)\n"
        "    logs = np.log(p + 1e-12)",
        {"1-loss"},
    ),
    "mean-over-padding": (
        "loss",
        "float(-picked[counted].mean())",
        "float(-(picked * counted).mean())",
        {"1-ignored"},
    ),
    "mean-of-means": (  # E-19
        "loss",
        "return float(-picked[counted].mean()), slopes",
        "each = np.atleast_2d(picked * counted).sum(-1)\n"
        "    each = each / np.atleast_2d(counted).sum(-1)\n"
        "    return float(-each.mean()), slopes",
        {"1-ignored"},
    ),
    "nothing-counts": (
        "loss",
        'raise ValueError("a target must count")',
        "return 0.0, np.zeros_like(logits)",
        {"1-ignored"},
    ),
    "slopes-of-the-sum": (  # E-37: the loss is a mean, its slopes are not
        "loss",
        "* counted[..., None] / n",
        "* counted[..., None]",
        {"1-slopes"},
    ),
    "slopes-over-padding": (
        "loss",
        "* counted[..., None] / n",
        "* counted[..., None] / targets.size",
        {"1-slopes"},
    ),
    "padding-has-slopes": (
        "loss",
        "* counted[..., None] / n",
        "/ n",
        {"1-slopes"},
    ),
    "came-less-believed": (
        "loss",
        "(np.exp(logs) - came)",
        "(came - np.exp(logs))",
        {"1-slopes"},
    ),
    "first-loss-in-bits": (
        "loss",
        "math.log(vocab_size)",
        "math.log2(vocab_size)",
        {"1-first"},
    ),
    "low-is-good": (  # a model that has seen the answer
        "loss",
        "bool(abs(loss - math.log(vocab_size)) <= within)",
        "bool(loss - math.log(vocab_size) <= within)",
        {"1-first"},
    ),
    "velocity-averaged": (  # another definition, another rate
        "optimizers",
        "u += gradients[name]",
        "u += (1 - momentum) * gradients[name]",
        {"2-momentum"},
    ),
    "rate-in-velocity": (  # the same, until the rate changes
        "optimizers",
        "        u += gradients[name]\n        p -= lr * u",
        "        u += lr * gradients[name]\n        p -= u",
        {"2-momentum"},
    ),
    "gradient-as-velocity": (  # the callers' own array
        "optimizers",
        """\
        state["u"] = {n: np.zeros_like(p) for n, p in parameters.items()}
    for name, p in parameters.items():
        u = state["u"][name]
        u *= momentum
        u += gradients[name]
        p -= lr * u""",
        """\
        state["u"] = {}
    for name, p in parameters.items():
        u = gradients[name]
        u += momentum * state["u"].get(name, 0.0)
        state["u"][name] = u
        p -= lr * u""",
        {"2-momentum"},
    ),
    "rebound": (  # E-35: the model keeps its old weights
        "optimizers",
        "        p -= lr * u",
        "        parameters[name] = p - lr * u",
        {"2-momentum"},
    ),
    "rebound-adam": (  # E-35
        "optimizers",
        "p -= lr * mean / (np.sqrt(square) + eps)",
        "p = p - lr * mean / (np.sqrt(square) + eps)",
        {"2-first", "2-adam"},
    ),
    "squares-pile-up": (  # E-01: right in the first step
        "optimizers",
        "v[...] = b2 * v + (1 - b2) * g**2",
        "v[...] = v + (1 - b2) * g**2",
        {"2-adam"},
    ),
    "variance": (  # E-02
        "optimizers",
        "v[...] = b2 * v + (1 - b2) * g**2",
        "v[...] = b2 * v + (1 - b2) * (g - m) ** 2",
        {"2-first", "2-adam"},
    ),
    "no-correction": (
        "optimizers",
        """\
        mean = m / (1 - b1**t)
        square = v / (1 - b2**t)""",
        """\
        mean = m
        square = v""",
        {"2-first", "2-adam"},
    ),
    "half-a-correction": (
        "optimizers",
        "square = v / (1 - b2**t)",
        "square = v",
        {"2-first", "2-adam"},
    ),
    "correction-of-step-1": (
        "optimizers",
        't = state["steps"]\n',
        "t = 1\n",
        {"2-adam"},
    ),
    "steps-of-tensors": (  # E-34: the count is not that of the steps
        "optimizers",
        """\
    state["steps"] += 1
    b1, b2 = betas
    for name, p in parameters.items():
""",
        """\
    b1, b2 = betas
    for name, p in parameters.items():
        state["steps"] += 1
""",
        {"2-adam"},
    ),
    "no-root": (
        "optimizers",
        "(np.sqrt(square) + eps)",
        "(square + eps)",
        {"2-first", "2-adam"},
    ),
    "eps-inside": (
        "optimizers",
        "(np.sqrt(square) + eps)",
        "np.sqrt(square + eps)",
        {"2-first", "2-adam"},
    ),
    "forgetful": (  # every step is a first step
        "optimizers",
        '    if not state:\n        state["steps"] = 0\n',
        '    if True:\n        state["steps"] = 0\n',
        {"2-adam"},
    ),
    "biases-decay": (
        "decay",
        "if p.ndim == 2 and name not in tables",
        "if name not in tables",
        {"3-which"},
    ),
    "by-name": (  # E-38: the biases are called b1 and b2
        "decay",
        "if p.ndim == 2 and name not in tables",
        'if not ("bias" in name or "norm" in name or name in tables)',
        {"3-which"},
    ),
    "tables-decay": (
        "decay",
        "if p.ndim == 2 and name not in tables",
        "if p.ndim == 2",
        {"3-which"},
    ),
    "in-the-gradient": (  # E-15
        "decay",
        """\
    for name in decays:
        parameters[name] *= 1 - lr * weight_decay
    adam_step""",
        """\
    gradients = {
        n: g + weight_decay * parameters[n] * (n in decays)
        for n, g in gradients.items()
    }
    adam_step""",
        {"3-decoupled"},
    ),
    "decay-without-rate": (
        "decay",
        "1 - lr * weight_decay",
        "1 - weight_decay",
        {"3-decoupled"},
    ),
    "decay-of-the-new": (  # after the step, not before it
        "decay",
        """\
    for name in decays:
        parameters[name] *= 1 - lr * weight_decay
    adam_step(parameters, gradients, state, lr)""",
        """\
    adam_step(parameters, gradients, state, lr)
    for name in decays:
        parameters[name] *= 1 - lr * weight_decay""",
        {"3-decoupled"},
    ),
    "all-decay": (
        "decay",
        "for name in decays:",
        "for name in parameters:",
        {"3-left-alone"},
    ),
    "decay-rebound": (  # E-37: only the dict sees it
        "decay",
        "parameters[name] *= 1 - lr * weight_decay",
        "parameters = parameters | {\n"
        "            name: parameters[name] * (1 - lr * weight_decay)\n"
        "        }",
        {"3-decoupled"},
    ),
    "first-step-is-none": (
        "pace",
        "highest * (step + 1) / warmup",
        "highest * step / warmup",
        {"4-warmup"},
    ),
    "warm-up-times-cosine": (
        "pace",
        """\
    if step < warmup:
        return highest * (step + 1) / warmup
    progress = min((step - (warmup - 1)) / (total - warmup), 1.0)
    half = (1 + math.cos(math.pi * progress)) / 2  # from 1 to 0
    return highest""",
        """\
    progress = min(step / (total - 1), 1.0)
    half = (1 + math.cos(math.pi * progress)) / 2  # from 1 to 0
    return min((step + 1) / warmup, 1.0) * highest""",
        {"4-warmup", "4-cosine"},
    ),
    "a-jump": (  # the cosine has begun before it is followed
        "pace",
        "(step - (warmup - 1)) / (total - warmup)",
        "step / (total - 1)",
        {"4-cosine"},
    ),
    "one-step-late": (  # the last rate is that of a step that never comes
        "pace",
        "(step - (warmup - 1)) / (total - warmup)",
        "(step - warmup) / (total - warmup)",
        {"4-cosine"},
    ),
    "up-again": (  # beyond the budget
        "pace",
        "min((step - (warmup - 1)) / (total - warmup), 1.0)",
        "(step - (warmup - 1)) / (total - warmup)",
        {"4-cosine"},
    ),
    "down-to-zero": (
        "pace",
        "highest * (final + (1 - final) * half)",
        "highest * half",
        {"4-cosine"},
    ),
    "quarter-of-a-cosine": (
        "pace",
        "half = (1 + math.cos(math.pi * progress)) / 2",
        "half = math.cos(math.pi * progress / 2)",
        {"4-cosine"},
    ),
    "tensor-by-tensor": (  # E-25
        "pace",
        """\
    if norm > max_norm:
        for g in gradients.values():
            g *= max_norm / norm""",
        """\
    for g in gradients.values():
        g *= min(1.0, max_norm / max(np.linalg.norm(g), 1e-12))""",
        {"4-direction"},
    ),
    "number-by-number": (
        "pace",
        """\
    if norm > max_norm:
        for g in gradients.values():
            g *= max_norm / norm""",
        """\
    for g in gradients.values():
        np.clip(g, -max_norm, max_norm, out=g)""",
        {"4-direction"},
    ),
    "sum-of-lengths": (
        "pace",
        "math.sqrt(sum(float((g**2).sum()) for g in gradients.values()))",
        "float(sum(np.linalg.norm(g) for g in gradients.values()))",
        {"4-direction", "4-small"},
    ),
    "clipped-copies": (  # the optimizer sees the old ones
        "pace",
        "g *= max_norm / norm",
        "g = g * max_norm / norm",
        {"4-direction"},
    ),
    "length-after": (
        "pace",
        "            g *= max_norm / norm\n    return norm",
        "            g *= max_norm / norm\n    return min(norm, max_norm)",
        {"4-direction", "4-small"},
    ),
    "always-scaled": (
        "pace",
        "    if norm > max_norm:\n",
        "    if norm > 0:\n",
        {"4-small"},
    ),
    "nan-goes-through": (  # E-57: NaN is not above max_norm
        "pace",
        "if not math.isfinite(norm):",
        "if norm == math.inf:",
        {"4-broken"},
    ),
    "not-rescaled": (  # E-03
        "dropout",
        "mask = (rng.random(x.shape) >= p) / (1 - p)",
        "mask = (rng.random(x.shape) >= p).astype(float)",
        {"5-mean"},
    ),
    "rescaled-by-p": (
        "dropout",
        ">= p) / (1 - p)",
        ">= p) / max(p, 1e-9)",
        {"5-mean", "5-share"},
    ),
    "keeps-p": (
        "dropout",
        "rng.random(x.shape) >= p",
        "rng.random(x.shape) < p",
        {"5-mean", "5-share"},
    ),
    "rows-at-once": (
        "dropout",
        "rng.random(x.shape) >= p",
        "np.broadcast_to(rng.random((len(x), 1)), x.shape) >= p",
        {"5-share"},
    ),
    "chance-of-its-own": (
        "dropout",
        "rng.random(x.shape) >= p",
        "np.random.default_rng(0).random(x.shape) >= p",
        {"5-share"},
    ),
    "global-generator": (
        "dropout",
        "rng.random(x.shape) >= p",
        "np.random.random(x.shape) >= p",
        {"5-share"},
    ),
    "never-off": (
        "dropout",
        "if not training:",
        "if False:",
        {"5-evaluation"},
    ),
    "old-dropout": (  # rescaled afterwards in place of before
        "dropout",
        """\
        return x.copy(), np.ones_like(x)
    mask = (rng.random(x.shape) >= p) / (1 - p)""",
        """\
        return x * (1 - p), np.full_like(x, 1 - p)
    mask = 1.0 * (rng.random(x.shape) >= p)""",
        {"5-mean", "5-evaluation"},
    ),
    "draws-for-nothing": (
        "dropout",
        """\
    if not training:
        return x.copy(), np.ones_like(x)
    mask = (rng.random(x.shape) >= p) / (1 - p)""",
        """\
    mask = (rng.random(x.shape) >= p) / (1 - p)
    if not training:
        mask = np.ones_like(x)""",
        {"5-evaluation"},
    ),
    "slopes-not-silent": (
        "dropout",
        "return slopes * mask",
        "return slopes * mask.max()",
        {"5-slopes"},
    ),
    "slopes-not-rescaled": (
        "dropout",
        "return slopes * mask",
        "return slopes * (mask > 0)",
        {"5-slopes"},
    ),
    "input-for-hidden": (  # E-36: fits where all widths are equal
        "backward",
        "np.tensordot(slopes, hidden, (rows, rows))",
        "np.tensordot(slopes, x, (rows, rows))",
        {"6-feed-forward"},
    ),
    "relu-of-the-gradient": (  # E-36
        "backward",
        "(slopes @ w2) * (hidden > 0)",
        "np.maximum(slopes @ w2, 0)",
        {"6-feed-forward"},
    ),
    "mask-of-the-bias": (  # E-37
        "backward",
        "(slopes @ w2) * (hidden > 0)",
        "(slopes @ w2) * np.sign(np.maximum(b1, 0))",
        {"6-feed-forward"},
    ),
    "slope-of-the-error": (  # E-34
        "backward",
        "(slopes @ w2) * (hidden > 0)",
        "1 - (slopes @ w2) ** 2",
        {"6-feed-forward"},
    ),
    "w1-the-wrong-way": (
        "backward",
        "inner @ w1, dw1",
        "inner @ w1.T, dw1",
        {"6-feed-forward"},
    ),
    "biases-averaged": (
        "backward",
        "dw2, slopes.sum(axis=rows)\n",
        "dw2, slopes.mean(axis=rows)\n",
        {"6-feed-forward"},
    ),
    "divided-twice": (  # E-70
        "backward",
        "hat * along) / s",
        "hat * along / s) / s",
        {"6-norm"},
    ),
    "statistics-fixed": (
        "backward",
        "dx = (g - g.mean(axis=-1, keepdims=True) - hat * along) / s",
        "dx = g / s",
        {"6-norm"},
    ),
    "mean-fixed": (
        "backward",
        "(g - g.mean(axis=-1, keepdims=True) - hat * along)",
        "(g - hat * along)",
        {"6-norm"},
    ),
    "scale-left-out": (
        "backward",
        "g = slopes * weight",
        "g = slopes",
        {"6-norm"},
    ),
    "eps-left-out": (
        "backward",
        ".mean(axis=-1, keepdims=True) + eps)",
        ".mean(axis=-1, keepdims=True))",
        {"6-norm"},
    ),
    "scale-from-x": (
        "backward",
        "(slopes * hat).sum(axis=rows)",
        "(slopes * x).sum(axis=rows)",
        {"6-scale"},
    ),
    "first-axis-only": (
        "backward",
        "(slopes * hat).sum(axis=rows), slopes.sum(axis=rows)",
        "(slopes * hat).sum(axis=0), slopes.sum(axis=0)",
        {"6-scale"},
    ),
    "root-left-out": (  # E-69
        "backward",
        "(g - common) / math.sqrt(q.shape[-1])",
        "(g - common)",
        {"6-scores"},
    ),
    "softmax-by-itself": (  # each weight as if the others stood still
        "backward",
        "weights * (g - common)",
        "weights * (1 - weights) * g",
        {"6-scores"},
    ),
    "softmax-left-out": (
        "backward",
        "weights * (g - common)",
        "weights * g",
        {"6-scores"},
    ),
    "columns-for-rows": (
        "backward",
        "common = (weights * g).sum(axis=-1, keepdims=True)",
        "common = (weights * g).sum(axis=-2, keepdims=True)",
        {"6-scores"},
    ),
    "keys-not-turned": (  # queries and keys are equally many: it fits
        "backward",
        "scores.swapaxes(-1, -2) @ q",
        "scores @ q",
        {"6-scores"},
    ),
    "values-not-turned": (
        "backward",
        "weights.swapaxes(-1, -2) @ slopes",
        "weights @ slopes",
        {"6-values"},
    ),
    "summed-up": (
        "pieces",
        "return loss / total, {n: g / total for n, g in gradients.items()}",
        "return loss, gradients",
        {"7-equal", "7-tokens", "7-buffers"},
    ),
    "mean-of-pieces": (
        "pieces",
        "        total += n\n",
        "        n = 1\n        total += n\n",
        {"7-tokens"},
    ),
    "by-texts": (
        "pieces",
        "        total += n\n",
        "        n = len(inputs)\n        total += n\n",
        {"7-tokens"},
    ),
    "by-places": (
        "pieces",
        "        total += n\n",
        "        n = targets.size\n        total += n\n",
        {"7-tokens"},
    ),
    "loss-not-weighted": (
        "pieces",
        """\
        loss += n * piece
        for name, g in slopes.items():
            gradients[name] = gradients.get(name, 0.0) + n * g
    return loss / total,""",
        """\
        loss += piece
        for name, g in slopes.items():
            gradients[name] = gradients.get(name, 0.0) + n * g
    return loss / len(pieces),""",
        {"7-tokens"},
    ),
    "empty-pieces-asked": (
        "pieces",
        "        if n == 0:\n            continue\n",
        "",
        {"7-tokens"},
    ),
    "arrays-not-copied": (
        "pieces",
        """\
    total, loss, gradients = 0, 0.0, {}
    for inputs""",
        """\
    found = []
    for inputs, targets in pieces:
        n = int((targets != IGNORED).sum())
        if n:
            found.append((n, *slopes_of(inputs, targets)))
    total = sum(n for n, _, _ in found)
    loss = sum(n * piece for n, piece, _ in found)
    gradients = {
        name: sum(n * slopes[name] for n, _, slopes in found)
        for name in found[0][2]
    }
    for inputs, targets in ():
        pass
    return loss / total, {n: g / total for n, g in gradients.items()}
    for inputs""",
        {"7-buffers"},
    ),
    "better-than-before": (  # compared with the last one, not the best
        "resuming",
        """\
        if loss < best:
            best, place, waited = loss, n_read - 1, 0
        else:
            waited += 1""",
        """\
        worse = n_read > 1 and not loss < last
        last = loss
        if loss < best:
            best, place = loss, n_read - 1
        waited = waited + 1 if worse else 0""",
        {"8-patience"},
    ),
    "not-in-a-row": (
        "resuming",
        "best, place, waited = loss, n_read - 1, 0",
        "best, place = loss, n_read - 1",
        {"8-patience"},
    ),
    "one-too-patient": (
        "resuming",
        "waited >= patience",
        "waited > patience",
        {"8-patience"},
    ),
    "reads-to-the-end": (  # a generator is measured whole
        "resuming",
        "for loss in losses:",
        "for loss in list(losses):",
        {"8-patience"},
    ),
    "equal-is-better": (
        "resuming",
        "if loss < best:",
        "if loss <= best:",
        {"8-patience", "8-best"},
    ),
    "nan-is-best": (
        "resuming",
        """\
        if loss < best:
            best, place, waited = loss, n_read - 1, 0
        else:
            waited += 1""",
        """\
        if loss >= best:
            waited += 1
        else:
            best, place, waited = loss, n_read - 1, 0""",
        {"8-best"},
    ),
    "last-is-kept": (
        "resuming",
        "return place, n_read\n",
        "return n_read - 1, n_read\n",
        {"8-best"},
    ),
    "same-order": (
        "resuming",
        'run["rng"].permutation(n_texts)',
        "np.random.default_rng(0).permutation(n_texts)",
        {"8-rows"},
    ),
    "in-the-files-order": (
        "resuming",
        'run["rng"].permutation(n_texts)',
        "np.arange(n_texts)",
        {"8-rows"},
    ),
    "short-batch-dropped": (
        "resuming",
        'if run["position"] >= len(run["order"]):',
        'if run["position"] + batch > len(run["order"]):',
        {"8-rows"},
    ),
    "drawn-with-luck": (  # each batch by itself: some texts twice
        "resuming",
        'rows = run["order"][start : start + batch]',
        'rows = run["rng"].integers(n_texts, size=batch)',
        {"8-rows"},
    ),
    "not-clipped": (
        "resuming",
        '        clip(gradients, settings["max_norm"])\n',
        "",
        {"8-train"},
    ),
    "clipped-too-late": (
        "resuming",
        """\
        clip(gradients, settings["max_norm"])
        lr = rate(run["step"], total, settings["lr"], settings["warmup"])
""",
        """\
        lr = rate(run["step"], total, settings["lr"], settings["warmup"])
        gradients, late = {n: 1 * g for n, g in gradients.items()}, gradients
        clip(late, settings["max_norm"])
""",
        {"8-train"},
    ),
    "rate-begins-again": (  # the step of this call, not of the run
        "resuming",
        'rate(run["step"], total,',
        "rate(len(losses), total,",
        {"8-train"},
    ),
    "rate-of-the-next": (
        "resuming",
        'rate(run["step"], total,',
        'rate(run["step"] + 1, total,',
        {"8-train"},
    ),
    "rows-for-texts": (
        "resuming",
        "chosen = [texts[row] for row in rows]",
        "chosen = texts[: len(rows)]",
        {"8-train"},
    ),
    "weights-alone": (  # everything else begins again
        "resuming",
        '"adam": {"steps": rest["steps"], **groups} if rest["steps"] else {},',
        '"adam": {},',
        {"8-exact"},
    ),
    "count-of-adam-lost": (
        "resuming",
        '"steps": run["adam"].get("steps", 0),',
        '"steps": min(run["adam"].get("steps", 0), 1),',
        {"8-exact"},
    ),
    "squares-of-adam-lost": (
        "resuming",
        '"adam": {"steps": rest["steps"], **groups} if rest["steps"] else {},',
        '"adam": {\n'
        '            "steps": rest["steps"], "m": groups["m"],\n'
        '            "v": {n: 0 * v for n, v in groups["v"].items()},\n'
        '        } if rest["steps"] else {},',
        {"8-exact"},
    ),
    "step-of-the-run-lost": (
        "resuming",
        '"step": rest["step"],',
        '"step": 0,',
        {"8-data", "8-exact"},
    ),
    "half-precision": (  # E-33: a file half as large
        "resuming",
        'f"{key}/{name}": array\n',
        'f"{key}/{name}": array.astype(np.float32)\n',
        {"8-exact"},
    ),
    "order-lost": (  # a resumed run begins a new pass
        "resuming",
        '"order": order,',
        '"order": order[:0],',
        {"8-data", "8-exact"},
    ),
    "position-lost": (  # the pass begins again
        "resuming",
        '"position": rest["position"],',
        '"position": 0,',
        {"8-data", "8-exact"},
    ),
    "chance-lost": (  # the seed is set again
        "resuming",
        'rng.bit_generator.state = rest["rng"]',
        "rng = np.random.default_rng(5)",
        {"8-data", "8-exact"},
    ),
}

GRADED = (
    "squares-pile-up",
    "tensor-by-tensor",
    "divided-twice",
    "position-lost",
)
