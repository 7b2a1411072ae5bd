// A grid of trainings: the curve of one, and the ends of its neighbours.
import {
  brief, element, legend, live, onFrame, panel, show, slider, spoken, store,
  svg,
} from "./shared.js";

// ---- the mathematics (pure; the twin is hyperparameter_explorer.py) -------

/** Where a setting stands in the list of runs; the last axis is fastest. */
export function indexOf(sizes, chosen) {
  return chosen.reduce((index, place, axis) => index * sizes[axis] + place, 0);
}

/** A loss to compare with: a diverged run has none, and comes last. */
const height = (run) => (run.loss === null ? Infinity : run.loss);

/** 1 for the lowest loss of all; equal losses share a place. */
export function standing(runs, index) {
  const own = height(runs[index]);
  return 1 + runs.filter((run) => height(run) < own).length;
}

/** The runs that differ in one axis only, and which of them is lowest. */
export function alongAxis(sizes, runs, chosen, axis) {
  const losses = Array.from({ length: sizes[axis] }, (_, place) => {
    const other = chosen.map((own, k) => (k === axis ? place : own));
    return height(runs[indexOf(sizes, other)]);
  });
  let best = 0;
  losses.forEach((loss, place) => {
    if (loss < losses[best]) best = place;
  });
  return { losses, best };
}

/** A setting in words. */
export function settingInWords(values, chosen) {
  const [rate, batch, width] = chosen.map((place, k) => values[k][place]);
  return `rate ${brief(rate)}, batches of ${batch}, width ${width}`;
}

/** What the reader is told. */
export function searchSentence(values, runs, floor, chosen) {
  const sizes = values.map((some) => some.length);
  const index = indexOf(sizes, chosen);
  const { loss, right, seconds } = runs[index];
  const words = settingInWords(values, chosen);
  const setting = words[0].toUpperCase() + words.slice(1);
  const { best } = alongAxis(sizes, runs, chosen, 0);
  const rate = brief(values[0][best]);
  const advice =
    best === chosen[0]
      ? "No other rate is better here."
      : `With this batch size and width, a rate of ${rate} is best.`;
  if (loss === null) return `${setting}: the loss is not finite. ${advice}`;
  return (
    `${setting}: ${show(loss)} nats a word, ${show(loss - floor)} above the ` +
    `floor, ${show(100 * right, 0)}% of words guessed, in ` +
    `${show(seconds, 1)} seconds; place ${standing(runs, index)} of ` +
    `${runs.length}. ${advice}`
  );
}

// ---- the drawing ----------------------------------------------------------

const PANEL = { left: 34, top: 8, width: 300, height: 230 };
const RIGHT = PANEL.left + PANEL.width;
const BOTTOM = PANEL.top + PANEL.height;

/** The top of the axis: above where an untrained model begins. */
function ceiling(runs) {
  const losses = runs.flatMap((run) => run.losses);
  return Math.ceil(Math.max(1, ...losses.filter((loss) => loss !== null)));
}

const label = (x, y, words, extra) =>
  svg("text", { x, y, class: `lm-axis ${extra}` }, words);

/** A frame with marks for the loss, and what is drawn inside. */
function lossPlot(top, floor, title, ...inside) {
  const y = (loss) => BOTTOM - (PANEL.height * Math.min(loss, top)) / top;
  const by = top > 4 ? 2 : 1;
  const marks = [];
  for (let loss = 0; loss <= top; loss += by) {
    marks.push(
      label(PANEL.left - 6, y(loss) + 4, String(loss), "lm-end"),
      svg("path", {
        class: "lm-grid", d: `M${PANEL.left} ${y(loss)}h${PANEL.width}`,
      }),
    );
  }
  const node = svg(
    "svg",
    {
      class: "lm-plot",
      role: "img",
      viewBox: `0 0 ${RIGHT + 22} ${BOTTOM + 46}`,
    },
    ...marks,
    svg("path", {
      class: "lm-search-floor", d: `M${PANEL.left} ${y(floor)}h${PANEL.width}`,
    }),
    ...inside,
    label(PANEL.left + PANEL.width / 2, BOTTOM + 38, title, "lm-middle"),
  );
  return { node, y };
}

const pathOf = (points) =>
  points.length
    ? `M${points.map((p) => p.map((v) => v.toFixed(1)).join(" ")).join("L")}`
    : "";

