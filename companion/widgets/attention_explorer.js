// Where a small trained decoder looks, and what it expects next.
import {
  button, element, listen, onFrame, panel, show, slider, spoken, store,
  uniqueId, write,
} from "./shared.js";

const MAX_WORDS = 120; // of the text; the picture of more is of no use
const LIKELIEST = 5;

// ---- the model (pure; the twin is attention_explorer.py) ------------------

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function floatsOf(base64) {
  return new Float32Array(bytesOf(base64).buffer);
}

/** The numbers of a packed matrix: whole numbers times their row's scale. */
export function unpack({ shape, data, scales }) {
  if (!scales) return { shape, data: floatsOf(data) };
  const whole = new Int8Array(bytesOf(data).buffer);
  const scale = floatsOf(scales);
  const width = shape[1];
  const values = Float32Array.from(
    whole, (value, i) => value * scale[Math.floor(i / width)],
  );
  return { shape, data: values };
}

/** Open what the page carries: { config, weights by name }. */
export function open(config, packed) {
  const weights = {};
  for (const [name, one] of Object.entries(packed)) weights[name] = unpack(one);
  return { config, weights };
}

/** Multiply a vector with a matrix (out, in), and add a bias. */
function linear({ weights }, name, x) {
  const { shape, data } = weights[`${name}.weight`];
  const bias = weights[`${name}.bias`]?.data;
  const [rows, width] = shape;
  const y = new Float64Array(rows);
  for (let row = 0, at = 0; row < rows; row += 1) {
    let sum = bias ? bias[row] : 0;
    for (let i = 0; i < width; i += 1, at += 1) sum += data[at] * x[i];
    y[row] = sum;
  }
  return y;
}

/** Mean 0, variance 1, then scale and shift. */
function norm({ config, weights }, name, x) {
  const mean = x.reduce((a, b) => a + b, 0) / x.length;
  const variance = x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length;
  const size = Math.sqrt(variance + config.norm_eps);
  const scale = weights[`${name}.weight`].data;
  const shift = weights[`${name}.bias`].data;
  return x.map((value, i) => ((value - mean) / size) * scale[i] + shift[i]);
}

/** Turn the pairs (i, i + half) of one head's part by the place's angles. */
function rotate(x, place, { d_head: width, rope_theta: theta }) {
  const half = width / 2;
  for (let start = 0; start < x.length; start += width) {
    for (let i = 0; i < half; i += 1) {
      const angle = place * theta ** (-i / half);
      const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
      const [a, b] = [x[start + i], x[start + half + i]];
      x[start + i] = a * cos - b * sin;
      x[start + half + i] = b * cos + a * sin;
    }
  }
  return x;
}

function gelu(x) {
  const inner = Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);
  return 0.5 * x * (1 + Math.tanh(inner));
}

/** e^score over their sum, the largest first taken off. */
export function softmax(scores) {
  const largest = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = Array.from(scores, (score) => Math.exp(score - largest));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}

/** How much of each place up to t goes into the answer, for one head. */
function weightsOf(q, keys, t, head, width) {
  const from = head * width;
  const scores = keys.slice(0, t + 1).map((key) => {
    let sum = 0;
    for (let i = from; i < from + width; i += 1) sum += q[i] * key[i];
    return sum / Math.sqrt(width);
  });
  return softmax(scores);
}

/** One block: changes the rows x in place; returns weights[head][t][s]. */
function block(net, name, x) {
  const { n_heads: heads, d_head: width } = net.config;
  const inside = `${name}.attention`;
  const looks = x.map((row) => norm(net, `${name}.attention_norm`, row));
  const project = (part) => looks.map((r) => linear(net, `${inside}.${part}`, r));
  const turned = (rows) => rows.map((row, t) => rotate(row, t, net.config));
  const queries = turned(project("q_proj"));
  const keys = turned(project("k_proj"));
  const values = project("v_proj");
  const found = x.map((row) => new Float64Array(row.length));
  const weights = Array.from({ length: heads }, (_, head) =>
    queries.map((q, t) => {
      const row = weightsOf(q, keys, t, head, width);
      for (let i = head * width; i < (head + 1) * width; i += 1) {
        row.forEach((weight, s) => (found[t][i] += weight * values[s][i]));
      }
      return row;
    }),
  );
  x.forEach((row, t) => {
    linear(net, `${inside}.o_proj`, found[t]).forEach((v, i) => (row[i] += v));
    const seen = norm(net, `${name}.ffn_norm`, row);
    const hidden = linear(net, `${name}.ffn.up_proj`, seen).map(gelu);
    linear(net, `${name}.ffn.down_proj`, hidden).forEach((v, i) => (row[i] += v));
  });
  return weights;
}

