"""Planted bugs: what a wrong solution says, and the tests it must lose.

Of each assignment, name -> (the solution cell, what it says, what it says
instead, the test cells that must be lost by it, and no others). GRADED are
those that are also graded for real; each of these takes seconds.
"""

LANGUAGE_MODELS = {
    "history-too-long": (  # the word itself is in its history
        "ngrams",
        "tuple(padded[i : i + n - 1])",
        "tuple(padded[i : i + n])",
        {"1-history"},
    ),
    "no-end-symbol": (  # E-09
        "ngrams",
        "for i in range(len(words) + 1)",
        "for i in range(len(words))",
        {"1-end"},
    ),
    "counts-start": (  # V is one too large
        "add-k",
        "known | {END, UNKNOWN}",
        "known | {START, END, UNKNOWN}",
        {"3-vocabulary"},
    ),
    "unnormalised": (  # V is the number of words seen after the history
        "add-k",
        "k * len(known)",
        "k * max(len(following), 1)",
        {"3-sums-to-one"},
    ),
    "base-2": (
        "log-prob",
        "math.log(p) if p > 0",
        "math.log2(p) if p > 0",
        {"4-nats"},
    ),
    "product": (  # underflows
        "log-prob",
        """\
    total = 0.0
    for history, word in pairs:
        p = probability(history, word)
        total += math.log(p) if p > 0 else -math.inf
    return total""",
        """\
    p = math.prod(probability(*pair) for pair in pairs)
    return math.log(p) if p > 0 else -math.inf""",
        {"4-long"},
    ),
    "mean-of-means": (  # E-19
        "perplexity",
        "return math.exp(-total / sum(len(sentence) for sentence in scores))",
        "return math.exp(-np.mean([np.mean(each) for each in scores]))",
        {"5-corpus"},
    ),
    "predicts-itself": (  # E-08
        "neural",
        "return [start, *ids], [*ids, end]",
        "return [*ids, end], [*ids, end]",
        {"6-shift"},
    ),
    "overflow": (
        "neural",
        "shifted = logits - logits.max(axis=-1, keepdims=True)",
        "shifted = logits",
        {"6-overflow"},
    ),
    "all-classes": (  # E-26
        "neural",
        "return float(np.exp(-chosen.mean()))",
        "return float(np.exp(-log_probs[mask].sum() / mask.sum()))",
        {"6-target"},
    ),
    "padding-counts": (
        "neural",
        "rows, columns = np.nonzero(mask)",
        "rows, columns = np.nonzero(np.ones_like(mask))",
        {"6-padding"},
    ),
    "raw-counts": (  # occurrences for continuation counts
        "kneser-ney",
        "word for after in counts.values() for word in after",
        "w for after in counts.values() for w in Counter(after).elements()",
        {"7-continuation"},
    ),
    "lost-discount": (  # takes off, does not hand down
        "kneser-ney",
        "return kept + discount * len(following) / total * below",
        "return kept + discount / total * below",
        {"7-kneser-ney"},
    ),
    "trained-on-test": (  # E-18
        "experiment",
        "for words in held_out:",
        "for words in train:",
        {"8-held-out", "8-value"},
    ),
    "vocabulary-leak": (
        "experiment",
        "known = vocabulary(train, 2)",
        "known = vocabulary(train + held_out, 2)",
        {"8-value"},
    ),
}

