// Positions: a map of vectors, one place against all, pairs that turn.
import {
  brief, button, element, legend, live, mulberry32, onFrame, panel, show,
  slider, spoken, store, svg, uniqueId, write,
} from "./shared.js";

// ---- the mathematics (pure; the twin is positional_encodings.py) ----------

const PLACES = 64; // shown: 0 to 63
const WIDEST = 32;

/** Angles per place of the width / 2 pairs, in radians. */
export function frequencies(width, theta) {
  return Array.from(
    { length: width / 2 },
    (_, i) => theta ** -((2 * i) / width),
  );
}

/** A query and a key before they are turned; all ones for the seed 0. */
export function contents(width, seed) {
  if (seed === 0) return [Array(width).fill(1), Array(width).fill(1)];
  const random = mulberry32(seed);
  return [0, 1].map(() => {
    const row = Array.from({ length: width }, () => 2 * random() - 1);
    let squares = 0;
    for (const x of row) squares += x * x;
    const stretch = Math.sqrt(width / squares);
    return row.map((x) => x * stretch);
  });
}

/** The sinusoidal vector of a place: sin, cos, sin, cos, ... */
export function encoding(place, width, theta) {
  return frequencies(width, theta).flatMap((f) => [
    Math.sin(place * f),
    Math.cos(place * f),
  ]);
}

/** Each pair of neighbours, turned by place times its frequency. */
export function turn(vector, place, theta) {
  return frequencies(vector.length, theta).flatMap((f, i) => {
    const [cos, sin] = [Math.cos(place * f), Math.sin(place * f)];
    const [x, y] = [vector[2 * i], vector[2 * i + 1]];
    return [x * cos - y * sin, x * sin + y * cos];
  });
}

/** What the map shows of a place; `which` is "q" or "k". */
export function column(kind, which, place, width, theta, seed) {
  if (kind === "sinusoidal") return encoding(place, width, theta);
  const [q, k] = contents(width, seed);
  return turn(which === "q" ? q : k, place, theta);
}

/** What each pair adds to the dot product of two places. */
export function shares(kind, p, q, width, theta, seed) {
  const one = column(kind, "q", p, width, theta, seed);
  const other = column(kind, "k", q, width, theta, seed);
  return Array.from(
    { length: width / 2 },
    (_, i) =>
      one[2 * i] * other[2 * i] + one[2 * i + 1] * other[2 * i + 1],
  );
}

function total(numbers) {
  let sum = 0;
  for (const x of numbers) sum += x;
  return sum;
}

/** Dot products of place p with the places 0 to 63. */
export function similarities(kind, p, width, theta, seed) {
  return Array.from({ length: PLACES }, (_, other) =>
    total(shares(kind, p, other, width, theta, seed)),
  );
}

/** Move two places by the same distance, as far as both stay in view. */
export function moveBoth(p, q, to) {
  const low = Math.min(p, q);
  const high = Math.max(p, q);
  const by = Math.max(-low, Math.min(PLACES - 1 - high, to - low));
  return [p + by, q + by];
}

/** Which pairs get a clock: at most four, from the fastest to the slowest. */
export function clocksOf(width) {
  const n = width / 2;
  const shown = Math.min(4, n);
  if (n === 1) return [0];
  return Array.from({ length: shown }, (_, j) =>
    Math.round((j * (n - 1)) / (shown - 1)),
  );
}

// ---- the map --------------------------------------------------------------

const WIDE = 384;
const TALL = 160;
const LEFT = 34;
const RIGHT = 8;
const FOOT = 22;
const CELL = WIDE / PLACES;

function word(x, y, text, extra = "") {
  return svg("text", { x, y, class: `lm-axis ${extra}` }, text);
}

function footer(y) {
  return [0, 16, 32, 48, 63].map((place) =>
    word(LEFT + (place + 0.5) * CELL, y, String(place), "lm-middle"),
  );
}

