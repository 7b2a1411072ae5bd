"""The assignments' solutions, next to libraries and to `companion`.

And what the model answers of their discussions say.
"""

import json
import math
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import torch
from assigned import NAME, run_cells
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from torch.nn import functional

from companion import autograd
from companion.generation import sampling
from companion.models import Transformer, TransformerConfig
from companion.models import causal_mask as their_mask
from companion.ngrams import AddK, KneserNey, NGramModel
from companion.optimizers import Cosine, clip_global_norm
from companion.tokenization import BPETokenizer, Vocabulary
from companion.tokenization.byte_names import BYTE_IDS
from companion.training import next_word_loss
from companion.training.batches import pad


@pytest.fixture(scope="module")
def solution() -> dict:
    """The names of assignment 1, with its two corpora."""
    return run_cells(NAME)


@pytest.fixture(scope="module")
def engine() -> dict:
    """The names of assignment 2, with its stories."""
    return run_cells("2-environment")


@pytest.fixture(scope="module")
def tokenizer() -> dict:
    """The names of assignment 3, with its two corpora."""
    return run_cells("3-tokenization")


@pytest.fixture(scope="module")
def transformer() -> dict:
    """The names of assignment 4, its stories and its trained model."""
    threads = torch.get_num_threads()
    names = run_cells("4-architectures")
    torch.set_num_threads(threads)
    return names


def test_kneser_ney_matches_nltk(solution):
    lm = pytest.importorskip("nltk.lm")
    texts = [text[:200] for text in solution["pages"][:4]]
    padded = [["<s>", *text, "</s>"] for text in texts]
    theirs = lm.KneserNeyInterpolated(order=2, discount=0.75)
    grams = [[*((w,) for w in text), *pairwise(text)] for text in padded]
    theirs.fit(grams, {word for text in padded for word in text})
    pairs = [p for text in texts for p in solution["ngrams"](text, 2)]
    counts = solution["count"](pairs)
    lower = solution["continuation"](counts)
    for history, word in pairs[::7]:
        ours = solution["kneser_ney"](counts, history, word, lower)
        assert math.isclose(ours, theirs.score(word, history), rel_tol=1e-9)


@pytest.mark.parametrize("corpus", ["stories", "pages"])
def test_perplexity_matches_companion(solution, corpus):
    texts, new = solution[corpus][:60], solution[f"new_{corpus}"][:20]
    known = solution["vocabulary"](texts, 2)

    def replaced(each):
        return [solution["replace_unknown"](words, known) for words in each]

    words = Vocabulary.build(replaced(texts))
    smoothing = KneserNey(discount=0.75)
    model = NGramModel.train(replaced(texts), 2, smoothing, words)
    ours = solution["held_out_perplexity"](texts, new)
    assert math.isclose(ours, model.perplexity(replaced(new)), rel_tol=1e-9)


def test_add_k_matches_companion(solution):
    texts = solution["stories"][:20]
    known = solution["vocabulary"](texts, 1)
    pairs = [p for text in texts for p in solution["ngrams"](text, 2)]
    counts = solution["count"](pairs)
    model = NGramModel.train(texts, 2, AddK(k=0.5))
    for history, word in pairs[::50]:
        ours = solution["add_k"](counts, history, word, known, 0.5)
        theirs = model.probability(word, [w for w in history if w != "<s>"])
        assert math.isclose(ours, theirs, rel_tol=1e-9)


def test_results_are_finite_and_training_text_is_easier(solution):
    measure = solution["held_out_perplexity"]
    for corpus in ("stories", "pages"):
        old, new = solution[corpus], solution[f"new_{corpus}"]
        assert 1 < measure(old, old) < measure(old, new) < 1000


