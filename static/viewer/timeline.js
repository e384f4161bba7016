/** The bar under the panes: play, step, scrub, speed, loop and the time. */

import { SPEEDS } from "./clock.js";
import { choice, element } from "./dom.js";
import { LoopRange } from "./loop_range.js";
import { styleColour } from "./theme.js";

const THUMB = 14; // px, as in style/timeline.css: the middle of the thumb travels this much less than the bar is wide

export class Timeline {
  #clock;
  #play;
  #scrubber;
  #ticks;
  #readout;
  #speed;
  #loop;
  #marks = element("ul", { className: "marks", "aria-label": "Falls" });

  constructor(container, clock) {
    this.#clock = clock;
    const button = (text, label, click, name = "") =>
      element("button", { type: "button", className: name, title: label, "aria-label": label, on: { click } }, text);
    this.#play = button("", "Play (space)", () => clock.toggle(), "play");
    this.#scrubber = element("input", {
      type: "range",
      min: 0,
      step: 1,
      className: "scrubber",
      "aria-label": "Time",
      on: { input: () => clock.seek(Number(this.#scrubber.value)) },
    });
    this.#ticks = element("canvas", { className: "ticks", "aria-hidden": "true" });
    this.#readout = element("output", { className: "readout" });
    this.#speed = choice("Speed", SPEEDS.map((speed) => [String(speed), `${speed}×`]), (value) =>
      clock.set({ speed: Number(value) }),
    );
    this.#loop = button("", "Loop (L)", () => clock.set({ loop: !clock.loop }), "loop");
    const track = element("div", { className: "track" }, this.#ticks, this.#scrubber, this.#marks);
    this.range = new LoopRange(track, this.#ticks, clock, THUMB);
    container.append(
      this.#play,
      element(
        "div",
        { className: "steps" },
        button("‹", "One frame back (left arrow)", () => clock.step(-1)),
        button("›", "One frame on (right arrow)", () => clock.step(1)),
      ),
      track,
      element("div", { className: "now" }, this.#readout, this.range.button),
      this.#speed,
      this.#loop,
    );
    clock.addEventListener("frame", () => this.#show());
    clock.addEventListener("state", () => this.#showState());
    new ResizeObserver(() => this.drawTicks()).observe(this.#ticks);
    this.#showState();
  }

  /** Where the bar is on the screen. */
  get bar() {
    return this.#scrubber.getBoundingClientRect();
  }

  /** Mark where somebody fell, [{time s, text, held}]; each mark leads there. */
  mark(falls) {
    const { lastFrame, fps } = this.#clock;
    const key = JSON.stringify([falls, lastFrame, fps]);
    if (this.#marks.dataset.key === key) return;
    this.#marks.dataset.key = key;
    this.#marks.replaceChildren(
      ...falls.map(({ time, text, held }) => {
        const button = element("button", {
          type: "button",
          className: held ? "held" : "fall",
          title: text,
          "aria-label": text,
          on: { click: () => this.#clock.seekTime(time) },
        });
        button.style.setProperty("--at", lastFrame ? Math.min((time * fps) / lastFrame, 1) : 0);
        return element("li", {}, button);
      }),
    );
  }

  #show() {
    const { frame, lastFrame, time } = this.#clock;
    this.#scrubber.value = frame;
    this.#scrubber.style.setProperty("--done", lastFrame ? frame / lastFrame : 0);
    this.#readout.replaceChildren(
      element("span", {}, `${time.toFixed(2)} s`),
      element("span", {}, `frame ${frame} / ${lastFrame}`),
    );
    this.#scrubber.setAttribute("aria-valuetext", `${time.toFixed(2)} seconds, frame ${frame} of ${lastFrame}`);
  }

  #showState() {
    const { playing, speed, loop, lastFrame } = this.#clock;
    this.#play.classList.toggle("playing", playing);
    this.#play.setAttribute("aria-label", playing ? "Pause (space)" : "Play (space)");
    this.#play.title = this.#play.getAttribute("aria-label");
    this.#speed.select.value = String(speed);
    this.#loop.setAttribute("aria-pressed", loop);
    this.#scrubber.max = lastFrame;
    [this.#play, this.#scrubber].forEach((control) => (control.disabled = lastFrame === 0));
    this.#show();
    this.drawTicks();
  }

  /** One tick a frame where there is room, else every few; a taller one with its time every second or so. */
  drawTicks() {
    const { frames, lastFrame, fps } = this.#clock;
    const { width, height } = this.#ticks.getBoundingClientRect();
    if (!width) return;
    const ratio = devicePixelRatio;
    Object.assign(this.#ticks, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    const context = this.#ticks.getContext("2d");
    context.scale(ratio, ratio);
    context.font = `10px ${getComputedStyle(this.#ticks).fontFamily}`;
    context.textBaseline = "bottom";
    const perFrame = (width - THUMB) / Math.max(lastFrame, 1);
    const minor = [1, 2, 5, 10, 30, 60].find((step) => step * perFrame >= 4) ?? 120;
    const seconds = [0.5, 1, 2, 5, 10, 20, 60].find((step) => step * fps * perFrame >= 44) ?? 120;
    const colour = styleColour("--tick");
    const text = styleColour("--soft");
    for (let frame = 0; frame < frames; frame += minor) {
      context.fillStyle = colour;
      context.fillRect(THUMB / 2 + frame * perFrame - 0.5, height - 5, 1, 5);
    }
    for (let i = 0; Math.round(i * seconds * fps) < frames; i++) {
      const x = THUMB / 2 + Math.round(i * seconds * fps) * perFrame;
      context.fillStyle = text;
      context.fillRect(x - 0.5, height - 9, 1, 9);
      const label = `${Number((i * seconds).toFixed(1))} s`;
      if (x + 3 + context.measureText(label).width < width) context.fillText(label, x + 3, height - 6);
    }
  }
}
