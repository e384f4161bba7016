/** A pane that shows one motion, and a ghost of another where one is wanted. */

import { Actor, loadMotion } from "./actor.js";
import { cast, choices, colourOf, titleOf, versionOf } from "./casting.js";
import { choice, element } from "./dom.js";
import { fallOf, forceOf } from "./physics_facts.js";
import { Studio } from "./studio.js";

export class MotionPane {
  studio = new Studio();
  actor = null;
  shown = null; // the name of the motion on the stage, which may stand in for the one wanted
  #ghost = null;
  #parts = { actor: "", ghost: "" }; // the addresses of what is there or on its way
  #pending = 0;
  #failure = "";
  #onChange;

  /** @param {string} wanted the motion's name @param {{onWanted: Function, onChange: Function}} events */
  constructor(wanted, { onWanted, onChange }) {
    this.wanted = wanted;
    this.#onChange = onChange;
    this.select = choice("Motion in this pane", [], (name) => onWanted(this, name), { hiddenLabel: true });
    this.dot = element("span", { className: "dot", "aria-hidden": "true" });
    this.note = element("p", { className: "message", role: "status", hidden: true });
    this.viewport = element(
      "div",
      { className: "viewport stage", tabIndex: 0, role: "img" },
      this.note,
    );
    this.fell = element("li", { className: "fell", hidden: true });
    this.force = element("li", { className: "force", hidden: true });
    this.root = element(
      "section",
      { className: "pane", dataset: { kind: "motion" } },
      element("header", { className: "pane-head" }, this.dot, this.select),
      this.viewport,
      element("ul", { className: "facts", "aria-label": "Physics" }, this.fell, this.force),
    );
  }

  get name() {
    return this.wanted;
  }

  get loading() {
    return this.#pending > 0;
  }

  get message() {
    return this.note.hidden ? "" : this.note.textContent;
  }

  /** Every body that is on this stage. */
  get actors() {
    return [this.actor, this.#ghost].filter(Boolean);
  }

  /**
   * Bring the stage up to what the run has by now.
   * @param {object} scene {run, person, motions, ghost: name or "", urlOf: url -> absolute url, webgl: boolean}
   */
  async update({ run, person, motions, ghost, urlOf, webgl }) {
    this.studio.support(person?.supports ?? []);
    this.select.fill(choices(motions, this.wanted), this.wanted);
    const { motion, note, busy } = cast(this.wanted, motions, run);
    this.#describe(motion, motions);
    if (!webgl) {
      this.#say("This pane needs WebGL, which this browser does not offer. Video, figures and files work without.");
      return;
    }
    this.#note = { note, busy };
    const other = ghost && motions.find((each) => each.name === ghost && each.name !== motion?.name);
    await Promise.all([
      this.#put("actor", motion, run, urlOf),
      this.#put("ghost", this.holdsGhost ? other : null, run, urlOf),
    ]);
  }

  #note = { note: "", busy: false };
  #fellAt = null; // s
  holdsGhost = false;

  /** Pose everybody at `time` s and set the stage so that `centre` (on the ground of the motion's world) is at 0. */
  pose(time, centre) {
    this.studio.stage.position.set(-centre.x, 0, -centre.z);
    this.studio.stage.updateMatrixWorld();
    this.actors.forEach((actor) => actor.showAt(time));
    this.fell.classList.toggle("past", this.#fellAt !== null && time >= this.#fellAt);
    const root = this.actor?.joints()[0];
    if (root) this.studio.lightAt(root.sub(centre));
  }

  dispose() {
    this.actors.forEach((actor) => actor.dispose());
    this.root.remove();
  }

  /** Load a motion into a part ("actor" or "ghost"); what is on the stage stays there until it has come. */
  async #put(part, motion, run, urlOf) {
    const url = motion ? `${urlOf(motion.url)}${versionOf(motion, run)}` : "";
    if (url === this.#parts[part]) {
      this.#report();
      return;
    }
    this.#parts[part] = url;
    if (!motion) {
      this.#replace(part, null, null);
      return;
    }
    this.#pending += 1;
    this.#report();
    try {
      const gltf = await loadMotion(url);
      if (this.#parts[part] !== url) return;
      const look = { colour: colourOf(motion.name), ghost: part === "ghost", offset: motion.offset_s ?? 0 };
      this.#replace(part, new Actor(gltf, look), motion.name);
    } catch (error) {
      if (this.#parts[part] !== url) return;
      this.#replace(part, null, null, `${titleOf(motion.name)} could not be read: ${plainly(error)}`);
    } finally {
      this.#pending -= 1;
      this.#report();
      this.#onChange(this);
    }
  }

  #replace(part, actor, name, failure = "") {
    if (part === "actor") {
      this.actor?.dispose();
      this.actor = actor;
      this.shown = name;
      this.#failure = failure;
    } else {
      this.#ghost?.dispose();
      this.#ghost = actor;
    }
    if (actor) this.studio.stage.add(actor.root);
    this.#report();
    this.#onChange(this);
  }

  #report() {
    if (this.#failure) this.#say(this.#failure, { retry: true });
    else if (this.#note.note) this.#say(this.#note.note, this.#note);
    else if (this.loading && !this.actor) this.#say("Loading", { busy: true });
    else this.note.hidden = true;
  }

  #say(text, { busy = false, retry = false } = {}) {
    this.note.hidden = false;
    this.note.classList.toggle("busy", busy);
    this.note.classList.toggle("beside", Boolean(this.actor));
    if (this.note.dataset.text === text) return;
    this.note.dataset.text = text;
    this.note.replaceChildren(text);
    if (retry) this.note.append(element("button", { type: "button", on: { click: () => this.#retry() } }, "Try again"));
  }

  #retry() {
    this.#parts = { actor: "", ghost: this.#parts.ghost };
    this.#failure = "";
    this.note.dataset.text = "";
    this.#onChange(this, { again: true });
  }

  #describe(motion, motions) {
    const title = titleOf(motion?.name ?? this.wanted, motions);
    this.#fellAt = motion?.physics?.fell_s ?? null;
    for (const [item, text] of [[this.fell, motion ? fallOf(motion) : ""], [this.force, motion ? forceOf(motion) : ""]]) {
      item.hidden = !text;
      if (item.textContent !== text) item.textContent = text;
    }
    this.fell.classList.toggle("improving", Boolean(motion?.improving));
    this.dot.dataset.motion = motion?.name ?? this.wanted;
    this.root.setAttribute("aria-label", titleOf(this.wanted, motions));
    this.viewport.setAttribute("aria-label", `${title}, drawn in 3D. Drag, or Alt and arrow keys, to orbit.`);
  }
}

function plainly(error) {
  const status = error?.response?.status;
  if (status) return `the server answered ${status}.`;
  return `${String(error?.message ?? error).replace(/^THREE\.\w+: /, "")}`;
}
