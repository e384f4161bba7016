/** Curves under the clock, one row for each figure: what the shown motions do at every moment, with a line at the time. */

import { element } from "./dom.js";
import { indexAt } from "./series.js";
import { styleColour } from "./theme.js";

const THUMB = 14; // px, as the timeline's: so that the same place is the same time
const NARROW_PX = 130; // less room than this beside the clock's bar: titles and values stand above their curve
const HIGHEST = 0.98; // the part of all values that a row is high enough for; a few spikes may leave it

/** Name in the series -> title, unit, digits, what it is. */
const ROWS = {
  foot_height: ["Foot height", "cm", 1, "The lowest point of the soles over the ground, below 0 where it sinks in"],
  foot_slide: ["Foot sliding", "cm/s", 1, "How fast the parts of the feet that stand on the ground move along it"],
  jitter: ["Jitter", "10 m/s³", 1, "How abruptly the joints change their acceleration"],
  reward: ["Reward", "0 to 1", 2, "How well the humanoid keeps to its reference; its mean over the whole is the return"],
  force: ["Residual force", "N", 0, "The force on the root that no muscle makes"],
};

/** How a motion's line is drawn beside its colour, so that it is told apart without. */
const DASHES = { hmr: [7, 3], motion: [], assisted: [2, 3], sampling: [10, 3, 2, 3] };
const OTHER_DASHES = [[4, 4], [1, 2], [12, 4], [6, 2, 1, 2]];
const COLOURS = { hmr: "--hmr", motion: "--motion", assisted: "--physics", sampling: "--physics" };

export class TimeCurves {
  #clock;
  #container;
  #rows = [];
  #lines = []; // [{title, name, series, offset, dash, colour}]
  #cursor = element("div", { className: "cursor", "aria-hidden": "true" });

  /** @param {() => DOMRect} bar the place of the clock's bar on the screen */
  constructor(container, clock, bar) {
    Object.assign(this, { bar });
    this.#clock = clock;
    this.#container = container;
    clock.addEventListener("frame", () => this.#show());
    clock.addEventListener("state", () => this.draw());
    new ResizeObserver(() => this.draw()).observe(container);
  }

  /** @param {{title: string, name: string, elsewhere: boolean, series: object, offset: number}[]} motions on the panes */
  update(motions) {
    const key = motions.map(({ title, series }) => `${title} ${idOf(series)}`).join();
    if (key === this.#container.dataset.key) return;
    this.#container.dataset.key = key;
    let others = 0;
    this.#lines = motions.map((motion) => {
      const known = !motion.elsewhere && COLOURS[motion.name];
      return { ...motion, colour: known || "--other", dash: known ? DASHES[motion.name] : OTHER_DASHES[others++ % 4] };
    });
    const names = Object.keys(ROWS).filter((name) => this.#lines.some((line) => line.series.curves[name]?.some((v) => v !== null)));
    this.#rows = names.map((name) => new Row(name, this.#lines, this.#clock));
    this.#container.hidden = !names.length;
    this.#container.replaceChildren(...this.#rows.map((row) => row.root), this.#cursor);
    this.draw();
  }

  /** Draw everything anew, in step with the clock's bar. */
  draw() {
    if (this.#container.hidden || !this.#rows.length) return;
    const bar = this.bar();
    const box = this.#container.getBoundingClientRect();
    const [left, right] = [bar.left - box.left, box.right - bar.right];
    this.#container.style.setProperty("--left", `${left}px`);
    this.#container.style.setProperty("--right", `${right}px`);
    this.#container.style.setProperty("--bar", `${bar.width - THUMB}px`);
    this.#container.classList.toggle("narrow", Math.min(left, right) < NARROW_PX);
    this.#rows.forEach((row) => row.draw());
    this.#show();
  }

  #show() {
    const { frame, lastFrame } = this.#clock;
    this.#cursor.style.setProperty("--at", lastFrame ? frame / lastFrame : 0);
    this.#rows.forEach((row) => row.show());
  }
}

class Row {
  #canvas = element("canvas", { "aria-hidden": "true" });
  #values;

