// A Markov chain whose arrows one changes: graph, sliders, walk, long run.
import {
  button, columns, element, legend, listen, mulberry32, onFrame, panel, pick,
  renormalise, show, slider, spoken, store, svg, write,
} from "./shared.js";

// ---- the mathematics (pure; the twin is markov_chain.py) ------------------

function product(a, b) {
  return a.map((row) => {
    const out = row.map((_, j) =>
      row.reduce((sum, value, k) => sum + value * b[k][j], 0),
    );
    const total = out.reduce((x, y) => x + y, 0);
    return out.map((value) => value / total); // rounding must not pile up
  });
}

/**
 * Where the walk spends its time in the long run, one row per start.
 *
 * (P + I) / 2 rests half of the time: the same shares, and no rhythm that
 * would keep its powers from settling. Squared 60 times.
 */
export function longRun(transition) {
  let power = transition.map((row, i) =>
    row.map((p, j) => (p + (i === j ? 1 : 0)) / 2),
  );
  for (let k = 0; k < 60; k += 1) power = product(power, power);
  return power;
}

/** Does the long run forget where the walk began? */
export function isUnique(limit) {
  return limit.every((row) =>
    row.every((value, j) => Math.abs(value - limit[0][j]) < 1e-9),
  );
}

/** The states visited in `steps` steps, the start left out. */
export function walk(transition, start, steps, seed) {
  const random = mulberry32(seed);
  const visited = [];
  let state = start;
  for (let t = 0; t < steps; t += 1) {
    state = pick(transition[state], random());
    visited.push(state);
  }
  return visited;
}

// ---- the graph ------------------------------------------------------------

const NODE = 33;
const RING = 112;

/** Where the states stand: on a circle, the first one on top. */
export function positions(n) {
  const first = n === 2 ? Math.PI : -Math.PI / 2;
  return Array.from({ length: n }, (_, i) => {
    const angle = first + (2 * Math.PI * i) / n;
    return { x: RING * Math.cos(angle), y: RING * Math.sin(angle), angle };
  });
}

function towards(from, to, distance) {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  return {
    x: from.x + ((to.x - from.x) / length) * distance,
    y: from.y + ((to.y - from.y) / length) * distance,
  };
}

function rotate(centre, angle, radius) {
  return {
    x: centre.x + radius * Math.cos(angle),
    y: centre.y + radius * Math.sin(angle),
  };
}

/** Start, Bézier points, tip and label of the arrow from i to j. */
function geometry(places, i, j) {
  const a = places[i];
  const b = places[j];
  if (i === j) {
    const far = NODE + 62;
    return {
      start: rotate(a, a.angle - 0.5, NODE + 2),
      one: rotate(a, a.angle - 0.6, far),
      two: rotate(a, a.angle + 0.6, far),
      tip: rotate(a, a.angle + 0.55, NODE + 3),
      label: rotate(a, a.angle, NODE + 34),
    };
  }
  const length = Math.hypot(b.x - a.x, b.y - a.y);
  const side = { x: (b.y - a.y) / length, y: -(b.x - a.x) / length };
  const middle = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  const at = (k) => ({ x: middle.x + side.x * k, y: middle.y + side.y * k });
  const bend = at(38);
  const reach = Math.hypot(bend.x - a.x, bend.y - a.y);
  return {
    start: towards(a, bend, NODE + 2),
    one: towards(a, bend, 0.72 * reach),
    two: towards(b, bend, 0.72 * reach),
    tip: towards(b, bend, NODE + 3),
    label: at(23.5),
  };
}

