/** What is laid on a stage beside the bodies: which parts of the feet are in contact, and the force that no muscle makes. */

import {
  CircleGeometry,
  ConeGeometry,
  CylinderGeometry,
  Group,
  Mesh,
  MeshBasicMaterial,
  Quaternion,
  RingGeometry,
  Vector3,
} from "three";

export const BODY_WEIGHT_N = 441; // the humanoid's 45 kg under 9.81 m/s²
const M_PER_WEIGHT = 0.6; // how long the arrow of one body weight is
const UP = new Vector3(0, 1, 0);
const LIFT = 0.006; // m above the ground, so that a mark does not flicker with it

/** Heel and toe lie beyond ankle and ball, by these parts of the way between. */
const FEET = [
  { ankle: "left_ankle", ball: "left_foot", along: -0.35 },
  { ankle: "left_ankle", ball: "left_foot", along: 1.25 },
  { ankle: "right_ankle", ball: "right_foot", along: -0.35 },
  { ankle: "right_ankle", ball: "right_foot", along: 1.25 },
];

export class ContactMarks {
  root = new Group();
  #marks;

  /** The left foot's marks are discs, the right one's rings. */
  constructor() {
    const material = new MeshBasicMaterial({ color: 0xff5d76, transparent: true, opacity: 0.9, depthWrite: false });
    const disc = new CircleGeometry(0.045, 28).rotateX(-Math.PI / 2);
    const ring = new RingGeometry(0.028, 0.05, 28).rotateX(-Math.PI / 2);
    this.#marks = FEET.map((_, i) => new Mesh(i < 2 ? disc : ring, material));
    this.root.add(...this.#marks);
  }

  /** @param {number} bits of a frame's contacts: left heel, left toe, right heel, right toe */
  show(actor, bits, supports) {
    this.#marks.forEach((mark, i) => {
      const place = bits & (1 << i) ? solePoint(actor, FEET[i]) : null;
      mark.visible = Boolean(place);
      if (place) mark.position.set(place.x, groundAt(place, supports) + LIFT, place.z);
    });
  }

  get shown() {
    return this.#marks.filter((mark) => mark.visible && this.root.visible).length;
  }

  dispose() {
    this.#marks.forEach((mark) => mark.geometry.dispose());
    this.#marks[0].material.dispose();
  }
}

function solePoint(actor, { ankle, ball, along }) {
  const from = actor.joint(ankle);
  if (!from) return null;
  const to = actor.joint(ball) ?? from.clone(); // the humanoid's foot is one piece
  return from.lerp(to, along);
}

/** The height of what is under a place: the ground, or the top of a box around it. */
function groundAt({ x, y, z }, supports) {
  const beside = 0.1; // m: a toe over the edge stands on it too
  const tops = supports
    .filter(([x0, , z0, x1, y1, z1]) => x > x0 - beside && x < x1 + beside && z > z0 - beside && z < z1 + beside && y > y1 - 0.3)
    .map((box) => box[4]);
  return Math.max(0, ...tops);
}

export class ForceArrow {
  root = new Group();
  #shaft;
  #head;

  constructor() {
    const material = new MeshBasicMaterial({ color: 0xffb02e, depthTest: false, transparent: true }); // seen through the body
    this.#shaft = new Mesh(new CylinderGeometry(0.014, 0.014, 1, 16).translate(0, 0.5, 0), material);
    this.#head = new Mesh(new ConeGeometry(0.045, 0.12, 20).translate(0, 0.06, 0), material);
    [this.#shaft, this.#head].forEach((mesh) => (mesh.renderOrder = 5));
    this.root.add(this.#shaft, this.#head);
  }

  /** Pull at `place` (m) with `force` [x, y, z] N. */
  show(place, force) {
    const pull = new Vector3(...force);
    const newtons = pull.length();
    const length = (M_PER_WEIGHT * newtons) / BODY_WEIGHT_N;
    this.root.position.copy(place);
    this.root.quaternion.copy(new Quaternion().setFromUnitVectors(UP, pull.divideScalar(newtons || 1)));
    this.#shaft.scale.y = Math.max(length, 1e-3);
    this.#head.position.y = length;
  }

  dispose() {
    [this.#shaft, this.#head].forEach((mesh) => mesh.geometry.dispose());
    this.#shaft.material.dispose();
  }
}