  constructor(name, lines, clock) {
    const [title, unit, digits, meaning] = ROWS[name];
    Object.assign(this, { name, digits, clock, lines: lines.filter((line) => line.series.curves[name]) });
    this.range = rangeOf(this.lines.flatMap((line) => line.series.curves[name]));
    this.#values = this.lines.map(() => element("output"));
    const legend = this.lines.map((line, i) => element("li", {}, sample(line), element("span", {}, line.title), this.#values[i]));
    const seek = (event) => {
      if (event.type === "pointermove" && !event.buttons) return;
      const { left, width } = this.#canvas.getBoundingClientRect();
      clock.seek(((event.clientX - left - THUMB / 2) / (width - THUMB)) * clock.lastFrame);
    };
    const plot = element("div", { className: "plot", on: { pointerdown: seek, pointermove: seek } }, this.#canvas);
    this.root = element(
      "figure",
      { className: "curve", dataset: { curve: name } },
      element("figcaption", { title: meaning }, title, element("small", {}, ` ${unit}`), element("span", { className: "high" }, brief(this.range[1]))),
      plot,
      element("ul", { "aria-label": `${title} now` }, ...legend),
    );
  }

  /** The values at the clock's time. */
  show() {
    this.lines.forEach((line, i) => {
      const at = indexAt(line.series, this.clock.time - line.offset);
      const value = at < 0 ? null : line.series.curves[this.name][at] ?? null;
      const text = value === null ? "–" : value.toFixed(this.digits);
      if (this.#values[i].textContent !== text) this.#values[i].textContent = text;
    });
  }

  draw() {
    const { width, height } = this.#canvas.getBoundingClientRect();
    if (width < 2) return;
    const ratio = Math.min(devicePixelRatio, 2);
    Object.assign(this.#canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    const context = this.#canvas.getContext("2d");
    context.scale(ratio, ratio);
    const [low, high] = this.range;
    const y = (value) => height - 5 - ((value - low) / (high - low)) * (height - 10);
    context.fillStyle = styleColour("--line");
    [low, 0, high].forEach((value) => value >= low && context.fillRect(0, Math.round(y(value)), width, 1));
    for (const line of this.lines) this.#stroke(context, line, width, y);
  }

  #stroke(context, { series, offset, dash, colour }, width, y) {
    const { lastFrame, fps } = this.clock;
    const perSecond = (fps * (width - THUMB)) / Math.max(lastFrame, 1);
    context.strokeStyle = styleColour(colour);
    context.lineWidth = 1.6;
    context.setLineDash(dash);
    context.lineJoin = "round";
    context.beginPath();
    let broken = true;
    series.curves[this.name].forEach((value, i) => {
      if (value === null) {
        broken = true;
        return;
      }
      const x = THUMB / 2 + (offset + i / series.fps) * perSecond;
      if (broken) context.moveTo(x, y(value));
      else context.lineTo(x, y(value));
      broken = false;
    });
    context.stroke();
  }
}

/** From 0 or the least to what almost all values stay below. */
function rangeOf(values) {
  const there = values.filter((value) => value !== null).sort((a, b) => a - b);
  const high = there[Math.floor(HIGHEST * (there.length - 1))] ?? 1;
  return [Math.min(0, there[0] ?? 0), Math.max(1.1 * high, 1e-3)];
}

/** A piece of the line as it is drawn. */
function sample({ dash, colour }) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 26 4");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
  Object.entries({ x1: 0, x2: 26, y1: 2, y2: 2, "stroke-dasharray": dash.join(" ") }).forEach(([key, value]) => line.setAttribute(key, value));
  line.style.stroke = `var(${colour})`;
  svg.append(line);
  return svg;
}

const ids = new WeakMap();
let lastId = 0;
function idOf(object) {
  if (!ids.has(object)) ids.set(object, ++lastId);
  return ids.get(object);
}

const brief = (value) => Number(value.toPrecision(2)).toString();
