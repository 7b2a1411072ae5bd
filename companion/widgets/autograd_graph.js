// The graph behind a value, stepped forward and then backward.
import {
  brief, button, element, legend, live, onFrame, panel, raised, show, slider,
  spoken, store, svg, write,
} from "./shared.js";

// ---- the mathematics (pure; the twins: companion.autograd, autograd_graph.py)

/** Of each operation its value and its local derivatives, as the engine's. */
const OPERATIONS = {
  "+": (a, b) => [a + b, 1, 1],
  "-": (a, b) => [a - b, 1, -1],
  "*": (a, b) => [a * b, b, a],
  "/": (a, b) => [a / b, 1 / b, -(a / b) / b],
  neg: (a) => [-a, -1],
  exp: (a) => [Math.exp(a), Math.exp(a)],
  log: (a) => [Math.log(a), 1 / a],
  tanh: (a) => [Math.tanh(a), 1 - Math.tanh(a) * Math.tanh(a)],
  relu: (a) => [Math.max(0, a), a > 0 ? 1 : 0],
};

function powerOf(operation) {
  return Number(operation.slice(2)); // "**2"
}

/** The positions of the leaves that the reader can set. */
export function namedLeaves(nodes) {
  return nodes.flatMap(({ name, parents }, i) =>
    name && !parents.length ? [i] : [],
  );
}

/** The data of every node, and the local derivative by each parent. */
export function evaluate(nodes, leaves) {
  const data = nodes.map((node) => node.data);
  namedLeaves(nodes).forEach((i, k) => {
    data[i] = leaves[k];
  });
  const derivatives = nodes.map(({ operation, parents }, i) => {
    if (!parents.length) return [];
    const values = parents.map((parent) => data[parent]);
    if (operation.startsWith("**")) {
      const n = powerOf(operation);
      data[i] = values[0] ** n;
      return [n ? n * values[0] ** (n - 1) : 0];
    }
    const [value, ...slopes] = OPERATIONS[operation](...values);
    data[i] = value;
    return slopes;
  });
  return { data, derivatives };
}

/** The steps: what happens, at which node, to which parent. */
export function plan(nodes) {
  const results = nodes.flatMap(({ parents }, i) => (parents.length ? [i] : []));
  return [
    ...results.map((i) => ["forward", i, -1]),
    ["seed", nodes.length - 1, -1],
    ...results
      .toReversed()
      .flatMap((i) => nodes[i].parents.map((_, k) => ["backward", i, k])),
  ];
}

/** What is known after so many steps: data computed, gradients so far. */
export function replay(nodes, derivatives, step) {
  const known = nodes.map(({ parents }) => !parents.length);
  const grads = nodes.map(() => 0);
  for (const [kind, i, k] of plan(nodes).slice(0, step)) {
    if (kind === "forward") known[i] = true;
    else if (kind === "seed") grads[i] = 1;
    else grads[nodes[i].parents[k]] += derivatives[i][k] * grads[i];
  }
  return { known, grads };
}

// ---- in words -------------------------------------------------------------

const SIGNS = { "+": "+", "-": "−", "*": "×", "/": "/" };

function number(value) {
  return brief(value, 4);
}

function bracket(value) {
  const text = number(value);
  return text.startsWith("−") ? `(${text})` : text;
}

function called(nodes, i) {
  return nodes[i].name || bracket(nodes[i].data);
}

function power(base, n) {
  if (n === 1) return base;
  return Number.isInteger(n) ? `${base}${raised(n)}` : `${base}^${number(n)}`;
}

/** An operation applied to texts: "w × x", "tanh v2". */
export function formula(operation, [a, b]) {
  if (operation in SIGNS) return `${a} ${SIGNS[operation]} ${b}`;
  if (operation === "neg") return `−${a}`;
  if (operation.startsWith("**")) return power(a, powerOf(operation));
  return `${operation} ${a}`;
}

/** The local derivative by parent k, as a formula; "" where there is none. */
export function rule(nodes, i, k) {
  const { operation, name, parents } = nodes[i];
  const [a, b] = parents.map((parent) => called(nodes, parent));
  if (operation.startsWith("**")) {
    const n = powerOf(operation);
    if (n === 0) return "0";
    if (n === 1) return "1";
    return `${number(n)} × ${power(a, n - 1)}`;
  }
  return {
    "+": ["1", "1"],
    "-": ["1", "−1"],
    "*": [b, a],
    "/": [`1 / ${b}`, `−${a} / ${b}²`],
    neg: ["−1"],
    exp: [`exp ${a}`],
    log: [`1 / ${a}`],
    tanh: [`1 − ${name}²`],
    relu: [""],
  }[operation][k];
}

function equals(...parts) {
  return parts
    .filter((part, i) => part && part !== parts[i - 1])
    .join(" = ");
}

