// What every widget of the book is made of: numbers, controls, drawing.
//
// The file is an ES module that Node imports as it is. In a widget it is
// placed in front of the widget's own code (companion/widgets/base.py), since
// a static page cannot resolve "./shared.js". So: no name twice, no default
// export here, nothing from a network.

// ---- numbers (pure; each has a Python twin) -------------------------------

/** A seeded generator of numbers in [0, 1): mulberry32, 32 bits of state. */
export function mulberry32(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** The first `count` numbers of a seed. */
export function randoms(seed, count) {
  const random = mulberry32(seed);
  return Array.from({ length: count }, random);
}

/** The outcome that the number u in [0, 1) picks from `probabilities`. */
export function pick(probabilities, u) {
  let cumulative = 0;
  let last = 0;
  for (let i = 0; i < probabilities.length; i += 1) {
    if (probabilities[i] <= 0) continue;
    cumulative += probabilities[i];
    last = i;
    if (u < cumulative) return i;
  }
  return last; // rounding left the sum a little below u
}

/** Set one probability; the others keep their proportions, the sum is 1. */
export function renormalise(probabilities, index, value) {
  let others = 0;
  probabilities.forEach((p, i) => {
    if (i !== index) others += p;
  });
  const rest = 1 - value;
  return probabilities.map((p, i) => {
    if (i === index) return value;
    if (others > 0) return (p * rest) / others;
    return rest / (probabilities.length - 1);
  });
}

/** A number for a reader: fixed digits, a real minus, a sign for infinity. */
export function show(value, digits = 2) {
  if (value === Infinity) return "∞";
  const text = value.toFixed(digits);
  return Number(text) === 0 ? (0).toFixed(digits) : text.replace("-", "−");
}

const RAISED = { "-": "⁻" };
[..."⁰¹²³⁴⁵⁶⁷⁸⁹"].forEach((digit, i) => {
  RAISED[i] = digit;
});

/** A whole number as an exponent: ⁻³. */
export function raised(exponent) {
  return [...String(exponent)].map((character) => RAISED[character]).join("");
}

/** A few digits, whatever the size: 0.0123, 1.20 × 10⁷. */
export function brief(value, digits = 3) {
  if (Number.isNaN(value)) return "undefined";
  const size = Math.abs(value);
  if (size === Infinity) return value > 0 ? "∞" : "−∞";
  if (size === 0) return "0";
  if (size >= 1e-3 && size < 1e4) {
    return String(Number(value.toPrecision(digits))).replace("-", "−");
  }
  const [front, exponent] = value.toExponential(digits - 2).split("e");
  return `${front.replace("-", "−")} × 10${raised(Number(exponent))}`;
}

// ---- elements -------------------------------------------------------------

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/** An HTML element: element("p", { class: "lm-hint" }, "text"). */
export function element(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** The frame of a widget: a named group with a title and a line of help. */
export function panel(el, { kind, title, hint }) {
  const root = element(
    "div",
    {
      class: `lm-widget lm-${kind}`,
      role: "group",
      "aria-label": title,
      // JupyterLab would take the arrow keys for moving between cells
      "data-lm-suppress-shortcuts": "true",
    },
    element("p", { class: "lm-title" }, title),
    element("p", { class: "lm-hint" }, hint),
  );
  el.append(root);
  return root;
}

let serial = 0;
const page = Math.floor(Math.random() * 2 ** 40).toString(36);

/** An id no other widget on the page has. */
export function uniqueId() {
  serial += 1;
  return `lm-${page}-${serial}`;
}

/**
 * A native slider with its label and its number.
 *
 * @param {object} options label, min, max, step, value, format(value) for the
 *   number shown, tone ("a" blue, "b" orange), name (found by tests),
 *   onInput(value) while it is dragged, onChange(value) when it is let go.
 * @returns {{root, input, set, limit}} set(value) moves it without an event;
 *   limit(max) ends it elsewhere.
 */
export function slider(options) {
  const { label, min = 0, step = 0.01, tone = "a", name } = options;
  let { max = 1 } = options;
  const format = options.format ?? ((value) => show(value));
  const id = uniqueId();
  const input = element("input", { id, type: "range", min, max, step });
  const output = element("output", { for: id, class: "lm-number" });
  const set = (value) => {
    const text = format(value);
    input.value = value;
    input.style.setProperty("--lm-fill", (value - min) / (max - min || 1));
    if (output.textContent !== text) output.textContent = text;
    input.setAttribute("aria-valuetext", text);
  };
  const limit = (end) => {
    max = end;
    input.max = end;
  };
  input.addEventListener("input", () => {
    set(Number(input.value));
    options.onInput?.(Number(input.value));
  });
  input.addEventListener("change", () => {
    options.onChange?.(Number(input.value));
  });
  set(options.value ?? min);
  const root = element(
    "div",
    { class: `lm-slider lm-tone-${tone}`, "data-lm-name": name },
    element("label", { for: id }, label),
    input,
    output,
  );
  return { root, input, set, limit };
}

/** Make a maker of sliders that change something and have it drawn. */
export function slidersOf(draw, keep) {
  return (name, label, change, options) =>
    slider({
      label,
      name,
      ...options,
      onInput: (value) => {
        change(value);
        draw();
      },
      onChange: keep,
    });
}

/** A native button. */
export function button(text, onClick, attributes = {}) {
  const node = element(
    "button",
    { type: "button", class: "lm-button", ...attributes },
    text,
  );
  node.addEventListener("click", onClick);
  return node;
}

/** A native checkbox with its label. */
export function checkbox(label, checked, onChange, name) {
  const id = uniqueId();
  const input = element("input", { id, type: "checkbox" });
  input.checked = checked;
  input.addEventListener("change", () => onChange(input.checked));
  const root = element(
    "div",
    { class: "lm-check", "data-lm-name": name },
    input,
    element("label", { for: id }, label),
  );
  return { root, input };
}

/** The key of a figure: pairs of a swatch's class and its text. */
export function legend(entries) {
  return element(
    "ul",
    { class: "lm-legend" },
    ...entries.map(([swatch, text]) =>
      element(
        "li",
        {},
        element("span", {
          class: `lm-swatch ${swatch}`,
          "aria-hidden": "true",
        }),
        text,
      ),
    ),
  );
}

/** How n boxes stand side by side where there is room: none left over. */
export function columns(n) {
  return n === 2 || n === 4 ? "lm-by-two" : "lm-by-three";
}

/** Replace a node's text only where it differs. */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// ---- time -----------------------------------------------------------------

/** Draw at most once a frame, however often it is asked for. */
export function onFrame(draw) {
  let waiting = 0;
  const ask = () => {
    if (!waiting) {
      waiting = requestAnimationFrame(() => {
        waiting = 0;
        draw();
      });
    }
  };
  ask.cancel = () => cancelAnimationFrame(waiting);
  return ask;
}

/**
 * A paragraph that a screen reader reads out when it changes, which it does
 * at most every `pause` milliseconds: a dragged slider would never stop.
 */
export function spoken(pause = 700) {
  const node = element("p", { class: "lm-say", "aria-live": "polite" });
  let timer = 0;
  let latest = "";
  const say = (text) => {
    latest = text;
    if (timer) return; // the end of the pause will say it
    write(node, latest);
    timer = setTimeout(() => {
      timer = 0;
      if (latest !== node.textContent) say(latest);
    }, pause);
  };
  return { node, say, cancel: () => clearTimeout(timer) };
}

/** Does the reader want things to keep still? */
export function wantsStillness() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Call `update` when Python, or another view, changes one of `names`. */
export function listen(model, names, update) {
  for (const name of names) model.on(`change:${name}`, update);
  return () => {
    for (const name of names) model.off(`change:${name}`, update);
  };
}

/**
 * Draw; load and draw again when Python, or another view, changes one of
 * `names`; and give the function that ends all of it with the view.
 */
export function live(model, names, load, draw, ...ends) {
  const forget = listen(model, names, () => {
    load();
    draw();
  });
  draw();
  return () => {
    for (const end of [...ends, draw.cancel, forget]) end();
  };
}

/** Tell Python (where there is one) what the reader chose. */
export function store(model, values) {
  for (const [name, value] of Object.entries(values)) model.set(name, value);
  model.save_changes();
}
