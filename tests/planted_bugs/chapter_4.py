"""Planted bugs of assignment 4; see the package."""

BUGS = {
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

GRADED = (
    "width-from-dimension-1",
    "split-by-view",
    "no-positions",
    "pieces-see-ahead",
)