/** What the last step did. */
export function explain(nodes, leaves, step) {
  const { data, derivatives } = evaluate(nodes, leaves);
  const steps = plan(nodes);
  if (step === 0) {
    const given = namedLeaves(nodes).map(
      (i) => `${nodes[i].name} = ${number(data[i])}`,
    );
    const list = given.length ? `: ${given.join(", ")}` : "";
    return `Only the leaves are known${list}. Step to compute forward.`;
  }
  const [kind, i, k] = steps[step - 1];
  const { name, operation, parents } = nodes[i];
  const names = parents.map((parent) => called(nodes, parent));
  const made = formula(operation, names);
  if (kind === "forward") {
    const numbers = parents.map((parent) => bracket(data[parent]));
    const result = equals(
      name, made, formula(operation, numbers), number(data[i]),
    );
    const lost = Number.isFinite(data[i])
      ? ""
      : " There is no such number: change a leaf.";
    return `Forward: ${result}.${lost}`;
  }
  if (kind === "seed") {
    return (
      `Backward begins at the end: the gradient of ${name} with respect to ` +
      "itself is 1."
    );
  }
  const parent = parents[k];
  const who = called(nodes, parent);
  const slope = derivatives[i][k];
  const { grads } = replay(nodes, derivatives, step - 1);
  const share = slope * grads[i];
  const sum = grads[parent]
    ? `, from ${number(grads[parent])} to ${number(grads[parent] + share)}`
    : "";
  const side = slope ? "" : "not ";
  const why =
    operation === "relu" ? `, because ${who} is ${side}above 0` : "";
  const end =
    step === steps.length ? " Done: every gradient is complete." : "";
  return (
    `Backward through ${name} = ${made}: its local derivative with respect ` +
    `to ${who} is ${equals(rule(nodes, i, k), number(slope))}${why}. Times the ` +
    `gradient of ${name}, ${bracket(slope)} × ${bracket(grads[i])} = ` +
    `${number(share)} is added to the gradient of ${who}${sum}.${end}`
  );
}

// ---- where the nodes stand ------------------------------------------------

const BOX = { width: 112, height: 68 };
const PITCH = 146; // from one column to the next
const GAP = { box: 20, bend: 12 };

/** The column of each node: after its parents, leaves close to their use. */
export function columnsOf(nodes) {
  const column = [];
  nodes.forEach(({ parents }, i) => {
    column[i] = Math.max(-1, ...parents.map((parent) => column[parent])) + 1;
  });
  const nearest = nodes.map(() => Infinity);
  nodes.forEach(({ parents }, i) =>
    parents.forEach((parent) => {
      nearest[parent] = Math.min(nearest[parent], column[i]);
    }),
  );
  return column.map((at, i) =>
    nodes[i].parents.length ? at : nearest[i] - 1,
  );
}

function connect(from, to) {
  from.right.push(to);
  to.left.push(from);
}

/** Boxes, and bends where an edge passes a column on its way. */
function items(nodes) {
  const column = columnsOf(nodes);
  const item = (at, height, gap) => ({
    column: at, height, gap, y: 0, left: [], right: [],
  });
  const boxes = column.map((at) => item(at, BOX.height, GAP.box));
  const all = [...boxes];
  const edges = [];
  nodes.forEach(({ parents }, i) =>
    parents.forEach((parent, k) => {
      const way = [];
      let last = boxes[parent];
      for (let at = column[parent] + 1; at < column[i]; at += 1) {
        const bend = item(at, 0, GAP.bend);
        connect(last, bend);
        way.push(bend);
        all.push(bend);
        last = bend;
      }
      connect(last, boxes[i]);
      edges.push({ parent, child: i, slot: k, way });
    }),
  );
  const rows = [];
  for (const one of all) (rows[one.column] ??= []).push(one);
  return { boxes, edges, rows };
}

function middle(neighbours, fallback) {
  if (!neighbours.length) return fallback;
  return neighbours.reduce((sum, one) => sum + one.y, 0) / neighbours.length;
}

/** Move a column's items to where they want to be, without overlap. */
function settle(row, wish) {
  let edge = -Infinity;
  let off = 0;
  row.forEach((one) => {
    const half = one.height / 2 + one.gap / 2;
    one.y = Math.max(wish.get(one), edge + half);
    edge = one.y + half;
    off += wish.get(one) - one.y;
  });
  row.forEach((one) => {
    one.y += off / row.length;
  });
}

