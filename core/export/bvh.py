"""BVH (Biovision hierarchy): the skeleton and its motion as text, which nearly every animation program reads.

Centimetres, y up, as the programs expect. The hierarchy is SMPL's with the motion's own bone lengths; the rest pose is
the T-pose. The root has position and rotation, every other joint a rotation, as Euler angles in degrees about the
joint's own axes in the order z, x, y: v_parent = Rz Rx Ry v_child.
"""

from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from core.arrays_on_disk import replacing
from core.body import Body
from core.export.preparing import prepared
from core.motion import BodyMotion

Array = np.ndarray

_CM = 100.0
_END_SITE_M = 0.08  # BVH wants the last bones to end somewhere: hands, toes and head get this much more
_TURN = "Zrotation Xrotation Yrotation"


def write_bvh(path: Path, motion: BodyMotion, body: Body) -> None:
    """Write `motion` on `body` as BVH, atomically; `BadInputError` where it cannot be written (`prepared`)."""
    text = bvh_text(motion, body)
    with replacing(Path(path)) as temporary:
        temporary.write_text(text, encoding="ascii")


def bvh_text(motion: BodyMotion, body: Body) -> str:
    """The BVH that `write_bvh` writes."""
    motion = prepared(motion, body)
    rest = body.rest_joints(motion.betas)
    lines = ["HIERARCHY"]
    order: list[int] = []
    _joint(lines, order, body, rest, 0, 0)
    angles = euler_angles(motion.poses.reshape(len(motion), -1, 3))[:, order]
    # The root's offset is zero: some programs add it to the position, some put the position in its place.
    rows = np.concatenate([_CM * motion.joints[:, 0], angles.reshape(len(motion), -1)], axis=1)
    lines += ["MOTION", f"Frames: {len(motion)}", f"Frame Time: {1.0 / motion.fps:.8f}"]
    lines += [" ".join(f"{number:.6f}" for number in row) for row in rows]
    return "\n".join(lines) + "\n"


def euler_angles(axis_angle: Array) -> Array:
    """Angles [T,J,3] in degrees about z, x, y of rotations [T,J,3] rad, with no jumps from frame to frame.

    Every rotation has two sets of such angles, (a, b, c) and (a + 180, 180 - b, c + 180), and each angle may go round
    any number of times: the set next to the previous frame's is taken, so that programs may interpolate.
    """
    count = axis_angle.shape[0]
    rotations = Rotation.from_rotvec(np.array(axis_angle, float).reshape(-1, 3))
    plain = rotations.as_euler("ZXY", degrees=True).reshape(axis_angle.shape)
    other = plain * [1.0, -1.0, 1.0] + 180.0
    angles = plain.copy()
    for t in range(1, count):
        near, far = (_nearest_turn(each[t], angles[t - 1]) for each in (plain, other))
        costs = [np.abs(each - angles[t - 1]).sum(axis=-1, keepdims=True) for each in (near, far)]
        angles[t] = np.where(costs[0] <= costs[1], near, far)
    return angles


def _nearest_turn(angles: Array, before: Array) -> Array:
    return angles + 360.0 * np.round((before - angles) / 360.0)


def _joint(lines: list[str], order: list[int], body: Body, rest: Array, joint: int, depth: int) -> None:
    """Append a joint and all below it; `order` receives the joints as the motion's rows will have them."""
    order.append(joint)
    parent = int(body.parents[joint])
    offset = np.zeros(3) if parent < 0 else rest[joint] - rest[parent]
    pad, inner = "  " * depth, "  " * (depth + 1)
    lines += [f"{pad}{'ROOT' if parent < 0 else 'JOINT'} {body.names[joint]}", pad + "{"]
    lines.append(f"{inner}OFFSET {_numbers(_CM * offset)}")
    channels = f"6 Xposition Yposition Zposition {_TURN}" if parent < 0 else f"3 {_TURN}"
    lines.append(f"{inner}CHANNELS {channels}")
    children = np.flatnonzero(body.parents == joint)
    for child in children:
        _joint(lines, order, body, rest, int(child), depth + 1)
    if not len(children):
        along = offset / max(float(np.linalg.norm(offset)), 1e-9)
        end = _numbers(_CM * _END_SITE_M * along)
        lines += [f"{inner}End Site", inner + "{", f"{inner}  OFFSET {end}", inner + "}"]
    lines.append(pad + "}")


def _numbers(values: Array) -> str:
    return " ".join(f"{value:.6f}" for value in values)
