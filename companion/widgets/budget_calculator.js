// What a Transformer costs: parameters, memory, FLOPs and time, on sliders.
import {
  button, checkbox, element, live, onFrame, panel, show, slider, spoken,
  store, uniqueId, write,
} from "./shared.js";

// ---- counting (pure; the twin is companion.models.budget) -----------------

const sum = (parts) => Object.values(parts).reduce((a, b) => a + b, 0);

// What the two styles do differently: biases, places that are learned, the
// output tied, numbers of a norm, matrices and kept tensors of the
// feed-forward part, numbers that a norm keeps (of width d).
const STYLES = {
  gpt: { biased: 1, places: 1, tied: true, norm: 2, matrices: 2, wide: 2 },
  llama: { biased: 0, places: 0, tied: false, norm: 1, matrices: 3, wide: 4 },
};

function widths(s) {
  const d = s.d_model;
  const dKv = (s.n_kv_heads * d) / s.n_heads;
  return { d, dKv, nNorms: 2 * s.n_layers + 1, ...STYLES[s.style] };
}

/** Numbers that training changes, by part. */
export function parameters(s) {
  const { d, dKv, nNorms, biased, places, tied, norm, matrices } = widths(s);
  const attention = 2 * (d + dKv) * (d + biased);
  const up = (matrices - 1) * s.d_ff * (d + biased);
  return {
    embedding: (s.vocab_size + places * s.context_length) * d,
    attention: s.n_layers * attention,
    "feed-forward": s.n_layers * (up + d * (s.d_ff + biased)),
    norms: nNorms * norm * d,
    output: tied ? 0 : s.vocab_size * d,
  };
}

/** FLOPs of training on one token that meets `seen` keys, by part. */
export function flops(s, seen) {
  const { d, dKv, matrices } = widths(s);
  return {
    projections: 6 * s.n_layers * 2 * d * (d + dKv),
    scores: 6 * s.n_layers * 2 * seen * d,
    "feed-forward": 6 * s.n_layers * matrices * d * s.d_ff,
    output: 6 * d * s.vocab_size,
  };
}

/** Numbers that the backward pass needs, of a whole batch. */
export function activations(s, nTexts) {
  const { d, dKv, nNorms, wide } = widths(s);
  const norm = s.style === "gpt" ? d + 2 : 2 * d + 1;
  const block = 4 * d + 2 * dKv + s.n_heads + wide * s.d_ff;
  const token = s.n_layers * block + nNorms * norm + d + s.vocab_size;
  return nTexts * s.context_length * token;
}

/** Numbers in a cache of keys and values. */
export function cached(s, nTexts) {
  const { dKv } = widths(s);
  return 2 * s.n_layers * dKv * nTexts * s.context_length;
}

/** Bytes of a weight, a gradient, Adam's share, an activation. */
export const PRECISIONS = {
  float32: [4, 4, 8, 4],
  mixed: [2, 2, 12, 2],
  bfloat16: [2, 2, 4, 2],
};

/** All that is shown. */
export function budget(s, nTexts, precision, gflops) {
  const parts = parameters(s);
  const n = sum(parts);
  const [weight, gradient, optimizer, kept] = PRECISIONS[precision];
  const work = flops(s, s.context_length);
  const tokenSeconds = sum(work) / (gflops * 1e9);
  return {
    parameters: parts,
    flops: work,
    training: {
      weights: n * weight,
      gradients: n * gradient,
      optimizer: n * optimizer,
      activations: activations(s, nTexts) * kept,
    },
    inference: {
      weights: n * weight,
      cache: cached(s, nTexts) * kept,
    },
    sixN: (6 * n) / sum(work),
    stepSeconds: nTexts * s.context_length * tokenSeconds,
    seconds: 20 * n * tokenSeconds,
  };
}

/** Whole numbers that divide n, rising; with `even`, n / k must be even. */
export function divisors(n, even = false) {
  const found = [];
  for (let k = 1; k <= n; k += 1) {
    if (n % k === 0 && (!even || (n / k) % 2 === 0)) found.push(k);
  }
  return found;
}

