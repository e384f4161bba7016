/** The ways that people take, measured once for each motion that a view goes by. */

import { Actor, loadMotion } from "./actor.js";
import { versionOf } from "./casting.js";
import { pathOf } from "./framing.js";

const LEADERS = ["motion", "hmr"]; // whose path the view goes by, whether it is shown or not

export class Paths {
  #byKey = new Map(); // scene's key -> {from: address, path or null}
  #measuring = 0;

  get loading() {
    return this.#measuring > 0;
  }

  /** The path of a scene (framing.js), or null until it is known. */
  of(key) {
    return this.#byKey.get(key)?.path ?? null;
  }

  forget(key) {
    this.#byKey.delete(key);
  }

  /**
   * Measure the path of a scene {key, run, motions, urlOf}: of the reconstruction, before there is one of the recovered mesh;
   * so it does not depend on which file came first.
   */
  async measure({ key, run, motions, urlOf }, clock, onMeasured) {
    const leader = LEADERS.map((name) => motions.find((motion) => motion.name === name)).find(Boolean) ?? motions[0];
    const from = leader ? `${urlOf(leader.url)}${versionOf(leader, run)}` : "";
    const before = this.#byKey.get(key);
    if (from === (before?.from ?? "")) return;
    const entry = { from, path: before?.path ?? null };
    this.#byKey.set(key, entry);
    if (!leader) return;
    this.#measuring += 1;
    try {
      const actor = new Actor(await loadMotion(from), { colour: 0, offset: leader.offset_s ?? 0 });
      entry.path = pathOf(actor, clock.frames, clock.fps);
      actor.dispose();
    } catch {
      // Whoever wanted to see this motion is told by its pane; the view stays as it is.
    } finally {
      this.#measuring -= 1;
      onMeasured(this.#byKey.get(key) === entry && entry.path ? entry.path : null);
    }
  }
}
