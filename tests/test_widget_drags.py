"""Each widget alone on a page: drag it, look at it with axe-core."""

import json
import os

import pytest
import widget_drags
from browser import AXE, FLAGS, RUN_AXE

from companion import widgets
from companion.autograd import Value
from companion.models import Transformer, TransformerConfig
from companion.tokenization import TOKENIZERS, Vocabulary, split_words
from companion.training.search import grid
from companion.widgets import base
from tools.project import chromium

PAGE = """<!doctype html><html lang="en" data-theme="THEME">
<meta charset="utf-8"><title>A widget</title><style>STYLE</style>
<body><main><h1>A widget</h1><div id="here"></div></main>
<script type="module">
SOURCE
const state = STATE;
const told = new EventTarget();
const model = {
  get: (name) => state[name],
  set: (name, value) => {
    const changed = JSON.stringify(state[name]) !== JSON.stringify(value);
    state[name] = value;
    if (changed) told.dispatchEvent(new Event(`change:${name}`));
  },
  on: (name, update) => told.addEventListener(name, update),
  off: (name, update) => told.removeEventListener(name, update),
  save_changes() {},
};
window.model = model;
render({ model, el: document.getElementById("here") });
</script></body></html>"""


def stand(widget, theme="light"):
    """Write the page on which a widget stands alone."""
    state = widget.get_state()
    source = state.pop("_esm").replace("export default { render };", "")
    shown = {k: v for k, v in state.items() if not k.startswith("_")}
    text = json.dumps(shown, default=str).replace("</", "<\\/")
    back = "#ffffff" if theme == "light" else "#121212"
    style = f"body {{ background: {back}; color: #777 }}" + base.stylesheet()
    return (
        PAGE.replace("THEME", theme)
        .replace("STYLE", style)
        .replace("SOURCE", source)
        .replace("STATE", text)
    )


@pytest.fixture(scope="module")
def browser(playwright):
    if chromium() is None:
        message = "no Chromium or Chrome found: install one, or set CHROMIUM"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    opened = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
    yield opened
    opened.close()


@pytest.fixture
def show(browser):
    """Open a page with one widget; errors on it fail the test."""
    pages, errors = [], []

    def open_page(widget, theme="light", width=1000):
        page = browser.new_page(
            viewport={"width": width, "height": 900}, reduced_motion="reduce"
        )
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.set_content(stand(widget, theme))
        page.locator(".lm-widget").wait_for()
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert errors == []


def neuron():
    """One neuron and its squared error, as a graph."""
    x, w, b = Value(2.0), Value(-0.5), Value(0.8)
    loss = ((w * x + b).tanh() - 1) ** 2
    return widgets.AutogradGraph(loss, {"x": x, "w": w, "b": b, "loss": loss})


def four_tokenizers():
    """The widget with small vocabularies."""
    read = ["the cat sat on the mat, the dog sat on the log"] * 3
    kinds = ("word", "character", "wordpiece", "bpe")
    return widgets.FourTokenizers(
        *(TOKENIZERS[kind].train(read, 300) for kind in kinds)
    )


def attention_explorer():
    """A decoder that has learned nothing, with a few words."""
    words = split_words(widgets.attention_explorer.TEXT)
    vocabulary = Vocabulary(sorted(set(words)))
    config = TransformerConfig(
        vocab_size=len(vocabulary),
        d_model=24,
        n_layers=2,
        position="rotary",
        init_std=0.5,
    )
    return widgets.AttentionExplorer(Transformer(config), vocabulary)


def hyperparameter_explorer():
    """Twelve trainings that nobody made."""
    axes = {"lr": [0.01, 0.1], "batch_size": [4, 16, 64], "d_model": [16, 32]}
    runs = [
        {
            "setting": setting,
            "loss": 1.0 + 0.2 * k,
            "right": 0.7,
            "seconds": 1.5,
            "curve": [[36 * n, 6.0 - 5 * n / 16 + 0.2 * k] for n in range(17)],
        }
        for k, setting in enumerate(grid(axes))
    ]
    return widgets.HyperparameterExplorer(axes, runs, floor=0.32)


MAKERS = {
    "attention_explorer": attention_explorer,
    "autograd_graph": neuron,
    "bpe_stepper": widgets.BPEStepper,
    "budget_calculator": widgets.BudgetCalculator,
    "schedule_designer": widgets.ScheduleDesigner,
    "four_tokenizers": four_tokenizers,
    "gradient_descent": widgets.GradientDescent,
    "hyperparameter_explorer": hyperparameter_explorer,
    "markov_chain": widgets.MarkovChain,
    "optimizer_race": widgets.OptimizerRace,
    "two_distributions": widgets.TwoDistributions,
}


@pytest.mark.parametrize("name", MAKERS)
def test_widget_alone_can_be_dragged(show, name):
    getattr(widget_drags, f"drag_{name}")(show(MAKERS[name]()))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", MAKERS)
def test_widget_alone_is_accessible(show, name, theme):
    if not AXE.exists():
        pytest.skip("axe-core was not fetched (no npm)")
    page = show(MAKERS[name](), theme)
    page.add_script_tag(path=AXE)
    assert page.evaluate(RUN_AXE, []) == []


@pytest.mark.parametrize("name", MAKERS)
def test_widget_alone_fits_a_phone(show, name):
    page = show(MAKERS[name](), width=360)
    wide = page.evaluate(
        "document.documentElement.scrollWidth - window.innerWidth"
    )
    assert wide <= 0
