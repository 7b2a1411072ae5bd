// Surfaces of two parameters, and how they are drawn: map, frame, axes.
import { raised, show, svg } from "./shared.js";

// ---- the surfaces (the twin is descent.py) --------------------------------

export const CEILING = 1e12; // a loss above it counts as gone
export const REACH = 2; // the map shows x and y from -REACH to REACH

/** What descent.py has, and beside it a title and where contours stand. */
export const SURFACES = {
  bowl: {
    title: "round bowl",
    formula: "½(x² + y²)",
    value: (x, y) => 0.5 * (x * x + y * y),
    gradient: (x, y) => [x, y],
    curvature: 1,
    lowest: 0,
    steep: [0, 1],
    start: [-1.6, 1.2],
    lr: 0.1,
    minima: [[0, 0]],
    crowding: 2,
  },
  valley: {
    title: "long valley",
    formula: "½(x² + 25y²)",
    value: (x, y) => 0.5 * (x * x + 25 * y * y),
    gradient: (x, y) => [x, 25 * y],
    curvature: 25,
    lowest: 0,
    steep: [1],
    start: [-1.8, 0.8],
    lr: 0.07,
    minima: [[0, 0]],
    crowding: 2.6,
  },
  rosenbrock: {
    title: "Rosenbrock’s bend",
    formula: "(1 − x)² + 100(y − x²)²",
    value: (x, y) => (1 - x) * (1 - x) + 100 * (y - x * x) * (y - x * x),
    gradient: (x, y) => [
      2 * (x - 1) - 400 * x * (y - x * x),
      200 * (y - x * x),
    ],
    curvature: 501 + Math.sqrt(250601),
    lowest: 0,
    steep: [],
    start: [-1.2, 1],
    lr: 0.001,
    minima: [[1, 1]],
    crowding: 5,
  },
  saddle: {
    title: "saddle",
    formula: "½x² − ½y² + ¼y⁴",
    value: (x, y) => 0.5 * x * x - 0.5 * y * y + 0.25 * y * y * y * y,
    gradient: (x, y) => [x, y * y * y - y],
    curvature: 2,
    lowest: -0.25,
    steep: [],
    start: [-1.6, 0.01],
    lr: 0.1,
    minima: [[0, -1], [0, 1]],
    crowding: 2,
  },
};

/** Loss and gradient at a point. */
export function slopeAt(name, x, y) {
  const { value, gradient } = SURFACES[name];
  return { loss: value(x, y), gradient: gradient(x, y) };
}

// ---- the map --------------------------------------------------------------

const CELLS = 96;
const LEVELS = 12;

/** The losses at which contours are drawn, low to high. */
export function levels(name) {
  const { value, lowest, crowding } = SURFACES[name];
  const corners = [-REACH, REACH].flatMap((x) =>
    [-REACH, REACH].map((y) => value(x, y)),
  );
  const high = Math.max(...corners);
  return Array.from(
    { length: LEVELS - 1 },
    (_, k) => lowest + (high - lowest) * ((k + 1) / LEVELS) ** crowding,
  );
}

/**
 * Where the surface is below a level, cell by cell: the polygons that fill
 * it, and the pieces of its rim (marching squares).
 */
export function contour(name, level, cells = CELLS) {
  const { value } = SURFACES[name];
  const at = (i) => -REACH + (2 * REACH * i) / cells;
  const heights = Array.from({ length: cells + 1 }, (_, j) =>
    Array.from({ length: cells + 1 }, (_, i) => value(at(i), at(j)) - level),
  );
  const polygons = [];
  const rim = [];
  for (let j = 0; j < cells; j += 1) {
    let row = null; // cells side by side that are below make one polygon
    for (let i = 0; i < cells; i += 1) {
      const corners = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]];
      const polygon = [];
      const crossings = [];
      corners.forEach(([a, b], k) => {
        const [c, d] = corners[(k + 1) % 4];
        const [here, there] = [heights[b][a], heights[d][c]];
        if (here < 0) polygon.push([at(a), at(b)]);
        if (here < 0 !== there < 0) {
          const share = here / (here - there);
          const x = at(a) + share * (at(c) - at(a));
          const y = at(b) + share * (at(d) - at(b));
          polygon.push([x, y]);
          crossings.push([x, y]);
        }
      });
      if (polygon.length === 4 && !crossings.length) {
        if (row) [row[1], row[2]] = [polygon[1], polygon[2]];
        else polygons.push((row = polygon));
        continue;
      }
      row = null;
      if (polygon.length) polygons.push(polygon);
      for (let k = 0; k + 1 < crossings.length; k += 2) {
        rim.push([crossings[k], crossings[k + 1]]);
      }
    }
  }
  return { polygons, rim };
}

