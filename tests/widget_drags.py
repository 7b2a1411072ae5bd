"""Drag each widget in a browser and see that it moved.

Each function takes a Playwright page on which one widget of the kind stands
(the first one is used) and asserts that dragging changed what is shown.
"""

import re

from playwright.sync_api import expect

# widgets whose notebook is still to come: take a name out when it is there
NOT_ON_A_PAGE: set[str] = set()


def widget(page, kind):
    """Find the first widget of a kind and wait until it is drawn."""
    root = page.locator(f".lm-widget.lm-{kind}").first
    root.wait_for(state="visible", timeout=30_000)
    root.scroll_into_view_if_needed()
    return root


def range_input(root, name=None):
    """Find a slider by its name (data-lm-name), or the first."""
    if name is None:
        return root.locator("input[type=range]").first
    return root.locator(f'[data-lm-name="{name}"] input[type=range]')


def drag_range(page, slider, share):
    """Drag a slider's thumb with the mouse to a share (0 to 1) of its way."""
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    value, low, high = slider.evaluate(
        "e => [e.value, e.min, e.max].map(Number)"
    )

    def x(part):  # half a thumb, 9 pixels, is left out at each end
        return box["x"] + 9 + (box["width"] - 18) * part

    y = box["y"] + box["height"] / 2
    page.mouse.move(x((value - low) / (high - low)), y)
    page.mouse.down()
    page.mouse.move(x(share), y, steps=6)
    page.mouse.up()
    page.wait_for_timeout(100)  # what the last moves changed is drawn


def wait_for_change(page, read, before, seconds=5):
    """Wait until read() is not `before`; return what it is then."""
    for _ in range(int(seconds * 20)):
        if (after := read()) != before:
            return after
        page.wait_for_timeout(50)
    raise AssertionError(f"nothing changed: {before!r}")


