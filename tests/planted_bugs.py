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

ARCHITECTURES = {
    "softmax-over-queries": (
        "attention",
        "scores.softmax(dim=-1)",
        "scores.softmax(dim=-2)",
        {"1-weights", "1-scale", "1-mask"},
    ),
    "width-from-dimension-1": (  # E-22: right until a batch comes
        "attention",
        "math.sqrt(q.shape[-1])",
        "math.sqrt(q.shape[1])",
        {"1-scale"},
    ),
    "width-of-all-heads": (  # d_model where d_head is meant
        "attention",
        "math.sqrt(q.shape[-1])",
        "math.sqrt(q.shape[-1] * (q.shape[1] if q.dim() > 3 else 1))",
        {"1-scale"},
    ),
    "no-root": (
        "attention",
        "math.sqrt(q.shape[-1])",
        "q.shape[-1]",
        {"1-scale"},
    ),
    "mask-inverted": (  # True where a query may not look
        "attention",
        "scores.masked_fill(~mask, -math.inf)",
        "scores.masked_fill(mask, -math.inf)",
        {"1-mask"},
    ),
    "mask-after-softmax": (
        "attention",
        """\
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return scores.softmax(dim=-1)""",
        """\
    weights = scores.softmax(dim=-1)
    return weights if mask is None else weights * mask""",
        {"1-mask"},
    ),
    "score-of-zero": (  # e to the 0 is 1
        "attention",
        "scores.masked_fill(~mask, -math.inf)",
        "scores * mask",
        {"1-mask"},
    ),
    "mask-not-handed-on": (
        "attention",
        "attention_weights(q, k, mask) @ v",
        "attention_weights(q, k) @ v",
        {"1-answers"},
    ),
    "aligned-with-first-key": (
        "mask",
        "places[n_keys - n_queries :, None]",
        "places[:n_queries, None]",
        {"2-aligned"},
    ),
    "blind-to-itself": (
        "mask",
        "places <= places",
        "places < places",
        {"2-square", "2-aligned"},
    ),
    "wrong-way-round": (  # sees the future only
        "mask",
        "places <= places",
        "places >= places",
        {"2-square", "2-aligned"},
    ),
    "only-the-last-token": (
        "mask",
        "for t in range(1, token_ids.shape[1]):",
        "for t in [token_ids.shape[1] - 1]:",
        {"2-leaks"},
    ),
    "best-token-compared": (  # a small leak moves no maximum
        "mask",
        "model(changed)[:, :t], before[:, :t]",
        "model(changed)[:, :t].argmax(-1), before[:, :t].argmax(-1)",
        {"2-leaks"},
    ),
    "generous": (
        "mask",
        "torch.equal(model(changed)[:, :t], before[:, :t])",
        "torch.allclose(model(changed)[:, :t], before[:, :t], atol=1e-2)",
        {"2-leaks"},
    ),
    "accuses-the-place-itself": (
        "mask",
        "model(changed)[:, :t], before[:, :t]",
        "model(changed)[:, : t + 1], before[:, : t + 1]",
        {"2-tight"},
    ),
    "callers-ids-changed": (
        "mask",
        "changed = token_ids.clone()",
        "changed = token_ids",
        {"2-tight"},
    ),
    "split-by-view": (  # all shapes are right
        "heads",
        "x.unflatten(-1, (n_heads, -1)).transpose(1, 2)",
        "x.reshape(len(x), n_heads, x.shape[1], -1)",
        {"3-split"},
    ),
    "heads-interleaved": (
        "heads",
        "x.unflatten(-1, (n_heads, -1)).transpose(1, 2)",
        "x.unflatten(-1, (-1, n_heads)).permute(0, 3, 1, 2)",
        {"3-split"},
    ),
    "merge-by-view": (
        "heads",
        "x.transpose(1, 2).flatten(2)",
        "x.reshape(len(x), x.shape[2], -1)",
        {"3-merge"},
    ),
    "unbiased-variance": (  # torch.var's own choice
        "norms",
        "variance = centred.square().mean(dim=-1, keepdim=True)",
        "variance = x.var(dim=-1, keepdim=True)",
        {"4-layer"},
    ),
    "mean-kept": (
        "norms",
        "centred = x - x.mean(dim=-1, keepdim=True)",
        "centred = x",
        {"4-layer"},
    ),
    "variance-of-the-text": (
        "norms",
        "centred.square().mean(dim=-1, keepdim=True)",
        "centred.square().mean()",
        {"4-layer"},
    ),
    "eps-outside": (
        "norms",
        "(variance + eps).sqrt()",
        "(variance.sqrt() + eps)",
        {"4-eps"},
    ),
    "rms-centred": (
        "norms",
        "x / (mean_square + eps).sqrt()",
        "(x - x.mean(dim=-1, keepdim=True)) / (mean_square + eps).sqrt()",
        {"4-rms"},
    ),
    "neighbours": (  # the paper's pairs, all through: a law, another vector
        "rotary",
        """\
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1)""",
        """\
    a, b = x[..., ::2], x[..., 1::2]
    pairs = [a * cos - b * sin, a * sin + b * cos]
    return torch.stack(pairs, dim=-1).flatten(-2)""",
        {"5-angles"},
    ),
    "neighbours-and-halves": (  # partners of the one, angles of the other
        "rotary",
        """\
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1)""",
        """\
    partner = torch.stack([-x[..., 1::2], x[..., ::2]], dim=-1).flatten(-2)
    cos, sin = torch.cat([cos, cos], -1), torch.cat([sin, sin], -1)
    return x * cos + partner * sin""",
        {"5-angles", "5-law"},
    ),
    "turned-backwards": (
        "rotary",
        "angles.cos(), angles.sin()",
        "angles.cos(), -angles.sin()",
        {"5-angles"},
    ),
    "half-the-exponent": (
        "rotary",
        "torch.arange(half) / half",
        "torch.arange(half) / (2 * half)",
        {"5-angles"},
    ),
    "sign-forgotten": (  # no rotation
        "rotary",
        "a * cos - b * sin",
        "a * cos + b * sin",
        {"5-angles", "5-law"},
    ),
    "places-not-read": (
        "rotary",
        "places[:, None]",
        "torch.arange(x.shape[-2])[:, None]",
        {"5-places"},
    ),
    "no-positions": (  # a set of words
        "decoder",
        "attention(rotate(q, places), rotate(k, places), v, mask)",
        "attention(q, k, v, mask)",
        {"6-attention", "7-overfit"},
    ),
    "values-turned": (
        "decoder",
        "rotate(k, places), v, mask)",
        "rotate(k, places), rotate(v, places), mask)",
        {"6-attention"},
    ),
    "roles-exchanged": (
        "decoder",
        "rotate(q, places), rotate(k, places)",
        "rotate(k, places), rotate(q, places)",
        {"6-attention"},
    ),
    "no-mask": (  # a splendid loss
        "decoder",
        "rotate(k, places), v, mask)",
        "rotate(k, places), v)",
        {"6-attention", "7-overfit"},
    ),
    "matrix-the-wrong-way": (  # square, so both ways fit
        "decoder",
        'F.linear(merge_heads(mixed), p["o"])',
        'merge_heads(mixed) @ p["o"]',
        {"6-attention"},
    ),
    "no-activation": (
        "decoder",
        'F.gelu(F.linear(x, p["up"]))',
        'F.linear(x, p["up"])',
        {"6-ffn"},
    ),
    "another-gelu": (
        "decoder",
        'F.gelu(F.linear(x, p["up"]))',
        'F.gelu(F.linear(x, p["up"]), approximate="tanh")',
        {"6-ffn"},
    ),
    "norm-on-the-stream": (
        "decoder",
        '    x = x + attend(layer_norm(x, *p["norm_1"]))\n',
        '    x = layer_norm(x, *p["norm_1"])\n    x = x + attend(x)\n',
        {"6-block"},
    ),
    "norm-after-the-sum": (  # another architecture
        "decoder",
        'x = x + attend(layer_norm(x, *p["norm_1"]))',
        'x = layer_norm(x + attend(x), *p["norm_1"])',
        {"6-block"},
    ),
    "no-residual": (
        "decoder",
        'x = x + attend(layer_norm(x, *p["norm_1"]))',
        'x = attend(layer_norm(x, *p["norm_1"]))',
        {"6-block"},
    ),
    "side-by-side": (  # both halves read what came in
        "decoder",
        """\
    x = x + attend(layer_norm(x, *p["norm_1"]))
    return x + feed_forward""",
        """\
    found = x + attend(layer_norm(x, *p["norm_1"]))
    return found + feed_forward""",
        {"6-block"},
    ),
    "one-norm-twice": (
        "decoder",
        'feed_forward(layer_norm(x, *p["norm_2"]), p)',
        'feed_forward(layer_norm(x, *p["norm_1"]), p)',
        {"6-block"},
    ),
    "one-block-for-all": (
        "decoder",
        "x = block(x, each, attend)",
        'x = block(x, p["blocks"][0], attend)',
        {"6-decoder"},
    ),
    "last-norm-forgotten": (
        "decoder",
        'F.linear(layer_norm(x, *p["norm"]), p["tokens"])',
        'F.linear(x, p["tokens"])',
        {"6-decoder"},
    ),
    "softmax-inside": (  # the loss takes a second one
        "decoder",
        'return F.linear(layer_norm(x, *p["norm"]), p["tokens"])',
        'z = F.linear(layer_norm(x, *p["norm"]), p["tokens"])\n'
        "    return z.softmax(dim=-1)",
        {"6-decoder", "7-overfit"},
    ),
    "copied-not-tied": (
        "decoder",
        'F.linear(layer_norm(x, *p["norm"]), p["tokens"])',
        'F.linear(layer_norm(x, *p["norm"]), p["tokens"].detach().clone())',
        {"6-tied"},
    ),
    "norms-not-counted": (
        "decoder",
        " + 4 * d_model\n",
        "\n",
        {"6-count"},
    ),
    "head-counted-again": (
        "decoder",
        "return vocab_size * d_model +",
        "return 2 * vocab_size * d_model +",
        {"6-count"},
    ),
    "not-shifted": (  # E-08: learns to repeat
        "training",
        "torch.tensor(ids[1:])",
        "torch.tensor(ids[:-1])",
        {"7-targets", "7-overfit"},
    ),
    "padding-as-target": (
        "training",
        "torch.full_like(inputs, IGNORED)",
        "torch.zeros_like(inputs)",
        {"7-targets"},
    ),
    "mean-over-padding": (
        "training",
        "targets[real][:, None]).mean()",
        "targets[real][:, None]).sum() / targets.numel()",
        {"7-loss"},
    ),
    "mean-of-means": (  # E-19
        "training",
        """\
    log_probs = logits[real].log_softmax(dim=-1)  # (n, vocab_size)
    return -log_probs.gather(-1, targets[real][:, None]).mean()""",
        """\
    chosen = targets.clamp_min(0)[..., None]
    log_probs = logits.log_softmax(dim=-1).gather(-1, chosen)[..., 0]
    return -((log_probs * real).sum(1) / real.sum(1)).mean()""",
        {"7-loss"},
    ),
    "gradients-pile-up": (
        "training",
        "    optimizer.zero_grad()\n",
        "",
        {"7-step", "7-overfit"},
    ),
    "graph-kept": (
        "training",
        "loss.item()",
        "loss",
        {"7-step"},
    ),
    "places-restart": (  # each new word stands at place 0
        "writing",
        'start = cache["k"].shape[2] if cache else 0',
        "start = 0",
        {"8-cached", "8-pieces"},
    ),
    "cache-overwritten": (
        "writing",
        """\
    if cache:
        k = torch.cat([cache["k"], k], dim=2)
        v = torch.cat([cache["v"], v], dim=2)
""",
        "",
        {"8-cached", "8-pieces"},
    ),
    "keys-not-turned": (  # turned when they are used, by the new places
        "writing",
        """\
    q, k = rotate(q, places), rotate(k, places)
    if cache:
        k = torch.cat([cache["k"], k], dim=2)
        v = torch.cat([cache["v"], v], dim=2)
    cache["k"], cache["v"] = k, v
""",
        """\
    if cache:
        k = torch.cat([cache["k"], k], dim=2)
        v = torch.cat([cache["v"], v], dim=2)
    cache["k"], cache["v"] = k, v
    q, k = rotate(q, places), rotate(k, torch.arange(k.shape[2]) + start)
""",
        {"8-cached", "8-pieces"},
    ),
    "pieces-see-ahead": (  # one token at a time needs no mask
        "writing",
        "attention(q, k, v, causal_mask(x.shape[1], k.shape[2]))",
        "attention(q, k, v)",
        {"8-pieces"},
    ),
    "temperature-multiplies": (
        "writing",
        "logits / t",
        "logits * t",
        {"8-temperature"},
    ),
    "ties-kept": (
        "writing",
        "best = logits.argsort(descending=True, stable=True)[:k]",
        "best = (logits >= logits.topk(k).values[-1]).nonzero()[:, 0]",
        {"8-top-k"},
    ),
    "crossing-token-dropped": (
        "writing",
        "int((reached < p).sum()) + 1",
        "int((reached < p).sum())",
        {"8-top-p"},
    ),
    "not-sorted": (  # the first tokens, not the likeliest
        "writing",
        """\
    order = logits.argsort(descending=True, stable=True)
    reached""",
        """\
    order = torch.arange(len(logits))
    reached""",
        {"8-top-p"},
    ),
}

BUGS = {
    "1-language-models": LANGUAGE_MODELS,
    "2-environment": ENVIRONMENT,
    "3-tokenization": TOKENIZATION,
    "4-architectures": ARCHITECTURES,
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
    "4-architectures": (
        "width-from-dimension-1",
        "split-by-view",
        "no-positions",
        "pieces-see-ahead",
    ),
}