def test_network_and_its_slopes_match_torch(engine):
    rng = np.random.default_rng(0)
    x, y = engine["x"][:50].copy(), engine["y"][:50].copy()
    shapes = {"w1": (6, 3), "b1": (6,), "w2": (1, 6), "b2": (1,)}
    parameters = {name: rng.normal(size=s) for name, s in shapes.items()}
    loss, slopes = engine["mlp_slopes"](x, y, parameters)
    theirs = {
        name: torch.tensor(array, requires_grad=True)
        for name, array in parameters.items()
    }
    linear = torch.nn.functional.linear
    hidden = linear(torch.tensor(x), theirs["w1"], theirs["b1"]).tanh()
    out = linear(hidden, theirs["w2"], theirs["b2"])
    want = torch.nn.functional.mse_loss(out, torch.tensor(y)[:, None])
    want.backward()
    assert math.isclose(loss, want.item(), rel_tol=1e-12)
    assert np.allclose(engine["mlp"](x, parameters), out.detach())
    for name, array in parameters.items():
        assert np.allclose(slopes[name], theirs[name].grad), name
        measured = engine["numeric_slopes"](
            lambda: engine["mlp_slopes"](x, y, parameters)[0], array
        )
        assert engine["worst_error"](measured, slopes[name]) < 1e-5, name


def test_engine_matches_companion(engine):
    def expression(a, b):
        c = a * b + a
        return (c * c + 2 * c.tanh() + b) * c

    ours = engine["Value"](0.7), engine["Value"](-0.4)
    theirs = autograd.Value(0.7), autograd.Value(-0.4)
    expression(*ours).backward()
    expression(*theirs).backward()
    for one, other in zip(ours, theirs, strict=True):
        assert math.isclose(one.grad, other.grad, rel_tol=1e-12)


def test_straight_line_wins_and_training_error_misleads(engine):
    """What the discussion of assignment 2 says."""
    kept, held = engine["kept"][:20], engine["held"]
    features, nats = engine["features"], engine["nats"]
    middle, spread = features[kept].mean(axis=0), features[kept].std(axis=0)
    x = (features - middle) / spread
    y = (nats - nats[kept].mean()) / nats[kept].std()
    _, (seen, new) = engine["train_mlp"](x[kept], y[kept], x[held], y[held])
    ones = np.column_stack([x, np.ones(len(x))])
    line, *_ = np.linalg.lstsq(ones[kept], y[kept], rcond=None)
    line_seen = np.mean((ones[kept] @ line - y[kept]) ** 2)
    line_new = np.mean((ones[held] @ line - y[held]) ** 2)
    assert seen < 0.5 * line_seen and new > line_new


@pytest.fixture(scope="module")
def merges(tokenizer) -> list[tuple[int, int]]:
    rows = tokenizer["word_table"](tokenizer["help_pages"])
    return tokenizer["learn_merges"](rows, 60)


def test_merges_match_tokenizers(tokenizer, merges):
    """Its ids 0 to 255 are the bytes in the order of their values."""
    names = [chr(0x100 + byte) for byte in range(256)]  # printable, sorted
    rows = tokenizer["word_table"](tokenizer["help_pages"])
    theirs = Tokenizer(models.BPE())
    theirs.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.BpeTrainer(
        vocab_size=256 + len(merges),
        initial_alphabet=names,
        limit_alphabet=256,
        show_progress=False,
    )
    texts = [
        " ".join(["".join(names[byte] for byte in row)] * count)
        for row, count in rows.items()
    ]
    theirs.train_from_iterator(texts, trainer)
    model = json.loads(theirs.to_str())["model"]
    ids = model["vocab"]
    assert [ids[name] for name in names] == list(range(256))
    assert [(ids[a], ids[b]) for a, b in model["merges"]] == merges


def test_encode_and_decode_match_companion(tokenizer, merges):
    ours = [
        tuple(BYTE_IDS[i] if i < 256 else i + 1 for i in m) for m in merges
    ]
    theirs = BPETokenizer(ours)
    for text in [*tokenizer["new_pages"][:2], "naïve 🎈 ёж"]:
        ids = tokenizer["encode"](text, merges)
        want = [BYTE_IDS[i] if i < 256 else i + 1 for i in ids]
        assert theirs.encode(text) == want
        assert tokenizer["decode"](ids, merges) == text
        assert "".join(tokenizer["stream"](ids, merges)) == text


def test_wordpiece_matches_tokenizers(tokenizer):
    vocabulary = ["[UNK]", "un", "##aff", "##able", "##a", "una", "##b", "a"]
    theirs = models.WordPiece(
        {token: i for i, token in enumerate(vocabulary)}, unk_token="[UNK]"
    )
    for word in ("unaffable", "unable", "a", "unab", "aab", "xa", "unabc"):
        want = [token.value for token in theirs.tokenize(word)]
        assert tokenizer["wordpiece"](word, set(vocabulary)) == want


