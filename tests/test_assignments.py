"""The assignments: no answers in the student version, exact grading.

Every planted bug is run against the tests in this process, which is quick. One
batch an assignment is then graded for real, by the command line: the reference
solution, the untouched student version, a student each for some of the planted
bugs, and, of the first assignment, notebooks that are broken in many ways.
"""

import ast
import csv
import json
import math
import re
import shutil
import subprocess
import sys
from functools import partial
from itertools import pairwise
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from planted_bugs import BUGS, GRADED
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from torch.nn import functional

from companion import autograd
from companion.generation import sampling
from companion.models import Transformer, TransformerConfig
from companion.models import causal_mask as their_mask
from companion.ngrams import AddK, KneserNey, NGramModel
from companion.tokenization import BPETokenizer, Vocabulary
from companion.tokenization.byte_names import BYTE_IDS
from companion.training import next_word_loss
from companion.training.batches import pad
from tools import assignments, grading, repairing
from tools.nbgrader_steps import LimitedExecute
from tools.setup_cell import is_setup_cell, setup_source

ROOT = Path(__file__).resolve().parents[1]
NAME = "1-language-models"
SOURCE = ROOT / "assignments" / "source" / NAME / f"{NAME}.ipynb"
TIMEOUT = 15  # seconds a cell; the slowest of assignment 1 takes one

# Every assignment, with its points and those that a person gives.
POINTS = {
    "1-language-models": (50, 10),
    "2-environment": (56, 8),
    "3-tokenization": (55, 10),
    "4-architectures": (60, 10),
}
# Test cells that no planted bug fails: they look at the plainest case.
PLAIN = {
    "1-language-models": {
        "2-count", "2-fraction", "2-unseen", "3-limits", "4-zero",
        "5-one-sentence", "6-log-softmax", "7-unseen",
    },
    "2-environment": {"3-forward"},
    "3-tokenization": {"2-pairs", "2-join"},
    "4-architectures": set(),
}  # fmt: skip
# Finished solutions that a teacher should hear of, and how.
CHEATS = {
    "2-environment": "from companion.autograd import Value as V",
    "3-tokenization": "from companion.tokenization import BPETokenizer",
    "4-architectures": "from companion.models import attention as easy\n"
    "also_easy = F.scaled_dot_product_attention",
}
CHEATED = {
    "2-environment": "imports companion.autograd",
    "3-tokenization": "imports companion.tokenization",
    "4-architectures": "imports companion.models; "
    "uses scaled_dot_product_attention",
}
CHECKPOINTS = shutil.ignore_patterns(".ipynb_checkpoints")
SLOW = ("texts", "results")  # cells that no test depends on


def source_of(name: str) -> Path:
    return assignments.source_notebook(ROOT / "assignments", name)


def read_source(name: str = NAME) -> nbformat.NotebookNode:
    return nbformat.read(source_of(name), as_version=4)


def cell(notebook: nbformat.NotebookNode, name: str) -> nbformat.NotebookNode:
    return next(c for c in notebook.cells if c.id == name)


def points(notebook: nbformat.NotebookNode) -> dict[str, float]:
    return grading.maximum(notebook)


def by_hand(notebook: nbformat.NotebookNode) -> str:
    """The one cell that a person grades."""
    (name,) = (
        one.id
        for one in notebook.cells
        if one.cell_type == "markdown" and "nbgrader" in one.metadata
    )
    return name


def without_tests(source: str) -> str:
    """What a student's test cell holds: the hidden lines are not there."""
    hidden = r"[ ]*### BEGIN HIDDEN TESTS\n.*?### END HIDDEN TESTS(\n|$)"
    return re.sub(hidden, "", source, flags=re.DOTALL).rstrip() + "\n"


def solved(assignment: str = NAME) -> nbformat.NotebookNode:
    """The reference solution as a student would hand it in."""
    notebook = read_source(assignment)
    for one in notebook.cells:
        one.source = without_tests(one.source)
    return notebook


def planted(name: str, assignment: str = NAME) -> nbformat.NotebookNode:
    place, right, wrong, _ = BUGS[assignment][name]
    notebook = solved(assignment)
    target = cell(notebook, place)
    assert target.source.count(right) == 1, f"{name}: nothing to replace"
    target.source = target.source.replace(right, wrong)
    return notebook