export const SIDE = 300;
export const PAD = { left: 26, bottom: 24, top: 6, right: 6 };
export const FRAME = {
  width: PAD.left + SIDE + PAD.right,
  height: PAD.top + SIDE + PAD.bottom,
};

export function toMap([x, y]) {
  const far = 50 * SIDE; // browsers draw no line to the end of the world
  const keep = (value) => Math.max(-far, Math.min(far, value));
  return [
    keep(PAD.left + (SIDE * (x + REACH)) / (2 * REACH)),
    keep(PAD.top + (SIDE * (REACH - y)) / (2 * REACH)),
  ];
}

export function outline(points, close = "") {
  const text = points.map((point) =>
    toMap(point).map((value) => Number(value.toFixed(1))).join(" "),
  );
  return `M${text.join("L")}${close}`;
}

export function clip(id) {
  return svg(
    "clipPath",
    { id },
    svg("rect", { x: PAD.left, y: PAD.top, width: SIDE, height: SIDE }),
  );
}

export function word(x, y, text, extra = "") {
  return svg("text", { x, y, class: `lm-axis ${extra}` }, text);
}

export function frame() {
  return svg("rect", {
    class: "lm-frame", x: PAD.left, y: PAD.top, width: SIDE, height: SIDE,
  });
}

/** The numbers beside a map. */
export function mapTicks() {
  return [-2, -1, 0, 1, 2].flatMap((value) => {
    const [x, y] = toMap([value, value]);
    const text = show(value, 0);
    return [
      word(x, PAD.top + SIDE + 16, text, "lm-middle"),
      word(PAD.left - 6, y + 4, text, "lm-end"),
    ];
  });
}

/** Depths, contours and minima of a surface, for a map. */
export function landscape(name) {
  const layers = levels(name).map((level) => contour(name, level));
  return [
    ...layers.map(({ polygons }) =>
      svg("path", {
        class: "lm-depth",
        d: polygons.map((polygon) => outline(polygon, "Z")).join(""),
      }),
    ),
    ...layers.map(({ rim }) =>
      svg("path", {
        class: "lm-contour", d: rim.map((piece) => outline(piece)).join(""),
      }),
    ),
    ...SURFACES[name].minima.map((point) => {
      const [x, y] = toMap(point);
      return svg("path", {
        class: "lm-minimum",
        d: `M${x - 6} ${y}h12M${x} ${y - 6}v12`,
      });
    }),
  ];
}

/** The powers of ten that hold all values, at most 12 below the greatest. */
export function decades(values) {
  const exponents = values
    .filter((value) => value > 0)
    .map((value) => Math.log10(value));
  if (!exponents.length) return [-1, 0];
  const high = Math.ceil(Math.max(...exponents) + 1e-9);
  const low = Math.floor(Math.min(...exponents));
  return [Math.min(high - 1, Math.max(low, high - 12)), high];
}

/** A plot in the frame: steps 0 to `end`, heights from 10^low to 10^high. */
export function logAxes(low, high, end) {
  const x = (t) => PAD.left + (SIDE * t) / end;
  const y = (height) => {
    const exponent = height > 0 ? Math.log10(height) : low;
    const share = (exponent - low) / (high - low);
    return PAD.top + SIDE * (1 - Math.max(0, share));
  };
  const by = Math.ceil((high - low) / 6);
  const nodes = [];
  for (let k = high; k >= low; k -= by) {
    const at = y(10 ** k);
    nodes.push(
      word(PAD.left - 6, at + 5, `10${raised(k)}`, "lm-end"),
      svg("path", { class: "lm-grid", d: `M${PAD.left} ${at}h${SIDE}` }),
    );
  }
  const bottom = PAD.top + SIDE + 16;
  nodes.push(
    word(PAD.left, bottom, "0", "lm-middle"),
    word(PAD.left + SIDE, bottom, String(end), "lm-end"),
  );
  return { x, y, nodes };
}
