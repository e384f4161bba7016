"""The DeepMimic humanoid: tree, sizes, masses, gains and torque limits.

Sizes and masses are those of `humanoid/humanoid.urdf` in pybullet_data, loaded with `globalScaling` 0.25; gains and
torque limits those of DeepMimic's `humanoid3d.txt` (Peng et al. 2018a, https://github.com/xbpeng/DeepMimic), which
PyBullet's DeepMimic environment repeats. Body axes in the rest pose: +x forward, +y up, +z to the right; arms and legs
hang along -y. All arrays are in the order of `core.humanoid.bodies.BODY_NAMES`.
"""

from dataclasses import dataclass

import numpy as np

from core.humanoid.bodies import BODY_NAMES

SPHERICAL, REVOLUTE, FIXED = "spherical", "revolute", "fixed"

LEG_LENGTH = 0.831416
"""m, hip to ankle: (1.686184 + 1.63948) x 0.25."""

PARENTS = (-1, 0, 1, 0, 3, 4, 1, 6, 7, 0, 9, 10, 1, 12, 13)
"""The parent body of each body; -1 for the root."""


@dataclass(frozen=True)
class Joint:
    """The joint that hangs a body on its parent.

    `body` is its index in BODY_NAMES, `kind` spherical or revolute (about the parent's +z), `frame` its numbers in the
    43 of a `HumanoidMotion` frame (quaternion wxyz child_in_parent, or one angle), `dof` its numbers in the 28 torques
    and joint velocities, `action` its numbers in the 36 of an action (angle and axis, or one angle). `kp` N m/rad,
    `kd` N m s/rad, `torque_limit` N m per axis, `weight` its share in the pose and velocity errors of the imitation
    reward before they are normalised.
    """

    body: int
    kind: str
    frame: slice
    dof: slice
    action: slice
    kp: float
    kd: float
    torque_limit: float
    weight: float


_GAINS = {  # kp, kd, torque limit, reward weight
    "chest": (1000.0, 100.0, 200.0, 0.5),
    "neck": (100.0, 10.0, 50.0, 0.3),
    "hip": (500.0, 50.0, 200.0, 0.5),
    "knee": (500.0, 50.0, 150.0, 0.3),
    "ankle": (400.0, 40.0, 90.0, 0.2),
    "shoulder": (400.0, 40.0, 100.0, 0.3),
    "elbow": (300.0, 30.0, 60.0, 0.2),
}


def _joints() -> tuple[Joint, ...]:
    joints: list[Joint] = []
    frame, dof, action = 7, 0, 0
    for body, name in enumerate(BODY_NAMES):
        part = name.split("_")[-1]
        if part not in _GAINS:
            continue  # the root is free, the wrists are fixed
        revolute = part in ("knee", "elbow")
        n_frame, n_dof, n_action = (1, 1, 1) if revolute else (4, 3, 4)
        joints.append(
            Joint(
                body,
                REVOLUTE if revolute else SPHERICAL,
                slice(frame, frame + n_frame),
                slice(dof, dof + n_dof),
                slice(action, action + n_action),
                *_GAINS[part],
            )
        )
        frame, dof, action = frame + n_frame, dof + n_dof, action + n_action
    return tuple(joints)


JOINTS = _joints()
"""The 12 joints with muscles, in the order of their numbers in frames, torques and actions."""

SPHERICAL_JOINTS = tuple(j for j in JOINTS if j.kind == SPHERICAL)
REVOLUTE_JOINTS = tuple(j for j in JOINTS if j.kind == REVOLUTE)

QUATERNIONS = (slice(3, 7), *(j.frame for j in SPHERICAL_JOINTS))
"""Where a frame [43] holds quaternions."""

ROOT_WEIGHT = 1.0
"""The root's share in the pose and velocity errors (the wrists have none)."""

JOINT_OFFSETS = 0.25 * np.array(
    [
        (0, 0, 0), (0, 0.944604, 0), (0, 0.895576, 0),
        (0, 0, 0.339548), (0, -1.686184, 0), (0, -1.63948, 0),
        (-0.0962, 0.974, 0.73244), (0, -1.099152, 0), (0, -1.035788, 0),
        (0, 0, -0.339548), (0, -1.686184, 0), (0, -1.63948, 0),
        (-0.0962, 0.974, -0.73244), (0, -1.099152, 0), (0, -1.035788, 0),
    ]
)  # fmt: skip
"""[15,3] m: where the joint of each body sits in its parent's joint frame."""

CENTRES_OF_MASS = 0.25 * np.array(
    [
        (0, 0.28, 0), (0, 0.48, 0), (0, 0.7, 0),
        (0, -0.84, 0), (0, -0.8, 0), (0.18, -0.09, 0),
        (0, -0.56, 0), (0, -0.48, 0), (0, 0, 0),
        (0, -0.84, 0), (0, -0.8, 0), (0.18, -0.09, 0),
        (0, -0.56, 0), (0, -0.48, 0), (0, 0, 0),
    ]
)  # fmt: skip
"""[15,3] m: the centre of mass of each body in its own joint frame."""

MASSES = np.array([6, 14, 2, 4.5, 3, 1, 1.5, 1, 0.5, 4.5, 3, 1, 1.5, 1, 0.5], float)
"""[15] kg, 45 together."""

FOOT_HALF_SIZE = 0.125 * np.array((0.708, 0.22, 0.36))
"""m: half the edges of the box that is a foot, about the foot's centre of mass."""

FEET = (BODY_NAMES.index("left_ankle"), BODY_NAMES.index("right_ankle"))
END_EFFECTORS = tuple(BODY_NAMES.index(n) for n in ("right_ankle", "right_wrist", "left_ankle", "left_wrist"))

TORQUE_LIMITS = np.concatenate([np.full(j.dof.stop - j.dof.start, j.torque_limit) for j in JOINTS])
"""[28] N m."""
KP = np.concatenate([np.full(j.dof.stop - j.dof.start, j.kp) for j in JOINTS])
"""[28] N m/rad."""
KD = np.concatenate([np.full(j.dof.stop - j.dof.start, j.kd) for j in JOINTS])
"""[28] N m s/rad; a tenth of KP at every joint."""