# --- the source ----------------------------------------------------------


def run_cells(assignment: str) -> dict:
    """Run the reference solution; return the names that it defines."""
    names: dict = {}
    for one in read_source(assignment).cells:
        if one.cell_type == "code" and not is_setup_cell(one):
            exec(one.source, names)
    return names


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


@pytest.mark.parametrize("assignment", POINTS)
def test_points_add_up_as_the_first_page_says(assignment):
    notebook = read_source(assignment)
    table = cell(notebook, "text-intro").source
    said = dict(re.findall(r"^\| (\d) \|.*\| (\d+) \|$", table, re.MULTILINE))
    parts: dict[str, float] = {}
    for name, most in points(notebook).items():
        parts[name[0]] = parts.get(name[0], 0) + most
    assert {part: float(p) for part, p in said.items()} == parts
    assert sum(parts.values()) == POINTS[assignment][0]
    for part, most in parts.items():
        heading = cell(notebook, f"text-part-{part}").source.splitlines()[0]
        assert f"({most:g} points" in heading


@pytest.mark.parametrize("assignment", POINTS)
def test_source_is_clean(assignment):
    notebook = read_source(assignment)
    nbformat.validate(notebook)
    assert sum(map(is_setup_cell, notebook.cells)) == 1
    for one in notebook.cells:
        if one.cell_type == "code":
            assert not one.outputs and one.execution_count is None, one.id
        if one.cell_type == "code" and not is_setup_cell(one):
            assert max(map(len, one.source.splitlines())) <= 79, one.id
        data = one.metadata.get("nbgrader", {})
        if data.get("grade") and one.cell_type == "code":
            last = ast.parse(one.source).body[-1]
            # nbgrader would read its value as a number of points
            assert not isinstance(last, ast.Expr), one.id
            assert f"# {data['points']} point" in one.source, one.id


# --- generating ----------------------------------------------------------


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """A copy of assignments/ in which the student versions are generated."""
    root = tmp_path_factory.mktemp("assignments")
    ours = ROOT / "assignments"
    shutil.copytree(ours / "source", root / "source", ignore=CHECKPOINTS)
    shutil.copy(ours / "nbgrader_config.py", root)
    assert list(assignments.generate(root)) == [
        f"{name}: wrote {release_of(root, name)}" for name in POINTS
    ]
    return root


def release_of(root: Path, name: str = NAME) -> Path:
    """The student version, as it was generated."""
    return root / "release" / name / f"{name}.ipynb"


@pytest.mark.parametrize("assignment", POINTS)
def test_student_version_has_no_answers(root, assignment):
    release = release_of(root, assignment)
    text = release.read_text()
    assert "SOLUTION" not in text and "HIDDEN" not in text
    student = nbformat.read(release, as_version=4)
    full = read_source(assignment)
    assert [c.id for c in student.cells] == [c.id for c in full.cells]
    (setup,) = filter(is_setup_cell, student.cells)
    assert setup.source == setup_source()
    given = {
        line.strip()
        for one in student.cells
        for line in one.source.splitlines()
    }
    secret = re.compile(
        r"### BEGIN (SOLUTION|HIDDEN TESTS)\n(.*?)### END", re.DOTALL
    )
    lines = {
        line.strip()
        for one in full.cells
        for _, body in secret.findall(one.source)
        for line in body.splitlines()
        if len(line.strip()) > 12  # not `return`, `)`, `else:`
    }
    assert len(lines) > 100
    assert lines & given == set()
    model_answer = cell(full, by_hand(full)).source.splitlines()
    assert given.isdisjoint({x.strip() for x in model_answer if x.strip()})


def test_generating_again_changes_nothing(root):
    releases = [release_of(root, name) for name in POINTS]
    before = [release.stat().st_mtime_ns for release in releases]
    assert list(assignments.generate(root)) == [
        f"{release.stem}: {release} is up to date" for release in releases
    ]
    assert [release.stat().st_mtime_ns for release in releases] == before


@pytest.fixture
def target(tmp_path) -> Path:
    """A generated file, in a folder `release` with its record."""
    target = tmp_path / "release" / NAME / SOURCE.name
    target.parent.mkdir(parents=True)
    assert put(b"first", target) == f"wrote {target}"
    return target


