/** The line between two motions in one pane, dragged or moved with the arrow keys. */

import { element } from "./dom.js";

const STEP = 0.02;

export class SplitHandle {
  at = 0.5;
  #labels = [element("span"), element("span")];

  /** @param {(at: number) => void} onMove told where it is now, in [0, 1] from the left */
  constructor(onMove) {
    this.root = element("div", { className: "cut", tabIndex: 0, role: "slider", hidden: true }, ...this.#labels);
    for (const [name, value] of [["aria-label", "Split between two motions"], ["aria-valuemin", 0], ["aria-valuemax", 100]]) {
      this.root.setAttribute(name, value);
    }
    const move = (at) => {
      this.place(Math.min(Math.max(at, 0), 1));
      onMove(this.at);
    };
    this.root.addEventListener("pointerdown", (event) => {
      event.stopPropagation(); // it is not the camera that is dragged
      this.root.setPointerCapture(event.pointerId);
    });
    this.root.addEventListener("pointermove", (event) => {
      if (!this.root.hasPointerCapture(event.pointerId)) return;
      const { left, width } = this.root.parentElement.getBoundingClientRect();
      move((event.clientX - left) / width);
    });
    this.root.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
      if (!by || event.altKey) return;
      event.preventDefault();
      event.stopPropagation(); // neither does the clock step
      move(this.at + by);
    });
  }

  place(at) {
    this.at = at;
    this.root.style.setProperty("--at", at);
    this.root.setAttribute("aria-valuenow", Math.round(100 * at));
  }

  /** Name what is left and right of it, or hide it without names. */
  name(left, right) {
    this.root.hidden = !right;
    [left, right].forEach((text, i) => (this.#labels[i].textContent = text ?? ""));
  }
}