/** Loss on the way: the chosen run before all others. */
function drawCurves(runs, top, floor) {
  const others = svg("path", { class: "lm-ghost lm-search-ghost" });
  const chosenLine = svg("path", { class: "lm-line lm-line-a" });
  const end = svg("circle", { class: "lm-dot lm-dot-a", r: 5 });
  const last = Math.max(...runs.flatMap((run) => run.read));
  const { node, y } = lossPlot(
    top, floor, "stories read", others, chosenLine, end,
    label(PANEL.left, BOTTOM + 18, "0", "lm-middle"),
    label(RIGHT, BOTTOM + 18, String(last), "lm-middle"),
  );
  const points = ({ read, losses }) =>
    read
      .map((n, k) => [n, losses[k]])
      .filter(([, loss]) => loss !== null)
      .map(([n, loss]) => [PANEL.left + (PANEL.width * n) / last, y(loss)]);
  others.setAttribute("d", runs.map((run) => pathOf(points(run))).join(""));
  const update = (run, words) => {
    const line = points(run);
    chosenLine.setAttribute("d", pathOf(line));
    const [x, height] = line[line.length - 1] ?? [-9, -9];
    end.setAttribute("cx", x);
    end.setAttribute("cy", height);
    const told = run.read.map((n, k) => {
      const loss = run.losses[k];
      return `${loss === null ? "not finite" : show(loss)} after ${n}`;
    });
    const few = [told[0], told[told.length >> 1], told[told.length - 1]];
    node.setAttribute(
      "aria-label",
      `Validation loss while stories are read, ${words}: ${few.join(", ")}. ` +
        `The floor is ${show(floor)}.`,
    );
  };
  return { node, update };
}

/** Loss at the end against the rate: a line for each batch size. */
function drawEnds(values, runs, top, floor) {
  const sizes = values.map((some) => some.length);
  const x = (place) =>
    PANEL.left + (PANEL.width * (place + 0.3)) / (sizes[0] - 0.4);
  const layer = svg("g", {});
  const { node, y } = lossPlot(
    top, floor, "learning rate", layer,
    ...values[0].map((rate, place) =>
      label(x(place), BOTTOM + 18, brief(rate), "lm-middle"),
    ),
  );
  const update = (chosen) => {
    const parts = [];
    const told = [];
    values[1].forEach((batch, place) => {
      const own = place === chosen[1];
      const at = [chosen[0], place, chosen[2]];
      const { losses, best } = alongAxis(sizes, runs, at, 0);
      const spots = losses.map((loss, k) => [x(k), y(loss)]);
      const [right, height] = spots[spots.length - 1];
      parts.push(
        svg("path", {
          class: own ? "lm-line lm-line-a" : "lm-ghost", d: pathOf(spots),
        }),
        svg("circle", {
          class: "lm-search-best", cx: spots[best][0], cy: spots[best][1],
          r: 5,
        }),
        label(right + 8, height + 4, String(batch), own ? "lm-search-own" : ""),
      );
      told.push(
        `batches of ${batch} are best at ${brief(values[0][best])}, with ` +
          `${losses[best] === Infinity ? "∞" : show(losses[best])}`,
      );
      if (own) {
        const [cx, cy] = spots[chosen[0]];
        parts.push(svg("circle", { class: "lm-dot lm-dot-a", r: 6, cx, cy }));
      }
    });
    layer.replaceChildren(...parts);
    node.setAttribute(
      "aria-label",
      `Last loss against the learning rate at width ` +
        `${values[2][chosen[2]]}: ${told.join("; ")}.`,
    );
  };
  return { node, update };
}

// ---- the widget -----------------------------------------------------------

const AXES = [
  ["lr", "learning rate"],
  ["batch", "batch size"],
  ["width", "width"],
];

function render({ model, el }) {
  const values = model.get("values");
  const runs = model.get("runs");
  const floor = model.get("floor");
  const sizes = values.map((some) => some.length);
  let chosen = [...model.get("chosen")];
  const root = panel(el, {
    kind: "search",
    title: `${runs.length} trainings of a small decoder`,
    hint:
      "Choose rate, batch size and width. Left: the loss of this training, " +
      "before all the others. Right: how the last loss depends on the rate, " +
      "for each batch size at this width.",
  });
  const told = spoken();
  const top = ceiling(runs);
  const curves = drawCurves(runs, top, floor);
  const ends = drawEnds(values, runs, top, floor);
  const keep = () => store(model, { chosen: [...chosen] });

  const controls = AXES.map(([name, title], axis) =>
    slider({
      label: title,
      name,
      min: 0,
      max: sizes[axis] - 1,
      step: 1,
      format: (place) => brief(values[axis][place]),
      onInput: (place) => {
        chosen = chosen.map((own, k) => (k === axis ? place : own));
        draw();
      },
      onChange: keep,
    }),
  );
  const draw = onFrame(() => {
    const words = settingInWords(values, chosen);
    curves.update(runs[indexOf(sizes, chosen)], words);
    ends.update(chosen);
    controls.forEach((control, axis) => control.set(chosen[axis]));
    told.say(searchSentence(values, runs, floor, chosen));
  });

  root.append(
    element("div", { class: "lm-rows" }, ...controls.map((c) => c.root)),
    element(
      "p", { class: "lm-status" }, "validation loss, nats per word",
    ),
    element(
      "div",
      { class: "lm-columns" },
      element("div", {}, curves.node),
      element("div", {}, ends.node),
    ),
    legend([
      ["lm-fill-a", "your setting and, right, its batch size"],
      ["lm-search-key-best", "best rate of a batch size"],
      ["lm-search-key-floor", "floor"],
    ]),
    told.node,
  );
  return live(model, ["chosen"], () => {
    chosen = [...model.get("chosen")];
  }, draw, told.cancel);
}

export default { render };
