// Five optimizers on one surface: map, loss curves, and who is lowest.
import {
  brief, button, checkbox, element, live, onFrame, panel, show, slidersOf,
  spoken, store, svg, uniqueId, write,
} from "./shared.js";
import {
  CEILING, FRAME, PAD, REACH, SIDE, SURFACES, clip, decades, frame, landscape,
  logAxes, mapTicks, outline, toMap, word,
} from "./surfaces.js";

// ---- the mathematics (pure; the twin is optimizer_race.py) ----------------

export const RACERS = {
  plain: "gradient descent",
  momentum: "momentum",
  nesterov: "Nesterov",
  rmsprop: "RMSprop",
  adam: "Adam",
};

const RATES = {
  bowl: [0.1, 0.1],
  valley: [0.04, 0.1],
  rosenbrock: [0.0005, 0.03],
  saddle: [0.1, 0.1],
};
const EPS = 1e-8;

/** What one number does: a function from its slopes, in turn, to steps. */
function rule(name, slopeRate, sizeRate, momentum) {
  let mean = 0;
  let square = 0;
  let t = 0;
  return {
    plain: (g) => slopeRate * g,
    momentum: (g) => {
      mean = momentum * mean + g;
      return slopeRate * mean;
    },
    nesterov: (g) => {
      mean = momentum * mean + g;
      return slopeRate * (g + momentum * mean);
    },
    rmsprop: (g) => {
      square = 0.99 * square + (1 - 0.99) * g * g;
      return (sizeRate * g) / (Math.sqrt(square) + EPS);
    },
    adam: (g) => {
      t += 1;
      mean = momentum * mean + (1 - momentum) * g;
      square = 0.999 * square + (1 - 0.999) * g * g;
      const root = Math.sqrt(square) / Math.sqrt(1 - 0.999 ** t) + EPS;
      return ((sizeRate / (1 - momentum ** t)) * mean) / root;
    },
  }[name];
}

/** Let each go from the start, with the true gradient. */
export function race(surface, start, slopeRate, sizeRate, momentum, steps) {
  const { value, gradient } = SURFACES[surface];
  const paths = {};
  for (const name of Object.keys(RACERS)) {
    const across = rule(name, slopeRate, sizeRate, momentum);
    const along = rule(name, slopeRate, sizeRate, momentum);
    let [x, y] = start;
    const points = [[x, y]];
    const losses = [value(x, y)];
    let diverged = false;
    for (let k = 0; k < steps; k += 1) {
      const [gx, gy] = gradient(x, y);
      x -= across(gx);
      y -= along(gy);
      const loss = value(x, y);
      diverged = !(loss <= CEILING);
      if (diverged) break;
      points.push([x, y]);
      losses.push(loss);
    }
    paths[name] = { points, losses, diverged };
  }
  return paths;
}

/** Who is where, the lowest first. */
export function standings(surface, paths, shown) {
  const { lowest } = SURFACES[surface];
  const above = (name) => {
    const { losses, diverged } = paths[name];
    return diverged ? Infinity : losses[losses.length - 1] - lowest;
  };
  return Object.keys(RACERS)
    .filter((name) => shown.includes(name))
    .map((name) => [name, above(name)])
    .sort((a, b) => (a[1] === b[1] ? 0 : a[1] - b[1]));
}

/** The same in a sentence. */
export function raceSentence(surface, paths, shown, steps) {
  const places = standings(surface, paths, shown);
  if (!places.length) return "Nobody takes part: tick a box.";
  const told = places.map(([name, above]) =>
    above === Infinity
      ? `${RACERS[name]} has diverged`
      : `${RACERS[name]} ${brief(above)}`,
  );
  return (
    `Above the lowest loss after ${steps} ${steps === 1 ? "step" : "steps"}: ` +
    `${told.join(", ")}.`
  );
}

// ---- the drawing ----------------------------------------------------------

/** A line for each racer, on a halo of the background. */
function lines() {
  const made = {};
  const nodes = [];
  Object.keys(RACERS).forEach((name, k) => {
    const halo = svg("path", { class: "lm-race-halo" });
    const line = svg("path", { class: `lm-race-line lm-race-${k}` });
    made[name] = (d) => {
      halo.setAttribute("d", d);
      line.setAttribute("d", d);
    };
    nodes.push(halo, line);
  });
  return { made, nodes };
}

