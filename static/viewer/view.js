/** What the page shows, as one plain object that the address is made of; changes are made here and nowhere else. */

import { partsOf } from "./casting.js";

/** The view that the address asks for. */
export function viewOf(asked) {
  return { ...asked, ghost: asked.ghost || "motion" };
}

/** Panes after one of them wants another motion; who has the source already changes places with it. */
export function withPane(panes, index, name) {
  const before = panes[index];
  const source = name === "source" ? panes.indexOf("source") : -1;
  return panes.map((each, i) => (i === index ? name : i === source ? before : each));
}

/**
 * As many panes as wanted: the first ones of those that there are, then those that `earlier` had, then the run's motions
 * that are not shown yet.
 */
export function withCount(panes, count, earlier, motions) {
  const wanted = [...panes, ...earlier.slice(panes.length), "source", "hmr", "motion", ...motions.map(({ name }) => name), "assisted"];
  const chosen = panes.slice(0, count);
  for (const name of wanted) if (chosen.length < count && !chosen.includes(name)) chosen.push(name);
  while (chosen.length < count) chosen.push("motion");
  return chosen;
}

/** The pane that others are compared with unless one is chosen: the reconstruction, else the first body. */
export function usualReference(panes) {
  const bodies = panes.filter((name) => name !== "source");
  return bodies.find((name) => partsOf(name).motion === "motion") ?? bodies[0] ?? "";
}
