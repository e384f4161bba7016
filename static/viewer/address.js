/** The page's own address: what it asks for, and the link that brings somebody else to the same view. */

import { SPEEDS } from "./clock.js";

const PANE = /^(?:[\w:-]{1,96}~\d{1,3}~)?[\w.-]{1,64}$/;
export const MOST_PANES = 4;

/** Switches that are on unless the address says otherwise, and those that are off. */
const ON = ["follow", "keypoints", "contacts", "force", "curves"];
const OFF = ["solids", "film"];

/**
 * What the query string asks for.
 *
 * `panes` are "source", names of motions, or "RUN~PERSON~NAME" for a motion of another run: one to four of them. `ghost` is the
 * motion that is laid over the last pane's, `overlay` how: "ghost", "split" or "" (not at all), `cut` where the split is in
 * [0, 1]. `errors` is the pane's motion that others are compared with, "" for none. `range` is [first, last] frame of the
 * loop or null, `camera` [x, y, z of the camera, x, y, z of what it looks at] m or null for the usual view. `embedded`:
 * within a page that has its own head and progress. Switches by name: those of `ON` and `OFF`.
 */
export function readAddress(search = location.search) {
  const query = new URLSearchParams(search);
  const name = (key) => (PANE.test(query.get(key) ?? "") ? query.get(key) : "");
  const panes = (query.get("panes") ?? "").split(",").filter((each) => PANE.test(each));
  const overlay = ["ghost", "split"].find((key) => name(key)) ?? "";
  const cut = query.has("cut") ? Number(query.get("cut")) : 0.5;
  return {
    run: query.get("run") ?? "",
    person: Math.max(0, Math.trunc(Number(query.get("person"))) || 0),
    t: Math.max(0, Number(query.get("t")) || 0),
    panes: panes.length ? onlyOneSource(panes).slice(0, MOST_PANES) : ["source", "hmr", "assisted"],
    panesChosen: panes.length > 0,
    overlay,
    ghost: overlay ? name(overlay) : "",
    cut: cut >= 0 && cut <= 1 ? cut : 0.5,
    errors: name("errors"),
    speed: SPEEDS.find((speed) => speed === Number(query.get("speed"))) ?? 1,
    range: numbers(query.get("loop"), 2),
    camera: numbers(query.get("camera"), 6),
    embedded: query.get("embedded") === "1",
    theme: ["dark", "light"].includes(query.get("theme")) ? query.get("theme") : "",
    ...Object.fromEntries(ON.map((key) => [key, query.get(key) !== "0"])),
    ...Object.fromEntries(OFF.map((key) => [key, query.get(key) === "1"])),
  };
}

/**
 * The absolute link to a view, with everything left out that is as it would be anyway. A link to be shared stands alone:
 * it neither belongs into a frame nor forces a theme on others.
 * @param {{time: number, speed: number, range: number[]|null}} clock @param {number[]|null} camera
 */
export function addressOf(view, { time, speed, range }, { camera = null, shared = false } = {}) {
  const query = new URLSearchParams({ run: view.run });
  if (view.person) query.set("person", view.person);
  if (time) query.set("t", Number(time.toFixed(3)));
  query.set("panes", view.panes.join(","));
  if (view.overlay) query.set(view.overlay, view.ghost);
  if (view.overlay === "split" && view.cut !== 0.5) query.set("cut", Number(view.cut.toFixed(3)));
  if (view.errors) query.set("errors", view.errors);
  if (speed !== 1) query.set("speed", speed);
  if (range) query.set("loop", range.join(","));
  if (camera) query.set("camera", camera.map((value) => Number(value.toFixed(3))).join(","));
  if (view.theme && !shared) query.set("theme", view.theme);
  if (view.embedded && !shared) query.set("embedded", "1");
  ON.filter((key) => !view[key]).forEach((key) => query.set(key, "0"));
  OFF.filter((key) => view[key]).forEach((key) => query.set(key, "1"));
  const link = new URL(location.href);
  link.hash = "";
  link.search = query.toString().replaceAll("%2C", ",").replaceAll("%7E", "~").replaceAll("%3A", ":");
  return link.href;
}

/** Put the text on the clipboard; within a frame without that right, or without TLS, by way of a selection. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  }
}

function numbers(text, count) {
  const values = (text ?? "").split(",").map(Number);
  return text && values.length === count && values.every(Number.isFinite) ? values : null;
}

function onlyOneSource(panes) {
  return panes.filter((name, i) => name !== "source" || panes.indexOf("source") === i);
}
