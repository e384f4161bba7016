/** All panes side by side: what each shows, the shared camera, and drawing them at one frame. */

import { Vector3 } from "three";
import { Actor, loadMotion } from "./actor.js";
import { CameraRig } from "./camera_rig.js";
import { versionOf } from "./casting.js";
import { pathOf } from "./framing.js";
import { MotionPane } from "./motion_pane.js";
import { SourcePane } from "./source_pane.js";
import { Theatre } from "./theatre.js";
import { styleColour } from "./theme.js";

const ORIGIN = new Vector3();
const LEADERS = ["motion", "hmr"]; // whose path the view goes by

export class Panes {
  source = null;
  #motionPanes = [];
  #path = null; // of the motion that the view goes by
  #pathFrom = ""; // that motion's address
  #measuring = 0;
  #state = null;

  constructor(container, names, clock, { onChange, onWanted }) {
    this.clock = clock;
    this.onChange = onChange;
    this.rig = new CameraRig(onChange);
    this.theatre = Theatre.open(container, (lost) => this.#contextLost(lost));
    this.list = names.map((name) => this.#open(name, container, onWanted));
    this.#motionPanes = this.list.filter((pane) => pane !== this.source);
    const last = this.#motionPanes.at(-1);
    if (last) last.holdsGhost = true;
    this.container = container;
    const observer = new ResizeObserver(onChange);
    observer.observe(container);
    this.list.forEach((pane) => observer.observe(pane.viewport));
  }

  get names() {
    return this.list.map((pane) => pane.name);
  }

  /** Panes that want one motion want another from now on. */
  recast(from, to) {
    for (const pane of this.#motionPanes) if (pane.wanted === from) pane.wanted = to;
  }

  get loading() {
    return this.#measuring > 0 || this.#motionPanes.some((pane) => pane.loading);
  }

  /** @param {object} state {run, person, motions, ghost, follow, keypoints, urlOf} */
  update(state) {
    this.#state = state;
    const { run, person, urlOf, motions } = state;
    this.#shareRoom(run);
    if (this.source) {
      this.source.keypoints = state.keypoints;
      this.source.update({
        videoUrl: run.clip?.url ? urlOf(run.clip.url) : "",
        trackUrl: person?.track_url ? urlOf(person.track_url) : "",
        onChange: this.onChange,
      });
      const deleted = run.clip && !run.clip.url;
      if (deleted) this.source.say("The footage was deleted. What was found in it is still here.", { beside: true });
      else if (run.state === "failed") this.source.say("There is no clip: the run failed before it.");
      else if (run.state === "cancelled") this.source.say("There is no clip: the run was cancelled before it.");
    }
    const scene = { run, person, motions, ghost: state.ghost, urlOf, webgl: Boolean(this.theatre) };
    this.#motionPanes.forEach((pane) => pane.update(scene));
    this.#choosePath(state);
    this.onChange();
  }

  /** A wide picture gets more of the row than a body does, a tall one less. */
  #shareRoom({ clip }) {
    const aspect = clip ? clip.width / clip.height : 16 / 9;
    const film = Math.min(Math.max(0.85 * aspect, 0.7), 1.45);
    const columns = this.list.map((pane) => `minmax(0, ${pane === this.source ? film.toFixed(2) : 1}fr)`).join(" ");
    this.container.style.setProperty("--columns", columns);
    this.container.style.setProperty("--aspect", aspect.toFixed(4));
  }

  /** Let every body take its pose at the clock's frame. */
  pose() {
    const { frame, time } = this.clock;
    const places = this.#path?.places;
    const centre = this.#state?.follow && places ? places[Math.min(frame, places.length - 1)] : ORIGIN;
    this.#motionPanes.forEach((pane) => pane.pose(time, centre));
  }

  /** Draw every pane at the clock's frame. */
  render() {
    this.source?.render();
    this.pose();
    this.#motionPanes.forEach((pane) => pane.studio.centreAt(this.rig.target));
    this.theatre?.render(this.#motionPanes, this.rig.camera);
  }

  /** Look at the whole motion again, from one of the rig's views. */
  hold(view) {
    this.rig.touched = Boolean(view) && view !== "three-quarter";
    if (!this.#path || !this.#motionPanes.length) return;
    const { width, height } = this.#motionPanes[0].viewport.getBoundingClientRect();
    const aspect = height > 0 ? width / height : 1;
    this.rig.hold(this.#path, { view, follow: this.#state.follow, aspect });
  }

  /** Another person: nothing of the former one's path is kept. */
  forgetPath() {
    this.#path = null;
    this.#pathFrom = "";
    this.rig.touched = false;
  }

  paint() {
    const colours = {
      line: styleColour("--grid"),
      floor: styleColour("--floor"),
      shadow: Number(getComputedStyle(document.documentElement).getPropertyValue("--shadow")) || 0.3,
    };
    this.#motionPanes.forEach((pane) => pane.studio.paint(colours));
    this.onChange();
  }

  #open(name, container, onWanted) {
    const pane = name === "source" ? new SourcePane(this.clock) : new MotionPane(name, this.#events(onWanted));
    if (name === "source") this.source = pane;
    else if (this.theatre) this.rig.attach(pane.viewport);
    container.append(pane.root);
    return pane;
  }

  #events(onWanted) {
    return {
      onWanted,
      onChange: (pane, { again = false } = {}) => {
        if (again) this.update(this.#state);
        this.onChange();
      },
    };
  }

  /**
   * The view goes by the reconstruction, before there is one by the recovered mesh, whether they are shown or not: so it
   * does not depend on which file came first.
   */
  async #choosePath({ run, motions, urlOf }) {
    const leader = LEADERS.map((name) => motions.find((motion) => motion.name === name)).find(Boolean) ?? motions[0];
    const from = leader ? `${urlOf(leader.url)}${versionOf(leader, run)}` : "";
    if (!this.theatre || from === this.#pathFrom) return;
    this.#pathFrom = from;
    if (!leader) return;
    this.#measuring += 1;
    try {
      const actor = new Actor(await loadMotion(from), { colour: 0, offset: leader.offset_s ?? 0 });
      if (from === this.#pathFrom) {
        this.#path = pathOf(actor, this.clock.frames, this.clock.fps);
        if (!this.rig.touched) this.hold();
      }
      actor.dispose();
    } catch {
      // Whoever wanted to see this motion is told by its pane; the view stays as it is.
    } finally {
      this.#measuring -= 1;
      this.onChange();
    }
  }

  #contextLost(lost) {
    const text = lost ? "The browser took the 3D context away; it comes back by itself, or when the page is reloaded." : "";
    document.dispatchEvent(new CustomEvent("viewer-trouble", { detail: text }));
    if (!lost) this.onChange();
  }
}

