"""The body as rigid segments with free rotations: every point is linear in the segments' rotation matrices.

A posed point is `pelvis + sum_k R_k B[p, k]` with R_k the rotation of segment k in the camera (not in its
parent) and B constant for a shape. That makes derivatives short: turning segment k by a small w (R_k <- exp(w) R_k)
moves the point by w x (R_k B[p, k]), with no chain of parents in between. B itself is linear in the shape.

Hands and toes are not turned: they lie along their parents, because keypoints hardly tell them.
"""

from dataclasses import dataclass, replace

import numpy as np

from core.body import Body
from core.body.kinematics import forward_kinematics, landmark_offsets
from core.body.rotations import matrix_from_axis_angle
from core.mesh_recovery.closed_form import local_axis_angles

Array = np.ndarray

FIXED = (10, 11, 22, 23)
"""Joints that lie along their parents: toes and hands."""

TURNED = tuple(j for j in range(24) if j not in FIXED)
"""SMPL joints whose rotations are unknowns, in the order of all arrays [.., K, ..] here: 20 of them."""

K = len(TURNED)
UNKNOWNS = 3 * K + 3
"""Unknowns of a frame: three for each turned segment and the place of the pelvis (in this order)."""

LANDMARKS, JOINTS = slice(0, 33), slice(33, 57)
"""Where BlazePose's landmarks and SMPL's joints are among the points [.., 57, 3]."""


@dataclass(frozen=True)
class State:
    """What is solved for: `rotations` [T,20,3,3] (segment_in_camera), `pelvis` [T,3] m (camera), `betas` [10]."""

    rotations: Array
    pelvis: Array
    betas: Array

    def moved(self, step: Array, shape_step: Array) -> "State":
        """The state after `step` [T,63] (rad, m) and `shape_step` [10]."""
        turns = matrix_from_axis_angle(step[:, : 3 * K].reshape(-1, K, 3))
        return replace(
            self, rotations=turns @ self.rotations, pelvis=self.pelvis + step[:, 3 * K :], betas=self.betas + shape_step
        )


@dataclass(frozen=True)
class Levers:
    """B [57,20,3] m of the mean shape, and its change with each beta [10,57,20,3]."""

    mean: Array
    basis: Array

    def of(self, betas: Array) -> Array:
        """B [57,20,3] m for a shape."""
        return self.mean + np.tensordot(betas, self.basis, axes=1)


def levers_of(body: Body) -> Levers:
    """The levers of a body; everything in them is linear in the shape, so that eleven shapes tell all."""
    count = len(body.joints_basis)
    mean = _levers(body, np.zeros(count))
    return Levers(mean, np.stack([_levers(body, one) - mean for one in np.eye(count)]))


def _levers(body: Body, betas: Array) -> Array:
    rest = body.rest_joints(betas)
    count = len(body.parents)
    joints = np.zeros((count, count, 3))
    for j, parent in enumerate(body.parents):
        if parent >= 0:
            joints[j] = joints[parent]
            joints[j, parent] += rest[j] - rest[parent]
    points = np.einsum("lj,jkc->lkc", body.landmark_weights, joints) + landmark_offsets(body, betas, rest)
    levers = np.concatenate([points, joints])
    for fixed in FIXED:
        levers[:, body.parents[fixed]] += levers[:, fixed]
    return levers[:, TURNED]


def relative_points(levers: Array, rotations: Array) -> Array:
    """Points [T,P,3] m relative to the pelvis for levers [P,20,3] and rotations [T,20,3,3]."""
    T, P = len(rotations), len(levers)
    wide = rotations.transpose(0, 2, 1, 3).reshape(T * 3, -1)
    return (wide @ levers.reshape(P, -1).T).reshape(T, 3, P).transpose(0, 2, 1)


def arms(levers: Array, rotations: Array) -> Array:
    """R_k B[p, k]: [T,P,20,3] m, what each segment adds to each point."""
    turned = np.swapaxes(rotations, -1, -2)[:, :, None]  # rows times matrices: B R^T
    return np.swapaxes((levers.transpose(1, 0, 2)[None, :, :, None] @ turned)[..., 0, :], 1, 2)


def state_of(body: Body, poses: Array, trans: Array, betas: Array) -> State:
    """The state of poses [T,72] rad (hands and toes are straightened)."""
    local = matrix_from_axis_angle(poses.reshape(len(poses), 24, 3))
    _, rotations = forward_kinematics(body.parents, np.zeros((24, 3)), local, np.zeros((len(poses), 3)))
    return State(rotations[:, TURNED].copy(), trans + body.rest_joints(betas)[0], np.array(betas, float))


def poses_and_trans(body: Body, state: State) -> tuple[Array, Array]:
    """SMPL's pose parameters [T,72] rad and translation [T,3] m of a state."""
    rotations = np.empty((len(state.pelvis), 24, 3, 3))
    rotations[:, TURNED] = state.rotations
    for fixed in FIXED:
        rotations[:, fixed] = rotations[:, body.parents[fixed]]
    return local_axis_angles(rotations, body.parents), state.pelvis - body.rest_joints(state.betas)[0]


def parents_among_turned(body: Body) -> Array:
    """[20] int: each turned segment's parent among the turned ones, -1 for the pelvis."""
    return np.array([TURNED.index(body.parents[j]) if body.parents[j] >= 0 else -1 for j in TURNED])


def cross_matrices(v: Array) -> Array:
    """[v]x [...,3,3] with [v]x u = v x u."""
    out = np.zeros((*v.shape, 3))
    out[..., 0, 1], out[..., 0, 2], out[..., 1, 2] = -v[..., 2], v[..., 1], -v[..., 0]
    return out - np.swapaxes(out, -1, -2)
