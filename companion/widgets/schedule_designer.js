// The learning rate over a training: curve, reading, area.
import {
  brief, element, legend, live, onFrame, panel, show, slider, slidersOf,
  spoken, store, svg, uniqueId, write,
} from "./shared.js";

// ---- the mathematics (pure; the twin is companion.optimizers.schedules) ---

const LEAST = 0.02; // of a warm-up: at 0 the first step would teach nothing
const ROUNDING = 1e-9; // a restart comes on its step, not one late
const SHOWN = 1000; // steps that are added up at most

const down = (share, final) =>
  final + ((1 - final) * (1 + Math.cos(Math.PI * share))) / 2;

/** What follows warm-up: the factor at a share of the rest. */
const AFTER = {
  constant: () => 1,
  cosine: (share, { final }) => down(share, final),
  warmup_stable_decay: (share, { warmup, decay, final }) => {
    const left = ((1 - share) * (1 - warmup)) / decay;
    return final + (1 - final) * Math.min(left, 1);
  },
  exponential: (share, { final }) => final ** share,
  restarts: (share, { cycles, factor, final }) => {
    const lengths = Array.from({ length: cycles }, (_, n) => factor ** n);
    let place = share * lengths.reduce((a, b) => a + b, 0);
    while (lengths.length > 1 && place >= lengths[0] * (1 - ROUNDING)) {
      place -= lengths.shift();
    }
    const part = Math.min(Math.max(place / lengths[0], 0), 1);
    return down(part, final);
  },
};

/** The rate at a share of the training, as a share of the highest. */
export function factorAt(kind, settings, progress) {
  const { warmup } = settings;
  if (progress < warmup) return Math.max(progress / warmup, LEAST);
  return AFTER[kind]((progress - warmup) / (1 - warmup), settings);
}

/** The number of steps, the mean factor, and the sum of all rates. */
export function totals(kind, settings, lr, tokens, perStep) {
  const steps = Math.max(1, Math.floor(tokens / perStep));
  const n = Math.min(steps, SHOWN);
  let sum = 0;
  for (let step = 0; step < n; step += 1) {
    sum += factorAt(kind, settings, (step + 0.5) / n);
  }
  return { steps, area: sum / n, length: (lr * sum * steps) / n };
}

/** Settings that hold together: the decay begins after warm-up. */
export function within(settings) {
  const rest = 1 - settings.warmup;
  return { ...settings, decay: Math.min(settings.decay, rest) };
}

/** A large number in words: 1.5 million. */
export function inWords(value) {
  const sizes = [
    [1e12, " trillion"], [1e9, " billion"], [1e6, " million"],
  ];
  for (const [size, name] of sizes) {
    if (value >= 0.9995 * size) return brief(value / size) + name;
  }
  return Math.round(value).toLocaleString("en");
}

/** What the reader is told about one place of the curve. */
export function scheduleSentence(kind, settings, lr, tokens, found, at) {
  const factor = factorAt(kind, settings, at);
  const percent = (share) => show(100 * share, share < 0.095 ? 1 : 0);
  return (
    `After ${inWords(at * tokens)} tokens the rate is ${brief(lr * factor)}, ` +
    `${percent(factor)}% of the highest. The area under the curve is ` +
    `${percent(found.area)}% of the rectangle: ${inWords(found.steps)} ` +
    `${found.steps === 1 ? "step" : "steps"} add up to the length of ` +
    `${inWords(found.area * found.steps)} at the highest rate.`
  );
}

// ---- the curve ------------------------------------------------------------

const KINDS = {
  constant: { title: "constant", needs: [] },
  cosine: { title: "cosine", needs: ["final"] },
  warmup_stable_decay: {
    title: "warm-up, stable, decay", needs: ["decay", "final"],
  },
  exponential: { title: "exponential", needs: ["final"] },
  restarts: {
    title: "cosine with restarts", needs: ["cycles", "factor", "final"],
  },
};
const BOX = { left: 84, top: 10, width: 540, height: 210, bottom: 46 };
const POINTS = 540; // one a pixel