function raceMap(onDrag, onDrop) {
  const id = uniqueId();
  const ground = svg("g", { "clip-path": `url(#${id})` });
  const { made, nodes } = lines();
  const start = svg("circle", { class: "lm-race-start", r: 6 });
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
    svg("g", { "clip-path": `url(#${id})` }, ...nodes),
    start,
  );
  const place = (event) => {
    const corner = node.getBoundingClientRect();
    const scale = FRAME.width / corner.width;
    const within = (value) =>
      Math.round(Math.max(-REACH, Math.min(REACH, value)) * 100) / 100;
    const x = (event.clientX - corner.left) * scale - PAD.left;
    const y = (event.clientY - corner.top) * scale - PAD.top;
    return [
      within((2 * REACH * x) / SIDE - REACH),
      within(REACH - (2 * REACH * y) / SIDE),
    ];
  };
  let held = false;
  node.addEventListener("pointerdown", (event) => {
    held = true;
    node.setPointerCapture(event.pointerId);
    event.preventDefault();
    onDrag(place(event));
  });
  node.addEventListener("pointermove", (event) => {
    if (held) onDrag(place(event));
  });
  const drop = () => {
    if (held) onDrop();
    held = false;
  };
  node.addEventListener("pointerup", drop);
  node.addEventListener("pointercancel", drop);

  let painted = "";
  const update = (surface, paths, shown) => {
    if (surface !== painted) ground.replaceChildren(...landscape(surface));
    painted = surface;
    for (const [name, { points }] of Object.entries(paths)) {
      made[name](shown.includes(name) ? outline(points) : "");
    }
    const [x, y] = toMap(paths.plain.points[0]);
    start.setAttribute("cx", x);
    start.setAttribute("cy", y);
    const ends = shown.map((name) => {
      const { points } = paths[name];
      const spot = points[points.length - 1].map((value) => brief(value));
      return `${RACERS[name]} at (${spot.join(", ")})`;
    });
    node.setAttribute(
      "aria-label",
      `Contour map of the ${SURFACES[surface].title}. From ` +
        `(${paths.plain.points[0].map((value) => brief(value)).join(", ")}) ` +
        `the paths lead to: ${ends.join("; ") || "nothing shown"}.`,
    );
  };
  return { node, update };
}

function raceCurves() {
  const id = uniqueId();
  const { made, nodes } = lines();
  const marks = svg("g", {});
  const node = svg(
    "svg",
    {
      class: "lm-plot",
      role: "img",
      viewBox: `-16 0 ${FRAME.width + 16} ${FRAME.height}`,
    },
    svg("defs", {}, clip(id)),
    frame(),
    marks,
    svg("g", { "clip-path": `url(#${id})` }, ...nodes),
    word(PAD.left + SIDE / 2, PAD.top + SIDE + 16, "step", "lm-middle"),
  );
  const update = (surface, paths, shown, steps) => {
    const { lowest } = SURFACES[surface];
    const heights = shown.map((name) =>
      paths[name].losses.map((loss) => loss - lowest),
    );
    const [low, high] = decades(heights.flat());
    const axes = logAxes(low, high, Math.max(1, steps));
    marks.replaceChildren(...axes.nodes);
    for (const name of Object.keys(RACERS)) made[name]("");
    shown.forEach((name, k) => {
      const points = heights[k].map(
        (height, t) =>
          `${axes.x(t).toFixed(1)} ${axes.y(height).toFixed(1)}`,
      );
      made[name](`M${points.join("L")}`);
    });
    const places = standings(surface, paths, shown).map(
      ([name, above]) => `${RACERS[name]} ${brief(above)}`,
    );
    node.setAttribute(
      "aria-label",
      `Loss above its lowest value at each of ${steps} steps, on a ` +
        `logarithmic scale. At the end: ${places.join(", ") || "none shown"}.`,
    );
  };
  return { node, update };
}

/** A box for each racer, with its line beside it. */
function boxes(view, change) {
  const made = Object.entries(RACERS).map(([name, title], k) => {
    const box = checkbox(
      title,
      view.shown.includes(name),
      (on) => {
        view.shown = Object.keys(RACERS).filter((other) =>
          other === name ? on : view.shown.includes(other),
        );
        change();
      },
      name,
    );
    box.root.append(
      svg(
        "svg",
        { class: "lm-race-key", viewBox: "0 0 34 10", "aria-hidden": "true" },
        svg("path", { class: `lm-race-line lm-race-${k}`, d: "M1 5h32" }),
      ),
    );
    return [name, box];
  });
  const root = element("div", { class: "lm-race-boxes" });
  root.append(...made.map(([, box]) => box.root));
  const set = () => {
    for (const [name, box] of made) {
      box.input.checked = view.shown.includes(name);
    }
  };
  return { root, set };
}

