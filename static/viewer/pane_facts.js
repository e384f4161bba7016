/** What a pane says of its motion at a glance: whether it fell, what holds it, how far it is from another. */

import { element } from "./dom.js";
import { fallOf, forceOf } from "./physics_facts.js";

export class PaneFacts {
  fell = element("li", { className: "fell", hidden: true });
  force = element("li", { className: "force", hidden: true });
  errors = element("li", { className: "errors", hidden: true });
  root = element("ul", { className: "facts", "aria-label": "Physics" }, this.fell, this.force, this.errors);
  #held = "";
  #fellAt = null; // s

  /** Of a motion of the run's JSON, or of none. */
  describe(motion) {
    this.#fellAt = motion?.physics?.fell_s ?? null;
    this.#held = motion ? forceOf(motion) : "";
    this.#put(this.fell, motion ? fallOf(motion) : "");
    this.#put(this.force, this.#held);
    this.fell.classList.toggle("improving", Boolean(motion?.improving));
  }

  /** At `time` s: `newtons` of force now, or null where that is not asked for; `errors` in words. */
  now(time, newtons, errors) {
    this.fell.classList.toggle("past", this.#fellAt !== null && time >= this.#fellAt);
    const held = this.#held.startsWith("held") && newtons !== null;
    this.#put(this.force, held ? `${this.#held} · now ${Math.round(newtons)} N` : this.#held);
    this.#put(this.errors, errors);
  }

  #put(item, text) {
    item.hidden = !text;
    if (item.textContent !== text) item.textContent = text;
  }
}
