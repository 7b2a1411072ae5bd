// Gradient descent on a surface one chooses: map, path, loss, verdict.
import {
  brief, button, element, legend, live, onFrame, panel, raised, show,
  slidersOf, spoken, store, svg, uniqueId, write,
} from "./shared.js";
import {
  CEILING, FRAME, PAD, REACH, SIDE, SURFACES, clip, decades, frame, landscape,
  logAxes, mapTicks, outline, toMap, word,
} from "./surfaces.js";

// ---- the mathematics (pure; the twin is descent.py) -----------------------

/** Step against the gradient, as torch.optim.SGD does. */
export function descend(name, start, lr, momentum, steps) {
  const { value, gradient } = SURFACES[name];
  let [x, y] = start;
  let v = 0;
  let w = 0;
  const points = [[x, y]];
  const losses = [value(x, y)];
  for (let t = 0; t < steps; t += 1) {
    const [across, along] = gradient(x, y);
    v = momentum * v + across;
    w = momentum * w + along;
    x -= lr * v;
    y -= lr * w;
    const loss = value(x, y);
    if (!(loss <= CEILING)) return { points, losses, diverged: true };
    points.push([x, y]);
    losses.push(loss);
  }
  return { points, losses, diverged: false };
}

/** 2 (1 + momentum) / L: above it no minimum holds a descent. */
export function largestStableRate(name, momentum) {
  return (2 * (1 + momentum)) / SURFACES[name].curvature;
}

/** In one word how it ends. */
export function verdict(name, lr, momentum, path) {
  const { gradient, lowest, steep } = SURFACES[name];
  const limit = largestStableRate(name, momentum);
  if (path.diverged) return "diverges";
  if (steep.some((axis) => path.points[0][axis] !== 0)) {
    if (Math.abs(lr - limit) <= 1e-9 * limit) return "edge";
    if (lr > limit) return "diverges";
  }
  const last = path.points.length - 1;
  const [across, along] = gradient(...path.points[last]);
  if (path.losses[last] - lowest < 1e-6) return "arrived";
  if (across * across + along * along < 1e-12) return "stuck";
  return lr > limit ? "bounces" : "under way";
}

// ---- the map and the curve ------------------------------------------------