function drawCurve(onPlace, onDrop) {
  const area = svg("path", { class: "lm-depth" });
  const others = svg("path", { class: "lm-ghost" });
  const curve = svg("path", { class: "lm-line lm-line-a" });
  const mark = svg("path", { class: "lm-path" });
  const dot = svg("circle", { class: "lm-path-end", r: 5 });
  const ticks = svg("g", {});
  const right = BOX.left + BOX.width;
  const floor = BOX.top + BOX.height;
  const node = svg(
    "svg",
    {
      class: "lm-plot lm-map",
      role: "img",
      viewBox: `0 0 ${right + 14} ${floor + BOX.bottom}`,
    },
    area,
    svg("rect", {
      class: "lm-frame", x: BOX.left, y: BOX.top, width: BOX.width,
      height: BOX.height,
    }),
    others, curve, mark, dot, ticks,
    svg(
      "text",
      {
        class: "lm-axis lm-middle", x: BOX.left + BOX.width / 2,
        y: floor + 39,
      },
      "tokens",
    ),
    svg(
      "text",
      {
        class: "lm-axis lm-middle",
        transform: `translate(12 ${BOX.top + BOX.height / 2}) rotate(-90)`,
      },
      "learning rate",
    ),
  );
  const x = (share) => BOX.left + share * BOX.width;
  const y = (factor) => floor - 0.96 * factor * BOX.height;
  const line = (kind, settings) => {
    const points = Array.from({ length: POINTS + 1 }, (_, i) => {
      const share = i / POINTS;
      const height = y(factorAt(kind, settings, share));
      return `${x(share).toFixed(1)} ${height.toFixed(1)}`;
    });
    return `M${points.join("L")}`;
  };

  let held = false;
  const place = (event) => {
    const corner = node.getBoundingClientRect();
    const scale = (right + 14) / corner.width;
    const share = ((event.clientX - corner.left) * scale - BOX.left) / BOX.width;
    onPlace(Math.round(1000 * Math.max(0, Math.min(1, share))) / 1000);
  };
  node.addEventListener("pointerdown", (event) => {
    held = true;
    node.setPointerCapture(event.pointerId);
    place(event);
    event.preventDefault();
  });
  node.addEventListener("pointermove", (event) => {
    if (held) place(event);
  });
  const drop = () => {
    if (held) onDrop();
    held = false;
  };
  node.addEventListener("pointerup", drop);
  node.addEventListener("pointercancel", drop);

  const text = (words, attributes) =>
    svg("text", { class: "lm-axis lm-end", ...attributes }, words);
  const update = (kind, settings, lr, tokens, found, at) => {
    const path = line(kind, settings);
    curve.setAttribute("d", path);
    area.setAttribute("d", `${path}L${right} ${floor}L${BOX.left} ${floor}Z`);
    others.setAttribute(
      "d",
      Object.keys(KINDS)
        .filter((other) => other !== kind)
        .map((other) => line(other, settings))
        .join(""),
    );
    const factor = factorAt(kind, settings, at);
    mark.setAttribute("d", `M${x(at)} ${BOX.top}V${floor}`);
    dot.setAttribute("cx", x(at));
    dot.setAttribute("cy", y(factor));
    const marks = [0, 0.5, 1].flatMap((share) => [
      text(share ? brief(share * lr) : "0", {
        x: BOX.left - 6, y: y(share) + 4,
      }),
      svg("path", { class: "lm-grid", d: `M${BOX.left} ${y(share)}h-4` }),
    ]);
    marks.push(
      text("0", { x: BOX.left + 6, y: floor + 19 }),
      text(inWords(tokens), { x: right, y: floor + 19 }),
    );
    ticks.replaceChildren(...marks);
    node.setAttribute(
      "aria-label",
      `Learning rate over tokens, ${KINDS[kind].title}. It begins at ` +
        `${brief(lr * factorAt(kind, settings, 0))}, is highest at ` +
        `${brief(lr)}, and ends at ` +
        `${brief(lr * factorAt(kind, settings, 1))}. The area under it is ` +
        `${show(100 * found.area, 0)}% of the rectangle.`,
    );
  };
  return { node, update };
}

// ---- the widget -----------------------------------------------------------

const TRAITS = ["schedule", "settings", "lr", "tokens", "tokens_per_step"];

function scheduleMenu(onPick) {
  const id = uniqueId();
  const menu = element(
    "select",
    { id, class: "lm-input" },
    ...Object.entries(KINDS).map(([value, { title }]) =>
      element("option", { value }, title),
    ),
  );
  menu.addEventListener("change", () => onPick(menu.value));
  const root = element(
    "div",
    { class: "lm-field" },
    element("label", { for: id }, "schedule"),
    menu,
  );
  return { root, menu };
}

