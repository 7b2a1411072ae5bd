// Byte-pair encoding of what one types, learned merge by merge.
import {
  button, element, legend, listen, onFrame, panel, show, slider, spoken, store,
  svg, wantsStillness, write,
} from "./shared.js";
import {
  N_BASE, byteIds, cut, joinPair, partsOfBytes, quoted, textField, tokenBox,
  tokenBytes, tokenRow, wellFormed,
} from "./tokens.js";

export const MAX_MERGES = 500;
const TOP = 5;

// ---- learning (pure; the twin is companion.tokenization.bpe_naive) --------

const BASE = 65536; // the pair (a, b) has the number a * BASE + b

/** The pieces of a text in their order, each as its text. */
function piecesOf(text) {
  return cut(wellFormed(text), "gpt2");
}

function addPairs(counts, ids, times) {
  for (let i = 0; i + 1 < ids.length; i += 1) {
    const pair = ids[i] * BASE + ids[i + 1];
    const count = (counts.get(pair) ?? 0) + times;
    if (count) counts.set(pair, count);
    else counts.delete(pair);
  }
}

function holds(ids, a, b) {
  for (let i = 0; i + 1 < ids.length; i += 1) {
    if (ids[i] === a && ids[i + 1] === b) return true;
  }
  return false;
}

// The higher count comes first; of equal counts the pair of the lower ids.
const order = (x, y) => y[1] - x[1] || x[0] - y[0];

const pairOf = ([pair, count]) => ({
  a: Math.floor(pair / BASE), b: pair % BASE, count,
});

function best(counts) {
  let first;
  for (const entry of counts) {
    if (!first || order(entry, first) < 0) first = entry;
  }
  return first && pairOf(first);
}

/**
 * Join the most frequent pair of a text again and again.
 *
 * The text is cut as GPT-2 cuts it; no merge goes beyond a piece. The counts
 * of pairs are those of bpe_naive at every merge; only the pieces that hold
 * the joined pair are counted anew.
 *
 * @returns {{merges, counts, lengths}} the pairs in their order, the count of
 *   each when it was joined, and the tokens of the text: lengths[n] after n
 *   merges.
 */
export function learn(text, most) {
  const times = new Map();
  for (const piece of piecesOf(text)) {
    times.set(piece, (times.get(piece) ?? 0) + 1);
  }
  const rows = Array.from(times, ([piece, n]) => ({ ids: byteIds(piece), n }));
  const counts = new Map();
  let length = 0;
  for (const { ids, n } of rows) {
    addPairs(counts, ids, n);
    length += ids.length * n;
  }
  const learned = { merges: [], counts: [], lengths: [length] };
  while (learned.merges.length < most) {
    const next = best(counts);
    if (!next) break;
    const id = N_BASE + learned.merges.length;
    for (const row of rows) {
      if (!holds(row.ids, next.a, next.b)) continue;
      const joined = joinPair(row.ids, next.a, next.b, id);
      addPairs(counts, row.ids, -row.n);
      addPairs(counts, joined, row.n);
      length -= (row.ids.length - joined.length) * row.n;
      row.ids = joined;
    }
    learned.merges.push([next.a, next.b]);
    learned.counts.push(next.count);
    learned.lengths.push(length);
  }
  return learned;
}

/** The text after some merges: its pieces, each a row of ids. */
export function encode(text, merges) {
  const rows = new Map();
  const apply = (piece) => {
    let ids = byteIds(piece);
    merges.forEach(([a, b], n) => {
      if (holds(ids, a, b)) ids = joinPair(ids, a, b, N_BASE + n);
    });
    return ids;
  };
  return piecesOf(text).map((piece) => {
    if (!rows.has(piece)) rows.set(piece, apply(piece));
    return rows.get(piece);
  });
}

/** The pairs that are most frequent in rows of ids: [{a, b, count}]. */
export function topPairs(rows, n = TOP) {
  const counts = new Map();
  for (const ids of rows) addPairs(counts, ids, 1);
  return [...counts].sort(order).slice(0, n).map(pairOf);
}

// ---- the text in boxes ----------------------------------------------------

/** Which tokens of a row the pair (a, b) would join: true or false each. */
export function marked(ids, pair) {
  const marks = ids.map(() => false);
  if (!pair) return marks;
  for (let i = 0; i + 1 < ids.length; i += 1) {
    if (ids[i] === pair.a && ids[i + 1] === pair.b) {
      marks[i] = marks[i + 1] = true;
      i += 1;
    }
  }
  return marks;
}

function boxes(rows, bytes, fresh, next) {
  const nodes = [];
  for (const ids of rows) {
    const marks = marked(ids, next);
    const piece = element("span", { class: "lm-piece" });
    ids.forEach((id, i) => {
      const more = id === fresh ? "lm-fresh" : marks[i] ? "lm-next" : "";
      piece.append(tokenBox(partsOfBytes(bytes[id]), more));
    });
    nodes.push(piece);
    if (bytes[ids.at(-1)].at(-1) === 10) nodes.push(element("br"));
  }
  return nodes;
}

// ---- the pairs ------------------------------------------------------------