/**
 * Read ids from the left.
 *
 * @returns {{weights, next}} weights[layer][head][t][s], and next[t][id], the
 *   probability of each word after place t.
 */
export function read(net, ids) {
  const { config, weights: all } = net;
  const width = config.d_model;
  const table = all["token_embedding.weight"].data;
  const row = (id) => Float64Array.from(table.slice(id * width, (id + 1) * width));
  const x = ids.map(row);
  const weights = [];
  for (let layer = 0; layer < config.n_layers; layer += 1) {
    weights.push(block(net, `blocks.${layer}`, x));
  }
  const next = x.map((one) =>
    softmax(linear(net, "token_embedding", norm(net, "final_norm", one))),
  );
  return { weights, next };
}

/** The largest of some numbers, the largest first: [index, number]. */
export function largest(numbers, n) {
  return numbers
    .map((number, i) => [i, number])
    .sort((a, b) => b[1] - a[1] || a[0] - b[0])
    .slice(0, n);
}

/** The ids of the words of a text that the model has, and the others. */
export function readText(text, words) {
  const index = new Map(words.map((word, i) => [word, i]));
  const pattern = /[\p{L}\p{N}_]+(?:['’-][\p{L}\p{N}_]+)*|[^\s\p{L}\p{N}_]/gu;
  const ids = [];
  const unknown = [];
  for (const word of text.match(pattern) ?? []) {
    const first = word[0].toUpperCase() + word.slice(1);
    const as = [word, word.toLowerCase(), first].find((one) => index.has(one));
    if (as === undefined) unknown.push(word);
    else ids.push(index.get(as));
  }
  return { ids: ids.slice(0, MAX_WORDS), unknown: [...new Set(unknown)] };
}

// ---- the widget -----------------------------------------------------------

const percent = (weight) => `${show(100 * weight, 0)} %`;

/** A text of words that can be focused; the arrow keys move on. */
function drawWords(onFocus) {
  const node = element("div", {
    class: "lm-looks", role: "group",
    "aria-label": "the words read; the arrow keys move from word to word",
  });
  let boxes = [];
  const move = (to) => {
    const at = Math.max(0, Math.min(boxes.length - 1, to));
    onFocus(at);
    boxes[at].focus();
  };
  const steps = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };
  node.addEventListener("keydown", (event) => {
    const at = boxes.indexOf(event.target);
    if (at < 0) return;
    if (event.key in steps) move(at + steps[event.key]);
    else if (event.key === "Home") move(0);
    else if (event.key === "End") move(boxes.length - 1);
    else return;
    event.preventDefault();
  });
  const fill = (texts) => {
    boxes = texts.map((text, at) => {
      const box = button(text, () => onFocus(at), { class: "lm-look" });
      box.append(element("span", { class: "lm-weight" }));
      box.addEventListener("pointerenter", () => onFocus(at));
      return box;
    });
    node.replaceChildren(...boxes);
  };
  const update = (row, focus) => {
    boxes.forEach((box, s) => {
      const weight = s < row.length ? row[s] : 0;
      box.classList.toggle("lm-ahead", s >= row.length);
      box.classList.toggle("lm-focus", s === focus);
      box.style.setProperty("--lm-share", `${(100 * weight).toFixed(1)}%`);
      box.setAttribute("aria-pressed", s === focus);
      box.tabIndex = s === focus ? 0 : -1;
      write(box.lastChild, weight >= 0.01 ? show(100 * weight, 0) : "");
    });
  };
  return { node, fill, update };
}

/** A table of a few rows with bars: heads, or next words. */
function drawBars(caption, titles, n, tone) {
  const rows = Array.from({ length: n }, () => {
    const head = element("th", { scope: "row" });
    const bar = element("div", { class: `lm-bar lm-fill-${tone}` });
    const number = element("span", { class: "lm-number" });
    const track = element("div", { class: "lm-track" }, bar);
    const cell = element(
      "td", {}, element("div", { class: "lm-bar-row" }, track, number),
    );
    return { node: element("tr", {}, head, cell), head, bar, number };
  });
  const heads = titles.map((title) => element("th", { scope: "col" }, title));
  const node = element(
    "table",
    { class: "lm-table" },
    element("caption", {}, caption),
    element("thead", {}, element("tr", {}, ...heads)),
    element("tbody", {}, ...rows.map((row) => row.node)),
  );
  const set = (i, text, share, selected = false) => {
    const { node: line, head, bar, number } = rows[i];
    write(head, text);
    bar.style.width = `${100 * share}%`;
    write(number, percent(share));
    line.classList.toggle("lm-selected", selected);
    head.setAttribute("aria-current", selected);
  };
  return { node, set };
}

function textLine(value, onInput, onChange) {
  const id = uniqueId();
  const input = element("textarea", {
    id, class: "lm-input", rows: "3", maxlength: "700", autocomplete: "off",
    spellcheck: "false",
  });
  input.value = value;
  input.addEventListener("input", () => onInput(input.value));
  input.addEventListener("change", () => onChange(input.value));
  const label = element("label", { for: id }, "your text");
  const root = element(
    "div", { class: "lm-field lm-tall", "data-lm-name": "text" }, label, input,
  );
  const set = (text) => {
    if (input.value !== text) input.value = text;
  };
  return { root, set };
}

/** What is seen, in words. */
function describe({ view, texts, result, words, unknown }) {
  const { layer, head, focus } = view;
  const [s, weight] = largest(result.weights[layer - 1][head - 1][focus], 1)[0];
  const [id, p] = largest(result.next[focus], 1)[0];
  const missing = unknown.length
    ? ` It does not know, and has left out: ${unknown.join(", ")}.`
    : "";
  return (
    `At “${texts[focus]}” (word ${focus}), head ${head} of layer ${layer} ` +
    `looks most at “${texts[s]}” (word ${s}): ${percent(weight)}. Next the ` +
    `model expects “${words[id]}”: ${percent(p)}.${missing}`
  );
}

function render({ model, el }) {
  const words = model.get("words").split("\n");
  const net = open(model.get("config"), model.get("packed"));
  const { n_layers: layers, n_heads: heads } = net.config;
  const begin = words.indexOf("<s>");
  const names = ["text", "layer", "head", "focus"];
  const view = {};
  let state = {};

  const root = panel(el, {
    kind: "explorer",
    title: "Where does it look?",
    hint:
      "Point at a word, or choose one with the arrow keys. The numbers say " +
      "how much of its look, in per cent, goes to each word up to itself.",
  });
  const told = spoken();
  const focusOn = (at) => {
    view.focus = at;
    draw();
  };
  const text = drawWords(focusOn);
  const all = drawBars(
    "Every head, from this word", ["head, word", "weight"],
    layers * heads, "a",
  );
  const guess = drawBars(
    "What the model expects next", ["word", "probability"], LIKELIEST, "b",
  );

  const compute = () => {
    const { ids, unknown } = readText(view.text, words);
    const everything = [begin, ...ids];
    const texts = everything.map((id) => words[id]);
    state = { texts, unknown, result: read(net, everything), words, view };
    text.fill(texts);
  };
  const draw = onFrame(() => {
    const last = state.texts.length - 1;
    if (view.focus < 0 || view.focus > last) view.focus = last;
    const { weights, next } = state.result;
    text.update(weights[view.layer - 1][view.head - 1][view.focus], view.focus);
    weights.flat().forEach((of, i) => {
      const [l, h] = [Math.floor(i / heads) + 1, (i % heads) + 1];
      const [s, weight] = largest(of[view.focus], 1)[0];
      const chosen = l === view.layer && h === view.head;
      const mark = chosen ? "▸ " : "";
      all.set(i, `${mark}${l}.${h} ${state.texts[s]}`, weight, chosen);
    });
    largest(next[view.focus], LIKELIEST).forEach(([id, p], i) => {
      guess.set(i, words[id], p);
    });
    layer.set(view.layer);
    head.set(view.head);
    told.say(describe(state));
  });
  const choose = (name, max) =>
    slider({
      label: name, name, min: 1, max, step: 1,
      format: (value) => String(value),
      onInput: (value) => {
        view[name] = value;
        draw();
      },
      onChange: (value) => store(model, { [name]: value }),
    });
  const layer = choose("layer", layers);
  const head = choose("head", heads);
  const field = textLine(
    model.get("text"),
    (value) => {
      view.text = value;
      view.focus = -1; // the last word
      compute();
      draw();
    },
    (value) => store(model, { text: value }),
  );
  const load = () => {
    for (const name of names) view[name] = model.get(name);
    field.set(view.text);
    compute();
    draw();
  };
  root.append(
    field.root,
    element("div", { class: "lm-rows lm-by-two" }, layer.root, head.root),
    text.node,
    element("div", { class: "lm-rows lm-by-two" }, all.node, guess.node),
    told.node,
  );
  load();
  const forget = listen(model, names, () => {
    if (names.some((name) => model.get(name) !== view[name])) load();
  });
  return () => {
    draw.cancel();
    told.cancel();
    forget();
  };
}

export default { render };
