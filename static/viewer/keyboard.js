/** Keys that work wherever the focus is, except while somebody types or chooses; and the page that tells them. */

import { MOST_PANES } from "./address.js";
import { SPEEDS } from "./clock.js";
import { element, openDialog, titledDialog } from "./dom.js";

/**
 * @param {object} viewer {clock, range, toggle(switch), overlay(kind), errors(), hold(view), layout(count), whole()}
 * @returns {() => void} what shows all keys, or hides them again
 */
export function listenToKeys({ clock, range, toggle, overlay, errors, hold, layout, whole }) {
  const faster = (by) => {
    const next = SPEEDS[SPEEDS.indexOf(clock.speed) + by];
    if (next) clock.set({ speed: next });
  };
  const help = () => (dialog.open ? dialog.close() : openDialog(dialog));
  const keys = {
    " ": ["Space", "play or pause", () => clock.toggle()],
    ArrowLeft: ["←  Shift ←", "one frame back, ten", (event) => clock.step(event.shiftKey ? -10 : -1)],
    ArrowRight: ["→  Shift →", "one frame on, ten", (event) => clock.step(event.shiftKey ? 10 : 1)],
    Home: ["Home", "first frame", () => clock.seek(clock.span[0])],
    End: ["End", "last frame", () => clock.seek(clock.span[1])],
    "-": ["−", "slower", () => faster(-1)],
    "+": ["+", "faster", () => faster(1)],
    l: ["L", "loop", () => clock.set({ loop: !clock.loop })],
    i: ["I", "loop from here", () => range.begin()],
    o: ["O", "loop until here", () => range.end()],
    u: ["U", "play everything again", () => range.clear()],
    g: ["G", "ghost", () => overlay("ghost")],
    s: ["S", "split", () => overlay("split")],
    e: ["E", "error colours", () => errors()],
    k: ["K", "keypoints", () => toggle("keypoints")],
    m: ["M", "body over the video", () => toggle("film")],
    c: ["C", "contacts of the feet", () => toggle("contacts")],
    n: ["N", "residual force", () => toggle("force")],
    h: ["H", "humanoid's solids", () => toggle("solids")],
    v: ["V", "curves", () => toggle("curves")],
    f: ["F", "follow the person", () => toggle("follow")],
    r: ["R", "look at the whole motion again", () => hold()],
    w: ["W", "whole screen", () => whole()],
    "?": ["?", "these keys", () => help()],
  };
  const countOf = (key) => (Number(key) >= 1 && Number(key) <= MOST_PANES ? Number(key) : 0);
  const more = [["1 to 4", "that many panes"], ["Alt arrows", "orbit (in a 3D pane)"]];
  const dialog = helpDialog([...Object.values(keys), ...more]);
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.matches("select, textarea, input:not([type=range]):not([type=checkbox])")) return;
    if (event.key === " " && event.target.matches("button, summary, a, input[type=checkbox]")) return;
    if (event.target.closest("dialog") && event.key !== "?") return;
    const count = countOf(event.key);
    const action = count ? () => layout(count) : keys[event.key.length === 1 ? event.key.toLowerCase() : event.key]?.[2];
    if (!action) return;
    event.preventDefault();
    action(event);
  });
  return help;
}

function helpDialog(keys) {
  const list = element("dl", {}, ...keys.map(([name, meaning]) => element("div", {}, element("dt", {}, element("kbd", {}, name)), element("dd", {}, meaning))));
  return titledDialog("Keys", "keys", list);
}
