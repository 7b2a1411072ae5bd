"""The widgets: JavaScript against Python, state, style, refused input."""

import json
import re
import shutil
import subprocess

import numpy as np
import pytest

from companion.autograd import Value
from companion.ngrams import KneserNey, NGramModel
from companion.widgets import (
    AutogradGraph,
    BPEStepper,
    BudgetCalculator,
    GradientDescent,
    MarkovChain,
    NGramWriter,
    OptimizerRace,
    PositionalEncodings,
    ScheduleDesigner,
    TwoDistributions,
    base,
    markov_chain,
    ngram_writer,
)
from companion.widgets import two_distributions as two

FOLDER = base.FOLDER
MODULES = [
    "attention_explorer",
    "autograd_graph",
    "bpe_stepper",
    "budget_calculator",
    "four_tokenizers",
    "gradient_descent",
    "hyperparameter_explorer",
    "markov_chain",
    "ngram_writer",
    "optimizer_race",
    "positional_encodings",
    "schedule_designer",
    "two_distributions",
]
WORDS = ["the", "ball", "key", "is", "here", "."]
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed")


def documents(n, seed, words=WORDS):
    """n documents of random words, some of them empty."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(0, 12, n)
    return [list(rng.choice(words, k)) for k in lengths]


def chains(n, seed):
    """n transition matrices of 2 to 6 states."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(2, 7, n)
    return [rng.dirichlet(np.ones(k), k).tolist() for k in sizes]


# ---- the same numbers in both languages ------------------------------------


@needs_node
def test_long_run_matches_linear_solve(javascript):
    matrices = chains(40, seed=0)
    limits = javascript("markov_chain", [("longRun", [m]) for m in matrices])
    for matrix, limit in zip(matrices, limits, strict=True):
        expected = np.tile(markov_chain.long_run(matrix), (len(matrix), 1))
        np.testing.assert_allclose(limit, expected, rtol=0, atol=1e-12)


@needs_node
def test_long_run_depends_on_the_start_where_the_chain_falls_apart(
    javascript,
):
    absorbing = [[1, 0, 0], [0, 1, 0], [0.25, 0.5, 0.25]]
    swinging = [[0, 1], [1, 0]]
    slow = [[1 - 1e-6, 1e-6], [3e-6, 1 - 3e-6]]
    limits = javascript(
        "markov_chain", [("longRun", [m]) for m in (absorbing, swinging, slow)]
    )
    np.testing.assert_allclose(limits[0][2], [1 / 3, 2 / 3, 0], atol=1e-12)
    np.testing.assert_allclose(limits[0][:2], np.eye(3)[:2], atol=1e-12)
    np.testing.assert_allclose(limits[1], [[0.5, 0.5]] * 2, atol=1e-12)
    np.testing.assert_allclose(limits[2], [[0.75, 0.25]] * 2, atol=1e-9)
    unique = javascript("markov_chain", [("isUnique", [x]) for x in limits])
    assert unique == [False, True, True]


@needs_node
def test_walks_match_python(javascript):
    cases = [(m, 0, 200, s) for s, m in enumerate(chains(20, seed=1))]
    walks = javascript("markov_chain", [("walk", c) for c in cases])
    assert walks == [markov_chain.walk(*case) for case in cases]
    assert len({state for walk in walks for state in walk}) == 6


@needs_node
def test_shared_numbers_match_python(javascript):
    seeds = [0, 1, 2**31, 2**32 - 1, 2**32 + 5, -3]
    ours = javascript("shared", [("randoms", [s, 50]) for s in seeds])
    for seed, numbers in zip(seeds, ours, strict=True):
        random = base.mulberry32(seed)
        assert numbers == [random() for _ in range(50)]
    rng = np.random.default_rng(2)
    rows = [*rng.dirichlet(np.ones(4), 20).tolist(), [1.0, 0.0, 0.0, 0.0]]
    cases = [
        (row, i % 4, v) for i, row in enumerate(rows) for v in (0, 0.3, 1)
    ]
    moved = javascript("shared", [("renormalise", c) for c in cases])
    assert moved == [base.renormalise(*case) for case in cases]
    assert all(abs(sum(row) - 1) < 1e-12 for row in moved)
    picks = [(row, u) for row in rows for u in (0, 0.5, 1 - 1e-16)]
    chosen = javascript("shared", [("pick", c) for c in picks])
    assert chosen == [base.pick(*case) for case in picks]