function drawMap(onDrag, onDrop) {
  const id = uniqueId();
  const ground = svg("g", { "clip-path": `url(#${id})` });
  const path = svg("path", { class: "lm-path" });
  const dots = svg("path", { class: "lm-path-dots" });
  const end = svg("circle", { class: "lm-path-end", r: 5 });
  const start = svg(
    "g",
    { class: "lm-handle" },
    svg("circle", { class: "lm-handle-area", r: 22 }),
    svg("circle", { class: "lm-handle-dot", r: 8 }),
  );
  const node = svg(
    "svg",
    {
      class: "lm-plot lm-map",
      role: "img",
      viewBox: `0 0 ${FRAME.width} ${FRAME.height}`,
    },
    svg("defs", {}, clip(id)),
    ground,
    frame(),
    ...mapTicks(),
    svg("g", { "clip-path": `url(#${id})` }, path, dots, end),
    start,
  );
  const place = (event) => {
    const corner = node.getBoundingClientRect();
    const scale = FRAME.width / corner.width;
    const within = (value) => {
      const shown = Math.max(-REACH, Math.min(REACH, value));
      return Math.round(shown * 100) / 100;
    };
    const x = (event.clientX - corner.left) * scale - PAD.left;
    const y = (event.clientY - corner.top) * scale - PAD.top;
    return [
      within((2 * REACH * x) / SIDE - REACH),
      within(REACH - (2 * REACH * y) / SIDE),
    ];
  };
  let held = false;
  start.addEventListener("pointerdown", (event) => {
    held = true;
    start.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  start.addEventListener("pointermove", (event) => {
    if (held) onDrag(place(event));
  });
  const drop = () => {
    if (held) onDrop();
    held = false;
  };
  start.addEventListener("pointerup", drop);
  start.addEventListener("pointercancel", drop);
  start.addEventListener("click", (event) => event.stopPropagation());
  node.addEventListener("click", (event) => {
    onDrag(place(event));
    onDrop();
  });

  let surface = "";
  const paint = (name) => {
    surface = name;
    ground.replaceChildren(...landscape(name));
  };
  const update = (name, descent) => {
    if (name !== surface) paint(name);
    const { points, losses } = descent;
    path.setAttribute("d", outline(points));
    dots.setAttribute(
      "d", points.map((point) => `${outline([point])}h0`).join(""),
    );
    const last = points[points.length - 1];
    const [x, y] = toMap(last);
    end.setAttribute("cx", x);
    end.setAttribute("cy", y);
    start.setAttribute("transform", `translate(${toMap(points[0]).join(" ")})`);
    const spot = (point) => point.map((value) => brief(value)).join(", ");
    node.setAttribute(
      "aria-label",
      `Contour map of the ${SURFACES[name].title}. The path leads from ` +
        `(${spot(points[0])}) in ${points.length - 1} steps to ` +
        `(${spot(last)}); the loss goes from ${brief(losses[0])} to ` +
        `${brief(losses[losses.length - 1])}.`,
    );
  };
  return { node, update };
}

function drawCurve() {
  const id = uniqueId();
  const curve = svg("path", { class: "lm-path" });
  const marks = svg("g", {});
  const node = svg(
    "svg",
    {
      class: "lm-plot", role: "img",
      viewBox: `-16 0 ${FRAME.width + 16} ${FRAME.height}`,
    },
    svg("defs", {}, clip(id)),
    frame(),
    marks,
    svg("g", { "clip-path": `url(#${id})` }, curve),
    word(PAD.left + SIDE / 2, PAD.top + SIDE + 16, "step", "lm-middle"),
  );
  const update = (name, { losses }) => {
    const heights = losses.map((loss) => loss - SURFACES[name].lowest);
    const [low, high] = decades(heights);
    const end = Math.max(1, losses.length - 1);
    const { x, y, nodes } = logAxes(low, high, end);
    marks.replaceChildren(...nodes);
    const points = heights.map(
      (height, t) => `${x(t).toFixed(1)} ${y(height).toFixed(1)}`,
    );
    curve.setAttribute("d", `M${points.join("L")}`);
    node.setAttribute(
      "aria-label",
      `Loss above its lowest value at each step, on a logarithmic scale: ` +
        `from ${brief(heights[0])} to ${brief(heights[heights.length - 1])} ` +
        `in ${heights.length - 1} steps.`,
    );
  };
  return { node, update };
}

// ---- the widget -----------------------------------------------------------

/** What the reader is told: the limit, then how it ends. */
export function descentSentence(name, lr, momentum, path) {
  const { curvature, lowest, steep } = SURFACES[name];
  const limit = largestStableRate(name, momentum);
  const formula = momentum > 0 ? "2(1 + momentum)/L" : "2/L";
  const rate =
    `${steep.length ? "The surface" : "At its minimum the surface"} bends by ` +
    `at most L = ${brief(curvature)}, so the largest stable rate is ` +
    `${formula} = ${brief(limit)}. `;
  const made = path.points.length - 1;
  const after = `After ${made} ${made === 1 ? "step" : "steps"} `;
  const above = brief(path.losses[made] - lowest);
  const now = `${after}the loss is ${above} above its lowest.`;
  const over = `${brief(lr)} is above it`;
  return (
    rate +
    {
      diverges: path.diverged
        ? `Diverges: ${lr > limit ? `${over}, and ` : ""}after ${made + 1} ` +
          `steps the loss passes 10${raised(12)}.`
        : `Diverges: ${over}, so each swing is longer than the last. ${now}`,
      edge:
        "The rate is exactly that: along the steepest direction it swings " +
        `for ever and neither falls nor grows. ${now}`,
      arrived: `Arrived: ${now.replace("After", "after")}`,
      stuck:
        "Stuck: the gradient is zero here, and yet this is no minimum but " +
        `a saddle point. ${now}`,
      bounces: `${over}: it may bounce about, but cannot settle. ${now}`,
      "under way": now,
    }[verdict(name, lr, momentum, path)]
  );
}

function render({ model, el }) {
  const names = ["surface", "start", "lr", "momentum", "steps"];
  const view = {};
  const load = () => {
    for (const name of names) view[name] = model.get(name);
  };
  load();
  let timer = 0;

  const root = panel(el, {
    kind: "descent",
    title: "Gradient descent",
    hint:
      "Drag the starting point on the map, or use the sliders. The bluer, " +
      "the lower; a cross marks a minimum.",
  });
  const told = spoken();
  const keep = () => store(model, { ...view });
  const map = drawMap(
    (point) => {
      view.start = point;
      draw();
    },
    keep,
  );
  const curve = drawCurve();

  const draw = onFrame(() => {
    const { surface, start, lr, momentum, steps } = view;
    const path = descend(surface, start, lr, momentum, steps);
    map.update(surface, path);
    curve.update(surface, path);
    told.say(descentSentence(surface, lr, momentum, path));
    controls.rate.set(Math.log10(lr));
    controls.momentum.set(momentum);
    controls.steps.set(steps);
    controls.x.set(start[0]);
    controls.y.set(start[1]);
    chooser.value = surface;
    write(formula, `loss = ${SURFACES[surface].formula}`);
  });

  const control = slidersOf(draw, keep);
  const controls = {
    rate: control(
      "lr",
      "learning rate",
      (value) => {
        view.lr = Math.max(1e-4, Math.min(10, 10 ** value));
      },
      { min: -4, max: 1, step: 0.01, format: () => brief(view.lr) },
    ),
    momentum: control(
      "momentum",
      "momentum",
      (value) => {
        view.momentum = value;
      },
      { min: 0, max: 0.99 },
    ),
    steps: control(
      "steps",
      "steps shown",
      (value) => {
        view.steps = value;
      },
      { min: 0, max: 300, step: 1, format: (value) => show(value, 0) },
    ),
    x: control(
      "start-x",
      "start x",
      (value) => {
        view.start = [value, view.start[1]];
      },
      { min: -REACH, max: REACH, tone: "b" },
    ),
    y: control(
      "start-y",
      "start y",
      (value) => {
        view.start = [view.start[0], value];
      },
      { min: -REACH, max: REACH, tone: "b" },
    ),
  };

  const id = uniqueId();
  const chooser = element(
    "select",
    { id, class: "lm-input" },
    ...Object.entries(SURFACES).map(([value, { title }]) =>
      element("option", { value }, title),
    ),
  );
  chooser.addEventListener("change", () => {
    const { start, lr } = SURFACES[chooser.value];
    Object.assign(view, { surface: chooser.value, start, lr });
    keep();
    draw();
  });
  const formula = element("p", { class: "lm-status" });

  const step = () => {
    view.steps += 1;
    if (view.steps >= 300) pause();
    view.steps = Math.min(300, view.steps);
    draw();
  };
  const pause = () => {
    clearInterval(timer);
    timer = 0;
    write(run, "Run");
    keep();
  };
  const run = button("Run", () => {
    if (timer) {
      pause();
      return;
    }
    if (view.steps >= 300) view.steps = 0;
    timer = setInterval(step, 60);
    write(run, "Pause");
  });
  const buttons = element(
    "div",
    { class: "lm-buttons" },
    button(
      "Step",
      () => {
        step();
        keep();
      },
      { class: "lm-button lm-main" },
    ),
    run,
    button("Back to the start", () => {
      if (timer) pause();
      view.steps = 0;
      keep();
      draw();
    }),
    button("Take the largest stable rate", () => {
      view.lr = largestStableRate(view.surface, view.momentum);
      keep();
      draw();
    }),
  );

  root.append(
    element(
      "div",
      { class: "lm-field" },
      element("label", { for: id }, "surface"),
      chooser,
      formula,
    ),
    element(
      "div",
      { class: "lm-columns" },
      element(
        "div",
        {},
        map.node,
        legend([
          ["lm-key-start", "start"],
          ["lm-key-end", "where it is now"],
        ]),
      ),
      element(
        "div",
        {},
        element(
          "p", { class: "lm-status" }, "loss above its lowest value, log scale",
        ),
        curve.node,
      ),
    ),
    element(
      "div",
      { class: "lm-rows lm-by-two" },
      element(
        "div",
        {},
        controls.rate.root,
        controls.momentum.root,
        controls.steps.root,
      ),
      element("div", {}, controls.x.root, controls.y.root),
    ),
    buttons,
    told.node,
  );
  return live(
    model,
    names,
    load,
    draw,
    () => clearInterval(timer),
    told.cancel,
  );
}

export default { render };