/** The index of the entry of a rising list that is nearest by ratio. */
export function nearest(list, value) {
  let best = 0;
  list.forEach((entry, i) => {
    const away = (k) => Math.abs(Math.log(list[k] / value));
    if (away(i) < away(best)) best = i;
  });
  return best;
}

/** Settings with one size changed, and those that must fit it made to fit. */
export function change(s, name, value) {
  const next = { ...s, [name]: value };
  if (name === "d_model") {
    next.d_ff = Math.max(1, Math.round((s.d_ff / s.d_model) * value));
  }
  const heads = divisors(next.d_model, next.style === "llama");
  const share = s.n_heads / s.n_kv_heads;
  next.n_heads = heads[nearest(heads, next.n_heads)];
  if (name === "n_heads") next.n_kv_heads = next.n_heads / share;
  const kv = divisors(next.n_heads);
  next.n_kv_heads = kv[nearest(kv, next.n_kv_heads)];
  return next;
}

const UNITS = ["", "", " million", " billion", " trillion"];
const PREFIXES = ["", "k", "M", "G", "T", "P", "E", "Z", "Y"];

/** Three digits, and a thousand to the power that is left: [text, power]. */
function thousands(value, most) {
  let power = 0;
  let front = value;
  while (Number(front.toPrecision(3)) >= 1000 && power < most) {
    front /= 1000;
    power += 1;
  }
  const text = front >= 100 || (power === 0 && Number.isInteger(front))
    ? front.toFixed(0)
    : String(Number(front.toPrecision(3)));
  return [text, power];
}

/** A count for a reader: 38,400, 124 million. */
export function inWords(value) {
  if (value < 1e6) return Math.round(value).toLocaleString("en");
  const [text, power] = thousands(value, UNITS.length - 1);
  return text + UNITS[power];
}

/** A count with a unit: 1.87 GB, 745 MFLOP. */
export function withUnit(value, unit) {
  const [text, power] = thousands(value, PREFIXES.length - 1);
  return `${text} ${PREFIXES[power]}${unit}`;
}

/** A time for a reader: 0.5 ms, 12 s, 3 h, 40 days, 5 years. */
export function duration(seconds) {
  const units = [
    [1e-3, "ms"], [1, "s"], [60, "min"], [3600, "h"], [86400, "days"],
    [31557600, "years"],
  ];
  let unit = units[0];
  for (const each of units) if (seconds >= 2 * each[0]) unit = each;
  const value = seconds / unit[0];
  if (value >= 1e4) return `${inWords(value)} ${unit[1]}`;
  return `${String(Number(value.toPrecision(2)))} ${unit[1]}`;
}

// ---- bars -----------------------------------------------------------------

function drawBars(title, tone, names, format) {
  const total = element("span", { class: "lm-number" });
  const rows = Object.entries(names).map(([key, text]) => {
    const bar = element("div", { class: `lm-bar lm-fill-${tone}` });
    const number = element("span", { class: "lm-number" });
    const node = element(
      "div",
      { class: "lm-part" },
      element("span", {}, text),
      element("div", { class: "lm-track" }, bar),
      number,
    );
    return { key, bar, number, node };
  });
  const node = element(
    "section",
    { class: "lm-parts" },
    element("p", { class: "lm-part-title" }, `${title}: `, total),
    ...rows.map((row) => row.node),
  );
  const update = (parts) => {
    const all = sum(parts);
    write(total, format(all));
    for (const { key, bar, number } of rows) {
      bar.style.width = `${(100 * parts[key]) / all}%`;
      write(number, format(parts[key]));
    }
  };
  return { node, update };
}

// ---- the widget -----------------------------------------------------------

