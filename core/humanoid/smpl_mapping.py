"""Rotations of SMPL's 24 joints to the humanoid's and back; lengths and positions play no part here.

The two rest poses differ in axes (SMPL: x left, y up, z forward; humanoid: x forward, y up, z right) and in the arms
(SMPL's point sideways, the humanoid's hang). Both keep the same world: a root that faces a direction in SMPL faces it
in the humanoid. What the humanoid has no joint for is folded into its neighbours (three spine joints into the chest,
neck and head into the neck, collars into the shoulders) or dropped (wrists, hands, toes). On the way back the chest is
dealt out in thirds and the neck in halves, so humanoid -> SMPL -> humanoid is exact.
"""

import numpy as np
from scipy.spatial.transform import Rotation

from core.humanoid.bodies import BODY_NAMES
from core.humanoid.kinematics import frames_from_rotations, joint_rotations

Array = np.ndarray

SMPL_PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21)

AXES = Rotation.from_matrix([[0, 0, -1], [0, 1, 0], [1, 0, 0]])
"""C: humanoid axes in SMPL axes, v_smpl = C v_humanoid."""

ARMS = {"left": Rotation.from_euler("z", -90, degrees=True), "right": Rotation.from_euler("z", 90, degrees=True)}
"""A: turns SMPL's sideways arm to hang down, in SMPL axes."""

_PELVIS, _SPINE, _NECK, _HEAD = 0, (3, 6, 9), 12, 15
_LEGS = {"left": (1, 4, 7), "right": (2, 5, 8)}  # hip, knee, ankle
_ARMS = {"left": (16, 18), "right": (17, 19)}  # shoulder, elbow
_BODY = {name: i for i, name in enumerate(BODY_NAMES)}

# Between these bends (degrees) the hinge axis goes from the limb's own twist to the plane in which it bends: a nearly
# straight limb has no plane worth the name.
_STRAIGHT, _BENT = 8.0, 25.0


def world_rotations(poses: Array) -> list[Rotation]:
    """The 24 rotations joint_in_world, each over T frames, of SMPL `poses` [T,72] axis-angle."""
    vectors = np.array(poses).reshape(len(poses), 24, 3)  # a copy: scipy refuses the nouns' read-only arrays
    world: list[Rotation] = []
    for joint, parent in enumerate(SMPL_PARENTS):
        local = Rotation.from_rotvec(vectors[:, joint])
        world.append(local if parent < 0 else world[parent] * local)
    return world


def smpl_to_humanoid_frames(poses: Array, root_positions: Array) -> Array:
    """Frames [T,43] of the humanoid from SMPL `poses` [T,72], with its root (mid-hip) at `root_positions` [T,3] m."""
    smpl = world_rotations(poses)
    bodies: dict[str, Rotation] = {
        "root": smpl[_PELVIS] * AXES,
        "chest": smpl[_SPINE[-1]] * AXES,
        "neck": smpl[_HEAD] * AXES,
    }
    for side in ("left", "right"):
        hip, knee, ankle = (smpl[j] * AXES for j in _LEGS[side])
        bodies[f"{side}_hip"], bodies[f"{side}_knee"] = hinged(hip, knee, direction=-1.0)
        bodies[f"{side}_ankle"] = ankle
        shoulder, elbow = (smpl[j] * ARMS[side].inv() * AXES for j in _ARMS[side])
        bodies[f"{side}_shoulder"], bodies[f"{side}_elbow"] = hinged(shoulder, elbow, direction=1.0)
        bodies[f"{side}_wrist"] = bodies[f"{side}_elbow"]
    quaternions = np.stack([bodies[n].as_quat(canonical=True, scalar_first=True) for n in BODY_NAMES], axis=1)
    return frames_from_rotations(root_positions, quaternions)


def hinged(upper: Rotation, lower: Rotation, direction: float) -> tuple[Rotation, Rotation]:
    """Upper and lower limb, in humanoid axes, as a ball joint and a hinge reach them; bone directions are kept.

    The bones lie along the limbs' -y. The hinge turns the lower limb about the upper's +z, by 0 to pi where
    `direction` is 1 (elbow), by -pi to 0 where it is -1 (knee); limbs overstretched by less than 25 degrees, which are
    common in captured motion, stay so (the simulator's limits straighten them). Twist that a hinge cannot have goes to
    the ball joint.
    """
    u, f = upper.apply((0, -1, 0)), lower.apply((0, -1, 0))
    normal = direction * np.cross(u, f)
    bend = np.arctan2(np.linalg.norm(normal, axis=1), np.einsum("ti,ti->t", u, f))
    share = np.clip((np.degrees(bend) - _STRAIGHT) / (_BENT - _STRAIGHT), 0.0, 1.0)
    share = share * share * (3 - 2 * share)
    x, z = upper.apply((1, 0, 0)), upper.apply((0, 0, 1))
    # both axes lie in the plane across the upper bone: the one turns into the other about the bone (local +y)
    turn = np.arctan2(np.einsum("ti,ti->t", normal, x), np.einsum("ti,ti->t", normal, z))
    overstretched = (np.abs(turn) > np.pi / 2) & (np.degrees(bend) < _BENT)
    turn = np.where(overstretched, turn - np.copysign(np.pi, turn), turn)
    ball = upper * Rotation.from_rotvec((share * turn)[:, None] * (0.0, 1.0, 0.0))
    # the angle in the hinge's own plane; all of the bend where the plane is the limb's
    inside = ball.inv().apply(f)
    angle = np.arctan2(inside[:, 0], -inside[:, 1])
    return ball, ball * Rotation.from_rotvec(angle[:, None] * (0.0, 0.0, 1.0))


def humanoid_to_smpl_poses(frames: Array) -> Array:
    """SMPL poses [T,72] axis-angle from humanoid `frames` [T,43]; collars, wrists, hands and toes are neutral."""
    local = joint_rotations(frames)
    vectors = np.zeros((len(frames), 24, 3))
    vectors[:, _PELVIS] = (local[0] * AXES.inv()).as_rotvec()
    vectors[:, _SPINE] = _in_smpl_axes(local[_BODY["chest"]]).as_rotvec()[:, None] / 3
    vectors[:, (_NECK, _HEAD)] = _in_smpl_axes(local[_BODY["neck"]]).as_rotvec()[:, None] / 2
    for side in ("left", "right"):
        for part, joint in zip(("hip", "knee", "ankle"), _LEGS[side], strict=True):
            vectors[:, joint] = _in_smpl_axes(local[_BODY[f"{side}_{part}"]]).as_rotvec()
        shoulder, elbow = _ARMS[side]
        arm = ARMS[side]
        vectors[:, shoulder] = (_in_smpl_axes(local[_BODY[f"{side}_shoulder"]]) * arm).as_rotvec()
        vectors[:, elbow] = (arm.inv() * _in_smpl_axes(local[_BODY[f"{side}_elbow"]]) * arm).as_rotvec()
    return vectors.reshape(len(frames), 72)


def _in_smpl_axes(rotation: Rotation) -> Rotation:
    return AXES * rotation * AXES.inv()
