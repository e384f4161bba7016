/** Who plays what: the motions by name, and which of them a pane shows while the one it wants is not there yet. */

import { isFinished } from "./run_feed.js";

/** What each motion is called, and the colour of its body (sRGB); the page's style knows the same names. */
export const MOTIONS = {
  hmr: { title: "Recovered mesh", colour: 0xe39a66 },
  motion: { title: "Reconstructed", colour: 0x7fabe2 },
  assisted: { title: "Physics (assisted)", colour: 0x6cbf9f },
  sampling: { title: "Physics (sampling)", colour: 0x6cbf9f },
};
const ANY_OTHER = { colour: 0xa798de };

export const titleOf = (name, motions = []) =>
  MOTIONS[name]?.title ?? motions.find((motion) => motion.name === name)?.title ?? name;
export const colourOf = (name) => (MOTIONS[name] ?? ANY_OTHER).colour;

/** A motion that was performed under physics, as opposed to one read from the picture. */
export const isPhysics = (name) => name !== "hmr" && name !== "motion";

/** The names to choose from in a pane: the usual ones and whatever else the run has, in the order of the pipeline. */
export function choices(motions, wanted) {
  const names = new Set(["hmr", "motion", "assisted", ...motions.map((motion) => motion.name), wanted]);
  return [...names].map((name) => [name, titleOf(name, motions)]);
}

/** A pane's name taken apart: {run: id or "" for the page's own, person: number or null, motion}. */
export function partsOf(wanted) {
  const parts = wanted.split("~");
  return parts.length === 3 ? { run: parts[0], person: Number(parts[1]), motion: parts[2] } : { run: "", person: null, motion: wanted };
}

/** What a pane may show: the source, the run's own motions, the other run's motion that it shows now, and the way to more. */
export const ANOTHER_RUN = "+another";
export function paneChoices(motions, wanted, title) {
  const other = partsOf(wanted).run;
  return [
    ["source", "Source"],
    ...choices(motions, other || wanted === "source" ? "motion" : wanted),
    ...(other ? [[wanted, title]] : []),
    [ANOTHER_RUN, "Of another run…"],
  ];
}

/** "Recover the mesh, 40 %": the stage that is at work, or null. */
export function stageAtWork(run) {
  const stage = run.stages?.find((each) => each.state === "running");
  return stage ? `${stage.title}, ${Math.round(100 * (stage.fraction ?? 0))}\u00a0%` : null;
}

/** Who stands in for a physics motion that is not there yet: the assisted preview, or the reconstruction. */
function standIn(wanted, motions) {
  if (!isPhysics(wanted)) return null;
  const names = wanted === "assisted" ? ["motion"] : ["assisted", "motion"];
  return names.map((name) => motions.find((motion) => motion.name === name)).find(Boolean) ?? null;
}

/** The motion that the physics pane of a run shows unless another is asked for. */
export const physicsOf = (run) => (run.settings?.physics === "sampling" ? "sampling" : "assisted");

/**
 * What a pane shows.
 * @param {string} wanted the motion chosen in the pane
 * @param {object[]} motions the person's motions that exist by now
 * @param {object} run the run as the server tells it
 * @returns {{motion: object|null, note: string, busy: boolean}} a physics pane shows a stand-in meanwhile
 */
export function cast(wanted, motions, run) {
  const own = motions.find((motion) => motion.name === wanted);
  if (own) return { motion: own, note: "", busy: false };
  const understudy = standIn(wanted, motions);
  const standing = understudy?.name === "assisted" ? "the assisted preview" : "the reconstruction";
  const title = titleOf(wanted, motions);
  if (!isFinished(run)) {
    const stage = stageAtWork(run);
    const turn = run.stages?.find((each) => each.name === wanted)?.state === "waiting";
    const note = stage ? `${turn ? "Before it" : "Being computed"}: ${stage}` : `${title} is waiting for its turn`;
    return { motion: understudy, note: understudy ? `${note}. Until then: ${standing}` : note, busy: true };
  }
  const reason = { failed: "the run failed before it", cancelled: "the run was cancelled before it" }[run.state];
  const note = reason ? `${title} is missing: ${reason}.` : `This run has no motion “${title}”.`;
  return { motion: understudy, note: understudy ? `${note} Shown: ${standing}.` : note, busy: false };
}

/**
 * A query string that changes when the motion's file does: the recovered mesh is written a second time once the
 * reconstruction knows where the camera stood, a sampled rollout whenever a better one is found.
 */
export function versionOf(motion, run) {
  if (motion.name === "sampling" && motion.written) return `?written=${motion.written}`;
  if (motion.name !== "hmr") return "";
  const placed = run.stages?.some((stage) => stage.name === "reconstruction" && stage.state === "done");
  return placed ? "?placed=1" : "";
}
