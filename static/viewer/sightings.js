/** Keypoints over the video while they are being found: everybody in the picture, frame after frame. */

import { drawKeypoints } from "./keypoints.js";
import { runUrl } from "./run_feed.js";

const STAGE = "keypoints";

export class Sightings {
  #clock;
  #onChange;
  #frames = []; // of people, of 33 x [x px, y px, visibility]
  #edges = [];
  #clip = null;
  #asking = false;
  #led = 0; // the frame that the clock was last led to

  constructor(clock, onChange) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** Look for more while the run is at that stage; afterwards the clock is back at the beginning. */
  update(run) {
    const searching = run.state === "running" && run.clip?.url && run.stages?.some(({ name, state }) => name === STAGE && state === "running");
    if (searching) {
      this.#clip = run.clip;
      this.#ask(run.id);
      return;
    }
    if (!this.#frames.length) return;
    this.#frames = [];
    if (this.#leads) this.#clock.seek(0);
    this.#led = 0;
  }

  draw(context, frame, ratio) {
    for (const points of this.#frames[frame] ?? []) drawKeypoints(context, points, { ...this.#clip, edges: this.#edges }, ratio);
  }

  /** Nobody has moved the clock since it was led to where the search is. */
  get #leads() {
    return !this.#clock.playing && this.#clock.frame === this.#led;
  }

  async #ask(id) {
    if (this.#asking) return;
    this.#asking = true;
    const first = this.#frames.length;
    try {
      const answer = await fetch(`${runUrl(id).href}/seen.json?first=${first}`);
      if (!answer.ok) return;
      const { frames, edges } = await answer.json();
      if (this.#frames.length !== first || !frames.length) return;
      this.#frames.push(...frames);
      this.#edges = edges;
      if (this.#leads) {
        this.#led = Math.min(this.#frames.length - 1, this.#clock.lastFrame);
        this.#clock.seek(this.#led);
      }
      this.#onChange();
    } catch {
      // the next answer of the run asks again
    } finally {
      this.#asking = false;
    }
  }
}