// ---- the widget -----------------------------------------------------------

function render({ model, el }) {
  const names = [
    "surface", "start", "slope_rate", "size_rate", "momentum", "steps", "shown",
  ];
  const view = {};
  const load = () => {
    for (const name of names) view[name] = model.get(name);
  };
  load();
  let timer = 0;
  const keep = () => store(model, { ...view });
  const root = panel(el, {
    kind: "race",
    title: "Optimizer race",
    hint:
      "Drag the start on the map. The bluer, the lower; a cross marks a " +
      "minimum. Two rates, since the rules measure them differently.",
  });
  const told = spoken();
  const map = raceMap((point) => {
    view.start = point;
    draw();
  }, keep);
  const curves = raceCurves();

  const draw = onFrame(() => {
    const { surface, start, momentum, steps, shown } = view;
    const paths = race(
      surface, start, view.slope_rate, view.size_rate, momentum, steps,
    );
    map.update(surface, paths, shown);
    curves.update(surface, paths, shown, steps);
    told.say(raceSentence(surface, paths, shown, steps));
    controls.slope.set(Math.log10(view.slope_rate));
    controls.size.set(Math.log10(view.size_rate));
    controls.momentum.set(momentum);
    controls.steps.set(steps);
    controls.x.set(start[0]);
    controls.y.set(start[1]);
    chooser.value = surface;
    write(formula, `loss = ${SURFACES[surface].formula}`);
    who.set();
  });

  const control = slidersOf(draw, keep);
  const power = (trait, low) => ({
    min: low, max: 0, step: 0.01, format: () => brief(view[trait]),
  });
  const set = (trait) => (value) => {
    view[trait] = value;
  };
  const setPower = (trait, low) => (value) => {
    view[trait] = Math.max(10 ** low, Math.min(1, 10 ** value));
  };
  const controls = {
    slope: control(
      "slope-rate", "rate × slope", setPower("slope_rate", -4),
      power("slope_rate", -4),
    ),
    size: control(
      "size-rate", "rate × slope ÷ size", setPower("size_rate", -3),
      { ...power("size_rate", -3), tone: "b" },
    ),
    momentum: control(
      "momentum", "momentum, β₁", set("momentum"), { min: 0, max: 0.99 },
    ),
    steps: control("steps", "steps shown", set("steps"), {
      min: 0, max: 300, step: 1, format: (value) => show(value, 0),
    }),
    x: control(
      "start-x", "start x", (value) => {
        view.start = [value, view.start[1]];
      }, { min: -REACH, max: REACH },
    ),
    y: control(
      "start-y", "start y", (value) => {
        view.start = [view.start[0], value];
      }, { min: -REACH, max: REACH },
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
    const surface = chooser.value;
    const [slope_rate, size_rate] = RATES[surface];
    const { start } = SURFACES[surface];
    Object.assign(view, { surface, start, slope_rate, size_rate });
    keep();
    draw();
  });
  const formula = element("p", { class: "lm-status" });
  const who = boxes(view, () => {
    keep();
    draw();
  });

  const pause = () => {
    clearInterval(timer);
    timer = 0;
    write(run, "Run");
    keep();
  };
  const run = button(
    "Run",
    () => {
      if (timer) {
        pause();
        return;
      }
      if (view.steps >= 300) view.steps = 0;
      timer = setInterval(() => {
        view.steps = Math.min(300, view.steps + 1);
        if (view.steps >= 300) pause();
        draw();
      }, 60);
      write(run, "Pause");
    },
    { class: "lm-button lm-main" },
  );
  const back = button("Back to the start", () => {
    if (timer) pause();
    view.steps = 0;
    keep();
    draw();
  });

  root.append(
    element(
      "div",
      { class: "lm-field" },
      element("label", { for: id }, "surface"),
      chooser,
      formula,
    ),
    who.root,
    element(
      "div",
      { class: "lm-columns" },
      element("div", {}, map.node),
      element(
        "div",
        {},
        element(
          "p", { class: "lm-status" }, "loss above its lowest value, log scale",
        ),
        curves.node,
      ),
    ),
    element(
      "div",
      { class: "lm-rows lm-by-two" },
      element(
        "div",
        {},
        controls.slope.root,
        controls.size.root,
        controls.momentum.root,
      ),
      element("div", {}, controls.steps.root, controls.x.root, controls.y.root),
    ),
    element("div", { class: "lm-buttons" }, run, back),
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
