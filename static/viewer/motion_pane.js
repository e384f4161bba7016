/** A pane that shows one motion, marks on it, and another motion as a ghost or beyond a split where one is wanted. */

import { Actor, loadMotion } from "./actor.js";
import { cast, colourOf, titleOf, versionOf } from "./casting.js";
import { choice, element } from "./dom.js";
import { errorWords, jointErrors } from "./error_colours.js";
import { ContactMarks, ForceArrow } from "./marks.js";
import { PaneFacts } from "./pane_facts.js";
import { indexAt } from "./series.js";
import { SplitHandle } from "./split_handle.js";
import { Studio } from "./studio.js";

export class MotionPane {
  studio = new Studio();
  actor = null;
  shown = null; // the name of the motion on the stage, which may stand in for the one wanted
  other = null; // the actor of the ghost, or of the split's right side
  contacts = new ContactMarks();
  arrow = new ForceArrow();
  errors = []; // of the joints against the pane that was chosen, at the time shown
  newtons = null; // of the arrow
  facts = new PaneFacts();
  #parts = { actor: "", other: "" }; // the addresses of what is there or on its way
  #pending = 0;
  #failure = "";
  #note = { note: "", busy: false };
  #motion = null; // of the run's JSON, as shown
  #supports = [];
  #onChange;

  /** @param {string} wanted the pane's name @param {{onWanted: Function, onChange: Function, onCut: Function}} events */
  constructor(wanted, { onWanted, onChange, onCut }) {
    this.wanted = wanted;
    this.#onChange = onChange;
    this.select = choice("Motion in this pane", [], (name) => onWanted(this, name), { hiddenLabel: true });
    this.dot = element("span", { className: "dot", "aria-hidden": "true" });
    this.note = element("p", { className: "message", role: "status", hidden: true });
    this.cut = new SplitHandle((at) => onCut(at));
    this.viewport = element("div", { className: "viewport stage", tabIndex: 0, role: "img" }, this.note, this.cut.root);
    this.root = element(
      "section",
      { className: "pane", dataset: { kind: "motion" } },
      element("header", { className: "pane-head" }, this.dot, this.select),
      this.viewport,
      this.facts.root,
    );
    this.studio.stage.add(this.contacts.root, this.arrow.root);
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
    return [this.actor, this.other].filter(Boolean);
  }

