/** How the reconstruction's objective fell, term by term: one small chart for each solve. */

import { element } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [420, 230];
const EDGE = { left: 44, right: 128, top: 12, bottom: 30 };
const DASHES = ["", "6 3", "2 3", "8 3 2 3"]; // beside colour, so that lines can be told apart without it
const DECADES = 6; // what is this many powers of ten below the largest is drawn at the foot

/** Show the curves of a person, from the artifact person-n/curves.json; hidden where there are none. */
export async function showCurves(container, artifacts, person, urlOf) {
  const artifact = artifacts?.find(({ path }) => path === `person-${person}/curves.json`);
  const key = artifact ? `${artifact.url} ${artifact.bytes}` : "";
  if (container.dataset.key === key) return;
  container.dataset.key = key;
  container.hidden = true;
  if (!artifact) return;
  const answer = await fetch(urlOf(artifact.url)).catch(() => null);
  const content = answer?.ok ? await answer.json().catch(() => null) : null;
  if (!content?.solves?.length || container.dataset.key !== key) return;
  container.replaceChildren(
    element("summary", {}, "Objective of the reconstruction"),
    element("div", { className: "charts" }, ...content.solves.map(chart)),
  );
  container.hidden = false;
}

function chart({ title, solver, total, terms }) {
  const lines = [["total", total], ...Object.entries(terms).filter(([, values]) => values.some((v) => v > 0))];
  const largest = Math.max(...lines.flatMap(([, values]) => values));
  const top = Math.ceil(Math.log10(largest || 1));
  const foot = top - DECADES;
  const x = (i) => EDGE.left + (i / Math.max(total.length - 1, 1)) * (WIDTH - EDGE.left - EDGE.right);
  const y = (value) => {
    const level = Math.max(Math.log10(Math.max(value, 10 ** foot)), foot);
    return EDGE.top + ((top - level) / DECADES) * (HEIGHT - EDGE.top - EDGE.bottom);
  };
  const heading = [title, solver.replaceAll("_", " ")].filter(Boolean).join(", ");
  const drawing = node("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${heading}: the objective fell from ${brief(total[0])} to ${brief(total.at(-1))} in ${total.length - 1} steps` });
  for (let level = foot; level <= top; level += 1) {
    drawing.append(
      node("line", { class: "grid", x1: EDGE.left, x2: WIDTH - EDGE.right, y1: y(10 ** level), y2: y(10 ** level) }),
      label(EDGE.left - 6, y(10 ** level) + 4, `1e${level}`, "end"),
    );
  }
  drawing.append(label(EDGE.left, HEIGHT - 8, "0"), label(WIDTH - EDGE.right, HEIGHT - 8, `${total.length - 1} steps`, "end"));
  const ends = spread(lines.map(([, values]) => y(values.at(-1))));
  lines.forEach(([name, values], i) => {
    const colour = name === "total" ? "currentColor" : `hsl(${(i * 137) % 360} 65% 48%)`;
    const points = values.map((value, step) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
    drawing.append(
      node("polyline", { points, fill: "none", stroke: colour, "stroke-width": name === "total" ? 2.5 : 1.5, "stroke-dasharray": name === "total" ? "" : DASHES[i % DASHES.length] }),
      node("circle", { cx: x(values.length - 1), cy: y(values.at(-1)), r: 2.5, fill: colour }),
      label(WIDTH - EDGE.right + 8, ends[i] + 4, `${name.replaceAll("_", " ")} ${brief(values.at(-1))}`, "start", colour),
    );
  });
  return element("figure", {}, element("figcaption", {}, heading), drawing);
}

/** Move labels apart that would lie on one another, keeping their order. */
function spread(places, gap = 13) {
  const order = places.map((place, i) => [place, i]).sort(([a], [b]) => a - b);
  const moved = [...places];
  let last = -Infinity;
  for (const [place, i] of order) moved[i] = last = Math.max(place, last + gap);
  const over = last - (HEIGHT - EDGE.bottom);
  return over > 0 ? moved.map((place) => place - over) : moved;
}

const brief = (value) => (value >= 1e4 || (value && value < 0.01) ? value.toExponential(1) : Number(value.toPrecision(3)).toString());

function label(x, y, text, anchor = "start", fill = "") {
  const made = node("text", { x, y, "text-anchor": anchor, ...(fill && { fill }) });
  made.textContent = text;
  return made;
}

function node(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) if (value !== "") made.setAttribute(key, value);
  return made;
}