def test_comparison_of_tokenizers_is_finite_and_words_pay(tokenizer):
    """What the discussion of assignment 3 says."""
    results = {}
    for corpus, new in (
        ("stories", "new_stories"),
        ("help_pages", "new_pages"),
    ):
        old = tokenizer[corpus]
        cuts = {kind: tokenizer[kind] for kind in ("characters", "words")}
        cuts["byte pairs"] = tokenizer["byte_pairs"](old)
        for kind, cut in cuts.items():
            results[corpus, kind] = tokenizer["measure"](
                cut, old, tokenizer[new], tokenizer["trigram"]
            )
    bits = {key: result["bits_per_byte"] for key, result in results.items()}
    assert all(0 < value < 8 for value in bits.values())
    order = ("words", "byte pairs", "characters")
    in_stories = [bits["stories", kind] for kind in order]
    assert in_stories == sorted(in_stories)
    order = ("byte pairs", "characters", "words")
    in_pages = [bits["help_pages", kind] for kind in order]
    assert in_pages == sorted(in_pages)
    assert results["help_pages", "words"]["unknown"] > 0.1


def test_attention_and_norms_match_torch(transformer):
    generator = torch.Generator().manual_seed(0)
    for n_queries, n_keys in ((1, 1), (6, 6), (1, 7), (2, 5)):
        q, k, v = (
            torch.randn(2, 3, n, d, generator=generator)
            for n, d in ((n_queries, 8), (n_keys, 8), (n_keys, 5))
        )
        mask = transformer["causal_mask"](n_queries, n_keys)
        assert torch.equal(mask, their_mask(n_queries, n_keys))
        for seen in (None, mask):
            ours = transformer["attention"](q, k, v, seen)
            theirs = functional.scaled_dot_product_attention(q, k, v, seen)
            torch.testing.assert_close(ours, theirs)
    x, weight, bias = (torch.randn(s, generator=generator) for s in (9, 9, 9))
    ours = transformer["layer_norm"](x, weight, bias)
    theirs = functional.layer_norm(x, (9,), weight, bias)
    torch.testing.assert_close(ours, theirs)
    ours = transformer["rms_norm"](x, weight, 1e-3)
    theirs = functional.rms_norm(x, (9,), weight, 1e-3)
    torch.testing.assert_close(ours, theirs)


def copied(p: dict, n_heads: int) -> Transformer:
    """The companion's model with the weights of the assignment's."""
    d_ff, d_model = p["blocks"][0]["up"].shape
    model = Transformer(
        TransformerConfig(
            vocab_size=len(p["tokens"]), d_model=d_model, d_ff=d_ff,
            n_layers=len(p["blocks"]), n_heads=n_heads, position="rotary",
            activation="gelu", bias=False,
        )
    )  # fmt: skip
    state = {"token_embedding.weight": p["tokens"]}
    state["lm_head.weight"] = p["tokens"]
    state["final_norm.weight"], state["final_norm.bias"] = p["norm"]
    for number, one in enumerate(p["blocks"]):
        start = f"blocks.{number}."
        for name in "qkvo":
            state[f"{start}attention.{name}_proj.weight"] = one[name]
        for name in ("up", "down"):
            state[f"{start}ffn.{name}_proj.weight"] = one[name]
        for ours, theirs in (("norm_1", "attention"), ("norm_2", "ffn")):
            weight, bias = one[ours]
            state[f"{start}{theirs}_norm.weight"] = weight
            state[f"{start}{theirs}_norm.bias"] = bias
    model.load_state_dict(state)
    return model.eval()