function drawArrow(places, i, j) {
  const shape = geometry(places, i, j);
  const line = svg("path", { class: "lm-arrow-line" });
  const head = svg("path", { class: "lm-arrow-head" });
  const label = svg("text", {
    class: "lm-arrow-text", x: shape.label.x, y: shape.label.y,
  });
  const node = svg("g", { class: "lm-arrow" }, line, head, label);
  const update = (p, taken) => {
    node.setAttribute("visibility", p < 0.0005 ? "hidden" : "visible");
    node.classList.toggle("lm-taken", taken);
    const width = 1 + 8 * p;
    const size = 7 + 1.3 * width;
    const { start, one, two, tip } = shape;
    const neck = towards(tip, two, size * 0.8);
    const back = towards(tip, two, size);
    const dx = ((back.y - tip.y) / size) * (size * 0.55);
    const dy = (-(back.x - tip.x) / size) * (size * 0.55);
    line.setAttribute("stroke-width", width);
    line.setAttribute(
      "d",
      `M${start.x} ${start.y} C${one.x} ${one.y} ${two.x} ${two.y} ` +
        `${neck.x} ${neck.y}`,
    );
    head.setAttribute(
      "d",
      `M${tip.x} ${tip.y} L${back.x + dx} ${back.y + dy} ` +
        `L${back.x - dx} ${back.y - dy} Z`,
    );
    write(label, show(p));
  };
  return { node, update };
}

function drawGraph(states) {
  const places = positions(states.length);
  const reach = (axis) => {
    const far = places.flatMap((place) => [
      place[axis] - NODE,
      place[axis] + NODE,
      ...[-0.45, 0, 0.45].map(
        (turn) => rotate(place, place.angle + turn, NODE + 44)[axis],
      ),
    ]);
    return [Math.min(...far) - 8, Math.max(...far) + 8];
  };
  const [left, right] = reach("x");
  const [top, bottom] = reach("y");
  const arrows = states.map((_, i) =>
    states.map((_, j) => drawArrow(places, i, j)),
  );
  const nodes = states.map((name, i) => {
    const { x, y } = places[i];
    const text = svg("text", { class: "lm-node-text", x, y }, name);
    if (name.length > 7) text.style.fontSize = `${112 / name.length}px`;
    return svg(
      "g",
      { class: "lm-node" },
      svg("circle", { cx: x, cy: y, r: NODE }),
      text,
    );
  });
  const node = svg(
    "svg",
    {
      class: "lm-graph",
      role: "img",
      viewBox: `${left} ${top} ${right - left} ${bottom - top}`,
    },
    ...arrows.flat().map((arrow) => arrow.node),
    ...nodes,
  );
  const update = ({ transition, current, previous, started }) => {
    arrows.forEach((row, i) =>
      row.forEach((arrow, j) =>
        arrow.update(
          transition[i][j],
          started && i === previous && j === current,
        ),
      ),
    );
    nodes.forEach((one, i) => {
      one.classList.toggle("lm-current", i === current);
    });
    const rows = states.map(
      (name, i) =>
        `from ${name} to ` +
        states.map((to, j) => `${to} ${show(transition[i][j])}`).join(", "),
    );
    node.setAttribute(
      "aria-label",
      `Graph of ${states.length} states, now in ${states[current]}. ` +
        `Probabilities: ${rows.join("; ")}.`,
    );
  };
  return { node, update };
}

// ---- the bars -------------------------------------------------------------

function bar(tone) {
  const inner = element("div", { class: `lm-bar lm-fill-${tone}` });
  const number = element("span", { class: "lm-number" });
  const node = element(
    "div",
    { class: "lm-bar-row" },
    element("div", { class: "lm-track" }, inner),
    number,
  );
  const update = (value) => {
    inner.style.width = `${100 * (value ?? 0)}%`;
    write(number, value === null ? "–" : show(value, 3));
  };
  return { node, update };
}

function drawShares(states) {
  const rows = states.map((name) => ({
    name, seen: bar("b"), expected: bar("a"),
  }));
  const node = element(
    "div",
    { class: "lm-shares" },
    ...rows.map(({ name, seen, expected }) =>
      element(
        "div",
        { class: "lm-share" },
        element("div", { class: "lm-share-name" }, name),
        element("div", {}, expected.node, seen.node),
      ),
    ),
  );
  const update = (counts, steps, expected) => {
    rows.forEach((row, i) => {
      row.seen.update(steps ? counts[i] / steps : null);
      row.expected.update(expected[i]);
    });
  };
  return { node, update };
}

