/** The figures of every motion of a person, side by side; each says whether it is better or worse than the first. */

import { titleOf } from "./casting.js";
import { element } from "./dom.js";

const BODY_WEIGHT_N = 441; // the humanoid's 45 kg under 9.81 m/s²
const ORDER = ["hmr", "motion", "assisted", "sampling"];

/** Name -> [title, unit, better ("low", "high" or ""), digits, what it is]. */
const FIGURES = {
  keypoint_error_px: ["Keypoint error", "px", "low", 1, "Distance between the body's projected landmarks and the keypoints in the picture"],
  jitter: ["Jitter", "10 m/s³", "low", 1, "How abruptly the joints change their acceleration"],
  acceleration: ["Acceleration", "m/s²", "", 1, "Mean acceleration of the joints; neither more nor less is better by itself"],
  acceleration_error: ["Acceleration error", "m/s²", "low", 1, "How far the joints' accelerations are from the true ones"],
  foot_slide_cm_s: ["Foot slide", "cm/s", "low", 1, "Speed of the feet along the ground while they stand on it"],
  fs_percent: ["Skating steps", "%", "low", 1, "Share of the steps in contact that move more than 2 cm in a thirtieth of a second"],
  penetration_mm: ["Sinks into the ground", "mm", "low", 1, "How deep the lowest point of the feet is under the ground"],
  float_mm: ["Floats over the ground", "mm", "low", 1, "How high the lowest point of the feet is while they should stand"],
  return: ["Return", "0 to 1", "high", 3, "Mean reward for keeping to the reference, over its whole length"],
  time_to_fall_s: ["Fell at", "s", "", 2, "When the humanoid lost the motion for good"],
  residual_force_n: ["Residual force", "N", "low", 0, "Mean force on the root that no muscle made"],
};

/** Fill `container` for one person; `metrics` is person -> stage -> name -> value or null. */
export function showMetrics(container, metrics, person, motions) {
  const figures = metrics?.[String(person)] ?? metrics?.[`person-${person}`] ?? null;
  const key = JSON.stringify([figures, motions.map((motion) => motion.title)]);
  if (container.dataset.key === key) return;
  container.dataset.key = key;
  container.hidden = !figures;
  if (!figures) return;
  const stages = inOrder(Object.keys(figures));
  container.classList.toggle("wide", stages.length > 4); // the files then stand below
  const names = figureNames(stages.map((stage) => figures[stage]));
  container.replaceChildren(
    element("h2", { id: "metrics-title" }, "Figures"),
    element(
      "div",
      { className: "scroll", tabIndex: 0, role: "region", "aria-labelledby": "metrics-title" },
      element(
        "table",
        {},
        element("thead", {}, headRow(stages, motions)),
        element("tbody", {}, ...names.map((name) => figureRow(name, stages, figures))),
      ),
    ),
    element(
      "p",
      { className: "legend" },
      "◆ best of its row. Better and worse: against the first column that has the figure. A dash: not defined for this motion.",
    ),
    ...residualNotes(stages, figures, motions),
  );
}

function headRow(stages, motions) {
  const heads = stages.map((stage) =>
    element(
      "th",
      { scope: "col" },
      element("span", { className: "dot", dataset: { motion: stage }, "aria-hidden": "true" }),
      titleOf(stage, motions),
    ),
  );
  return element("tr", {}, element("th", { scope: "col" }, "Figure (unit)"), ...heads);
}

function figureRow(name, stages, figures) {
  const [title, unit, better, digits, meaning] = FIGURES[name] ?? [name.replaceAll("_", " "), "", "", 2, ""];
  const values = stages.map((stage) => figures[stage][name] ?? null);
  const best = bestOf(values, better, digits);
  const first = values.findIndex((value) => value !== null);
  const direction = { low: ", less is better", high: ", more is better" }[better] ?? "";
  const small = (unit || direction) && element("small", {}, ` (${unit + direction})`);
  const head = element("th", { scope: "row", title: meaning }, title, small);
  const cells = values.map((value, i) => {
    if (value === null && name === "time_to_fall_s" && figures[stages[i]].residual_force_n != null) return element("td", {}, "stayed up");
    if (value === null) return element("td", { className: "none" }, element("span", { title: "not defined" }, "–"));
    const text = value.toFixed(digits);
    const change = i > first && better ? changeFrom(values[first], value, better, digits) : "";
    const note = change && element("small", { className: "change" }, change);
    if (text !== best) return element("td", {}, text, note);
    return element("td", { className: "best" }, element("span", {}, "◆ best "), text, note);
  });
  return element("tr", { dataset: { figure: name } }, head, ...cells);
}

/** The best value as it is printed, or null where there is nothing to compare or all are alike. */
function bestOf(values, better, digits) {
  const there = values.filter((value) => value !== null);
  const printed = new Set(there.map((value) => value.toFixed(digits)));
  if (!better || printed.size < 2) return null;
  return (better === "low" ? Math.min(...there) : Math.max(...there)).toFixed(digits);
}

/** "12 % better", "3 % worse" or "the same", in words, so that no colour is needed; without a share of nothing. */
function changeFrom(before, now, better, digits) {
  if (before.toFixed(digits) === now.toFixed(digits)) return "the same";
  const word = now < before === (better === "low") ? "better" : "worse";
  const percent = (100 * Math.abs(now - before)) / Math.abs(before);
  if (!Number.isFinite(percent)) return word;
  if (percent > 999.5) return `more than 10 times ${word}`;
  const fine = percent < 9.5 || (percent > 99 && percent < 100); // 99.5 % is not all of it
  return `${percent.toFixed(fine ? 1 : 0)} % ${word}`;
}

/** Whoever is held up by more than muscles says so, in newtons and as a part of the body's weight. */
function residualNotes(stages, figures, motions) {
  return stages
    .filter((stage) => figures[stage].residual_force_n != null)
    .map((stage) => {
      const force = figures[stage].residual_force_n;
      const alone = "no residual force; its muscles alone did it.";
      if (force === 0) return element("p", { className: "residual" }, element("strong", {}, `${titleOf(stage, motions)}: `), alone);
      const share = ((100 * force) / BODY_WEIGHT_N).toFixed(0);
      return element(
        "p",
        { className: "residual" },
        element("strong", {}, `${titleOf(stage, motions)}: `),
        `the root is held by an assist: mean ${force.toFixed(0)} N (${share} % of the body weight, ${BODY_WEIGHT_N} N).`,
      );
    });
}

const inOrder = (stages) => stages.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
const rank = (stage) => (ORDER.includes(stage) ? ORDER.indexOf(stage) : ORDER.length);

function figureNames(columns) {
  const present = new Set(columns.flatMap((column) => Object.keys(column)));
  return [...Object.keys(FIGURES).filter((name) => present.delete(name)), ...present];
}