function drawPairs() {
  const lines = Array.from({ length: TOP }, () => {
    const head = element("th", { scope: "row" });
    const inner = element("div", { class: "lm-bar lm-fill-b" });
    const number = element("span", { class: "lm-number" });
    const bar = element(
      "div",
      { class: "lm-bar-row" },
      element("div", { class: "lm-track" }, inner),
      number,
    );
    const node = element("tr", {}, head, element("td", {}, bar));
    return { node, head, inner, number };
  });
  const node = element(
    "table",
    { class: "lm-table" },
    element("caption", {}, "Most frequent pairs now (▸ is joined next)"),
    element(
      "thead",
      {},
      element(
        "tr",
        {},
        element("th", { scope: "col" }, "pair"),
        element("th", { scope: "col" }, "times"),
      ),
    ),
    element("tbody", {}, ...lines.map((line) => line.node)),
  );
  const update = (pairs, name) => {
    lines.forEach((line, i) => {
      const pair = pairs[i];
      line.node.classList.toggle("lm-selected", Boolean(pair) && i === 0);
      const text = pair ? `${name(pair.a)} + ${name(pair.b)}` : "–";
      write(line.head, pair && i === 0 ? `▸ ${text}` : text);
      write(line.number, pair ? String(pair.count) : "");
      const share = pair ? pair.count / pairs[0].count : 0;
      line.inner.style.width = `${100 * share}%`;
    });
  };
  return { node, update };
}

// ---- the chart ------------------------------------------------------------

const CHART = {
  width: 340, height: 210, left: 40, right: 14, top: 10, bottom: 40,
};

/** A round number that is not below the value: 1, 2, 4, 5, 6, 8 times 10^k. */
export function roundUp(value) {
  const unit = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return unit * [1, 2, 4, 5, 6, 8, 10].find((k) => k * unit >= value);
}

function drawChart() {
  const { width, height, left, right, top, bottom } = CHART;
  const at = (x, y) => ({
    x: left + x * (width - left - right),
    y: height - bottom - y * (height - top - bottom),
  });
  const text = (side, { x, y }, words = "") =>
    svg("text", { class: `lm-axis lm-${side}`, x, y }, words);
  const line = (tone) => svg("polyline", { class: `lm-line lm-line-${tone}` });
  const dot = (tone) => svg("circle", { class: `lm-dot lm-dot-${tone}`, r: 4.5 });
  const lines = { a: line("a"), b: line("b") };
  const dots = { a: dot("a"), b: dot("b") };
  const grid = [0, 0.5, 1].map((share) => {
    const { x, y } = at(0, share);
    const rule = svg("path", {
      class: "lm-grid", d: `M${x} ${y}H${width - right}`,
    });
    return { share, rule, number: text("end", { x: x - 6, y: y + 4 }) };
  });
  const below = [0, 0.5, 1].map((share) => {
    const { x, y } = at(share, 0);
    return { share, number: text("middle", { x, y: y + 16 }) };
  });
  const axis = text("middle", { x: at(0.5, 0).x, y: height - 4 }, "merges");
  const node = svg(
    "svg",
    { class: "lm-plot", role: "img", viewBox: `0 0 ${width} ${height}` },
    ...grid.flatMap(({ rule, number }) => [rule, number]),
    ...below.map(({ number }) => number),
    axis,
    lines.b, lines.a, dots.b, dots.a,
  );
  const update = (lengths, n) => {
    const last = lengths.length - 1;
    const end = roundUp(Math.max(lengths[0], N_BASE + last));
    const place = (i, value) => at(last ? i / last : 0, value / end);
    const series = { a: lengths, b: lengths.map((_, i) => N_BASE + i) };
    for (const tone of ["a", "b"]) {
      const points = series[tone].map((value, i) => place(i, value));
      lines[tone].setAttribute(
        "points", points.map(({ x, y }) => `${x},${y}`).join(" "),
      );
      dots[tone].setAttribute("cx", points[n].x);
      dots[tone].setAttribute("cy", points[n].y);
    }
    for (const { share, number } of grid) write(number, String(share * end));
    for (const { share, number } of below) {
      const whole = Number.isInteger(share * last) && (last || !share);
      write(number, whole ? String(share * last) : "");
    }
    node.setAttribute(
      "aria-label",
      `Lines over ${last} merges: the tokens of the text fall from ` +
        `${lengths[0]} to ${lengths[last]}, the vocabulary grows from ` +
        `${N_BASE} to ${N_BASE + last}. Now ${lengths[n]} and ${N_BASE + n}.`,
    );
  };
  return { node, update };
}

// ---- the numbers ----------------------------------------------------------

