"""Planted bugs of assignment 1; see the package."""

BUGS = {
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

GRADED = (
    "history-too-long",
    "no-end-symbol",
    "unnormalised",
    "base-2",
    "mean-of-means",
    "overflow",
    "all-classes",
    "raw-counts",
    "trained-on-test",
)
