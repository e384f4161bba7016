/** Keys that work wherever the focus is, except while somebody types or chooses. */

import { SPEEDS } from "./clock.js";

/** @param {object} viewer {clock, toggle(name), hold(view)} @param {HTMLElement} list a <dl> to explain the keys in */
export function listenToKeys({ clock, toggle, hold }, list) {
  const faster = (by) => {
    const next = SPEEDS[SPEEDS.indexOf(clock.speed) + by];
    if (next) clock.set({ speed: next });
  };
  const keys = {
    " ": ["Space", "play or pause", () => clock.toggle()],
    ArrowLeft: ["←  Shift ←", "one frame back, ten", (event) => clock.step(event.shiftKey ? -10 : -1)],
    ArrowRight: ["→  Shift →", "one frame on, ten", (event) => clock.step(event.shiftKey ? 10 : 1)],
    Home: ["Home", "first frame", () => clock.seek(0)],
    End: ["End", "last frame", () => clock.seek(clock.lastFrame)],
    "-": ["−", "slower", () => faster(-1)],
    "+": ["+", "faster", () => faster(1)],
    l: ["L", "loop", () => clock.set({ loop: !clock.loop })],
    g: ["G", "ghost", () => toggle("ghostOn")],
    k: ["K", "keypoints", () => toggle("keypoints")],
    f: ["F", "follow the person", () => toggle("follow")],
    r: ["R", "look at the whole motion again", () => hold()],
  };
  for (const [name, meaning] of [...Object.values(keys), ["Alt arrows", "orbit (in a 3D pane)"]]) {
    list.append(term("dt", name), term("dd", meaning));
  }
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.matches("select, textarea, input:not([type=range]):not([type=checkbox])")) return;
    if (event.key === " " && event.target.matches("button, summary, a, input[type=checkbox]")) return;
    const action = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key]?.[2];
    if (!action) return;
    event.preventDefault();
    action(event);
  });
}

function term(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}