/** Let the pointer drag over a chart: onPlace(place), onDrop(). */
function draggable(node, onPlace, onDrop) {
  let held = false;
  const place = (event) => {
    const box = node.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * (LEFT + WIDE + RIGHT);
    return Math.max(0, Math.min(PLACES - 1, Math.floor((x - LEFT) / CELL)));
  };
  node.addEventListener("pointerdown", (event) => {
    held = true;
    node.setPointerCapture(event.pointerId);
    event.preventDefault();
    onPlace(place(event), true);
  });
  node.addEventListener("pointermove", (event) => {
    if (held) onPlace(place(event), false);
  });
  const drop = () => {
    if (held) onDrop();
    held = false;
  };
  node.addEventListener("pointerup", drop);
  node.addEventListener("pointercancel", drop);
}

function drawMap(onPlace, onDrop) {
  const cells = Array.from({ length: PLACES * WIDEST }, () =>
    svg("rect", { width: CELL + 0.05 }),
  );
  const marks = {
    p: svg("rect", { class: "lm-mark lm-mark-a", width: CELL, y: 1 }),
    q: svg("rect", { class: "lm-mark lm-mark-b", width: CELL, y: 1 }),
  };
  const rows = svg("g", {});
  const node = svg(
    "svg",
    {
      class: "lm-plot lm-strip", role: "img",
      viewBox: `0 0 ${LEFT + WIDE + RIGHT} ${TALL + FOOT}`,
    },
    svg("g", {}, ...cells),
    marks.q,
    marks.p,
    rows,
    ...footer(TALL + 16),
  );
  draggable(node, onPlace, onDrop);
  const update = ({ kind, p, q, width, theta, seed }) => {
    const height = (TALL - 2) / width;
    cells.forEach((cell) => cell.setAttribute("height", 0));
    for (let place = 0; place < PLACES; place += 1) {
      const which = place === p ? "q" : "k";
      const numbers = column(kind, which, place, width, theta, seed);
      numbers.forEach((value, i) => {
        const cell = cells[place * WIDEST + i];
        const size = Math.min(1, Math.abs(value) / (kind === "rotary" ? 2 : 1));
        cell.setAttribute("class", value < 0 ? "lm-cell-b" : "lm-cell-a");
        cell.setAttribute("fill-opacity", size.toFixed(3));
        cell.setAttribute("x", LEFT + place * CELL);
        cell.setAttribute("y", 1 + i * height);
        cell.setAttribute("height", height + 0.05);
      });
    }
    for (const [mark, place] of [[marks.p, p], [marks.q, q]]) {
      mark.setAttribute("x", LEFT + place * CELL);
      mark.setAttribute("height", TALL - 2);
    }
    rows.replaceChildren(
      word(LEFT - 6, 12, "0", "lm-end"),
      word(LEFT - 6, TALL - 2, String(width - 1), "lm-end"),
    );
    const what = kind === "rotary" ? "the turned key" : "the vector";
    node.setAttribute(
      "aria-label",
      `Map of ${width} rows and ${PLACES} columns, one a place: ${what} of ` +
        `each place. Places ${p} and ${q} are framed.`,
    );
  };
  return { node, update };
}

// ---- one place against all ------------------------------------------------

function drawCurve(onPlace, onDrop) {
  const line = svg("path", { class: "lm-line lm-line-a" });
  const zero = svg("path", { class: "lm-grid" });
  const here = svg("path", { class: "lm-mark lm-mark-a" });
  const dot = svg("circle", { class: "lm-dot lm-dot-b", r: 5 });
  const marks = svg("g", {});
  const node = svg(
    "svg",
    {
      class: "lm-plot lm-strip", role: "img",
      viewBox: `0 0 ${LEFT + WIDE + RIGHT} ${TALL + FOOT}`,
    },
    svg("rect", { class: "lm-frame", x: LEFT, y: 1, width: WIDE, height: TALL - 2 }),
    zero,
    here,
    line,
    dot,
    marks,
    ...footer(TALL + 16),
  );
  draggable(node, onPlace, onDrop);
  const update = ({ kind, p, q, width, theta, seed }) => {
    const values = similarities(kind, p, width, theta, seed);
    const top = kind === "rotary" ? width : width / 2; // lengths multiplied
    const x = (place) => LEFT + (place + 0.5) * CELL;
    const y = (value) => 8 + ((TALL - 16) * (1 - value / top)) / 2;
    line.setAttribute(
      "d",
      `M${values.map((v, i) => `${x(i)} ${y(v).toFixed(1)}`).join("L")}`,
    );
    zero.setAttribute("d", `M${LEFT} ${y(0)}h${WIDE}`);
    here.setAttribute("d", `M${x(p)} 1v${TALL - 2}`);
    dot.setAttribute("cx", x(q));
    dot.setAttribute("cy", y(values[q]));
    marks.replaceChildren(
      ...[top, 0, -top].map((value) =>
        word(LEFT - 6, y(value) + 4, show(value, 0), "lm-end"),
      ),
    );
    node.setAttribute(
      "aria-label",
      `Dot product of place ${p} with every place, from ` +
        `${show(Math.min(...values))} to ${show(Math.max(...values))}; with ` +
        `place ${q} it is ${show(values[q])}.`,
    );
  };
  return { node, update };
}

