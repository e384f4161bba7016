/** The page's one animation loop: the clock goes on, and what has changed is drawn, all panes at once. */

import { Detail } from "./detail.js";

export class DrawingLoop {
  #clock;
  #panes = null;
  #dirty = true;
  #waiting = []; // told after the next drawing
  #detail;

  constructor(clock) {
    this.#clock = clock;
    this.#detail = new Detail((share) => {
      this.#panes.theatre?.drawAt(share);
      this.invalidate();
    });
  }

  /** Something has to be drawn anew. */
  invalidate = () => {
    this.#dirty = true;
  };

  /** Everything that has changed is on the screen. */
  get settled() {
    return !this.#dirty;
  }

  /** The same, with all pixels, and nothing moves or glides on. */
  get atRest() {
    return this.settled && this.#detail.atRest;
  }

  /** Resolves once everything was drawn again. */
  nextDraw() {
    this.invalidate();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  start(panes) {
    this.#panes = panes;
    requestAnimationFrame((now) => this.#tick(now));
  }

  #tick(now) {
    const { source, rig } = this.#panes;
    this.#clock.tick(now, source?.leadingFrame ?? null);
    rig.tick();
    const draws = this.#dirty && !source?.holding;
    if (draws) {
      this.#dirty = false;
      this.#panes.render();
      this.#waiting.splice(0).forEach((resolve) => resolve());
    }
    this.#detail.tick(now, draws);
    requestAnimationFrame((next) => this.#tick(next));
  }
}
