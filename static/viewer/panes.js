/** All panes side by side: what each shows, the shared camera, and drawing them at one frame. */

import { Vector3 } from "three";
import { CameraRig } from "./camera_rig.js";
import { paneChoices, titleOf, versionOf } from "./casting.js";
import { FilmStage } from "./film_stage.js";
import { MotionPane } from "./motion_pane.js";
import { Paths } from "./paths.js";
import { seriesOf } from "./series.js";
import { SourcePane } from "./source_pane.js";
import { Theatre } from "./theatre.js";
import { styleColour } from "./theme.js";

const ORIGIN = new Vector3();
const OWN = ""; // the key of the page's own run and person

export class Panes {
  list = [];
  source = null; // among the panes, or null
  #film = new FilmStage();
  #sourcePane;
  #paths = new Paths();
  #state = null;
  #colours = null;
  #observer;

  /** @param {object} events {onChange, onWanted(pane, name), onCut(at)} */
  constructor(container, clock, events) {
    Object.assign(this, { container, clock, events, onChange: events.onChange });
    this.rig = new CameraRig(this.onChange);
    this.theatre = Theatre.open(container, (lost) => this.#contextLost(lost));
    this.#sourcePane = new SourcePane(clock, (name) => events.onWanted(this.#sourcePane, name));
    this.#observer = new ResizeObserver(this.onChange);
    this.#observer.observe(container);
    this.#observer.observe(this.#sourcePane.viewport);
  }

  get names() {
    return this.list.map((pane) => pane.name);
  }

  get motionPanes() {
    return this.list.filter((pane) => pane !== this.#sourcePane);
  }

  get loading() {
    return this.#paths.loading || this.motionPanes.some((pane) => pane.loading);
  }

  /** Have one pane for each name, in this order; panes that are there already go on with what they show. */
  show(names) {
    if (names.join() === this.names.join()) return;
    const spare = this.motionPanes;
    const take = (fits) => spare.splice(spare.findIndex(fits), 1)[0];
    const kept = names.map((name) => (spare.some((pane) => pane.name === name) ? take((pane) => pane.name === name) : null));
    this.list = names.map((name, i) => {
      if (name === "source") return this.#sourcePane;
      const pane = kept[i] ?? (spare.length ? spare.shift() : this.#open(name));
      pane.wanted = name;
      return pane;
    });
    spare.forEach((pane) => this.#close(pane));
    const had = this.source;
    this.source = names.includes("source") ? this.#sourcePane : null;
    if (!this.source) this.#sourcePane.leave();
    const placed = [...this.container.querySelectorAll(":scope > .pane")];
    if (placed.length !== this.list.length || placed.some((root, i) => root !== this.list[i].root)) {
      this.container.append(...this.list.map((pane) => pane.root));
    }
    if (this.source && !had) this.source.enter();
    this.container.dataset.panes = names.length;
  }

  /**
   * @param {object} state the view's switches and {run, person, motions, urlOf, sceneOf: name of a pane -> its scene}
   */
  update(state) {
    this.#state = state;
    const { run, person, urlOf, motions } = state;
    this.#shareRoom(run);
    this.#sourcePane.fill(paneChoices(motions, "source", ""));
    if (this.source) this.#updateSource(run, person, urlOf, state.keypoints);
    const last = this.motionPanes.at(-1);
    for (const pane of this.motionPanes) {
      const scene = state.sceneOf(pane.wanted);
      const title = scene.key ? `${titleOf(scene.name, scene.motions)} · ${scene.run?.name ?? "another run"}` : "";
      const overlay = pane === last ? state.overlay : "";
      const look = { overlay, ghost: state.ghost, cut: state.cut, solids: state.solids, webgl: Boolean(this.theatre) };
      pane.update(scene, { ...look, options: paneChoices(motions, pane.wanted, title) });
      if (scene.run) this.#measure(scene);
    }
    this.#measure({ key: OWN, run, motions, urlOf });
    this.#updateFilm();
    this.onChange();
  }

  /** The series of a pane's motion, or null. */
  seriesOf(pane) {
    if (!this.#state || pane === this.#sourcePane) return null;
    const { run, person, motions } = this.#state.sceneOf(pane.wanted);
    if (!run || motions.find(({ name }) => name === pane.shown)?.earlier) return null; // a policy's series are its latest's
    return seriesOf(run.id, person, this.events.onSeries)?.motions?.[pane.shown] ?? null;
  }

  /** Let every body take its pose at the clock's frame. */
  pose() {
    const { frame, time } = this.clock;
    if (!this.#state) return;
    const { errors } = this.#state;
    for (const pane of this.motionPanes) pane.pose(time, this.#centreOf(pane, frame), this.seriesOf(pane), this.#state);
    const against = errors ? this.motionPanes.find((pane) => pane.wanted === errors) : null;
    for (const pane of this.motionPanes) pane.compareWith(against && pane !== against ? against.actor : null, time);
    this.#film.pose(frame, time);
  }

  /** Draw every pane at the clock's frame. */
  render() {
    this.source?.render();
    this.pose();
    this.motionPanes.forEach((pane) => pane.studio.centreAt(this.rig.target));
    const film = this.source && this.#state?.film ? { viewport: this.source.viewport, stage: this.#film } : null;
    this.theatre?.render(this.motionPanes, this.rig.camera, film);
  }

  /** Look at the whole motion again, from one of the rig's views. */
  hold(view) {
    this.rig.touched = Boolean(view) && view !== "three-quarter";
    const path = this.#paths.of(OWN);
    if (!path || !this.motionPanes.length) return;
    const { width, height } = this.motionPanes[0].viewport.getBoundingClientRect();
    const aspect = height > 0 ? width / height : 1;
    this.rig.hold(path, { view, follow: this.#state.follow, aspect });
  }

  /** Another person: nothing of the former one's path is kept. */
  forgetPath() {
    this.#paths.forget(OWN);
    this.rig.touched = false;
  }

  paint() {
    this.#colours = {
      line: styleColour("--grid"),
      floor: styleColour("--floor"),
      shadow: Number(getComputedStyle(document.documentElement).getPropertyValue("--shadow")) || 0.3,
    };
    this.motionPanes.forEach((pane) => pane.studio.paint(this.#colours));
    this.onChange();
  }

  #updateSource(run, person, urlOf, keypoints) {
    this.source.keypoints = keypoints;
    this.source.update({
      run,
      videoUrl: run.clip?.url ? urlOf(run.clip.url) : "",
      trackUrl: person?.track_url ? urlOf(person.track_url) : "",
      onChange: this.onChange,
    });
    const deleted = run.clip && !run.clip.url;
    if (deleted) this.source.say("The footage was deleted. What was found in it is still here.", { beside: true });
    else if (run.state === "failed") this.source.say("There is no clip: the run failed before it.");
    else if (run.state === "cancelled") this.source.say("There is no clip: the run was cancelled before it.");
  }

  /** The body over the video is the reconstruction, before there is one the recovered mesh. */
  #updateFilm() {
    const { run, person, motions, urlOf, film } = this.#state;
    const motion = ["motion", "hmr"].map((name) => motions.find((each) => each.name === name)).find(Boolean);
    const camera = (film && seriesOf(run.id, person, this.events.onSeries)?.camera) || null;
    const url = film && camera && motion && this.theatre ? `${urlOf(motion.url)}${versionOf(motion, run)}` : "";
    this.#film.update({ ...run.clip, url, offset: motion?.offset_s ?? 0, camera }, this.onChange);
  }

  /** A wide picture gets more of the row than a body does, a tall one less. */
  #shareRoom({ clip }) {
    const aspect = clip ? clip.width / clip.height : 16 / 9;
    const film = Math.min(Math.max(0.85 * aspect, 0.7), 1.45);
    const columns = this.list.map((pane) => `minmax(0, ${pane === this.#sourcePane ? film.toFixed(2) : 1}fr)`).join(" ");
    this.container.style.setProperty("--columns", columns);
    this.container.style.setProperty("--aspect", aspect.toFixed(4));
  }

  /** What is in the middle of a pane; another run's world is laid so that both people begin at the same place. */
  #centreOf(pane, frame) {
    const { key } = this.#state.sceneOf(pane.wanted);
    const places = this.#paths.of(key ?? OWN)?.places;
    if (!places) return ORIGIN;
    if (this.#state.follow) return places[Math.min(frame, places.length - 1)];
    const own = this.#paths.of(OWN)?.places;
    return key && own ? places[0].clone().sub(own[0]) : ORIGIN;
  }

  #measure(scene) {
    if (!this.theatre) return;
    this.#paths.measure({ ...scene, key: scene.key ?? OWN }, this.clock, (path) => {
      if (path && !scene.key && !this.rig.touched) this.hold();
      this.onChange();
    });
  }

  #open(name) {
    const pane = new MotionPane(name, {
      onWanted: this.events.onWanted,
      onCut: this.events.onCut,
      onChange: (pane, { again = false } = {}) => {
        if (again) this.update(this.#state);
        this.events.onSeries(); // another motion has other curves
      },
    });
    if (this.#colours) pane.studio.paint(this.#colours);
    if (this.theatre) this.rig.attach(pane.viewport);
    this.#observer.observe(pane.viewport);
    return pane;
  }

  #close(pane) {
    this.rig.detach(pane.viewport);
    this.#observer.unobserve(pane.viewport);
    pane.dispose();
  }

  #contextLost(lost) {
    const text = lost ? "The browser took the 3D context away; it comes back by itself, or when the page is reloaded." : "";
    document.dispatchEvent(new CustomEvent("viewer-trouble", { detail: text }));
    if (!lost) this.onChange();
  }
}
