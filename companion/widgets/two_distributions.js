// Two distributions one drags: entropy + divergence = cross-entropy.
import {
  checkbox, columns, element, legend, live, onFrame, panel, renormalise,
  show, slider, spoken, store, write,
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

/** Where the axis ends: a whole number that holds the value. */
export function scaleEnd(value, least) {
  if (!Number.isFinite(value)) return Math.max(8, least);
  return Math.max(least, Math.ceil(value));
}

function tick(value, end) {
  const node = element("span", { class: "lm-tick" }, String(value));
  node.style.left = `${(100 * value) / end}%`;
  return node;
}

function drawStack(n) {
  const known = element("div", { class: "lm-block lm-fill-a" });
  const wasted = element("div", { class: "lm-block lm-fill-b" });
  const total = element("div", { class: "lm-block lm-outline" });
  const axis = element("div", { class: "lm-ticks" });
  const row = (title, ...blocks) => [
    element("div", { class: "lm-stack-title" }, title),
    element("div", { class: "lm-stack-row" }, ...blocks),
  ];
  const node = element(
    "div",
    { class: "lm-stack", role: "img" },
    ...row("entropy + divergence", known, wasted),
    ...row("= cross-entropy", total),
    axis,
  );
  let drawn = 0;
  const update = (numbers, unit) => {
    const end = scaleEnd(numbers.crossEntropy, Math.ceil(Math.log2(n)) + 1);
    const part = (value) => Math.min(100, (100 * value) / end);
    const floor = part(numbers.entropy);
    known.style.width = `${floor}%`;
    wasted.style.width = `${part(numbers.crossEntropy) - floor}%`;
    total.style.width = `${part(numbers.crossEntropy)}%`;
    node.classList.toggle("lm-endless", numbers.crossEntropy === Infinity);
    if (end !== drawn) {
      const by = Math.ceil(end / 10);
      const ticks = [];
      for (let t = 0; t <= end; t += by) ticks.push(tick(t, end));
      axis.replaceChildren(...ticks);
      drawn = end;
    }
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
    const number = element("strong", { class: "lm-number" });
    const term = element("span", {}, `${name} ${formula}`);
    return { node: element("li", {}, term, number), number };
  });
  const node = element(
    "ul", { class: "lm-numbers" }, ...cells.map((cell) => cell.node),
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
    `Believing q is like guessing among ${show(wrong)} equally likely ` +
    `outcomes; knowing p, among ${show(right)}. The error of q is ` +
    `${show(share, 0)}% of what it costs.`
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
  const stack = drawStack(labels.length);
  const numbers = drawNumbers([
    ["entropy", "H(p)"],
    ["divergence", "KL(p‖q)"],
    ["cross-entropy", "H(p,q)"],
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
    element("div", { class: `lm-rows ${columns(labels.length)}` }, ...outcomes),
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
  return live(model, ["p", "q", "unit"], () => {
    load();
    view.unit = model.get("unit");
    unit.input.checked = view.unit === "nats";
  }, draw, told.cancel);
}

export default { render };
