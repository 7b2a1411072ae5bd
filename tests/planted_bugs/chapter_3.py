"""Planted bugs of assignment 3; see the package."""

BUGS = {
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

GRADED = (
    "not-weighted",
    "dictionary-order",
    "each-token-alone",
    "unknown-is-free",
)
