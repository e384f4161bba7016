/** Where to look: pure functions over the path of a motion. All in metres, y up, the motion's own world. */

import { Box3, Vector3 } from "three";

const MOST_LOOKS = 400; // a longer motion is looked at every few frames
const SMOOTHING_S = 0.6; // half a window: about a step, so that the view does not sway with every foot

/**
 * The way that a motion takes: one place on the ground per frame, smoothed, and boxes around all joints.
 * @param {import("./actor.js").Actor} actor
 * @returns {{places: Vector3[], whole: Box3, around: Box3}} `whole` in the world, `around` relative to the place of
 *   the frame (heights are not relative)
 */
export function pathOf(actor, frames, fps) {
  const every = Math.ceil(frames / MOST_LOOKS);
  const joints = Array.from({ length: Math.ceil((frames - 1) / every) + 1 }, (_, i) => {
    actor.showAt((i * every) / fps);
    return actor.joints();
  });
  const places = smoothed(joints.map(([root]) => new Vector3(root.x, 0, root.z)), Math.round((SMOOTHING_S * fps) / every));
  const whole = new Box3();
  const around = new Box3();
  joints.forEach((points, i) =>
    points.forEach((point) => {
      whole.expandByPoint(point);
      around.expandByPoint(point.clone().sub(places[i]));
    }),
  );
  return { places: Array.from({ length: frames }, (_, i) => between(places, i / every)), whole, around };
}

/** The place at a fraction of the way from one to the next. */
function between(places, at) {
  const i = Math.min(Math.floor(at), places.length - 1);
  return places[i].clone().lerp(places[Math.min(i + 1, places.length - 1)], at - i);
}

/** A moving average over 2 * half + 1 places, shorter at both ends. */
export function smoothed(places, half) {
  return places.map((_, i) => {
    const near = Math.min(half, i, places.length - 1 - i);
    const window = places.slice(i - near, i + near + 1);
    return window.reduce((sum, place) => sum.add(place), new Vector3()).divideScalar(window.length);
  });
}

/**
 * The box that the view has to hold: joints lie inside the body, so it is widened, and it always reaches the ground.
 */
export function boxToHold(path, follow) {
  const box = (follow ? path.around : path.whole).clone();
  box.expandByScalar(0.12);
  box.min.y = Math.min(box.min.y, 0);
  box.max.y += 0.06; // the crown above the head joint
  return box;
}

/** How far (m) a camera looking along `direction` has to stand from the box's centre to see all of its corners. */
export function distanceToHold(box, direction, verticalFov, aspect) {
  const centre = box.getCenter(new Vector3());
  const forward = direction.clone().normalize();
  const right = new Vector3(0, 1, 0).cross(forward).normalize();
  const up = forward.clone().cross(right);
  const tangent = Math.tan((verticalFov * Math.PI) / 360);
  let distance = 0;
  for (let corner = 0; corner < 8; corner++) {
    const point = new Vector3(
      corner & 1 ? box.max.x : box.min.x,
      corner & 2 ? box.max.y : box.min.y,
      corner & 4 ? box.max.z : box.min.z,
    ).sub(centre);
    const depth = point.dot(forward); // towards the camera
    distance = Math.max(
      distance,
      depth + Math.abs(point.dot(up)) / tangent,
      depth + Math.abs(point.dot(right)) / (tangent * aspect),
    );
  }
  return distance;
}