def drag_optimizer_race(page):
    """Drag the start, the rates and a box: paths, curves, words follow."""
    root = widget(page, "race")
    charts = root.locator("svg.lm-plot")
    sentence = root.locator(".lm-say")
    wait_for_change(page, sentence.text_content, "")

    def labels():
        return [charts.nth(i).get_attribute("aria-label") for i in range(2)]

    before = labels()
    dot = root.locator(".lm-race-start").bounding_box()
    x, y = dot["x"] + dot["width"] / 2, dot["y"] + dot["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y - 30, steps=5)
    page.mouse.up()
    after = wait_for_change(page, labels, before)
    assert after[0] != before[0] and after[1] != before[1]
    place = float(range_input(root, "start-x").input_value())
    assert place > -1.6, "the start went to the right"

    drag_range(page, range_input(root, "slope-rate"), 1.0)
    wait_for_change(page, lambda: "diverged" in sentence.text_content(), False)
    root.get_by_label("surface").select_option("rosenbrock")
    wait_for_change(page, lambda: "Rosenbrock" in labels()[0], False)
    for name in ("size-rate", "momentum", "steps", "start-y"):
        before = labels()
        drag_range(page, range_input(root, name), 0.3)
        wait_for_change(page, labels, before)
    root.get_by_role("checkbox", name="RMSprop").uncheck()
    wait_for_change(page, lambda: "RMSprop" in labels()[1], True)
    root.get_by_role("button", name="Back to the start").click()
    wait_for_change(page, lambda: "each of 0 steps" in labels()[1], False)
    root.get_by_role("button", name="Run").click()
    wait_for_change(page, lambda: "each of 0 steps" in labels()[1], True)
    root.get_by_role("button", name="Pause").click()


def drag_markov_chain(page):
    """Change an arrow, walk, reset; graph, bars and sentence follow."""
    root = widget(page, "markov")
    graph = root.locator("svg.lm-graph")
    sentence = root.locator(".lm-say")
    wait_for_change(page, sentence.text_content, "")
    label, said = graph.get_attribute("aria-label"), sentence.text_content()

    drag_range(page, range_input(root), 0.9)
    after = wait_for_change(
        page, lambda: graph.get_attribute("aria-label"), label
    )
    wait_for_change(page, sentence.text_content, said)
    row = [float(p) for p in re.findall(r" (\d\.\d\d)", after.split(";")[0])]
    assert abs(row[0] - 0.9) <= 0.05, f"dragged to 0.9, the graph says {row}"
    assert abs(sum(row) - 1) <= 0.02, f"the row does not sum to 1: {row}"

    status = root.locator(".lm-status")
    root.get_by_role("button", name="1000 steps").click()
    wait_for_change(page, lambda: "1000 steps" in status.text_content(), False)
    root.get_by_role("button", name="Reset").click()
    wait_for_change(
        page, lambda: "0 steps" in status.text_content()[:7], False
    )

    slider = range_input(root)
    value = slider.input_value()
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert slider.input_value() != value, "the arrow key moved nothing"


def drag_two_distributions(page):
    """Change q, then make it miss an outcome, then show nats."""
    root = widget(page, "two")
    numbers = root.locator(".lm-numbers strong")
    stack = root.locator(".lm-stack")
    before = wait_for_change(page, numbers.all_text_contents, [""] * 4)
    label = stack.get_attribute("aria-label")
    belief = root.locator('[data-lm-name^="q-"] input[type=range]').first

    drag_range(page, belief, 0.7)
    after = wait_for_change(page, numbers.all_text_contents, before)
    assert after[0] == before[0], "q moved, the entropy of p must stay"
    assert after[1] != before[1], "q moved, the divergence must change"
    assert stack.get_attribute("aria-label") != label

    drag_range(page, belief, 0.0)
    wait_for_change(page, lambda: "∞" in numbers.nth(1).text_content(), False)
    drag_range(page, belief, 0.4)
    wait_for_change(page, lambda: "∞" in numbers.nth(1).text_content(), True)
    root.get_by_label("nats instead of bits").click()
    wait_for_change(
        page, lambda: "nats" in numbers.nth(0).text_content(), False
    )


def drag_ngram_writer(page):
    """Change order and temperature, ask for another text, give a prompt."""
    root = widget(page, "writer")
    text = root.locator(".lm-text")
    before = wait_for_change(page, text.text_content, "")

    drag_range(page, range_input(root, "order"), 1.0)
    selected = root.locator(".lm-selected th")
    wait_for_change(page, lambda: selected.text_content(), "▸ 3")
    at_five = wait_for_change(page, text.text_content, before)
    drag_range(page, range_input(root, "temperature"), 1.0)
    hot = wait_for_change(page, text.text_content, at_five)
    root.get_by_role("button", name="Another text").click()
    wait_for_change(page, text.text_content, hot)
    first = root.locator(".lm-word").first
    root.get_by_label("begin with").fill("zzzz")
    wait_for_change(
        page, lambda: "lm-given" in first.get_attribute("class"), False
    )
    sentence = root.locator(".lm-say")
    wait_for_change(page, lambda: "zzzz" in sentence.text_content(), False)


def drag_gradient_descent(page):
    """Drag the start and the rate: path, curve and sentence follow."""
    root = widget(page, "descent")
    charts = root.locator("svg.lm-plot")
    sentence = root.locator(".lm-say")
    wait_for_change(page, sentence.text_content, "")

    def labels():
        return [charts.nth(i).get_attribute("aria-label") for i in range(2)]

    def numbers(name):
        return float(range_input(root, name).input_value())

    def drag_start(across, down):
        root.locator(".lm-handle-dot").scroll_into_view_if_needed()
        dot = root.locator(".lm-handle-dot").bounding_box()
        x, y = dot["x"] + dot["width"] / 2, dot["y"] + dot["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + across, y + down, steps=5)
        page.mouse.up()

    before, x, y = labels(), numbers("start-x"), numbers("start-y")
    drag_start(60, -30)
    after = wait_for_change(page, labels, before)
    assert after[0] != before[0] and after[1] != before[1]
    assert numbers("start-x") > x + 0.3, "the start went to the right"
    assert numbers("start-y") > y + 0.1, "the start went up"

    drag_range(page, range_input(root, "lr"), 1.0)
    wait_for_change(page, lambda: "Diverges" in sentence.text_content(), False)
    root.get_by_role("button", name="Take the largest stable rate").click()
    wait_for_change(page, lambda: "exactly" in sentence.text_content(), False)
    drag_range(page, range_input(root, "lr"), 0.4)
    wait_for_change(page, lambda: "Diverges" in sentence.text_content(), True)

    root.get_by_label("surface").select_option("saddle")
    wait_for_change(page, lambda: "saddle" in labels()[0], False)
    root.get_by_role("button", name="Back to the start").click()
    wait_for_change(page, lambda: numbers("steps"), 50.0)
    root.get_by_role("button", name="Step").click()
    wait_for_change(page, lambda: numbers("steps"), 0.0)
    root.get_by_role("button", name="Run").click()
    wait_for_change(page, lambda: numbers("steps") >= 3, False)
    root.get_by_role("button", name="Pause").click()

    slider, before = range_input(root, "start-y"), labels()
    slider.focus()
    page.keyboard.press("ArrowUp")
    wait_for_change(page, labels, before)


def drag_bpe_stepper(page):
    """Merge, drag the number of merges, type: text, pairs, chart follow."""
    root = widget(page, "bpe")
    tokens = root.locator(".lm-token")
    sentence = root.locator(".lm-say")
    chart = root.locator("svg.lm-plot")
    numbers = root.locator(".lm-numbers strong")
    merges = range_input(root, "merges")
    wait_for_change(page, sentence.text_content, "")
    drag_range(page, merges, 0.0)
    wait_for_change(
        page, lambda: numbers.nth(2).text_content() == "1.00", False
    )

    before = numbers.all_text_contents()
    n_bytes = tokens.count()
    assert before[0] == before[1] == str(n_bytes)
    label = chart.get_attribute("aria-label")
    root.get_by_role("button", name="Merge").click()
    after = wait_for_change(page, numbers.all_text_contents, before)
    assert int(after[1]) < n_bytes and after[3] == "258"
    assert root.locator(".lm-token.lm-fresh").count() == n_bytes - int(
        after[1]
    )
    assert chart.get_attribute("aria-label") != label
    wait_for_change(page, lambda: "Merge 1:" in sentence.text_content(), False)

    drag_range(page, merges, 1.0)
    end = merges.get_attribute("max")
    wait_for_change(page, merges.input_value, "1")
    assert merges.input_value() == end
    wait_for_change(
        page, lambda: "No pair is left" in sentence.text_content(), False
    )
    root.get_by_role("button", name="Undo").click()
    wait_for_change(page, merges.input_value, end)

    root.get_by_label("your text").fill("щи да щи")
    wait_for_change(page, lambda: merges.get_attribute("max"), end)
    root.get_by_role("button", name="Back to bytes").click()
    # six letters of two bytes, two spaces
    wait_for_change(page, lambda: tokens.count() == 14, False)
    assert root.locator(".lm-token .lm-code").count() == 12
    merges.focus()
    page.keyboard.press("ArrowRight")
    wait_for_change(page, tokens.count, 14)
    pairs = root.locator(".lm-table tbody th")
    assert pairs.first.text_content().startswith("▸ ")


def drag_autograd_graph(page):
    """Step to the end and back, then change a leaf."""
    root = widget(page, "autograd")
    picture = root.locator("svg.lm-nodes")
    sentence = root.locator(".lm-say")
    wait_for_change(page, sentence.text_content, "")

    def state():
        return picture.get_attribute("aria-label")

    def press(name):
        before = state()
        root.get_by_role("button", name=name, exact=True).click()
        return wait_for_change(page, state, before)

    slider = range_input(root, "step")
    if slider.input_value() != "0":
        press("Only the leaves")
    assert "not yet known" in state()
    press("Step")
    wait_for_change(page, lambda: "Forward" in sentence.text_content(), False)
    assert "not yet known" not in press("To the end")
    wait_for_change(page, lambda: "complete" in sentence.text_content(), False)
    before = state()
    drag_range(page, slider, 0.5)
    wait_for_change(page, state, before)
    press("Step back")

    press("To the end")
    before, leaf = state(), root.locator('[data-lm-name^="leaf-"] input').first
    drag_range(page, leaf, 0.9)
    after = wait_for_change(page, state, before)
    grads = [re.findall(r"grad ([^;]*)", text) for text in (before, after)]
    assert len(grads[0]) == len(grads[1]) > 1
    slider.focus()
    page.keyboard.press("ArrowLeft")
    wait_for_change(page, state, after)


def drag_four_tokenizers(page):
    """Type: all four rows and their numbers follow, unknowns are marked."""
    root = widget(page, "four")
    lines = root.locator(".lm-counts")
    sentence = root.locator(".lm-say")
    before = wait_for_change(page, lines.all_text_contents, [""] * 4)
    assert len(before) == 4
    rows = root.locator(".lm-one .lm-tokens")
    root.get_by_label("your text").fill("qqzzx qqzzx")
    after = wait_for_change(page, lines.all_text_contents, before)
    assert "2 tokens, 1.00 a word, 2 unknown" in after, after
    wait_for_change(page, lambda: "qqzzx" in rows.nth(0).text_content(), False)
    for row in rows.all():
        n = row.locator(".lm-token").count()
        assert any(line.startswith(f"{n} token") for line in after)
    assert root.locator(".lm-tokens .lm-unknown").count() >= 2
    wait_for_change(
        page,
        lambda: "2 of them unknown" in sentence.text_content(),
        False,
    )
    root.get_by_label("your text").fill("")
    wait_for_change(page, lines.all_text_contents, after)
    assert lines.all_text_contents() == ["0 tokens, 0 unknown"] * 4


def drag_attention_explorer(page):
    """Choose a head, point at words, go on by key, type: all follow."""
    root = widget(page, "explorer")
    sentence = root.locator(".lm-say")
    words = root.locator(".lm-look")
    selected = root.locator(".lm-selected th")
    weights = root.locator(".lm-look .lm-weight")
    wait_for_change(page, sentence.text_content, "")

    head = range_input(root, "head")
    drag_range(page, head, 0.0)
    wait_for_change(page, lambda: ".1 " in selected.text_content(), False)
    before = weights.all_text_contents()
    drag_range(page, head, 0.67)  # the third of four
    wait_for_change(page, lambda: ".3 " in selected.text_content(), False)
    wait_for_change(page, weights.all_text_contents, before)
    said = sentence.text_content()
    words.nth(3).hover()
    wait_for_change(page, sentence.text_content, said)
    focus = root.locator(".lm-look.lm-focus")
    assert focus.count() == 1
    assert root.locator(".lm-look.lm-ahead").count() == words.count() - 4
    shown = [float(w or 0) for w in weights.all_text_contents()]
    assert abs(sum(shown) - 100) <= 4, shown  # each is rounded

    words.nth(3).click()
    page.mouse.move(0, 0)
    page.keyboard.press("ArrowRight")
    wait_for_change(page, lambda: "(word 4)" in sentence.text_content(), False)
    field = root.get_by_label("your text")
    field.fill("the zebra the")
    wait_for_change(page, lambda: words.count() == 3, False)  # <s>, two words
    wait_for_change(page, lambda: "zebra" in sentence.text_content(), False)


def drag_positional_encodings(page):
    """Drag a frame, move both, choose rotary: curve, clocks, sentence."""
    root = widget(page, "positions")
    charts = root.locator("svg.lm-strip")
    sentence = root.locator(".lm-say")
    wait_for_change(page, sentence.text_content, "")
    drag_range(page, range_input(root, "p"), 0.3)
    drag_range(page, range_input(root, "q"), 0.4)

    def product():
        label = charts.nth(1).get_attribute("aria-label")
        return label.split("it is ")[1]

    def places():
        return [int(range_input(root, n).input_value()) for n in "pq"]

    before = places()
    charts.nth(0).scroll_into_view_if_needed()
    box = charts.nth(0).bounding_box()
    part = (34 + 6 * (before[1] + 0.5)) / 426  # the orange frame

    page.mouse.move(box["x"] + box["width"] * part, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 20, steps=5)
    page.mouse.up()
    after = wait_for_change(page, places, before)
    assert after[0] == before[0] and after[1] > before[1] + 10

    page.wait_for_timeout(100)
    said = product()
    both = range_input(root, "both")
    drag_range(page, both, 0.0)
    moved = wait_for_change(page, places, after)
    assert moved[0] == 0 and moved[1] == after[1] - after[0]
    page.wait_for_timeout(100)
    assert product() == said, "only the distance counts"

    root.get_by_label("kind").select_option("rotary")
    rotary = wait_for_change(page, product, said)
    root.get_by_role("button", name="Draw another query and key").click()
    wait_for_change(page, product, rotary)
    drag_range(page, range_input(root, "width"), 0.0)
    clocks = root.locator(".lm-clock:visible")
    wait_for_change(page, clocks.count, 4)
    drag_range(page, range_input(root, "width"), 1.0)
    wait_for_change(page, clocks.count, 1)
    now, slider = product(), range_input(root, "q")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    wait_for_change(page, product, now)


def drag_budget_calculator(page):
    """Widen, shorten, start from Llama, share keys; all numbers follow."""
    root = widget(page, "budget")
    numbers = root.locator(".lm-numbers strong")
    parts = root.locator(".lm-part .lm-number")
    before = wait_for_change(page, numbers.all_text_contents, [""] * 4)

    drag_range(page, range_input(root, "d_model"), 0.8)
    wider = wait_for_change(page, numbers.all_text_contents, before)
    assert all(a != b for a, b in zip(wider, before, strict=True))

    shown = parts.all_text_contents()
    drag_range(page, range_input(root, "context_length"), 0.9)
    longer = wait_for_change(page, parts.all_text_contents, shown)
    assert longer[1] == shown[1], "the context grew, attention's weights not"
    assert longer[-1] != shown[-1], "the context grew, the cache must"

    root.get_by_role("button", name="Llama 7B").click()
    expect(numbers.nth(0)).to_have_text("6.74 billion")
    assert root.get_by_label("Llama's parts").is_checked()

    cache = parts.last.text_content()
    slider = range_input(root, "n_kv_heads")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    wait_for_change(page, parts.last.text_content, cache)
    root.get_by_label("precision").select_option("bfloat16")
    wait_for_change(page, lambda: numbers.nth(1).text_content(), longer[1])


def drag_schedule_designer(page):
    """Look along the curve, change its shape and kind; all follows."""
    root = widget(page, "schedule")
    curve = root.locator("svg.lm-plot")
    numbers = root.locator(".lm-numbers strong")
    sentence = root.locator(".lm-say")
    before = wait_for_change(page, numbers.all_text_contents, [""] * 3)

    said = sentence.text_content()
    drag_range(page, range_input(root, "at"), 0.9)
    said = wait_for_change(page, sentence.text_content, said)
    assert numbers.all_text_contents() == before, "looking changes nothing"
    curve.scroll_into_view_if_needed()
    box = curve.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 60, steps=5)
    page.mouse.up()
    wait_for_change(page, sentence.text_content, said)

    drag_range(page, range_input(root, "warmup"), 0.8)
    warm = wait_for_change(page, numbers.all_text_contents, before)
    assert warm[0] == before[0] and warm[1] != before[1]
    drag_range(page, range_input(root, "tokens_per_step"), 0.6)
    fewer = wait_for_change(page, numbers.all_text_contents, warm)
    assert fewer[0] != warm[0]

    label = curve.get_attribute("aria-label")
    root.get_by_label("schedule").select_option("restarts")
    wait_for_change(page, lambda: curve.get_attribute("aria-label"), label)
    cycles = range_input(root, "cycles")
    assert cycles.is_visible() and not range_input(root, "decay").is_visible()
    now = curve.locator(".lm-line").get_attribute("d")
    cycles.focus()
    page.keyboard.press("ArrowRight")
    wait_for_change(
        page, lambda: curve.locator(".lm-line").get_attribute("d"), now
    )


def drag_hyperparameter_explorer(page):
    """Each slider changes both charts, and what is said of the setting."""
    root = widget(page, "search")
    charts = root.locator("svg.lm-plot")
    sentence = root.locator(".lm-say")
    said = wait_for_change(page, sentence.text_content, "")

    def labels():
        return [charts.nth(i).get_attribute("aria-label") for i in range(2)]

    def line():
        return charts.first.locator(".lm-line").get_attribute("d")

    for name, share in (("lr", 0.0), ("batch", 1.0), ("width", 0.0)):
        before, drawn = labels(), line()
        drag_range(page, range_input(root, name), share)
        after = wait_for_change(page, labels, before)
        assert after[0] != before[0] and line() != drawn
    said = wait_for_change(page, sentence.text_content, said)
    before = labels()
    range_input(root, "width").focus()
    page.keyboard.press("ArrowRight")
    after = wait_for_change(page, labels, before)
    assert after[1] != before[1], "the other chart shows another width"