/** Positions of boxes and bends (Sugiyama et al. 1981, barycentres). */
export function layout(nodes) {
  const { boxes, edges, rows } = items(nodes);
  rows.forEach((row) => settle(row, new Map(row.map((one) => [one, 0]))));
  for (let pass = 0; pass < 24; pass += 1) {
    const side = pass % 2 ? "left" : "right";
    const order = pass % 2 ? rows : rows.toReversed();
    for (const row of order) {
      const near = (one) =>
        pass < 12 ? one[side] : [...one.left, ...one.right];
      const wish = new Map(row.map((one) => [one, middle(near(one), one.y)]));
      if (pass < 12) row.sort((one, two) => wish.get(one) - wish.get(two));
      settle(row, wish);
    }
  }
  const all = rows.flat();
  const top = Math.min(...all.map((one) => one.y - one.height / 2)) - 10;
  const bottom = Math.max(...all.map((one) => one.y + one.height / 2)) + 4;
  const place = (one) => ({
    x: one.column * PITCH + BOX.width / 2 + 4, y: one.y - top,
  });
  return {
    width: (rows.length - 1) * PITCH + BOX.width + 8,
    height: bottom - top,
    boxes: boxes.map(place),
    edges: edges.map(({ way, ...edge }) => ({ ...edge, way: way.map(place) })),
  };
}

// ---- the drawing ----------------------------------------------------------

function drawEdge(nodes, shape, { parent, child, slot, way }) {
  const count = nodes[child].parents.length;
  const from = shape.boxes[parent];
  const to = shape.boxes[child];
  const half = BOX.width / 2;
  const points = [
    { x: from.x + half, y: from.y },
    ...way.flatMap(({ x, y }) => [
      { x: x - half, y }, { x: x + half, y },
    ]),
    { x: to.x - half - 7, y: to.y + (count > 1 ? (slot - 0.5) * 26 : 0) },
  ];
  let d = `M${points[0].x} ${points[0].y}`;
  for (let i = 1; i < points.length; i += 1) {
    const [a, b] = [points[i - 1], points[i]];
    const x = (a.x + b.x) / 2;
    d += `C${x} ${a.y} ${x} ${b.y} ${b.x} ${b.y}`;
  }
  const end = points[points.length - 1];
  const label = svg("text", {
    class: "lm-arrow-text", x: from.x + half - 10, y: from.y - BOX.height / 2,
  });
  const node = svg(
    "g",
    { class: "lm-arrow" },
    svg("path", { class: "lm-arrow-line", "stroke-width": 1.6, d }),
    svg("path", {
      class: "lm-arrow-head", d: `M${end.x + 7} ${end.y}l-9 -4.5v9Z`,
    }),
  );
  const update = (slope) => {
    node.classList.toggle("lm-taken", slope !== null);
    write(label, slope === null ? "" : `× ${number(slope)}`);
  };
  return { node, label, update, parent, child, slot };
}

function boxTitle(nodes, i) {
  const { name, operation, parents } = nodes[i];
  if (!parents.length) return name || "constant";
  const names = parents.map((parent) => called(nodes, parent));
  return `${name} = ${formula(operation, names)}`;
}

function drawBox(nodes, shape, i) {
  const { x, y } = shape.boxes[i];
  const left = x - BOX.width / 2;
  const text = (dx, dy, attributes, content = "") =>
    svg("text", { x: left + dx, y: y + dy, ...attributes }, content);
  const title = text(8, -17, { class: "lm-box-title" }, boxTitle(nodes, i));
  const long = boxTitle(nodes, i).length;
  if (long > 12) title.style.fontSize = `${(13 * 12.5) / long}px`;
  const end = { class: "lm-box-number" };
  const data = text(BOX.width - 8, 4, end);
  const grad = text(BOX.width - 8, 23, end);
  const node = svg(
    "g",
    { class: "lm-box" },
    svg("rect", {
      x: left, y: y - BOX.height / 2, width: BOX.width, height: BOX.height,
      rx: 8,
    }),
    title,
    text(8, 4, { class: "lm-box-word" }, "data"),
    text(8, 23, { class: "lm-box-word" }, "grad"),
    data,
    grad,
  );
  const update = (known, value, slope, active) => {
    node.classList.toggle("lm-known", known);
    node.classList.toggle("lm-forward", active === "forward");
    node.classList.toggle("lm-backward", active === "backward");
    write(data, known ? number(value) : "–");
    write(grad, number(slope));
  };
  return { node, update };
}

