/** A small chart of figures over time: lines, dots that can be chosen, the latest value in large type above it. */

import { element } from "../dom.js";

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [320, 132];
const EDGE = { left: 40, right: 10, top: 10, bottom: 22 };
const DASHES = ["", "6 3", "2 3", "8 3 2 3", "1 3", "10 4"]; // beside colour, so that lines can be told apart without it

/**
 * A chart as a figure.
 * @param {{title: string, unit?: string, meaning?: string, format: (v: number) => string, low?: number, high?: number,
 *   end: number s, lines: {name?: string, x: number[], y: (number|null)[], dots?: boolean, light?: boolean}[],
 *   chosen?: number|null, onChoose?: (index: number) => void}} chart `x` in seconds; the first line is the one that counts
 */
export function lineChart(chart) {
  const { title, unit = "", meaning = "", format, lines } = chart;
  const latest = lines[0].y.findLast((value) => value !== null);
  const many = lines.length > 1;
  return element(
    "figure",
    { className: "line-chart" },
    element(
      "figcaption",
      { title: meaning },
      element("span", {}, title),
      latest === undefined || many ? element("strong", {}, "") : element("strong", {}, format(latest), unit && element("small", {}, ` ${unit}`)),
    ),
    drawn(chart, latest),
    many && legend(lines, format),
  );
}

function drawn({ title, unit = "", format, low = 0, high, end, lines, chosen = null, onChoose }, latest) {
  const values = lines.flatMap(({ y }) => y).filter((value) => value !== null);
  const top = high ?? nice(Math.max(...values, low + 1e-9));
  const x = (seconds) => EDGE.left + (Math.min(seconds, end) / end) * (WIDTH - EDGE.left - EDGE.right);
  const y = (value) => EDGE.top + (1 - (Math.min(Math.max(value, low), top) - low) / (top - low)) * (HEIGHT - EDGE.top - EDGE.bottom);
  const said = latest === undefined ? "nothing yet" : `now ${format(latest)}${unit && ` ${unit}`}`;
  const drawing = node("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${title}: ${said}` });
  for (const value of [low, (low + top) / 2, top]) {
    drawing.append(
      node("line", { class: "grid", x1: EDGE.left, x2: WIDTH - EDGE.right, y1: y(value), y2: y(value) }),
      label(EDGE.left - 6, y(value) + 4, format(value), "end"),
    );
  }
  drawing.append(label(EDGE.left, HEIGHT - 5, "0"), label(WIDTH - EDGE.right, HEIGHT - 5, clock(end), "end"));
  lines.forEach((line, i) => {
    const points = line.x.map((seconds, k) => (line.y[k] === null ? "" : `${x(seconds).toFixed(1)},${y(line.y[k]).toFixed(1)}`));
    drawing.append(node("polyline", { points: points.filter(Boolean).join(" "), class: `line line-${i}`, "stroke-dasharray": DASHES[i % DASHES.length] }));
    if (!line.dots) return;
    line.x.forEach((seconds, k) => {
      const here = k === chosen;
      const dot = node("circle", { cx: x(seconds), cy: y(line.y[k]), r: here ? 6 : 3, class: `dot-at dot-${i}${here ? " chosen" : ""}${onChoose ? " choice" : ""}` });
      if (onChoose) dot.addEventListener("click", () => onChoose(k));
      drawing.append(dot);
    });
  });
  return drawing;
}

function legend(lines, format) {
  const items = lines.map(({ name, y }, i) => {
    const sample = node("svg", { viewBox: "0 0 26 4", "aria-hidden": "true" });
    sample.append(node("line", { x1: 0, x2: 26, y1: 2, y2: 2, class: `line line-${i}`, "stroke-dasharray": DASHES[i % DASHES.length] }));
    const latest = y.findLast((value) => value !== null);
    return element("li", {}, sample, `${name} `, latest === undefined ? "" : element("strong", {}, format(latest)));
  });
  return element("ul", { className: "line-legend" }, ...items);
}

/** 300 -> "5 min", 45 -> "45 s". */
export const clock = (seconds) => (seconds < 90 ? `${Math.round(seconds)} s` : `${Number((seconds / 60).toFixed(seconds < 600 ? 1 : 0))} min`);

/** The next number above that reads well: 1, 2 or 5 times a power of ten. */
function nice(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * [1, 2, 5, 10].find((step) => step * power >= value * 0.999);
}

function label(x, y, text, anchor = "start") {
  const made = node("text", { x, y, "text-anchor": anchor });
  made.textContent = text;
  return made;
}

function node(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) if (value !== "") made.setAttribute(key, value);
  return made;
}