def test_mulberry32_is_uniform_and_known():
    random = base.mulberry32(0)
    numbers = [random() for _ in range(20_000)]
    assert numbers[0] == 0.26642920868471265  # Node, the public-domain code
    assert abs(np.mean(numbers) - 0.5) < 0.01
    assert min(numbers) >= 0 and max(numbers) < 1


@needs_node
def test_measures_match_python(javascript):
    rng = np.random.default_rng(3)
    pairs = rng.dirichlet(np.ones(5), (60, 2)).tolist()
    pairs += [[[0.5, 0.5, 0], [1, 0, 0]], [[1, 0, 0], [0.5, 0.5, 0]]]
    found = javascript("two_distributions", [("measures", c) for c in pairs])
    for pair, numbers in zip(pairs, found, strict=True):
        for name, value in two.measures(*pair).items():
            ours = float(numbers[name])  # "Infinity" is one too
            assert ours == pytest.approx(value, rel=1e-12, abs=1e-12)
    assert float(found[-2]["divergence"]) == np.inf
    assert float(found[-1]["divergence"]) == pytest.approx(np.log(2))


def test_entropy_and_divergence_add_up_to_cross_entropy():
    rng = np.random.default_rng(4)
    for p, q in rng.dirichlet(np.ones(6), (50, 2)):
        found = two.measures(p, q)
        parts = found["entropy"] + found["divergence"]
        assert found["crossEntropy"] == pytest.approx(parts, abs=1e-12)


def ngram_case(order, seed):
    """A widget, the model it must equal, and texts to score."""
    read, unseen = (
        documents(30, seed),
        documents(8, seed + 100, [*WORDS, "zz"]),
    )
    widget = NGramWriter(read, unseen, discount=0.6)
    smoothing = KneserNey(discount=0.6)
    model = NGramModel.train(read, order=order, smoothing=smoothing)
    _, ids, unseen_ids = ngram_writer.number(read, unseen)
    setup = [ids, len(widget.vocabulary)]
    return widget, model, setup, unseen, unseen_ids


@needs_node
@pytest.mark.parametrize("order", range(1, 6))
def test_probabilities_match_ngram_model(javascript, order):
    widget, model, setup, unseen, held_out = ngram_case(order, seed=order)
    symbols = [*widget.vocabulary, "</s>", "<unk>"]
    columns = model.vocabulary.symbol_ids(symbols)
    cases, expected = [], []
    for text, ids in zip(unseen, held_out, strict=True):
        for i in range(len(text) + 1):
            recent = ids[max(0, i - 4) : i]
            cases.append(("count.distribution", [setup, order, recent, 0.6]))
            expected.append(model.distribution(text[:i])[columns])
    found = javascript("ngram_writer", cases)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(np.sum(found, axis=1), 1, atol=1e-12)


@needs_node
@pytest.mark.parametrize("order", range(1, 6))
def test_log_probs_and_perplexity_match_ngram_model(javascript, order):
    case = ngram_case(order, seed=order + 10)
    widget, model, setup, unseen, held_out = case
    end = len(widget.vocabulary)
    cases = [
        ("count.logProbs", [setup, order, [*ids, end], 0, 0.6])
        for ids in held_out
    ]
    whole = ("count.perplexity", [setup, order, held_out, 0.6])
    *found, perplexity = javascript("ngram_writer", [*cases, whole])
    for text, values in zip(unseen, found, strict=True):
        np.testing.assert_allclose(
            values, model.log_probs(text), rtol=0, atol=1e-12
        )
    assert perplexity == pytest.approx(model.perplexity(unseen), rel=1e-12)