const doubled = (from, to) => {
  const list = [];
  for (let value = from; value <= to; value *= 2) list.push(value);
  return list;
};
const WIDTHS = [
  32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1280, 1600, 2048, 2560,
  3072, 4096, 5120, 6144, 8192, 10240, 12288,
];
const VOCABULARIES = [256, 396, 1000, 4096, 10000, 32000, 50257, 128256];
const LISTS = {
  d_model: WIDTHS,
  vocab_size: VOCABULARIES,
  context_length: doubled(32, 131072),
};
const SPEEDS = [0, 1, 2, 3, 4, 5, 6].flatMap((power) =>
  [1, 2, 5].map((k) => k * 10 ** power),
);
const BATCHES = doubled(1, 1024);
const NAMES = {
  float32: "float32", mixed: "16 bits, mixed", bfloat16: "16 bits, all",
};

/** A list that holds the value too, in its place. */
export function including(list, value) {
  if (list.includes(value)) return list;
  return [...list, value].sort((a, b) => a - b);
}

function sentence(s, found) {
  const { activations: kept, ...fixed } = found.training;
  const states = sum(fixed);
  const share = (100 * found.flops.scores) / sum(found.flops);
  const head =
    kept > states
      ? `Training holds ${show(kept / states, 1)} times as much for ` +
        "activations as for weights, gradients and optimiser together."
      : "Weights, gradients and optimiser take " +
        `${show((100 * states) / (states + kept), 0)}% of training's memory.`;
  return (
    `${head} Scores and mixing are ${show(share, share < 1 ? 1 : 0)}% of the ` +
    `FLOPs; 6N gives ${show(100 * found.sixN, 0)}% of them all.`
  );
}

/** A slider whose places are the entries of a list. */
function choice({ label, name, format, onPick }) {
  let list = [1];
  const control = slider({
    label,
    name,
    min: 0,
    max: 1,
    step: 1,
    format: (i) => format(list[Math.min(i, list.length - 1)]),
    onInput: (i) => onPick(list[i]),
    onChange: (i) => onPick(list[i], true),
  });
  const update = (entries, value) => {
    list = including(entries, value);
    control.limit(list.length - 1);
    control.set(list.indexOf(value));
  };
  return { root: control.root, update };
}

function precisionMenu(onPick) {
  const id = uniqueId();
  const menu = element(
    "select",
    { id, class: "lm-input" },
    ...Object.entries(NAMES).map(([value, text]) =>
      element("option", { value }, text),
    ),
  );
  menu.addEventListener("change", () => onPick(menu.value));
  const root = element(
    "div",
    { class: "lm-field", "data-lm-name": "precision" },
    element("label", { for: id }, "precision"),
    menu,
  );
  return { root, menu };
}

function drawNumbers(names) {
  const cells = names.map((name) => {
    const number = element("strong", { class: "lm-number" });
    const node = element("li", {}, element("span", {}, name), number);
    return { node, number };
  });
  const node = element(
    "ul", { class: "lm-numbers" }, ...cells.map((cell) => cell.node),
  );
  return {
    node,
    update: (texts) => cells.forEach((c, i) => write(c.number, texts[i])),
  };
}

const TRAITS = ["settings", "n_texts", "precision", "gflops"];