// ---- the widget -----------------------------------------------------------

function sentence(states, limit, start) {
  const shares = states
    .map((name, i) => `${name} ${show(limit[start][i], 3)}`)
    .join(", ");
  if (isUnique(limit)) {
    return `In the long run (the stationary distribution): ${shares}.`;
  }
  return (
    "There is more than one stationary distribution: it matters where the " +
    `walk begins. From ${states[start]}: ${shares}.`
  );
}

function render({ model, el }) {
  const states = model.get("states");
  const zeros = () => states.map(() => 0);
  const view = { transition: model.get("transition") };
  let random;
  let timer = 0;

  const root = panel(el, {
    kind: "markov",
    title: `Markov chain of ${states.length} states`,
    hint:
      "Change a probability: the others that leave the same state make " +
      "room. Then let the chain walk.",
  });
  const graph = drawGraph(states);
  const shares = drawShares(states);
  const long = spoken();
  const status = element("p", { class: "lm-status" });

  const draw = onFrame(() => {
    const limit = longRun(view.transition);
    graph.update(view);
    shares.update(view.counts, view.steps, limit[view.start]);
    long.say(sentence(states, limit, view.start));
    const now = `now ${states[view.current]}`;
    const steps = view.steps === 1 ? "1 step" : `${view.steps} steps`;
    write(status, `${steps} walked, ${now}`);
    view.sliders.forEach((row, i) =>
      row.forEach((control, j) => control.set(view.transition[i][j])),
    );
  });

  const restart = () => {
    random = mulberry32(model.get("seed"));
    const start = model.get("start");
    Object.assign(view, {
      counts: zeros(), steps: 0, start, current: start, previous: start,
      started: false,
    });
    draw();
  };
  const step = (times) => {
    for (let t = 0; t < times; t += 1) {
      view.previous = view.current;
      view.current = pick(view.transition[view.current], random());
      view.counts[view.current] += 1;
      view.steps += 1;
    }
    view.started = true;
    draw();
  };
  const run = button("Run", () => {
    if (timer) stop();
    else {
      timer = setInterval(step, 80, 1);
      write(run, "Pause");
    }
  });
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    write(run, "Run");
  };
  const buttons = element(
    "div",
    { class: "lm-buttons" },
    button("Step", () => step(1), { class: "lm-button lm-main" }),
    run,
    button("1000 steps", () => step(1000)),
    button("Reset", () => {
      stop();
      restart();
    }),
  );

  const change = (i, j, value) => {
    view.transition = view.transition.map((row, k) =>
      k === i ? renormalise(row, j, value) : row,
    );
    restart(); // frequencies of the old chain say nothing about the new one
  };
  view.sliders = states.map((from, i) =>
    states.map((to, j) =>
      slider({
        label: `to ${to}`,
        name: `${from}-${to}`,
        onInput: (value) => change(i, j, value),
        onChange: () => store(model, { transition: view.transition }),
      }),
    ),
  );
  const rows = states.map((from, i) =>
    element(
      "fieldset",
      { class: "lm-fieldset" },
      element("legend", {}, `from ${from}`),
      ...view.sliders[i].map((control) => control.root),
    ),
  );

  root.append(
    element(
      "div",
      { class: "lm-columns" },
      element("div", { class: "lm-column" }, graph.node),
      element(
        "div",
        { class: "lm-column" },
        legend([
          ["lm-fill-a", "long run"],
          ["lm-fill-b", "seen in this walk"],
        ]),
        shares.node,
        status,
        buttons,
      ),
    ),
    long.node,
    element("div", { class: `lm-rows ${columns(states.length)}` }, ...rows),
  );
  const forget = listen(model, ["transition", "start", "seed"], () => {
    const fresh = model.get("transition");
    if (JSON.stringify(fresh) !== JSON.stringify(view.transition)) {
      view.transition = fresh;
      restart();
    } else if (model.get("start") !== view.start) restart();
  });
  restart();
  return () => {
    stop();
    draw.cancel();
    long.cancel();
    forget();
  };
}

export default { render };