function drawNodes(nodes) {
  const shape = layout(nodes);
  const edges = shape.edges.map((edge) => drawEdge(nodes, shape, edge));
  const boxes = nodes.map((_, i) => drawBox(nodes, shape, i));
  const picture = svg(
    "svg",
    {
      class: "lm-nodes",
      role: "img",
      viewBox: `0 0 ${shape.width} ${shape.height}`,
    },
    ...edges.map((edge) => edge.node),
    ...boxes.map((box) => box.node),
    ...edges.map((edge) => edge.label),
  );
  picture.style.minWidth = `${shape.width * 0.8}px`;
  picture.style.maxWidth = `${shape.width * 1.2}px`;
  const node = element(
    "div",
    {
      class: "lm-scroll", tabindex: 0, role: "group",
      "aria-label": "the graph; it scrolls sideways",
    },
    picture,
  );
  const follow = (x) => {
    const at = (x * picture.clientWidth) / shape.width;
    const half = node.clientWidth / 2;
    if (Math.abs(at - node.scrollLeft - half) > 0.7 * half) {
      node.scrollLeft = at - half;
    }
  };
  const update = ({ data, derivatives }, step) => {
    const { known, grads } = replay(nodes, derivatives, step);
    const [kind, at, k] = step ? plan(nodes)[step - 1] : ["", -1, -1];
    const target = kind === "backward" ? nodes[at].parents[k] : at;
    boxes.forEach((box, i) => {
      const tone = kind === "forward" ? kind : "backward";
      box.update(known[i], data[i], grads[i], i === target ? tone : "");
    });
    edges.forEach((edge) => {
      const taken =
        kind === "backward" && edge.child === at && edge.slot === k;
      edge.update(taken ? derivatives[at][k] : null);
    });
    if (target >= 0) follow(shape.boxes[target].x);
    const states = nodes.map((_, i) => {
      const value = known[i] ? number(data[i]) : "not yet known";
      return `${boxTitle(nodes, i)}: data ${value}, grad ${number(grads[i])}`;
    });
    picture.setAttribute(
      "aria-label",
      `Graph of ${nodes.length} values after ${step} of ` +
        `${plan(nodes).length} steps. ${states.join("; ")}.`,
    );
  };
  return { node, update };
}

// ---- the widget -----------------------------------------------------------

function render({ model, el }) {
  const nodes = model.get("nodes");
  const total = plan(nodes).length;
  const view = {};
  const load = () => {
    view.leaves = model.get("leaves");
    view.step = model.get("step");
  };
  load();
  let timer = 0;

  const root = panel(el, {
    kind: "autograd",
    title: `Autograd, forward and backward in ${total} steps`,
    hint:
      "Forward, each value is computed from its parents. Backward, each " +
      "local derivative passes a share of the gradient on to a parent.",
  });
  const picture = drawNodes(nodes);
  const told = spoken();
  const keep = () => store(model, { leaves: view.leaves, step: view.step });

  const draw = onFrame(() => {
    picture.update(evaluate(nodes, view.leaves), view.step);
    told.say(explain(nodes, view.leaves, view.step));
    position.set(view.step);
    back.disabled = view.step === 0;
    forth.disabled = view.step === total;
    leaves.forEach((leaf, k) => leaf.set(view.leaves[k]));
  });
  const go = (step) => {
    view.step = Math.max(0, Math.min(total, step));
    draw();
  };
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    write(run, "Run");
    keep();
  };
  const position = slider({
    label: "step",
    name: "step",
    min: 0,
    max: total,
    step: 1,
    format: (value) => `${show(value, 0)} of ${total}`,
    onInput: go,
    onChange: keep,
  });
  const press = (move) => () => {
    if (timer) stop();
    move();
    keep();
  };
  const back = button("Step back", press(() => go(view.step - 1)));
  const forth = button("Step", press(() => go(view.step + 1)), {
    class: "lm-button lm-main",
  });
  const run = button("Run", () => {
    if (timer) {
      stop();
      return;
    }
    if (view.step === total) go(0);
    timer = setInterval(() => {
      go(view.step + 1);
      if (view.step === total) stop();
    }, 900);
    write(run, "Pause");
  });
  const leaves = namedLeaves(nodes).map((i, k) => {
    const reach = Math.max(3, Math.ceil(2 * Math.abs(nodes[i].data)));
    return slider({
      label: nodes[i].name,
      name: `leaf-${nodes[i].name}`,
      min: -reach,
      max: reach,
      step: reach / 300,
      tone: "b",
      format: number,
      onInput: (value) => {
        view.leaves = view.leaves.map((old, j) => (j === k ? value : old));
        draw();
      },
      onChange: keep,
    });
  });

  root.append(
    picture.node,
    element(
      "div",
      { class: "lm-between" },
      legend([
        ["lm-key-forward", "computed now"],
        ["lm-key-backward", "gets a share of the gradient now"],
      ]),
      element(
        "div",
        { class: "lm-buttons" },
        forth,
        back,
        run,
        button("Only the leaves", press(() => go(0))),
        button("To the end", press(() => go(total))),
      ),
    ),
    position.root,
    told.node,
    element(
      "div",
      { class: "lm-rows lm-by-three" },
      ...leaves.map((leaf) => leaf.root),
    ),
  );
  return live(
    model,
    ["leaves", "step"],
    load,
    draw,
    () => clearInterval(timer),
    told.cancel,
  );
}

export default { render };
