/** The curves of several trainings in one chart each: return, and how long they stay up. */

import { element } from "../viewer/dom.js";
import { lineChart } from "../viewer/training/line_chart.js";
import { ask } from "./api.js";

const curves = new Map(); // address and last evaluation -> curve

/** Fill `container` with the charts of policies of the list; none: it is hidden. */
export async function showCompared(container, policies) {
  const wanted = policies.map(({ id }) => id).join();
  container.dataset.wanted = wanted;
  container.hidden = !policies.length;
  if (!policies.length) return;
  const read = await Promise.all(policies.map(curveOf));
  if (container.dataset.wanted !== wanted) return; // another choice by now
  const end = Math.max(1, ...read.flatMap(({ evaluations, iterations }) => [evaluations.seconds.at(-1) ?? 0, iterations.seconds.at(-1) ?? 0]));
  const line = (part, name) => policies.map((policy, i) => ({ name: policy.name, x: read[i][part].seconds, y: read[i][part][name], dots: part === "evaluations" }));
  const horizon = Math.max(1, ...read.map(({ evaluations }) => evaluations.horizon_s.at(-1) ?? 1));
  const two = (value) => value.toFixed(2);
  container.replaceChildren(
    element(
      "div",
      { className: "line-charts" },
      lineChart({ title: "Return", meaning: "Mean reward of a step, zeros after the fall; 1 at most", format: two, high: 1, lines: line("evaluations", "return"), end }),
      lineChart({ title: "Seconds up", meaning: "Mean time until it falls or strays", format: (value) => value.toFixed(1), high: horizon, lines: line("evaluations", "seconds_up"), end }),
      lineChart({ title: "Reward of a step, while it learns", format: two, lines: line("iterations", "reward"), end }),
    ),
  );
}

async function curveOf({ run, id, samples }) {
  const key = `${id} ${samples}`;
  if (!curves.has(key)) curves.set(key, ask(`/api/runs/${run}/trainings/${id}/curve`));
  try {
    return await curves.get(key);
  } catch (error) {
    curves.delete(key);
    throw error;
  }
}
