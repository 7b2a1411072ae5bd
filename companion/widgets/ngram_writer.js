// A writer of n-grams: counts, Kneser-Ney, and text written word by word.
import {
  button, checkbox, element, legend, listen, mulberry32, onFrame, panel, pick,
  show, slider, spoken, store, uniqueId, wantsStillness, write,
} from "./shared.js";

export const MAX_ORDER = 5;
const MAX_WORDS = 160;
const END = "(end)";

// ---- the model (pure; the twin is companion.ngrams.NGramModel) ------------
//
// Ids: the words are 0 ... V - 1, then the end of a document V, an unknown
// word V + 1, and the mark before the beginning V + 2 (never predicted).

const DIGITS =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** The ids that a text of two digits each, to base 64, stands for. */
export function unpack(text) {
  const ids = [];
  for (let i = 0; i < text.length; i += 2) {
    ids.push(64 * DIGITS.indexOf(text[i]) + DIGITS.indexOf(text[i + 1]));
  }
  return ids;
}

/** Row of a table: the words seen after one context, and how often. */
function add(table, key, word, count) {
  let row = table.get(key);
  if (!row) table.set(key, (row = { words: [], counts: [], total: 0 }));
  let at = row.words.indexOf(word);
  if (at < 0) {
    at = row.words.push(word) - 1;
    row.counts.push(0);
  }
  row.counts[at] += count;
  row.total += count;
}

function contextKey(ids, from, to, base) {
  let key = 0;
  for (let i = from; i < to; i += 1) key = key * base + ids[i];
  return key;
}

/**
 * Count every n-gram of the documents up to MAX_ORDER.
 *
 * raw[n] counts occurrences; continuation[n] counts in how many different
 * words' company (on the left) an n-gram occurs.
 */
export function count(documents, vocabSize) {
  const base = vocabSize + 3;
  const tables = () => Array.from({ length: MAX_ORDER + 1 }, () => new Map());
  const raw = tables();
  const continuation = tables();
  for (const document of documents) {
    const ids = Array(MAX_ORDER - 1).fill(vocabSize + 2);
    ids.push(...document, vocabSize);
    for (let i = MAX_ORDER - 1; i < ids.length; i += 1) {
      for (let n = 1; n <= MAX_ORDER; n += 1) {
        add(raw[n], contextKey(ids, i - n + 1, i, base), ids[i], 1);
      }
    }
  }
  for (let n = 1; n < MAX_ORDER; n += 1) {
    for (const [key, row] of raw[n + 1]) {
      const shorter = key % base ** (n - 1); // without its first word
      for (const word of row.words) add(continuation[n], shorter, word, 1);
    }
  }
  return { raw, continuation, base, vocabSize };
}

/** The rows that a history of ids meets, from the unigrams up. */
function rows(tables, order, history) {
  const { raw, continuation, base, vocabSize } = tables;
  const ids = Array(MAX_ORDER - 1).fill(vocabSize + 2).concat(history);
  const found = [];
  for (let n = 1; n <= order; n += 1) {
    const table = n === order ? raw[n] : continuation[n];
    const key = contextKey(ids, ids.length - n + 1, ids.length, base);
    const row = table.get(key);
    if (row) found.push(row);
  }
  return found;
}

/**
 * Interpolated Kneser-Ney: the probability of every word, the end and the
 * unknown word after `history`.
 *
 * Source: Kneser and Ney 1995, interpolated as in Chen and Goodman 1999.
 */
export function distribution(tables, order, history, discount) {
  const size = tables.vocabSize + 2;
  const p = Array(size).fill(1 / size);
  for (const { words, counts, total } of rows(tables, order, history)) {
    const kept = (discount * words.length) / total;
    for (let i = 0; i < size; i += 1) p[i] *= kept;
    words.forEach((word, i) => {
      p[word] += Math.max(counts[i] - discount, 0) / total;
    });
  }
  return p;
}

/** The same for one word, without the others. */
export function probability(tables, order, history, word, discount) {
  let p = 1 / (tables.vocabSize + 2);
  for (const { words, counts, total } of rows(tables, order, history)) {
    p *= (discount * words.length) / total;
    const at = words.indexOf(word);
    if (at >= 0) p += Math.max(counts[at] - discount, 0) / total;
  }
  return p;
}