// ---- the clocks -----------------------------------------------------------

function drawClock() {
  const hand = (tone) => svg("path", { class: `lm-hand lm-line-${tone}` });
  const hands = { a: hand("a"), b: hand("b") };
  const face = svg(
    "svg",
    { class: "lm-plot", viewBox: "-50 -50 100 100", role: "img" },
    svg("circle", { class: "lm-frame", r: 46 }),
    svg("path", { class: "lm-grid", d: "M-46 0h92M0 -46v92" }),
    hands.b,
    hands.a,
  );
  const name = element("p", { class: "lm-status" });
  const number = element("p", { class: "lm-number" });
  const node = element("div", { class: "lm-clock" }, face, name, number);
  const update = (i, view) => {
    const { kind, p, q, width, theta, seed } = view;
    const ends = [
      column(kind, "q", p, width, theta, seed),
      column(kind, "k", q, width, theta, seed),
    ].map((vector) => {
      // a sinusoid's angle has its sine first: across is the cosine
      const pair = [vector[2 * i], vector[2 * i + 1]];
      const [x, y] = kind === "rotary" ? pair : [pair[1], pair[0]];
      const scale = 42 / Math.max(1, Math.hypot(x, y));
      return `${(scale * x).toFixed(2)} ${(-scale * y).toFixed(2)}`;
    });
    hands.a.setAttribute("d", `M0 0L${ends[0]}`);
    hands.b.setAttribute("d", `M0 0L${ends[1]}`);
    const wave = (2 * Math.PI) / frequencies(width, theta)[i];
    const share = shares(kind, p, q, width, theta, seed)[i];
    write(name, `pair ${i}: once round in ${brief(wave)} places`);
    write(number, `adds ${show(share)}`);
    face.setAttribute(
      "aria-label",
      `Clock of pair ${i} with the hands of places ${p} and ${q}; it adds ` +
        `${show(share)} to the dot product.`,
    );
  };
  return { node, update };
}

/** What the reader is told. */
export function positionSentence({ kind, p, q, width, theta, seed }) {
  const product = total(shares(kind, p, q, width, theta, seed));
  const apart = q - p;
  const where =
    apart === 0
      ? `Both stand at place ${p}`
      : `Place ${q} lies ${Math.abs(apart)} ` +
        `${apart < 0 ? "before" : "after"} place ${p}`;
  const mirrored = p - apart;
  let other = "";
  if (apart !== 0 && mirrored >= 0 && mirrored < PLACES) {
    const there = total(shares(kind, p, mirrored, width, theta, seed));
    other = ` On the other side, at place ${mirrored}, it is ${show(there)}.`;
  }
  return (
    `${where}: the dot product is ${show(product)}.${other} Move both, and ` +
    "it stays."
  );
}

// ---- the widget -----------------------------------------------------------