def put(data: bytes, target: Path) -> str:
    return assignments.place(data, target, target.parents[1])


def test_generating_again_never_overwrites_work(target):
    target.write_bytes(b"work")
    beside = target.with_suffix(".new.ipynb")
    said = f"kept {target}, which somebody has changed; "
    assert put(b"second", target) == f"{said}wrote {beside}"
    assert target.read_bytes() == b"work"
    assert put(b"third", target) == f"{said}wrote {beside}"
    assert beside.read_bytes() == b"third"
    # the copy beside may be somebody's work too
    beside.write_bytes(b"more work")
    last = target.with_suffix(".new-2.ipynb")
    assert put(b"fourth", target) == f"{said}wrote {last}"
    assert put(b"fourth", target) == f"{said}{last} is up to date"
    files = [target, beside, last]
    assert sorted(target.parent.iterdir()) == sorted(files)
    texts = [path.read_bytes() for path in files]
    assert texts == [b"work", b"more work", b"fourth"]


def test_generating_replaces_what_nobody_changed(target):
    assert put(b"second", target) == f"wrote {target}"
    assert list(target.parent.iterdir()) == [target]
    assert target.read_bytes() == b"second"


def test_a_file_of_unknown_origin_is_somebodys_work(target):
    (target.parents[1] / assignments.RECORD).unlink()
    assert "which somebody has changed" in put(b"second", target)
    assert target.read_bytes() == b"first"


def test_work_that_was_deleted_is_generated_again(target):
    target.unlink()
    assert put(b"first", target) == f"wrote {target}"


# --- planted bugs, without a kernel --------------------------------------


def failures(
    notebook: nbformat.NotebookNode, assignment: str = NAME
) -> set[str]:
    """Run a notebook's cells here, hidden tests too; name those that fail."""
    names: dict = {}
    failed = set()
    tests = {one.id: one.source for one in read_source(assignment).cells}
    for one in notebook.cells:
        slow = one.id in SLOW or is_setup_cell(one)
        if one.cell_type != "code" or slow:
            continue
        graded = one.metadata.get("nbgrader", {}).get("grade")
        try:
            exec(tests[one.id] if graded else one.source, names)
        except Exception:
            failed.add(one.id)
    return failed


PLANTED = [
    (assignment, bug) for assignment in BUGS for bug in BUGS[assignment]
]


@pytest.mark.parametrize(("assignment", "name"), PLANTED)
def test_planted_bug_fails_its_tests_and_no_others(assignment, name):
    lost = failures(planted(name, assignment), assignment)
    assert lost == BUGS[assignment][name][-1]


@pytest.mark.parametrize("assignment", POINTS)
def test_reference_solution_fails_no_test(assignment):
    assert failures(solved(assignment), assignment) == set()


@pytest.mark.parametrize("assignment", POINTS)
def test_every_test_is_failed_by_a_planted_bug(assignment):
    """But for those that only look at the plainest case; they are listed."""
    caught = set().union(*(bug[-1] for bug in BUGS[assignment].values()))
    notebook = read_source(assignment)
    graded = set(points(notebook)) - {by_hand(notebook)}
    assert graded - caught == PLAIN[assignment]


# --- grading: one batch, for real ----------------------------------------


def broken(release: Path) -> dict[str, nbformat.NotebookNode]:
    """Notebooks that grading must survive."""
    syntax, endless, deleted, cheat, killed = (solved() for _ in range(5))
    cell(syntax, "log-prob").source += "\n    return )"
    cell(endless, "neural").source = cell(endless, "neural").source.replace(
        "return [start, *ids], [*ids, end]", "while True: pass"
    )
    gone = {"1-end", "add-k", "3-vocabulary", "3-limits", "setup"}
    deleted.cells = [one for one in deleted.cells if one.id not in gone]
    cell(cheat, "ngrams").source = "def ngrams(words, n): return []"
    cell(cheat, "1-history").source = "print('all is well')"
    cell(cheat, "1-end").metadata["nbgrader"]["points"] = 40
    cell(cheat, "2-count").metadata["nbgrader"] = "?"
    cell(cheat, "text-part-9").source += "\n"
    extra = nbformat.v4.new_code_cell("from companion.ngrams import AddK")
    cheat.cells.insert(9, extra)
    cell(killed, "perplexity").source = "import os; os._exit(1)"
    return {
        "syntax": syntax,
        "endless": endless,
        "deleted": deleted,
        "cheat": cheat,
        "killed": killed,
        "untouched": nbformat.read(release, as_version=4),
    }