/** Log-probability (nats) of each word of `ids` from index `from` on. */
export function logProbs(tables, order, ids, from, discount) {
  const out = [];
  for (let i = from; i < ids.length; i += 1) {
    const history = ids.slice(Math.max(0, i - MAX_ORDER + 1), i);
    out.push(
      Math.log(probability(tables, order, history, ids[i], discount)),
    );
  }
  return out;
}

/** Perplexity per word; the end of a document is a word to predict too. */
export function perplexity(tables, order, documents, discount) {
  let total = 0;
  let n = 0;
  for (const document of documents) {
    const ids = [...document, tables.vocabSize];
    for (const value of logProbs(tables, order, ids, 0, discount)) {
      total += value;
      n += 1;
    }
  }
  return Math.exp(-total / n);
}

/** Sharpen (temperature < 1) or flatten (> 1) a distribution. */
export function temper(p, temperature) {
  const powers = p.map((value) => value ** (1 / temperature));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((value) => value / total);
}

/** Write until the model ends the text; the end is the last id then. */
export function compose(tables, options) {
  const { order, temperature, seed, prompt, discount, maxWords } = options;
  const random = mulberry32(seed);
  const ids = [...prompt];
  while (ids.length < prompt.length + maxWords) {
    const p = distribution(tables, order, ids, discount);
    p[tables.vocabSize + 1] = 0; // it cannot write a word it does not know
    ids.push(pick(temper(p, temperature), random()));
    if (ids[ids.length - 1] === tables.vocabSize) break;
  }
  return ids;
}

/** The longest run of `ids` that stands in one document word for word. */
export function longestCopy(ids, documents) {
  let best = { start: 0, length: 0 };
  for (const document of documents) {
    for (let s = 0; s < ids.length; s += 1) {
      for (let d = document.indexOf(ids[s]); d >= 0; ) {
        let length = 1;
        while (
          s + length < ids.length && document[d + length] === ids[s + length]
        ) length += 1;
        if (length > best.length) best = { start: s, length };
        d = document.indexOf(ids[s], d + 1);
      }
    }
  }
  return best;
}