function render({ model, el }) {
  const view = {};
  const load = () => {
    for (const name of TRAITS) view[name] = model.get(name);
  };
  load();
  const keep = () =>
    store(model, Object.fromEntries(TRAITS.map((name) => [name, view[name]])));

  const root = panel(el, {
    kind: "budget",
    title: "What a Transformer costs",
    hint:
      "Change a size, and see which part pays. Texts are as long as the " +
      "context; a multiply-add is two FLOPs.",
  });
  const bars = {
    parameters: drawBars("parameters", "a", {
      embedding: "embedding", attention: "attention",
      "feed-forward": "feed-forward", norms: "norms", output: "output",
    }, inWords),
    flops: drawBars("training, per token", "a", {
      projections: "projections", scores: "scores, mixing",
      "feed-forward": "feed-forward", output: "output",
    }, (value) => withUnit(value, "FLOP")),
    training: drawBars("memory to train", "b", {
      weights: "weights", gradients: "gradients", optimizer: "optimiser",
      activations: "activations",
    }, (value) => withUnit(value, "B")),
    inference: drawBars("memory to write", "b", {
      weights: "weights", cache: "keys, values",
    }, (value) => withUnit(value, "B")),
  };
  const numbers = drawNumbers([
    "parameters", "memory to train", "one step", "20 tokens a parameter",
  ]);
  const told = spoken();

  const plain = (value) => value.toLocaleString("en");
  const size = (label, name) =>
    choice({
      label, name, format: plain,
      onPick: (value, last) => {
        view.settings = change(view.settings, name, value);
        draw();
        if (last) keep();
      },
    });
  const other = (label, name, format) =>
    choice({
      label, name, format,
      onPick: (value, last) => {
        view[name] = value;
        draw();
        if (last) keep();
      },
    });
  const sliders = {
    n_layers: size("layers", "n_layers"),
    d_model: size("width", "d_model"),
    n_heads: size("heads", "n_heads"),
    n_kv_heads: size("key heads", "n_kv_heads"),
    d_ff: size("feed-forward", "d_ff"),
    vocab_size: size("vocabulary", "vocab_size"),
    context_length: size("context", "context_length"),
    n_texts: other("batch", "n_texts", plain),
    gflops: other("machine", "gflops", (v) => withUnit(v * 1e9, "FLOP/s")),
  };
  const menu = precisionMenu((value) => {
    view.precision = value;
    draw();
    keep();
  });
  const parts = checkbox(
    "Llama's parts", false,
    (checked) => {
      const style = checked ? "llama" : "gpt";
      view.settings = change(view.settings, "style", style);
      draw();
      keep();
    },
    "style",
  );
  const starts = model.get("presets").map(({ name, ...settings }) =>
    button(name, () => {
      view.settings = settings;
      draw();
      keep();
    }),
  );

  const draw = onFrame(() => {
    const s = view.settings;
    const lists = {
      ...LISTS,
      n_layers: Array.from({ length: 128 }, (_, i) => i + 1),
      n_heads: divisors(s.d_model, s.style === "llama"),
      n_kv_heads: divisors(s.n_heads),
      d_ff: Array.from({ length: 29 }, (_, i) =>
        Math.round((s.d_model * (i + 4)) / 4),
      ),
    };
    for (const [name, control] of Object.entries(sliders)) {
      if (name in s) control.update(lists[name], s[name]);
    }
    sliders.n_texts.update(BATCHES, view.n_texts);
    sliders.gflops.update(SPEEDS, view.gflops);
    menu.menu.value = view.precision;
    parts.input.checked = s.style === "llama";
    const found = budget(s, view.n_texts, view.precision, view.gflops);
    for (const [name, part] of Object.entries(bars)) part.update(found[name]);
    numbers.update([
      inWords(sum(found.parameters)),
      withUnit(sum(found.training), "B"),
      duration(found.stepSeconds),
      duration(found.seconds),
    ]);
    told.say(sentence(s, found));
  });

  const box = (title, ...names) =>
    element(
      "fieldset",
      { class: "lm-fieldset" },
      element("legend", {}, title),
      ...names.map((name) => sliders[name].root),
    );
  const sizes = box(
    "model", "n_layers", "d_model", "n_heads", "n_kv_heads", "d_ff",
    "vocab_size",
  );
  sizes.append(parts.root);
  const use = box("use", "context_length", "n_texts", "gflops");
  use.append(menu.root);
  root.append(
    element("div", { class: "lm-buttons" }, ...starts),
    element("div", { class: "lm-rows lm-by-two" }, sizes, use),
    numbers.node,
    element(
      "div",
      { class: "lm-rows lm-by-two" },
      bars.parameters.node, bars.training.node,
      bars.flops.node, bars.inference.node,
    ),
    told.node,
  );
  return live(model, TRAITS, load, draw, told.cancel);
}

export default { render };
