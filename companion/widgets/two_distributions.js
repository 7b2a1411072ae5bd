// Two distributions one drags: entropy + divergence = cross-entropy.
import {
  checkbox, element, legend, listen, onFrame, panel, renormalise, show,
  slider, spoken, store, svg, write,
} from "./shared.js";

// ---- the mathematics (pure, in nats; the twin is two_distributions.py) ----

/** Mean surprise of p to someone who knows it. */
export function entropy(p) {
  return crossEntropy(p, p);
}

/** Mean surprise of p to someone who believes q; infinite where q misses. */
export function crossEntropy(p, q) {
  let sum = 0;
  p.forEach((value, i) => {
    if (value > 0) sum += q[i] > 0 ? -value * Math.log(q[i]) : Infinity;
  });
  return sum;
}

/** What the wrong belief costs: KL(p || q), never below zero. */
export function divergence(p, q) {
  let sum = 0;
  p.forEach((value, i) => {
    if (value > 0) {
      sum += q[i] > 0 ? value * Math.log(value / q[i]) : Infinity;
    }
  });
  return Math.max(0, sum);
}

/** How many equally likely outcomes would surprise as much. */
export function perplexity(nats) {
  return Math.exp(nats);
}

/** All four numbers at once. */
export function measures(p, q) {
  return {
    entropy: entropy(p),
    divergence: divergence(p, q),
    crossEntropy: crossEntropy(p, q),
    perplexity: perplexity(crossEntropy(p, q)),
  };
}

/** Outcomes that happen and that q calls impossible. */
export function missed(p, q) {
  return p.flatMap((value, i) => (value > 0 && q[i] === 0 ? [i] : []));
}

// ---- the stacked bars -----------------------------------------------------

const WIDTH = 640;
const ROW = 34;

/** A scale's end: the next of these that holds the value. */
export function scaleEnd(value) {
  if (!Number.isFinite(value)) return 8;
  return [1, 2, 3, 4, 6, 8].find((end) => value <= end) ?? Math.ceil(value);
}

function drawStack() {
  const known = svg("rect", { class: "lm-svg-a", height: ROW, y: 24 });
  const wasted = svg("rect", { class: "lm-svg-b", height: ROW, y: 24 });
  const total = svg("rect", { class: "lm-svg-frame", height: ROW, y: 94 });
  const parts = svg("text", { class: "lm-svg-text", x: 0, y: 14 });
  const whole = svg("text", { class: "lm-svg-text", x: 0, y: 84 });
  const axis = svg("g", { class: "lm-axis" });
  const node = svg(
    "svg",
    { class: "lm-stack", role: "img", viewBox: `-2 -4 ${WIDTH + 4} 168` },
    axis, parts, known, wasted, whole, total,
  );
  const tick = (value, end) => {
    const x = (WIDTH * value) / end;
    const anchor = value === 0 ? "start" : value === end ? "end" : "middle";
    return svg(
      "g",
      {},
      svg("line", { x1: x, x2: x, y1: 20, y2: 134 }),
      svg(
        "text",
        { class: "lm-svg-small", x, y: 152, "text-anchor": anchor },
        String(value),
      ),
    );
  };
  let drawn = 0;
  const update = (numbers, unit) => {
    const end = scaleEnd(numbers.crossEntropy);
    const px = (value) => Math.min(WIDTH, (WIDTH * value) / end);
    if (end !== drawn) {
      const ticks = end === 1 ? [0, 0.25, 0.5, 0.75, 1] : [];
      const by = end > 8 ? Math.ceil(end / 8) : 1;
      for (let t = 0; end > 1 && t <= end; t += by) ticks.push(t);
      axis.replaceChildren(...ticks.map((value) => tick(value, end)));
      drawn = end;
    }
    const left = px(numbers.entropy);
    known.setAttribute("width", left);
    wasted.setAttribute("x", left);
    wasted.setAttribute(
      "width", Math.max(0, px(numbers.crossEntropy) - left),
    );
    total.setAttribute("width", px(numbers.crossEntropy));
    write(
      parts,
      `entropy ${show(numbers.entropy, 3)} + ` +
        `divergence ${show(numbers.divergence, 3)}`,
    );
    write(whole, `= cross-entropy ${show(numbers.crossEntropy, 3)} ${unit}`);
    node.setAttribute(
      "aria-label",
      `Stacked bars in ${unit}: entropy ${show(numbers.entropy, 3)} and ` +
        `divergence ${show(numbers.divergence, 3)} add up to ` +
        `cross-entropy ${show(numbers.crossEntropy, 3)}.`,
    );
  };
  return { node, update };
}