def test_decoder_and_cache_match_companion(transformer):
    p = transformer["new_parameters"](50, 16, 3, 40, std=0.3)
    theirs = copied(p, n_heads=4)
    count = transformer["n_parameters"](50, 16, 3, 40)
    assert count == theirs.n_parameters
    ids = torch.randint(
        50, (2, 12), generator=torch.Generator().manual_seed(1)
    )

    def logits(name: str, ids: torch.Tensor, caches: list[dict]):
        attends = [
            partial(transformer[name], p=one, n_heads=4, **cache)
            for one, cache in zip(p["blocks"], caches, strict=True)
        ]
        return transformer["decoder"](ids, p, attends)

    with torch.no_grad():
        want = theirs(ids)
    ours = logits("self_attention", ids, [{}] * 3)
    torch.testing.assert_close(ours, want, atol=1e-4, rtol=1e-4)
    caches = [{"cache": {}} for _ in range(3)]
    pieces = [
        logits("attend_cached", piece, caches)
        for piece in ids.split([5, 1, 4, 2], dim=1)
    ]
    torch.testing.assert_close(
        torch.cat(pieces, 1), want, atol=1e-4, rtol=1e-4
    )


def test_loss_and_choices_match_companion(transformer):
    generator = torch.Generator().manual_seed(2)
    documents = transformer["stories"][:5]
    inputs, targets = transformer["lay_out"](documents)
    batch = pad([np.array(ids) for ids in documents])
    assert torch.equal(inputs, batch.inputs)
    assert torch.equal(targets, batch.targets)
    logits = torch.randn(*inputs.shape, 396, generator=generator)
    ours = transformer["next_token_loss"](logits, targets)
    theirs = next_word_loss(logits, targets)
    torch.testing.assert_close(ours, theirs)
    for row in 2 * torch.randn(20, 12, generator=generator).round():  # ties
        for name, values in (
            ("temperature", (0.5, 2.0)),
            ("top_k", (1, 3, 12)),
            ("top_p", (0.2, 0.7, 0.95)),
        ):
            for value in values:
                ours = transformer[name](row, value)
                assert torch.equal(ours, getattr(sampling, name)(row, value))


def test_discussion_of_the_decoder(transformer):
    """What the discussion of assignment 4 says."""
    words = transformer["words"]
    floor = sum(transformer["floors"]) / sum(words)
    size = len(transformer["vocabulary"])
    some = torch.tensor([transformer["stories"][0][:12]])
    p, model, _ = transformer["mine"]
    nats, recalled = transformer["measure"](model)
    near, far = (sum(right) / len(right) for right in recalled.values())
    assert floor < nats < floor + 0.25 and 0.4 < far < near < 1
    assert not transformer["leaks"](model, some, size)
    assert sum(map(torch.numel, transformer["tensors"](p))) == 46_944
    _, model, _ = transformer["unmasked"]
    transformer["causal_mask"] = lambda n, m: torch.ones(n, m).bool()
    try:
        assert transformer["measure"](model)[0] < floor
        assert transformer["leaks"](model, some, size)
    finally:
        transformer["causal_mask"] = transformer["tight_mask"]


@pytest.fixture(scope="module")
def loop() -> dict:
    """The names of assignment 5, its model and its runs."""
    return run_cells("5-training")


def some(*shapes: tuple[int, ...], seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in shapes]


def tensors(arrays: list[np.ndarray]) -> list[torch.Tensor]:
    return [torch.tensor(array, requires_grad=True) for array in arrays]


def test_training_loss_matches_torch(loop):
    (logits,) = some((3, 4, 7))
    targets = np.random.default_rng(1).integers(7, size=(3, 4))
    targets[1, 2:] = targets[2] = loop["IGNORED"]
    loss, slopes = loop["loss_and_slopes"](logits, targets)
    (theirs,) = tensors([logits])
    want = functional.cross_entropy(theirs.mT, torch.tensor(targets))
    want.backward()
    assert math.isclose(loss, want.item(), rel_tol=1e-12)
    assert np.allclose(slopes, theirs.grad)


@pytest.mark.parametrize("name", ["momentum", "adam", "adamw"])
def test_optimizers_match_torch(loop, name):
    ours = dict(zip("wb", some((3, 4), (4,)), strict=True))
    theirs = tensors(list(ours.values()))
    more = {"weight_decay": 0.3, "decays": {"w", "b"}}
    rule = {
        "momentum": torch.optim.SGD(theirs, lr=0.1, momentum=0.9),
        "adam": torch.optim.Adam(theirs, lr=0.1),
        "adamw": torch.optim.AdamW(theirs, lr=0.1, weight_decay=0.3),
    }[name]
    state: dict = {}
    for step in range(50):
        slopes = dict(zip("wb", some((3, 4), (4,), seed=step), strict=True))
        rule.param_groups[0]["lr"] = lr = 0.1 / (1 + step)
        settings = more if name == "adamw" else {}
        loop[f"{name}_step"](ours, slopes, state, lr, **settings)
        for one, slope in zip(theirs, slopes.values(), strict=True):
            one.grad = torch.tensor(slope)
        rule.step()
    for mine, one in zip(ours.values(), theirs, strict=True):
        assert np.allclose(mine, one.detach(), rtol=1e-6)