function render({ model, el }) {
  const names = ["kind", "width", "theta", "p", "q", "seed"];
  const view = {};
  const load = () => {
    for (const name of names) view[name] = model.get(name);
  };
  load();

  const root = panel(el, {
    kind: "positions",
    title: "Positions",
    hint:
      "Drag the frames on the map or the sliders. Blue frame: the place that " +
      "asks; orange frame: the place that is looked at.",
  });
  const told = spoken();
  const keep = () => store(model, { ...view });
  let grabbed = "q";
  const grab = (place, first) => {
    if (first) {
      const nearP = Math.abs(place - view.p) < Math.abs(place - view.q);
      grabbed = nearP ? "p" : "q";
    }
    view[grabbed] = place;
    draw();
  };
  const map = drawMap(grab, keep);
  const curve = drawCurve(grab, keep);
  const clocks = Array.from({ length: 4 }, drawClock);

  const draw = onFrame(() => {
    const { kind, width, theta, p, q } = view;
    map.update(view);
    curve.update(view);
    const shown = clocksOf(width);
    clocks.forEach((clock, j) => {
      clock.node.hidden = j >= shown.length;
      if (j < shown.length) clock.update(shown[j], view);
    });
    told.say(positionSentence(view));
    controls.width.set(width);
    controls.theta.set(Math.log10(theta));
    controls.p.set(p);
    controls.q.set(q);
    controls.both.limit(PLACES - 1 - Math.abs(p - q));
    controls.both.set(Math.min(p, q));
    chooser.value = kind;
    another.disabled = kind !== "rotary";
    write(
      title,
      kind === "rotary"
        ? "the turned key (in the blue frame: the query)"
        : "the vector of each place",
    );
  });

  const control = (name, label, change, options) =>
    slider({
      label,
      name,
      step: 1,
      format: (value) => show(value, 0),
      ...options,
      onInput: (value) => {
        change(value);
        draw();
      },
      onChange: keep,
    });
  const last = PLACES - 1;
  const controls = {
    p: control("p", "place that asks", (v) => { view.p = v; }, { max: last }),
    q: control("q", "place looked at", (v) => { view.q = v; }, {
      max: last, tone: "b",
    }),
    both: control(
      "both",
      "both together",
      (v) => {
        [view.p, view.q] = moveBoth(view.p, view.q, v);
      },
      { max: last },
    ),
    width: control("width", "width", (v) => { view.width = v; }, {
      min: 2, max: WIDEST, step: 2,
    }),
    theta: control(
      "theta",
      "theta",
      (v) => {
        view.theta = Math.max(10, Math.min(1e6, 10 ** v));
      },
      {
        min: 1, max: 6, step: 0.05,
        format: () => show(view.theta, 0),
      },
    ),
  };

  const id = uniqueId();
  const chooser = element(
    "select",
    { id, class: "lm-input" },
    element("option", { value: "sinusoidal" }, "sinusoidal: a vector a place"),
    element("option", { value: "rotary" }, "rotary: turn query and key"),
  );
  chooser.addEventListener("change", () => {
    view.kind = chooser.value;
    keep();
    draw();
  });
  const again = (seed) => () => {
    view.seed = seed();
    keep();
    draw();
  };
  const another = button(
    "Draw another query and key",
    again(() => view.seed + 1),
  );
  const title = element("p", { class: "lm-status" });

  root.append(
    element(
      "div",
      { class: "lm-between" },
      element(
        "div",
        { class: "lm-field" },
        element("label", { for: id }, "kind"),
        chooser,
      ),
      another,
    ),
    element(
      "div",
      { class: "lm-columns" },
      element(
        "div",
        {},
        title,
        map.node,
        legend([
          ["lm-fill-a", "above zero"],
          ["lm-fill-b", "below zero"],
        ]),
      ),
      element(
        "div",
        {},
        element(
          "p", { class: "lm-status" }, "dot product with each place",
        ),
        curve.node,
        element("p", { class: "lm-status lm-center" }, "place"),
      ),
    ),
    element("div", { class: "lm-clocks" }, ...clocks.map((c) => c.node)),
    element(
      "div",
      { class: "lm-rows lm-by-two" },
      element(
        "div",
        {},
        controls.p.root,
        controls.q.root,
        controls.both.root,
      ),
      element("div", {}, controls.width.root, controls.theta.root),
    ),
    told.node,
  );
  return live(model, names, load, draw, told.cancel);
}

export default { render };