// ---- the numbers ----------------------------------------------------------

function drawNumbers(entries) {
  const cells = entries.map(([name, formula]) => {
    const number = element("dd", { class: "lm-number" });
    const term = element(
      "dt", {}, name, " ", element("span", { class: "lm-formula" }, formula),
    );
    return { node: element("div", {}, term, number), number };
  });
  const node = element(
    "dl", { class: "lm-numbers" }, ...cells.map((cell) => cell.node),
  );
  const update = (texts) => {
    cells.forEach((cell, i) => write(cell.number, texts[i]));
  };
  return { node, update };
}

// ---- the widget -----------------------------------------------------------

function sentence(labels, p, q, numbers) {
  const holes = missed(p, q).map((i) => `“${labels[i]}”`);
  if (holes.length) {
    return (
      `q calls ${holes.join(" and ")} impossible, and it happens: the ` +
      "surprise is infinite, and so is every mean it enters."
    );
  }
  const { perplexity: wrong } = numbers;
  const right = perplexity(numbers.entropyNats);
  const share = (100 * numbers.divergence) / numbers.crossEntropy || 0;
  return (
    `Whoever believes q is as unsure as among ${show(wrong)} equally likely ` +
    `outcomes; whoever knows p, among ${show(right)}. ` +
    `${show(share, 0)} % of the cost is the error of q.`
  );
}

function render({ model, el }) {
  const labels = model.get("labels");
  const view = { unit: model.get("unit") };
  const load = () => {
    view.p = model.get("p");
    view.q = model.get("q");
  };
  load();

  const root = panel(el, {
    kind: "two",
    title: "Two distributions",
    hint:
      "p is what happens, q is what is believed. Drag either: the other " +
      "outcomes of the same distribution make room.",
  });
  const stack = drawStack();
  const numbers = drawNumbers([
    ["entropy", "H(p)"],
    ["divergence", "KL(p‖q)"],
    ["cross-entropy", "H(p, q)"],
    ["perplexity", "of q on p"],
  ]);
  const told = spoken();

  const draw = onFrame(() => {
    const nats = measures(view.p, view.q);
    const scale = view.unit === "bits" ? Math.LN2 : 1;
    const shown = {
      entropy: nats.entropy / scale,
      divergence: nats.divergence / scale,
      crossEntropy: nats.crossEntropy / scale,
      perplexity: nats.perplexity,
      entropyNats: nats.entropy,
    };
    stack.update(shown, view.unit);
    numbers.update([
      `${show(shown.entropy, 3)} ${view.unit}`,
      `${show(shown.divergence, 3)} ${view.unit}`,
      `${show(shown.crossEntropy, 3)} ${view.unit}`,
      show(nats.perplexity, 2),
    ]);
    told.say(sentence(labels, view.p, view.q, shown));
    controls.forEach((pair, i) => {
      pair.p.set(view.p[i]);
      pair.q.set(view.q[i]);
    });
  });

  const control = (which, i, tone) =>
    slider({
      label: which,
      name: `${which}-${labels[i]}`,
      tone,
      onInput: (value) => {
        view[which] = renormalise(view[which], i, value);
        draw();
      },
      onChange: () => store(model, { [which]: view[which] }),
    });
  const controls = labels.map((_, i) => ({
    p: control("p", i, "a"), q: control("q", i, "b"),
  }));
  const outcomes = labels.map((label, i) =>
    element(
      "fieldset",
      { class: "lm-fieldset" },
      element("legend", {}, label),
      controls[i].p.root,
      controls[i].q.root,
    ),
  );
  const unit = checkbox(
    "nats instead of bits",
    view.unit === "nats",
    (checked) => {
      view.unit = checked ? "nats" : "bits";
      store(model, { unit: view.unit });
      draw();
    },
    "nats",
  );

  root.append(
    element("div", { class: "lm-rows" }, ...outcomes),
    element(
      "div",
      { class: "lm-between" },
      legend([
        ["lm-fill-a", "entropy: the floor, p's own"],
        ["lm-fill-b", "divergence: the price of believing q"],
      ]),
      unit.root,
    ),
    stack.node,
    numbers.node,
    told.node,
  );
  const forget = listen(model, ["p", "q", "unit"], () => {
    load();
    view.unit = model.get("unit");
    unit.input.checked = view.unit === "nats";
    draw();
  });
  draw();
  return () => {
    draw.cancel();
    told.cancel();
    forget();
  };
}

export default { render };