@pytest.fixture(scope="module")
def batch(root, tmp_path_factory) -> Path:
    """Grade everybody in one run of the command; return its folder."""
    folder = tmp_path_factory.mktemp("class")
    hand_in = folder / "handed in"
    everybody = {"Zoë Reference": solved()}
    everybody |= {name: planted(name) for name in GRADED[NAME]}
    everybody |= broken(release_of(root))
    for number, (student, notebook) in enumerate(everybody.items()):
        place = hand_in / student / NAME / SOURCE.name
        if number % 2:  # a file is as good as a folder
            place = hand_in / f"{student}.ipynb"
        place.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, place)
    (hand_in / "half.ipynb").write_text('{"cells": [')
    (hand_in / "old.ipynb").write_text("{}")
    (hand_in / "empty").mkdir()
    (hand_in / "two").mkdir()
    (hand_in / "two" / "a.ipynb").write_text("{}")
    (hand_in / "two" / "b.ipynb").write_text("{}")
    (hand_in / "list.pdf").write_text("")
    marks = folder / "marks.csv"
    marks.write_text(
        "student,cell,points,comment\n"
        "Zoë Reference,9-discussion,8.5,A fine example\n"
        "half,9-discussion,3,On paper\n",
        encoding="utf-8",
    )
    done = run(
        "--root", root, "grade", hand_in, "--out", folder / "graded",
        "--assignment", NAME, "--marks", marks, "--timeout", TIMEOUT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (folder / "said").write_text(done.stdout)
    return folder


def run(*arguments: object) -> subprocess.CompletedProcess:
    command = [sys.executable, str(ROOT / "tools" / "assignments.py")]
    return subprocess.run(
        [*command, *map(str, arguments)], capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def rows(batch) -> dict[str, dict[str, str]]:
    with open(batch / "graded" / "grades.csv", encoding="utf-8") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def read_cells(graded: Path) -> dict[str, dict[str, str]]:
    """student -> test cell -> points."""
    table: dict = {}
    with open(graded / "cells.csv", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            table.setdefault(row["student"], {})[row["cell"]] = row["points"]
    return table


@pytest.fixture(scope="module")
def cells(batch) -> dict[str, dict[str, str]]:
    return read_cells(batch / "graded")


def lost(cells: dict[str, str], assignment: str = NAME) -> set[str]:
    """The autograded cells that did not get all their points."""
    notebook = read_source(assignment)
    return {
        name
        for name, most in points(notebook).items()
        if name != by_hand(notebook) and float(cells[name]) != most
    }


def test_reference_solution_gets_full_marks(rows, cells):
    row = rows["Zoë Reference"]
    assert lost(cells["Zoë Reference"]) == set()
    assert (row["status"], row["notes"], row["waiting"]) == ("graded", "", "0")
    assert (row["total"], row["max"], row["part 9"]) == ("48.5", "50", "8.5")


def test_untouched_student_version_gets_nothing(rows, cells):
    assert set(cells["untouched"].values()) == {"0"}
    assert rows["untouched"]["total"] == "0"
    assert rows["untouched"]["waiting"] == "0"


@pytest.mark.parametrize("name", GRADED[NAME])
def test_planted_bug_loses_its_points_and_no_others(name, rows, cells):
    expected = BUGS[NAME][name][-1]
    most = points(read_source())
    assert lost(cells[name]) == expected
    assert all(cells[name][test] == "0" for test in expected)
    left = 40 - sum(most[test] for test in expected)
    assert float(rows[name]["total"]) == left
    assert rows[name]["part 9"] == "" and rows[name]["waiting"] == "10"


@pytest.mark.parametrize(
    ("name", "missing", "note"),
    [
        (
            "syntax",
            {"4-nats", "4-long", "4-zero"},
            "log-prob: SyntaxError",
        ),
        ("endless", {"6-shift"}, "6-shift: out of time"),
        (
            "deleted",
            {"3-vocabulary", "3-sums-to-one", "3-limits"},
            "cells put back: setup, 1-end, add-k, 3-vocabulary, 3-limits",
        ),
        (
            "cheat",
            {"1-history", "1-end"},
            "changed tests put back: 1-history",
        ),
        ("cheat", {"1-history", "1-end"}, "imports companion.ngrams"),
    ],
)
def test_broken_notebook_loses_what_is_broken(
    name, missing, note, rows, cells
):
    assert rows[name]["status"] == "graded"
    assert lost(cells[name]) == missing
    assert note in rows[name]["notes"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("killed", "kernel died"),
        ("half", "half.ipynb is not a notebook"),
        ("old", "old.ipynb is not a notebook"),
        ("empty", "no notebook"),
        ("two", "several notebooks: a.ipynb, b.ipynb"),
    ],
)
def test_hopeless_notebook_has_a_row_that_says_why(name, reason, rows):
    assert rows[name]["status"].startswith("not graded: ")
    assert reason in rows[name]["status"].lower()
    by_hand = "3" if name == "half" else "0"  # those points stay
    assert rows[name]["total"] == by_hand


def test_progress_is_shown(batch, rows):
    said = (batch / "said").read_text()
    assert "ignored list.pdf" in said
    assert f"[{len(rows)}/{len(rows)}]" in said
    for student in rows:
        assert f"] {student}: " in said


def test_feedback_shows_points_and_the_comment(batch):
    pages = batch / "graded" / "feedback"
    page = (pages / "Zoë Reference.html").read_text(encoding="utf-8")
    assert "48.5" in page and "A fine example" in page
    page = (pages / "mean-of-means.html").read_text(encoding="utf-8")
    assert "AssertionError" in page
    assert not (pages / "half.html").exists()


def test_results_are_not_overwritten(batch, root):
    done = run(
        "--root", root, "grade", batch / "handed in", "--out",
        batch / "graded", "--assignment", NAME,
    )  # fmt: skip
    assert done.returncode == 2
    assert "is not empty; pass --force to overwrite" in done.stderr


# --- grading: the later assignments, for real ----------------------------


@pytest.fixture(scope="module", params=[n for n in POINTS if n != NAME])
def later(request, root, tmp_path_factory) -> tuple[str, Path]:
    """Grade a small class; return the assignment and the results' folder."""
    name = request.param
    folder = tmp_path_factory.mktemp(name)
    hand_in = folder / "handed in"
    hand_in.mkdir()
    everybody = {bug: planted(bug, name) for bug in GRADED[name]}
    for notebook in everybody.values():  # the reference runs them
        cell(notebook, "results").source = ""
    extra = nbformat.v4.new_code_cell(CHEATS[name])
    everybody[GRADED[name][0]].cells.append(extra)
    everybody["reference"] = solved(name)
    everybody["untouched"] = nbformat.read(release_of(root, name), 4)
    for student, notebook in everybody.items():
        nbformat.write(notebook, hand_in / f"{student}.ipynb")
    command = [
        "--root", root, "grade", hand_in, "--out", folder / "graded",
        "--assignment", name, "--timeout", 4 * TIMEOUT,
    ]  # fmt: skip
    assert assignments.main(list(map(str, command))) == 0
    return name, folder / "graded"


def test_later_assignments_are_graded_exactly(later):
    name, graded = later
    cells, most = read_cells(graded), points(read_source(name))
    full, manual = POINTS[name]
    with open(graded / "grades.csv", encoding="utf-8") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    for bug in GRADED[name]:
        expected = BUGS[name][bug][-1]
        assert lost(cells[bug], name) == expected, bug
        left = full - manual - sum(most[test] for test in expected)
        assert float(rows[bug]["total"]) == left, bug
    reference = rows["reference"]
    assert float(reference["total"]) == full - manual
    assert float(reference["waiting"]) == manual
    assert (reference["status"], reference["notes"]) == ("graded", "")
    assert set(cells["untouched"].values()) == {"0"}
    assert rows[GRADED[name][0]]["notes"] == CHEATED[name]


# --- finished solutions --------------------------------------------------


@pytest.mark.parametrize(
    ("code", "note"),
    [
        ("nn.MultiheadAttention(8, 2)", "uses MultiheadAttention"),
        ("layer = nn.TransformerDecoderLayer(8, 2)", "uses Transformer"),
        ("nn.Transformer()", "uses nn.Transformer"),
        ("torch.nn.LayerNorm(8)", "uses LayerNorm"),
        ("F.rms_norm(x, (8,))", "uses F.rms_norm"),
        ("import transformers", "imports transformers"),
        ("from companion.generation import top_p", "imports companion.gen"),
    ],
)
def test_finished_layers_are_reported(root, code, note):
    release = nbformat.read(release_of(root, "4-architectures"), 4)
    student = solved("4-architectures")
    assert repairing.repair(student, release)[1] == []
    student.cells.append(nbformat.v4.new_code_cell(code))
    (found,) = repairing.repair(student, release)[1]
    assert found.startswith(note)


# --- the tools' own errors -----------------------------------------------


def test_a_notebook_out_of_time_fails_its_other_cells():
    """Without an error, nbgrader would give full points to an unrun cell."""
    runner = LimitedExecute()
    runner.deadline = -math.inf
    one = nbformat.v4.new_code_cell("assert True")
    one, _ = runner.preprocess_cell(one, {}, 0)
    assert one.outputs[0].ename == "CellTimeoutError"


def test_assignment_must_be_named_where_there_are_several(capsys, tmp_path):
    out = str(tmp_path / "out")
    assert assignments.main(["grade", str(tmp_path), "--out", out]) == 2
    said = capsys.readouterr().err
    assert f"say which with --assignment: {', '.join(POINTS)}" in said


def test_assignment_that_is_not_there(root):
    with pytest.raises(
        FileNotFoundError, match="there are: 1-language-models"
    ):
        assignments.source_notebook(root, "2-nothing")


def test_assignment_with_two_notebooks(tmp_path):
    folder = tmp_path / "source" / "x"
    folder.mkdir(parents=True)
    with pytest.raises(ValueError, match="exactly one notebook"):
        assignments.source_notebook(tmp_path, "x")
    for name in ("a", "b"):
        (folder / f"{name}.ipynb").touch()
    with pytest.raises(ValueError, match=r"has: a\.ipynb, b\.ipynb"):
        assignments.source_notebook(tmp_path, "x")


def test_no_submissions(tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder of submissions"):
        repairing.find(tmp_path / "nowhere", SOURCE.name)
    with pytest.raises(FileNotFoundError, match="no folder and no notebook"):
        repairing.find(tmp_path, SOURCE.name)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("student,points\na,1\n", "lacks the column cell"),
        ("student,cell,points\na,9-discussion,ten\n", "line 2 has 'ten'"),
    ],
)
def test_marks_that_cannot_be_read(tmp_path, text, message):
    path = tmp_path / "marks.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        grading.read_marks(path)


@pytest.mark.parametrize(
    ("student", "name", "given", "message"),
    [
        ("nobody", "9-discussion", 5, "'nobody', who handed in nothing"),
        ("ann", "10-extra", 5, "the cell '10-extra'; graded cells are"),
        ("ann", "9-discussion", 11, "from 0 to 10, 'ann' has 11"),
        ("ann", "9-discussion", math.nan, "from 0 to 10, 'ann' has nan"),
    ],
)
def test_marks_that_fit_nothing(student, name, given, message):
    marks = {student: {name: grading.Mark(given)}}
    most = points(read_source())
    with pytest.raises(ValueError, match=message):
        grading.check_marks(marks, {"ann": "no notebook"}, most)


def test_pins_agree_with_the_book():
    def pins(path: Path) -> dict[str, str]:
        found = re.findall(r"^([\w.-]+)==(\S+)", path.read_text(), re.M)
        return dict(found)

    ours = pins(ROOT / "assignments" / "requirements.txt")
    book = pins(ROOT / "requirements.txt")
    assert ours["nbgrader"]
    assert ours == {name: book[name] for name in ours}


def test_softmax_of_the_reference_is_stable(solution):
    """The referee of part 6: exact logarithms in float64."""
    z = np.array([1e4, 1e4 - 1, 0.0])
    want = z - 1e4 - math.log1p(math.exp(-1))
    assert np.allclose(solution["log_softmax"](z), want, rtol=1e-12)