/** A prompt's words, their ids, and those of them nobody has seen. */
export function readPrompt(text, vocabulary, separator) {
  const index = new Map(vocabulary.map((word, i) => [word, i]));
  const pattern = /[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*|[^\s]/gu;
  const ids = [];
  const unknown = [];
  const pieces = [];
  for (const piece of text.match(pattern) ?? []) {
    for (const word of separator ? [piece] : greedy(piece, index)) {
      pieces.push(word);
      const id = index.get(word) ?? index.get(word.toLowerCase());
      ids.push(id ?? vocabulary.length + 1);
      if (id === undefined) unknown.push(word);
    }
  }
  return { ids, unknown, pieces };
}

/** Cut a text without spaces into the longest words there are. */
function greedy(text, index) {
  const words = [];
  for (let i = 0; i < text.length; ) {
    let length = Math.min(8, text.length - i);
    while (length > 1 && !index.has(text.slice(i, i + length))) length -= 1;
    words.push(text.slice(i, i + length));
    i += length;
  }
  return words;
}

/** Before which words there is a space: true or false for each. */
export function gaps(words, separator) {
  let quoted = false; // straight quotation marks open and close in turn
  let open = true; // nothing, or an opening mark, stands on the left
  return words.map((word) => {
    const quote = word === '"';
    const closes = (quote && quoted) || /^[.,;:!?…)\]}’”»]/u.test(word);
    const gap = Boolean(separator) && !open && !closes;
    if (quote) quoted = !quoted;
    open = (quote && quoted) || /[([{‘“«]$/u.test(word);
    return gap;
  });
}

// ---- the text, coloured by surprise ---------------------------------------

const BANDS = [1, 3, 6]; // bits

/** 0 for the expected, 3 for the most surprising. */
export function band(bits) {
  return BANDS.filter((edge) => bits >= edge).length;
}

function wordNode(word, { bits, given }) {
  const classes = ["lm-word"];
  if (given) classes.push("lm-given");
  else classes.push(`lm-heat-${band(bits)}`);
  const node = element(
    "span", { class: classes.join(" ") }, element("span", {}, word),
  );
  if (!given) {
    const p = 2 ** -bits;
    node.title = `${show(bits, 1)} bits: probability ${show(p, 3)}`;
    node.append(element("small", {}, show(bits, 1)));
  }
  return node;
}

function drawText(words, separator) {
  const node = element("div", { class: "lm-text" });
  const update = ({ ids, pieces, given, bits, copy }, reveal) => {
    const texts = ids.map((id, i) => pieces[i] ?? words[id] ?? END);
    const run = element("span", { class: "lm-run" });
    const nodes = [];
    const space = gaps(texts, separator);
    texts.slice(0, reveal).forEach((word, i) => {
      const one = wordNode(word, { bits: bits[i - given], given: i < given });
      const inside = i >= copy.start && i < copy.start + copy.length;
      const gap = space[i] ? " " : "";
      if (inside && i > copy.start) run.append(gap, one);
      else if (inside) {
        nodes.push(gap, run);
        run.append(one);
      } else nodes.push(gap, one);
    });
    if (texts.length <= reveal && texts.at(-1) !== END) nodes.push(" …");
    node.replaceChildren(...nodes);
  };
  return { node, update };
}

// ---- the table of perplexities --------------------------------------------

function drawTable(unseen) {
  const cell = (tone) => {
    const inner = element("div", { class: `lm-bar lm-fill-${tone}` });
    const number = element("span", { class: "lm-number" });
    const node = element(
      "td",
      {},
      element(
        "div",
        { class: "lm-bar-row" },
        element("div", { class: "lm-track" }, inner),
        number,
      ),
    );
    const set = (value, end) => {
      inner.style.width = `${(100 * Math.log(value)) / Math.log(end)}%`;
      write(number, show(value, value < 100 ? 1 : 0));
    };
    return { node, set };
  };
  const lines = Array.from({ length: MAX_ORDER }, (_, i) => {
    const text = cell("b");
    const held = unseen ? cell("a") : null;
    const head = element("th", { scope: "row" }, String(i + 1));
    const node = element("tr", {}, head, text.node, ...(held ? [held.node] : []));
    return { node, head, text, held };
  });
  const titles = ["order", "this text", ...(unseen ? ["unseen texts"] : [])];
  const node = element(
    "table",
    { class: "lm-table" },
    element("caption", {}, "Perplexity per word, order by order (bars on a log scale)"),
    element(
      "thead",
      {},
      element(
        "tr",
        {},
        ...titles.map((title) => element("th", { scope: "col" }, title)),
      ),
    ),
    element("tbody", {}, ...lines.map((line) => line.node)),
  );
  const update = (order, written, held, end) => {
    lines.forEach((line, i) => {
      const writes = i + 1 === order;
      line.node.classList.toggle("lm-selected", writes);
      write(line.head, writes ? `▸ ${i + 1}` : String(i + 1));
      line.head.setAttribute("aria-current", writes);
      line.text.set(written[i], end);
      line.held?.set(held[i], end);
    });
  };
  return { node, update };
}

// ---- the widget -----------------------------------------------------------

function promptField(value, onInput) {
  const id = uniqueId();
  const input = element("input", {
    id, type: "text", class: "lm-input", autocomplete: "off",
    spellcheck: "false",
  });
  input.value = value;
  input.addEventListener("input", () => onInput(input.value));
  const label = element("label", { for: id }, "begin with");
  return element("div", { class: "lm-field", "data-lm-name": "prompt" }, label, input);
}

function render({ model, el }) {
  const words = model.get("vocabulary");
  const documents = model.get("documents").map(unpack);
  const unseen = model.get("held_out").map(unpack);
  const separator = model.get("separator");
  const discount = model.get("discount");
  const tables = count(documents, words.length);
  const orders = Array.from({ length: MAX_ORDER }, (_, i) => i + 1);
  const held = orders.map((n) => perplexity(tables, n, unseen, discount));
  const names = ["order", "temperature", "prompt", "seed"];
  const view = {};
  const load = () => names.forEach((name) => (view[name] = model.get(name)));
  load();
  let timer = 0;
  let reveal = Infinity;

  const root = panel(el, {
    kind: "writer",
    title: "N-gram writer",
    hint:
      `It has read ${documents.length} texts and counted. At order n it ` +
      "chooses each word by the n − 1 words before it.",
  });
  const text = drawText(words, separator);
  const table = drawTable(unseen.length > 0);
  const told = spoken();
  const status = element("p", { class: "lm-status" });

  const compute = () => {
    const read = readPrompt(view.prompt, words, separator);
    const prompt = read.ids;
    const ids = compose(tables, {
      ...view, prompt, discount, maxWords: MAX_WORDS,
    });
    const given = prompt.length;
    const nats = orders.map((n) => logProbs(tables, n, ids, given, discount));
    view.unknown = read.unknown;
    view.written = nats.map((values) =>
      Math.exp(-values.reduce((a, b) => a + b, 0) / values.length),
    );
    const ended = ids[ids.length - 1] === words.length;
    const spokenIds = ended ? ids.slice(0, -1) : ids;
    view.result = {
      ids,
      pieces: read.pieces,
      given,
      bits: nats[view.order - 1].map((value) => -value / Math.LN2),
      copy: longestCopy(spokenIds, documents),
      words: spokenIds.length - given,
    };
  };
  const describe = () => {
    const { copy, words: n } = view.result;
    const own = show(view.written[view.order - 1], 1);
    const missing = view.unknown.length
      ? ` It has never read: ${view.unknown.join(", ")}.`
      : "";
    return (
      `Order ${view.order} wrote ${n} words; its perplexity on them is ` +
      `${own}. The longest run copied word for word: ${copy.length} words.` +
      missing
    );
  };
  const draw = onFrame(() => {
    text.update(view.result, reveal);
    const all = [...view.written, ...(unseen.length ? held : [])];
    table.update(view.order, view.written, held, Math.max(10, ...all));
    told.say(describe());
    write(status, `seed ${view.seed}`);
    order.set(view.order);
    temperature.set(view.temperature);
  });
  const stop = () => {
    clearInterval(timer);
    reveal = Infinity;
  };
  const renew = () => {
    stop();
    compute();
    draw();
  };
  const play = () => {
    renew();
    if (wantsStillness()) return;
    reveal = view.result.given;
    timer = setInterval(() => {
      reveal += 1;
      if (reveal >= view.result.ids.length) stop();
      draw();
    }, 25);
  };

  const control = (name, options) =>
    slider({
      ...options,
      name,
      onInput: (value) => {
        view[name] = value;
        renew();
      },
      onChange: (value) => store(model, { [name]: value }),
    });
  const order = control("order", {
    label: "order", min: 1, max: MAX_ORDER, step: 1,
    format: (value) => String(value),
  });
  const temperature = control("temperature", {
    label: "temperature", min: 0.2, max: 2, step: 0.1, tone: "b",
    format: (value) => show(value, 1),
  });
  const field = promptField(view.prompt, (value) => {
    view.prompt = value;
    renew();
  });
  const another = button(
    "Another text",
    () => {
      view.seed += 1;
      store(model, { seed: view.seed });
      play();
    },
    { class: "lm-button lm-main" },
  );
  const numbers = checkbox(
    "bits under each word",
    false,
    (checked) => text.node.classList.toggle("lm-show-bits", checked),
    "bits",
  );

  root.append(
    element(
      "div",
      { class: "lm-rows lm-by-two" },
      order.root,
      temperature.root,
      field,
    ),
    element(
      "div",
      { class: "lm-between" },
      element(
        "div",
        { class: "lm-buttons" },
        another,
        button("Write again", play),
        status,
      ),
      numbers.root,
    ),
    text.node,
    legend([
      ["lm-heat-0", "under 1 bit of surprise"],
      ["lm-heat-1", "1 to 3"],
      ["lm-heat-2", "3 to 6"],
      ["lm-heat-3", "6 and more"],
      ["lm-run", "longest run copied from what it read"],
    ]),
    table.node,
    told.node,
  );
  const forget = listen(model, names, () => {
    if (names.every((name) => model.get(name) === view[name])) return;
    load();
    renew();
  });
  renew();
  return () => {
    stop();
    draw.cancel();
    told.cancel();
    forget();
  };
}

export default { render };
