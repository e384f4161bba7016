/** The part of the clock that is looped: dragged out on the ticks, or set by keys at the time shown. */

import { element } from "./dom.js";

const LEAST_PX = 4; // a shorter drag is a click

export class LoopRange {
  #clock;
  #bar = element("div", { className: "range", hidden: true, "aria-hidden": "true" });
  #told;

  /** @param {HTMLElement} track holds the ticks @param {HTMLElement} ticks where to drag @param {number} thumb px */
  constructor(track, ticks, clock, thumb) {
    this.#clock = clock;
    this.#told = element("button", {
      type: "button",
      className: "whole",
      hidden: true,
      title: "Play everything again (U)",
      on: { click: () => this.clear() },
    });
    track.append(this.#bar);
    ticks.title = "Drag to loop a part";
    let from = null; // {frame, x} of the drag
    const frameAt = ({ clientX }) => {
      const { left, width } = ticks.getBoundingClientRect();
      return ((clientX - left - thumb / 2) / (width - thumb)) * clock.lastFrame;
    };
    ticks.addEventListener("pointerdown", (event) => {
      from = { frame: frameAt(event), x: event.clientX };
      ticks.setPointerCapture(event.pointerId);
    });
    ticks.addEventListener("pointermove", (event) => {
      if (!from || Math.abs(event.clientX - from.x) < LEAST_PX) return;
      clock.setRange(...[from.frame, frameAt(event)].sort((a, b) => a - b));
    });
    ticks.addEventListener("pointerup", (event) => {
      if (from && Math.abs(event.clientX - from.x) < LEAST_PX) clock.seek(from.frame);
      else if (clock.range) clock.seek(clock.range[0]);
      from = null;
    });
    clock.addEventListener("state", () => this.#show());
  }

  /** The button that tells the range and takes it away. */
  get button() {
    return this.#told;
  }

  /** Begin, or end, at the frame shown. */
  begin() {
    const { frame, span, lastFrame } = this.#clock;
    this.#clock.setRange(frame, span[1] > frame ? span[1] : lastFrame);
  }

  end() {
    const { frame, span } = this.#clock;
    this.#clock.setRange(span[0] < frame ? span[0] : 0, frame);
  }

  clear() {
    this.#clock.setRange(0, this.#clock.lastFrame);
  }

  #show() {
    const { range, lastFrame, fps } = this.#clock;
    this.#bar.hidden = this.#told.hidden = !range;
    if (!range) return;
    this.#bar.style.setProperty("--from", range[0] / lastFrame);
    this.#bar.style.setProperty("--to", range[1] / lastFrame);
    this.#told.textContent = `${(range[0] / fps).toFixed(1)}–${(range[1] / fps).toFixed(1)} s ×`;
    this.#told.setAttribute("aria-label", `Looping ${range[0] / fps} to ${range[1] / fps} seconds: play everything again`);
  }
}
