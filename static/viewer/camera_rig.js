/** One camera for all panes: whoever orbits one orbits all. */

import { PerspectiveCamera, Vector3 } from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import { boxToHold, distanceToHold } from "./framing.js";

const FOV = 30; // degrees, vertical: long enough a lens that limbs do not look stretched
const KEY_STEP = Math.PI / 24;

/**
 * From where to look, in degrees: azimuth from where it was filmed (the camera looked along -z) round to +x, elevation
 * above the horizon. The first view is on the side that the person goes to, so that it sees their face.
 */
export const VIEWS = {
  "three-quarter": { title: "¾", azimuth: 28, elevation: 12, name: "from ahead of the person" },
  filmed: { title: "Filmed", azimuth: 0, elevation: 5, name: "from where it was filmed" },
  side: { title: "Side", azimuth: 90, elevation: 5, name: "from the side of the camera" },
  top: { title: "Top", azimuth: 0, elevation: 85, name: "from above" },
};

/** Event "chosen": a person has moved the camera. */
export class CameraRig extends EventTarget {
  camera = new PerspectiveCamera(FOV, 1, 0.05, 120);
  target = new Vector3(0, 0.9, 0);
  touched = false; // a person has chosen the view: nothing moves it any more but they
  #controls = new Map();
  #onChange;

  constructor(onChange) {
    super();
    this.#onChange = onChange;
    this.#lookFrom(directionOf("three-quarter"), 6);
  }

  /** Let the pane's element orbit the camera: drag to turn, right drag to pan, pinch (or scroll, once clicked) to zoom. */
  attach(element) {
    // The page must stay scrollable over a pane, so the wheel zooms only in the pane that has the focus.
    element.addEventListener("wheel", (event) => {
      if (document.activeElement !== element && !event.ctrlKey) event.stopImmediatePropagation();
    });
    const controls = new OrbitControls(this.camera, element);
    element.style.touchAction = "pan-y"; // and one finger up or down scrolls as well
    controls.target = this.target;
    controls.enableDamping = true;
    controls.dampingFactor = 0.2;
    controls.maxPolarAngle = Math.PI / 2 - 0.01;
    controls.minDistance = 0.5;
    controls.maxDistance = 60;
    controls.addEventListener("change", this.#onChange);
    controls.addEventListener("start", () => (this.touched = true));
    controls.addEventListener("end", () => this.dispatchEvent(new Event("chosen")));
    element.addEventListener("keydown", (event) => this.#orbitByKey(event));
    this.#controls.set(element, controls);
  }

  detach(element) {
    this.#controls.get(element)?.dispose();
    this.#controls.delete(element);
  }

  /** Let what was thrown glide on; call once per animation tick. */
  tick() {
    this.#controls.forEach((controls) => controls.update());
  }

  /** [x, y, z of the camera, x, y, z of what it looks at] m, where a person has chosen it, else null. */
  get place() {
    return this.touched ? [...this.camera.position.toArray(), ...this.target.toArray()] : null;
  }

  set place([x, y, z, ...target]) {
    this.touched = true;
    this.target.set(...target);
    this.camera.position.set(x, y, z);
    this.camera.lookAt(this.target);
    this.#onChange();
  }

  /** Look at the whole of a motion (`path` of framing.js) from a view, in a pane of this aspect (width / height). */
  hold(path, { view = "three-quarter", follow, aspect }) {
    const box = boxToHold(path, follow);
    box.getCenter(this.target);
    const ahead = path.places.at(-1).x < path.places[0].x ? -1 : 1;
    const towards = directionOf(view, view === "three-quarter" ? ahead : 1);
    this.#lookFrom(towards, 1.02 * distanceToHold(box, towards, FOV, aspect));
  }

  #lookFrom(towards, distance) {
    this.camera.position.copy(towards).multiplyScalar(distance).add(this.target);
    this.camera.lookAt(this.target);
    this.#onChange();
  }

  #orbitByKey(event) {
    const turn = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!event.altKey || !turn) return;
    event.preventDefault();
    event.stopPropagation();
    this.touched = true;
    const offset = this.camera.position.clone().sub(this.target);
    const distance = offset.length();
    const azimuth = Math.atan2(offset.x, offset.z) + turn[0] * KEY_STEP;
    const elevation = Math.asin(offset.y / distance) + turn[1] * KEY_STEP;
    this.camera.position.copy(direction(azimuth, Math.min(Math.max(elevation, 0.02), 1.5))).multiplyScalar(distance);
    this.camera.position.add(this.target);
    this.camera.lookAt(this.target);
    this.#onChange();
    this.dispatchEvent(new Event("chosen"));
  }
}

function direction(azimuth, elevation) {
  const level = Math.cos(elevation);
  return new Vector3(Math.sin(azimuth) * level, Math.sin(elevation), Math.cos(azimuth) * level);
}

function directionOf(view, side = 1) {
  const { azimuth, elevation } = VIEWS[view];
  return direction((side * azimuth * Math.PI) / 180, (elevation * Math.PI) / 180);
}
