/** The body over the video, seen through the camera that filmed: a stage with nothing on it but the light. */

import { DirectionalLight, Group, HemisphereLight, Matrix4, PerspectiveCamera, Scene } from "three";
import { Actor, loadMotion } from "./actor.js";

const [NEAR, FAR] = [0.05, 200]; // m
const OPENCV = new Matrix4().makeScale(1, -1, -1); // y down, z forward against y up, z back

export class FilmStage {
  scene = new Scene();
  camera = new PerspectiveCamera();
  actor = null;
  #stage = new Group();
  #url = "";
  #film = null; // the camera as the series tell it

  constructor() {
    const key = new DirectionalLight(0xfff4e6, 2.2);
    key.position.set(-2, 5, 3);
    this.scene.add(new HemisphereLight(0xf4f7ff, 0xb5a894, 2), key, this.#stage);
    this.camera.matrixAutoUpdate = false;
  }

  /** Whether there is a body and a camera to see it by. */
  get ready() {
    return Boolean(this.actor && this.#film);
  }

  /** Show the motion at `url` ("" for nobody) as `camera` {intrinsics, camera_in_world} saw it. */
  async update({ url, offset, camera, width, height }, onChange) {
    this.#film = camera && { ...camera, width, height };
    if (url === this.#url) return;
    this.#url = url;
    this.actor?.dispose();
    this.actor = null;
    if (!url) return;
    const gltf = await loadMotion(url).catch(() => null); // its own pane says what is wrong with it
    if (!gltf || url !== this.#url) return;
    this.actor = new Actor(gltf, { colour: 0x7fabe2, offset });
    this.#stage.add(this.actor.root);
    onChange();
  }

  /** Pose the body and put the camera where it stood at `frame`. */
  pose(frame, time) {
    if (!this.ready) return;
    this.actor.showAt(time);
    const { intrinsics, camera_in_world: poses, width, height } = this.#film;
    const pose = poses[Math.min(frame, poses.length - 1)];
    this.camera.matrix.set(...pose.flat()).multiply(OPENCV);
    this.camera.matrixWorld.copy(this.camera.matrix);
    this.camera.matrixWorldInverse.copy(this.camera.matrix).invert();
    projectionOf(intrinsics, width, height, this.camera.projectionMatrix);
    this.camera.projectionMatrixInverse.copy(this.camera.projectionMatrix).invert();
  }

  /** The part of a pane [left, bottom, width, height] px that the picture takes when it is fitted into it. */
  placeIn([left, bottom, width, height]) {
    const scale = Math.min(width / this.#film.width, height / this.#film.height);
    const [w, h] = [this.#film.width * scale, this.#film.height * scale];
    return [left + (width - w) / 2, bottom + (height - h) / 2, w, h];
  }
}

/** OpenGL's projection of a camera with `intrinsics` [3][3] px and a picture of width x height px. */
function projectionOf([[fx, , cx], [, fy, cy]], width, height, into) {
  into.set(
    (2 * fx) / width, 0, 1 - (2 * cx) / width, 0,
    0, (2 * fy) / height, (2 * cy) / height - 1, 0,
    0, 0, -(FAR + NEAR) / (FAR - NEAR), (-2 * FAR * NEAR) / (FAR - NEAR),
    0, 0, -1, 0,
  );
}