@needs_node
@pytest.mark.parametrize("order", [1, 3, 5])
def test_written_text_matches_python(javascript, order):
    widget, model, setup, *_ = ngram_case(order, seed=order + 20)
    symbols = [*widget.vocabulary, "</s>"]
    prompt = ["the", "ball"]
    ids = [symbols.index(word) for word in prompt]
    options = [
        {
            "order": order,
            "temperature": temperature,
            "seed": seed,
            "prompt": ids,
            "discount": 0.6,
            "maxWords": 40,
        }
        for seed, temperature in enumerate([0.2, 0.7, 1, 1.5, 2] * 2)
    ]
    found = javascript(
        "ngram_writer", [("count.compose", [setup, o]) for o in options]
    )
    for option, written in zip(options, found, strict=True):
        text = ngram_writer.compose(
            model,
            temperature=option["temperature"],
            seed=option["seed"],
            prompt=prompt,
            max_words=40,
            words=widget.vocabulary,
        )
        assert [symbols[i] for i in written] == text


def longest_copy(text, read):
    """The same by trying every piece, the longest first."""
    for length in range(len(text), 0, -1):
        for start in range(len(text) - length + 1):
            piece = text[start : start + length]
            for document in read:
                for at in range(len(document) - length + 1):
                    if document[at : at + length] == piece:
                        return length
    return 0


@needs_node
def test_longest_copy_matches_trying_all(javascript):
    rng = np.random.default_rng(5)
    cases = []
    for _ in range(30):
        read = [rng.integers(0, 3, 15).tolist() for _ in range(2)]
        cases.append((rng.integers(0, 4, 12).tolist(), read))
    found = javascript("ngram_writer", [("longestCopy", c) for c in cases])
    for (text, read), copy in zip(cases, found, strict=True):
        assert copy["length"] == longest_copy(text, read)
        piece = text[copy["start"] : copy["start"] + copy["length"]]
        assert longest_copy(piece, read) == copy["length"]


@needs_node
def test_prompts_are_cut_into_words(javascript):
    known = ["anna", "Ben", "ball", "don't", "."]
    found = javascript(
        "ngram_writer",
        [
            ("readPrompt", ["Anna, Ben don't ball.", known, " "]),
            ("readPrompt", ["小红在花园", ["小红", "花园", "在"], ""]),
            ("readPrompt", ["", known, " "]),
        ],
    )
    assert found[0]["ids"] == [0, 6, 1, 3, 2, 4]
    assert found[0]["unknown"] == [","]
    assert found[1]["ids"] == [0, 2, 1]
    assert found[2] == {"ids": [], "unknown": [], "pieces": []}


@needs_node
def test_words_are_spaced_as_in_the_story(javascript):
    text = 'Ben said, "Come (now)!" Then: "No." Why? “So.”'
    words = re.findall(r"\w+|[^\w\s]", text)
    spaces, none = javascript(
        "ngram_writer", [("gaps", [words, " "]), ("gaps", [words, ""])]
    )
    pieces = zip(spaces, words, strict=True)
    assert "".join(" " * gap + word for gap, word in pieces) == text
    assert not any(none)


# ---- what a page carries ----------------------------------------------------


def widgets():
    """One of each kind."""
    stories = documents(200, 0, [f"word{i}" for i in range(300)])
    leaf = Value(3.0)
    return [
        AutogradGraph(leaf * leaf + leaf, {"a": leaf}),
        BPEStepper(),
        BudgetCalculator(),
        GradientDescent(),
        MarkovChain(),
        NGramWriter(stories, stories[:20]),
        OptimizerRace(),
        PositionalEncodings(),
        ScheduleDesigner(),
        TwoDistributions(),
    ]


@pytest.mark.parametrize("name", MODULES)
def test_bundle_exports_the_default_alone(name):
    source = base.bundle(name)
    exports = re.findall(r"^export\b.*", source, re.M)
    assert exports == ["export default { render };"]
    assert not re.search(r"^\s*import\b|\bimport\(|\brequire\(", source, re.M)
    assert "http" not in source.replace("http://www.w3.org/2000/svg", "")