ENVIRONMENT = {
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

TOKENIZATION = {
    "pairs-over-blanks": (  # E-21: nothing is ever merged
        "word-table",
        "tuple(piece.encode())",
        'tuple(" ".join(piece).encode())',
        {"1-bytes", "1-whole"},
    ),
    "cleaned": (  # E-42
        "word-table",
        "pieces(text)",
        "pieces(text.lower())",
        {"1-whole"},
    ),
    "once-a-text": (
        "word-table",
        "in pieces(text)",
        "in set(pieces(text))",
        {"1-counts"},
    ),
    "not-weighted": (  # pairs in the table, not in the text
        "pairs",
        "counts[pair] += times",
        "counts[pair] += 1",
        {"2-weighted"},
    ),
    "pair-once-a-word": (
        "pairs",
        "in pairwise(row)",
        "in set(pairwise(row))",
        {"2-overlaps"},
    ),
    "right-to-left": (
        "pairs",
        """\
    joined, i = [], 0
    while i < len(row):
        found = row[i : i + 2] == pair
        joined.append(new if found else row[i])
        i += 2 if found else 1
    return tuple(joined)""",
        """\
    joined, i = [], len(row)
    while i > 0:
        found = i > 1 and row[i - 2 : i] == pair
        joined.append(new if found else row[i - 1])
        i -= 2 if found else 1
    return tuple(reversed(joined))""",
        {"2-left"},
    ),
    "counted-once": (
        "learn",
        """\
    merges = []
    while len(merges) < n_merges:
        counts = count_pairs(rows)
""",
        """\
    merges, first = [], count_pairs(rows)
    while len(merges) < n_merges:
        counts = {p: n for p, n in first.items() if p not in merges}
""",
        {"3-merges"},
    ),
    "dictionary-order": (  # E-74: the first one found wins
        "learn",
        "min(counts, key=lambda pair: (-counts[pair], pair))",
        "max(counts, key=counts.get)",
        {"3-ties"},
    ),
    "highest-ids": (
        "learn",
        "min(counts, key=lambda pair: (-counts[pair], pair))",
        "max(counts, key=lambda pair: (counts[pair], pair))",
        {"3-ties"},
    ),
    "never-stops": (  # the minimum of nothing
        "learn",
        """\
        if not counts:
            break
""",
        "",
        {"3-stop"},
    ),
    "longest-first": (
        "encode",
        """\
    for i, pair in enumerate(merges):
        row = join_pair(row, pair, 256 + i)
    return list(row)""",
        """\
    names, ids = token_bytes(merges), []
    row = bytes(row)
    while row:
        fitting = filter(row.startswith, names)
        ids.append(names.index(max(fitting, key=len)))
        row = row[len(names[ids[-1]]) :]
    return ids""",
        {"4-order"},
    ),
    "across-words": (  # the text as one long word
        "encode",
        "for piece in pieces(text)",
        "for piece in [text]",
        {"4-words"},
    ),
    "injected": (  # whoever types the name ends the document
        "encode",
        "        ids += encode(text, merges)\n",
        """\
        for part in text.split("<|endoftext|>"):
            ids += [*encode(part, merges), 256 + len(merges)]
        ids.pop()
""",
        {"4-special"},
    ),
    "characters-for-bytes": (
        "decode",
        "bytes([i])",
        "chr(i).encode()",
        {"5-bytes"},
    ),
    "each-token-alone": (
        "decode",
        'b"".join(table[i] for i in ids).decode("utf-8", errors="replace")',
        '"".join(table[i].decode("utf-8", errors="replace") for i in ids)',
        {"5-decode"},
    ),
    "half-characters-shown": (
        "decode",
        "yield decoder.decode(table[i])",
        'yield table[i].decode("utf-8", errors="replace")',
        {"5-stream", "5-end"},
    ),
    "end-forgotten": (  # half a character is lost in silence
        "decode",
        'yield decoder.decode(b"", final=True)',
        'yield ""',
        {"5-end"},
    ),
    "shortest-match": (
        "wordpiece",
        "range(len(word), start, -1)",
        "range(start + 1, len(word) + 1)",
        {"6-longest"},
    ),
    "marks-optional": (
        "wordpiece",
        "            if token in vocabulary:\n",
        """\
            if word[start:end] in vocabulary:
                token = word[start:end]
            if token in vocabulary:
""",
        {"6-marks"},
    ),
    "dropped-in-silence": (  # E-61
        "wordpiece",
        'return ["[UNK]"]',
        "start += 1\n            continue",
        {"6-unknown"},
    ),
    "nats-for-bits": (
        "bits",
        "nats_per_token * n_tokens / math.log(2)",
        "nats_per_token * n_tokens",
        {"7-bits"},
    ),
    "per-character": (
        "bits",
        "len(text.encode())",
        "len(text)",
        {"7-bytes"},
    ),
    "compared-per-token": (
        "bits",
        "bits_per_byte(*results[name], text)",
        "math.exp(results[name][0])",
        {"7-best"},
    ),
    "end-is-free": (
        "experiment",
        "sum(losses(hide(tokens)))",
        "sum(losses(hide(tokens))[:-1])",
        {"8-value", "8-unknown"},
    ),
    "unknown-is-free": (  # the worst vocabulary wins
        "experiment",
        "bits += sum(8 * (len(token) + 1) for token in unknown)",
        "bits += 0",
        {"8-unknown"},
    ),
    "vocabulary-leak": (
        "experiment",
        "for tokens in learned for token in tokens",
        "for tokens in map(cut, train + held_out) for token in tokens",
        {"8-training"},
    ),
    "trained-on-test": (  # E-18
        "experiment",
        "fit([hide(tokens) for tokens in learned])",
        "fit([hide(cut(text)) for text in held_out])",
        {"8-training"},
    ),
}

BUGS = {
    "1-language-models": LANGUAGE_MODELS,
    "2-environment": ENVIRONMENT,
    "3-tokenization": TOKENIZATION,
}

GRADED = {
    "1-language-models": (
        "history-too-long",
        "no-end-symbol",
        "unnormalised",
        "base-2",
        "mean-of-means",
        "overflow",
        "all-classes",
        "raw-counts",
        "trained-on-test",
    ),
    "2-environment": (
        "whatever-fits",
        "overwrites",
        "output-activation",
        "graphs-kept",
    ),
    "3-tokenization": (
        "not-weighted",
        "dictionary-order",
        "each-token-alone",
        "unknown-is-free",
    ),
}