  /**
   * Bring the stage up to what its run has by now.
   * @param {object} scene {run, person, motions, name of the motion, urlOf, problem}
   * @param {object} look {options of the chooser, overlay: "ghost", "split" or "", ghost: name, cut, solids, webgl}
   */
  async update(scene, look) {
    const { run, person, motions, name, urlOf, problem } = scene;
    this.#supports = person?.supports ?? [];
    this.studio.support(this.#supports);
    this.select.fill(look.options, this.wanted);
    const { motion, note, busy } = run ? cast(name, motions, run) : { motion: null, note: "Loading", busy: true };
    this.#describe(motion, scene);
    if (!look.webgl) {
      this.#say("This pane needs WebGL, which this browser does not offer. Video, figures and files work without.");
      return;
    }
    this.#note = problem ? { note: problem, busy: false } : { note, busy };
    const over = look.overlay && motions.find((each) => each.name === look.ghost && each.name !== motion?.name);
    this.split = Boolean(over) && look.overlay === "split";
    this.cut.place(look.cut);
    this.cut.name(titleOf(motion?.name ?? name, motions), this.split && titleOf(over.name, motions));
    await Promise.all([
      this.#put("actor", motion, scene, look.solids, false),
      this.#put("other", over, scene, look.solids, look.overlay === "ghost"),
    ]);
  }

  /**
   * Pose everybody at `time` s and set the stage so that `centre` (on the ground of the motion's world) is at 0.
   * @param {object|null} series of this motion @param {{contacts: boolean, force: boolean}} marks which are wanted
   */
  pose(time, centre, series, marks) {
    this.studio.stage.position.set(-centre.x, 0, -centre.z);
    this.studio.stage.updateMatrixWorld();
    this.actors.forEach((actor) => actor.showAt(time));
    const root = this.actor?.joints()[0];
    if (root) this.studio.lightAt(root.clone().sub(centre));
    const at = root && series ? indexAt(series, time - (this.#motion?.offset_s ?? 0)) : -1;
    const force = at < 0 ? null : series.force?.[at] ?? null;
    this.contacts.show(this.actor, at >= 0 && marks.contacts ? series.contacts[at] : 0, this.#supports);
    this.newtons = force && marks.force ? Math.hypot(...force) : null;
    if (this.newtons !== null) this.arrow.show(root, force);
  }

  /** Colour the body by how far it is from another pane's, null: by nothing. Both are posed already, at `time` s. */
  compareWith(reference, time) {
    this.errors = reference && this.actor?.boneNames.length ? jointErrors(this.actor, reference) : [];
    this.actor?.showErrors(this.errors);
    this.facts.now(time, this.newtons, errorWords(this.errors));
  }

  /** What is drawn from where to where [0, 1] across the pane; each half has its own body on the stage. */
  *halves() {
    const halves = this.split && this.other && this.actor ? [this.actor, this.other] : [null];
    for (const [i, alone] of halves.entries()) {
      for (const actor of this.actors) actor.root.visible = !alone || actor === alone;
      this.contacts.root.visible = i === 0;
      this.arrow.root.visible = this.newtons !== null && i === 0;
      yield { from: i ? this.cut.at : 0, to: alone && !i ? this.cut.at : 1 };
    }
    this.contacts.root.visible = true;
  }

  dispose() {
    this.#parts = { actor: "", other: "" }; // what is still on its way comes to nothing
    [...this.actors, this.contacts, this.arrow].forEach((each) => each.dispose());
    this.root.remove();
  }

  /** Load a motion into a part ("actor" or "other"); what is on the stage stays there until it has come. */
  async #put(part, motion, { run, urlOf }, solids, ghost) {
    const painted = Boolean(solids && motion?.humanoid_url); // its limbs' sides have colours of their own
    const url = motion ? `${urlOf(painted ? motion.humanoid_url : motion.url)}${versionOf(motion, run)}` : "";
    const key = `${url} ${ghost}`;
    if (key === this.#parts[part]) {
      this.#report();
      return;
    }
    this.#parts[part] = key;
    if (!motion) {
      this.#replace(part, null, null);
      return;
    }
    this.#pending += 1;
    this.#report();
    try {
      const gltf = await loadMotion(url);
      if (this.#parts[part] !== key) return;
      const look = { colour: colourOf(motion.name), ghost, painted, offset: motion.offset_s ?? 0 };
      this.#replace(part, new Actor(gltf, look), motion.name);
    } catch (error) {
      if (this.#parts[part] !== key) return;
      this.#replace(part, null, null, `${titleOf(motion.name)} could not be read: ${plainly(error)}`);
    } finally {
      this.#pending -= 1;
      this.#report();
      this.#onChange(this);
    }
  }

  #replace(part, actor, name, failure = "") {
    this[part]?.dispose();
    this[part] = actor;
    if (part === "actor") {
      this.shown = name;
      this.#failure = failure;
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
    this.#parts = { actor: "", other: this.#parts.other };
    this.#failure = "";
    this.note.dataset.text = "";
    this.#onChange(this, { again: true });
  }

  #describe(motion, { motions, name, key }) {
    this.#motion = motion;
    const title = titleOf(motion?.name ?? name, motions);
    this.facts.describe(motion);
    this.dot.dataset.motion = motion?.name ?? name;
    this.dot.classList.toggle("elsewhere", Boolean(key));
    this.root.setAttribute("aria-label", titleOf(name, motions));
    this.viewport.setAttribute("aria-label", `${title}, drawn in 3D. Drag, or Alt and arrow keys, to orbit.`);
  }
}

function plainly(error) {
  const status = error?.response?.status;
  if (status) return `the server answered ${status}.`;
  return `${String(error?.message ?? error).replace(/^THREE\.\w+: /, "")}`;
}