@needs_node
@pytest.mark.parametrize("name", MODULES)
def test_bundle_is_one_valid_module(name, tmp_path):
    path = tmp_path / f"{name}.mjs"
    path.write_text(base.bundle(name), encoding="utf-8")
    code = f"import m from {str(path)!r}; console.log(typeof m.render)"
    done = subprocess.run(
        [NODE, "--input-type=module", "-e", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.strip() == "function", done.stderr


def test_bundle_of_an_unknown_widget_is_refused():
    with pytest.raises(FileNotFoundError, match="nothing"):
        base.bundle("nothing")


@pytest.mark.parametrize("widget", widgets(), ids=lambda w: type(w).__name__)
def test_state_is_small_json_and_prints_as_one_line(widget):
    size = len(json.dumps(widget.get_state()).encode())
    assert 20_000 < size < base.MAX_STATE
    assert size >= widget.state_bytes()
    text = repr(widget)
    assert text.startswith(f"{type(widget).__name__}: ")
    assert "interactive on the website" in text
    assert len(text) <= 110 and "\n" not in text  # where ipywidgets cuts
    bundle = widget._repr_mimebundle_()
    bundle = bundle[0] if isinstance(bundle, tuple) else bundle
    assert bundle["text/plain"] == text
    assert "application/vnd.jupyter.widget-view+json" in bundle


@needs_node
def test_packed_ids_come_back(javascript):
    rows = [[0, 1, 63, 64, 4095], [], list(range(0, 4096, 7))]
    packed = [ngram_writer.pack(row) for row in rows]
    assert packed[0] == "AAABA_BA__"
    assert (
        javascript("ngram_writer", [("unpack", [t]) for t in packed]) == rows
    )


def test_words_are_numbered_by_frequency():
    words, read, unseen = ngram_writer.number(
        [["b", "a", "b"], ["b"]], [["a", "zz"]]
    )
    assert words == ["b", "a"]
    assert read == [[0, 1, 0], [0]]
    assert unseen == [[1, 3]]  # 2 is the end, 3 the unknown word


# ---- colours and classes ----------------------------------------------------


def luminance(colour):
    """Relative luminance of #rrggbb (WCAG 2.2)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in channels
    ]
    return sum(np.multiply([0.2126, 0.7152, 0.0722], linear))


def contrast(one, other):
    """Contrast of two colours, 1 to 21."""
    high, low = sorted([luminance(one), luminance(other)], reverse=True)
    return (high + 0.05) / (low + 0.05)


def themes():
    """The colour variables of every block that sets them."""
    blocks = re.findall(r"\{[^{}]*--lm-back:[^{}]*\}", base.stylesheet())
    return [
        dict(re.findall(r"--lm-([\w-]+): (#[0-9a-f]{6});", block))
        for block in blocks
    ]


def test_contrast_of_colours():
    light, dark, preferred = themes()
    assert dark == preferred and light != dark
    heats = ["heat-1", "heat-2", "heat-3"]
    for theme in (light, dark):
        for name in ("text", "quiet"):
            for behind in ("back", "soft"):
                assert contrast(theme[name], theme[behind]) >= 4.5
        for heat in heats:
            assert contrast(theme["text"], theme[heat]) >= 4.5
        for tone in ("a", "b"):
            assert contrast(theme["on"], theme[tone]) >= 4.5
            assert contrast(theme[tone], theme["back"]) >= 4.5
            assert contrast(theme[tone], theme["soft"]) >= 3
        assert contrast(theme["edge"], theme["back"]) >= 3


# classes of the pages that widgets stand in: VS Code, the website's theme
HOSTS = {"vscode-dark", "vscode-light", "bd-content", "cell_output"}
HOSTS |= {"widget-subarea"}


def test_every_class_has_the_prefix_and_every_style_a_use():
    sheet = re.sub(r"/\*.*?\*/", "", base.stylesheet(), flags=re.S)
    selectors = re.findall(r"([^{}]+)\{", sheet)
    classes = set(re.findall(r"\.([a-zA-Z][\w-]*)", " ".join(selectors)))
    ours = {name for name in classes if name.startswith("lm-")}
    assert classes - ours == HOSTS
    source = "".join(p.read_text("utf-8") for p in FOLDER.glob("*.js"))
    for name in ours:
        stem = re.sub(r"-([ab]|\d)$", "", name)
        kind = f'kind: "{name.removeprefix("lm-")}"'  # a widget's own class
        assert stem in source or kind in source, f".{name} styles nothing"
    assert "@import" not in sheet and "url(" not in sheet


# ---- refused input ----------------------------------------------------------

HALF = [0.5, 0.5]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: MarkovChain(("a", "b"), [[0.5, 0.6], HALF]),
            r"the row of 'a' must sum to 1, got \[0.5, 0.6\] with sum 1.1",
        ),
        (
            lambda: MarkovChain(("a", "b"), [[1.5, -0.5], HALF]),
            "the row of 'a' must lie between 0 and 1, got",
        ),
        (
            lambda: MarkovChain(("a", "b"), [HALF]),
            "states must have 1 entries, got 2",
        ),
        (
            lambda: MarkovChain(("a", "b"), [HALF, [1.0]]),
            "the row of 'b' must have 2 entries, got 1",
        ),
        (
            lambda: MarkovChain(("a", "a"), [HALF, HALF]),
            "states must differ, got",
        ),
        (
            lambda: MarkovChain(("a",), [[1.0]]),
            "a chain must have 2 to 4 states, got 1",
        ),
        (
            lambda: MarkovChain(start=3),
            "start must be an index into 3 states, got 3",
        ),
        (
            lambda: TwoDistributions(HALF, [0.9, 0.2], labels=("a", "b")),
            r"q must sum to 1, got \[0.9, 0.2\] with sum 1.1",
        ),
        (
            lambda: TwoDistributions(HALF, [1.0], labels=("a", "b")),
            "q must have 2 entries, one a label, got 1",
        ),
        (
            lambda: TwoDistributions(HALF, HALF, labels=("a",)),
            "labels must have 2 entries, got 1",
        ),
        (
            lambda: TwoDistributions([1.0], [1.0], labels=("a",)),
            "p must have 2 to 6 outcomes, got 1",
        ),
        (
            lambda: TwoDistributions(unit="bans"),
            'unit must be "bits" or "nats", got \'bans\'',
        ),
        (
            lambda: NGramWriter([["a"]], order=6),
            "order must be from 1 to 5, got 6",
        ),
        (
            lambda: NGramWriter([["a"]], temperature=0.0),
            "temperature must be from 0.2 to 2, got 0.0",
        ),
        (
            lambda: NGramWriter([["a"]], discount=1.5),
            "discount must be from 0 to 1, got 1.5",
        ),
        (
            lambda: NGramWriter([[], []]),
            "there must be a word to read, got 2 documents",
        ),
        (
            lambda: NGramWriter(["a story"]),
            "must be a sequence of words, got the string 'a story'",
        ),
        (
            lambda: NGramWriter([["a"] * 50_001]),
            r"must fit in 100000 bytes, two a word, got \d+; give fewer",
        ),
        (
            lambda: NGramWriter([[str(i) for i in range(4094)]]),
            "there must be at most 4093 different words, got 4094",
        ),
    ],
)
def test_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_change_from_python_is_checked_too():
    chain = MarkovChain()
    with pytest.raises(ValueError, match="must sum to 1"):
        chain.transition = [[1.0, 1.0, 0.0]] * 3
    chain.transition = [[0.2, 0.3, 0.5]] * 3
    assert chain.get_state("transition")["transition"][0] == [0.2, 0.3, 0.5]


def test_a_widget_says_that_it_needs_a_summary():
    with pytest.raises(NotImplementedError, match="BookWidget has no summary"):
        base.BookWidget().summary()
