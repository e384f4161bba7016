/** How far the run is: every stage with its state, and afterwards how long each took. */

import { element } from "./dom.js";
import { isFinished } from "./run_feed.js";

const WORDS = { waiting: "waiting", running: "at work", done: "done", failed: "failed", skipped: "skipped" };
const MARKS = { waiting: "·", running: "", done: "✓", failed: "✕", skipped: "–" };

/** Fill `container` with the run's stages; a finished run's are folded away behind one line. */
export function showProgress(container, run) {
  const stages = run.stages ?? [];
  const key = JSON.stringify([run.state, stages]);
  if (container.dataset.key === key) return;
  container.dataset.key = key;
  container.hidden = stages.length === 0;
  const list = element("ol", { className: "stages" }, ...stages.map(stageItem));
  if (run.state !== "done") {
    container.replaceChildren(list);
    return;
  }
  const seconds = stages.reduce((sum, stage) => sum + (stage.seconds ?? 0), 0);
  const summary = element("summary", {}, `Computed in ${duration(seconds)}`, element("small", {}, " · each stage"));
  container.replaceChildren(element("details", {}, summary, list));
}

function stageItem(stage) {
  const percent = Math.round(100 * (stage.fraction ?? 0));
  const bar = element("progress", { max: 100, value: { done: 100, running: percent }[stage.state] ?? 0 });
  bar.setAttribute("aria-label", stage.title);
  return element(
    "li",
    { dataset: { state: stage.state } },
    bar,
    element("span", { className: "mark", "aria-hidden": "true" }, MARKS[stage.state] ?? ""),
    element("span", { className: "stage-title" }, stage.title),
    element("span", { className: "stage-state" }, stateText(stage, percent)),
  );
}

function stateText(stage, percent) {
  if (stage.state === "running") return [`${percent}\u00a0%`, leftText(stage), stage.message].filter(Boolean).join(" · ");
  if (stage.state === "done" && stage.seconds != null) return duration(stage.seconds);
  return WORDS[stage.state] ?? stage.state;
}

/** "about 40 s left", once there is something to go by. */
function leftText({ left_s: left }) {
  if (left == null) return "";
  return `about ${left < 55 ? `${Math.max(5, 5 * Math.round(left / 5))} s` : `${Math.max(1, Math.round(left / 60))} min`} left`;
}

/** What the pill beside the name says. */
export function stateWords(run) {
  const words = { queued: "Waiting for a worker", running: "Running", done: "Done", failed: "Failed", cancelled: "Cancelled" };
  return words[run.state] ?? run.state;
}

/** What a person should read first, or "" where all is well. */
export function noticeOf(run) {
  if (run.state === "failed") return run.error || "The run failed, and left no message.";
  if (run.state === "cancelled") return "This run was cancelled. What was finished by then is still here.";
  if (isFinished(run) && !run.people?.length) return "The run is done, but it has nobody to show.";
  return "";
}

function duration(seconds) {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}