def test_rate_and_clipping_match_companion(loop):
    for step in range(4, 30):
        share = (step - 4) / 25
        want = 0.3 * Cosine(final=0.2)(share)
        assert math.isclose(loop["rate"](step, 30, 0.3, 5, 0.2), want)
    for max_norm in (0.1, 100.0):
        ours, theirs = some((3, 4), (5,)), some((3, 4), (5,))
        norm = loop["clip"](dict(enumerate(ours)), max_norm)
        assert math.isclose(norm, clip_global_norm(theirs, max_norm))
        for one, other in zip(ours, theirs, strict=True):
            assert np.allclose(one, other, rtol=1e-4)


def test_layers_backward_match_torch(loop):
    layers = {
        "feed_forward": ([(2, 3, 4), (6, 4), (6,), (5, 6), (5,)], 4),
        "layer_norm": ([(2, 3, 6), (6,), (6,)], 2),
        "attention": ([(2, 5, 3)] * 3, 3),
    }
    linear = functional.linear
    same = {
        "feed_forward": lambda x, w1, b1, w2, b2: linear(
            linear(x, w1, b1).relu(), w2, b2
        ),
        "layer_norm": lambda x, w, b: functional.layer_norm(x, (6,), w, b),
        "attention": partial(
            functional.scaled_dot_product_attention, is_causal=True
        ),
    }
    for name, (shapes, given) in layers.items():
        arrays = some(*shapes)
        theirs = tensors(arrays)
        answer = same[name](*theirs)
        assert np.allclose(loop[name](*arrays), answer.detach())
        (slopes,) = some(tuple(answer.shape), seed=2)
        answer.backward(torch.tensor(slopes))
        ours = loop[f"{name}_backward"](slopes, *arrays[:given])
        for mine, one in zip(ours, theirs, strict=True):
            assert np.allclose(mine, one.grad), name


def test_slopes_of_the_real_run_are_right(loop):
    """Along one direction at random, dropout with the same chance."""
    p, texts = loop["new_parameters"](1), loop["stories"][:3]
    way = dict(zip(p, some(*map(np.shape, p.values())), strict=True))

    def loss(distance: float) -> tuple[float, dict]:
        moved = {name: p[name] + distance * way[name] for name in p}
        return loop["loss_of"](moved, texts, np.random.default_rng(3), 0.3)

    slopes = loss(0.0)[1]
    along = sum((slopes[name] * way[name]).sum() for name in p)
    measured = (loss(1e-6)[0] - loss(-1e-6)[0]) / 2e-6
    assert math.isclose(along, measured, rel_tol=1e-5)


def test_discussion_of_the_training(loop):
    """What the discussion of assignment 5 says."""
    runs, floor = loop["runs"], loop["FLOOR"]
    assert loop["n_parameters"] == 26_336
    assert loop["fresh"](loop["first"], len(loop["vocabulary"]))
    assert loop["worst"] < 1e-12 and loop["same"]
    plain = runs["plain"]
    assert floor < min(plain) < plain[-1] - 0.05
    learned = [runs[name] for name in ("plain", "dropout", "decay", "both")]
    best = [min(new) for new in learned]
    assert max(best) < min(best) + 0.08
    assert all(new[-1] < plain[-1] for new in learned[1:])
    assert min(runs["fast"]) > 3 and min(runs["free"]) > 3


def test_softmax_of_the_reference_is_stable(solution):
    """The referee of part 6: exact logarithms in float64."""
    z = np.array([1e4, 1e4 - 1, 0.0])
    want = z - 1e4 - math.log1p(math.exp(-1))
    assert np.allclose(solution["log_softmax"](z), want, rtol=1e-12)