function drawNumbers(terms) {
  const cells = terms.map((term) => {
    const number = element("strong", { class: "lm-number" });
    const head = element("span", {}, term);
    return { node: element("li", {}, head, number), number };
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

const times = (n) => (n === 1 ? "once" : `${n} times`);

/** What the last merge did and what comes, in words. */
export function sentence({ merges, counts, lengths }, n, names) {
  const joined = ([a, b]) => `${names[a]} + ${names[b]}`;
  if (!lengths[0]) return "There is no text: type some.";
  const next = n < merges.length ? `Next: ${joined(merges[n])}.` : "";
  if (!n) return `No merges yet: each byte is a token. ${next}`.trim();
  const count = counts[n - 1];
  const fewer = lengths[n - 1] - lengths[n];
  const overlap =
    fewer < count ? ` (they overlap: only ${fewer} could be joined)` : "";
  const made =
    `Merge ${n}: ${joined(merges[n - 1])} → ${names[N_BASE + n - 1]}, ` +
    `${times(count)}${overlap}.`;
  if (next) return `${made} ${next}`;
  const end =
    n === MAX_MERGES
      ? `The figure ends at ${MAX_MERGES} merges.`
      : "No pair is left: each piece of the text has become one token.";
  return `${made} ${end}`;
}

function render({ model, el }) {
  const view = {};
  let timer = 0;
  const names = ["text", "merges"];
  const load = () => names.forEach((name) => (view[name] = model.get(name)));
  load();

  const root = panel(el, {
    kind: "bpe",
    title: "Byte-pair encoding, merge by merge",
    hint:
      "Type any text in any script. Each merge joins the pair of neighbours " +
      "that is most frequent in it; words are cut apart first.",
  });
  const row = tokenRow("the text cut into tokens");
  const pairs = drawPairs();
  const chart = drawChart();
  const numbers = drawNumbers([
    "bytes of the text", "its tokens", "bytes per token",
    "tokens in the vocabulary",
  ]);
  const told = spoken();

  const most = () => view.learned.merges.length;
  const now = () => Math.min(view.merges, most());
  const learnText = () => {
    view.learned = learn(view.text, MAX_MERGES);
    view.bytes = tokenBytes(view.learned.merges);
    view.names = view.bytes.map((bytes) => quoted(partsOfBytes(bytes)));
  };
  const draw = onFrame(() => {
    const { learned } = view;
    const n = now();
    const rows = encode(view.text, learned.merges.slice(0, n));
    const top = topPairs(rows);
    const next = n < most() ? top[0] : undefined;
    const fresh = n ? N_BASE + n - 1 : -1;
    row.update(boxes(rows, view.bytes, fresh, next));
    pairs.update(top, (id) => view.names[id]);
    chart.update(learned.lengths, n);
    const [bytes, tokens] = [learned.lengths[0], learned.lengths[n]];
    numbers.update([
      String(bytes), String(tokens), tokens ? show(bytes / tokens) : "–",
      String(N_BASE + n),
    ]);
    told.say(sentence(learned, n, view.names));
    control.limit(most());
    control.set(n);
    back.disabled = n === 0;
    ahead.disabled = n === most();
    run.disabled = n === most() && !timer;
  });
  const move = (n) => {
    view.merges = Math.max(0, Math.min(n, most()));
    draw();
  };
  const keep = () => store(model, { merges: view.merges });
  const stop = () => {
    if (!timer) return;
    clearInterval(timer);
    timer = 0;
    write(run, "Run");
    keep();
  };
  const step = (by) => () => {
    stop();
    move(now() + by);
    keep();
  };

  const field = textField({
    label: "your text",
    value: view.text,
    onInput: (text) => {
      stop();
      view.text = text;
      learnText();
      draw();
    },
    onChange: (text) => store(model, { text }),
  });
  const control = slider({
    label: "merges", name: "merges", min: 0, max: MAX_MERGES, step: 1,
    format: (value) => String(value),
    onInput: (value) => {
      stop();
      move(value);
    },
    onChange: keep,
  });
  const ahead = button("Merge", step(1), { class: "lm-button lm-main" });
  const back = button("Undo", step(-1));
  const run = button("Run", () => {
    if (timer) {
      stop();
      return;
    }
    if (wantsStillness()) {
      move(most());
      keep();
      return;
    }
    write(run, "Pause");
    timer = setInterval(() => {
      move(now() + 1);
      if (now() === most()) stop();
    }, 250);
  });

  root.append(
    field.root,
    element(
      "div",
      { class: "lm-between" },
      control.root,
      element(
        "div",
        { class: "lm-buttons" },
        ahead, back, run,
        button("Back to bytes", () => {
          stop();
          move(0);
          keep();
        }),
      ),
    ),
    row.node,
    legend([
      ["lm-fresh", "made by the last merge"],
      ["lm-next", "joined by the next"],
      ["lm-code", "a byte of an unfinished character"],
    ]),
    told.node,
    element(
      "div",
      { class: "lm-columns" },
      pairs.node,
      element(
        "div",
        {},
        chart.node,
        legend([
          ["lm-fill-a", "tokens of the text"],
          ["lm-fill-b", "tokens in the vocabulary"],
        ]),
      ),
    ),
    numbers.node,
  );
  const forget = listen(model, names, () => {
    if (names.every((name) => model.get(name) === view[name])) return;
    stop();
    load();
    field.set(view.text);
    learnText();
    draw();
  });
  learnText();
  draw();
  return () => {
    clearInterval(timer);
    field.cancel();
    draw.cancel();
    told.cancel();
    forget();
  };
}

export default { render };