function drawTotals() {
  const names = ["steps", "mean rate", "all steps together"];
  const cells = names.map((name) => {
    const number = element("strong", { class: "lm-number" });
    const node = element("li", {}, element("span", {}, name), number);
    return { node, number };
  });
  const node = element(
    "ul", { class: "lm-numbers" }, ...cells.map((cell) => cell.node),
  );
  const update = (lr, { steps, area, length }) => {
    const texts = [inWords(steps), brief(lr * area), brief(length)];
    cells.forEach((cell, i) => write(cell.number, texts[i]));
  };
  return { node, update };
}

function render({ model, el }) {
  const view = { at: 0.5 };
  const load = () => {
    for (const name of TRAITS) view[name] = model.get(name);
  };
  load();
  const keep = () =>
    store(model, Object.fromEntries(TRAITS.map((name) => [name, view[name]])));

  const root = panel(el, {
    kind: "schedule",
    title: "The learning rate over a training",
    hint:
      "Choose a schedule and change its shape. Drag on the curve, or use the " +
      "slider “look at”, to read a rate. Thin: the other schedules with the " +
      "same settings.",
  });
  const told = spoken();
  const curve = drawCurve(
    (share) => {
      view.at = share;
      draw();
    },
    () => {},
  );
  const numbers = drawTotals();
  const menu = scheduleMenu((value) => {
    view.schedule = value;
    draw();
    keep();
  });

  const control = slidersOf(() => draw(), keep); // which stands below
  const shape = (name, label, options) =>
    control(
      name,
      label,
      (value) => {
        view.settings = within({ ...view.settings, [name]: value });
      },
      options,
    );
  const percent = (value) => `${show(100 * value, 0)}%`;
  const power = (name, label, min, max) =>
    control(
      name,
      label,
      (value) => {
        view[name] = Number((10 ** value).toPrecision(3));
      },
      { min, max, step: 0.02, format: () => inWords(view[name]) },
    );
  const shapes = {
    warmup: shape("warmup", "warm-up", { max: 0.5, format: percent }),
    final: shape("final", "final share", {
      min: 0.001, max: 0.501, step: 0.001,
      format: (value) => `${show(100 * value, 1)}%`,
    }),
    decay: shape("decay", "decay", { min: 0.05, format: percent }),
    cycles: shape("cycles", "cycles", {
      min: 1, max: 6, step: 1, format: (value) => show(value, 0),
    }),
    factor: shape("factor", "growth", {
      min: 0.5, max: 3, step: 0.05, format: (value) => `× ${show(value)}`,
    }),
  };
  const sizes = {
    lr: control(
      "lr",
      "highest rate",
      (value) => {
        view.lr = Number((10 ** value).toPrecision(3));
      },
      { min: -5, max: 0, step: 0.02, format: () => brief(view.lr) },
    ),
    tokens: power("tokens", "tokens", 4, 13),
    tokens_per_step: power("tokens_per_step", "tokens a step", 0, 8),
  };
  const look = control(
    "at",
    "look at",
    (value) => {
      view.at = value;
    },
    { step: 0.005, tone: "b", format: percent },
  );

  const draw = onFrame(() => {
    const { schedule, settings, lr, tokens, tokens_per_step: per, at } = view;
    const found = totals(schedule, settings, lr, tokens, per);
    curve.update(schedule, settings, lr, tokens, found, at);
    numbers.update(lr, found);
    told.say(scheduleSentence(schedule, settings, lr, tokens, found, at));
    menu.menu.value = schedule;
    shapes.decay.limit(1 - settings.warmup);
    for (const [name, each] of Object.entries(shapes)) {
      each.set(settings[name]);
      each.root.hidden =
        name !== "warmup" && !KINDS[schedule].needs.includes(name);
    }
    for (const [name, each] of Object.entries(sizes)) {
      each.set(Math.log10(view[name]));
    }
    look.set(at);
  });

  const box = (title, ...parts) =>
    element(
      "fieldset",
      { class: "lm-fieldset" },
      element("legend", {}, title),
      ...parts.map((part) => part.root),
    );
  root.append(
    menu.root,
    curve.node,
    legend([
      ["lm-fill-a", "the chosen schedule"],
      ["lm-key-end", "where you look"],
    ]),
    element("div", { class: "lm-rows" }, look.root),
    element(
      "div",
      { class: "lm-rows lm-by-two" },
      box("shape", ...Object.values(shapes)),
      box("training", ...Object.values(sizes)),
    ),
    numbers.node,
    told.node,
  );
  return live(model, TRAITS, load, draw, told.cancel);
}

export default { render };
