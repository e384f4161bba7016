"""Forward kinematics of a body: joints and landmarks from pose, shape and translation, without the mesh.

SMPL's convention (Loper et al. 2015, equations 3 and 4): every joint's axis-angle turns its children about the joint,
in the parent's frame; `global_orient` turns the whole body about its pelvis joint; `trans` is added last. The shipped
body's rest pelvis is at the origin for every shape, so on it `joints[:, 0] == trans`. For other bodies the pelvis is
at `rest_joints(betas)[0] + trans`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.body.model import Body
from core.body.rotations import matrix_from_axis_angle
from core.errors import BadInputError
from core.motion import BodyMotion

Array = np.ndarray


@dataclass(frozen=True)
class BodyFrames:
    """A posed body over T frames, in the frame of `trans` and `global_orient`.

    `joints` [T,24,3] m, `landmarks` [T,33,3] m (BlazePose's names), `joint_rotations_world` [T,24,3,3]: each joint's
    frame in the world (the identity in the T-pose).
    """

    joints: Array
    landmarks: Array
    joint_rotations_world: Array


def pose_body(body: Body, poses: Array, betas: Array, trans: Array) -> BodyFrames:
    """Joints, landmarks and joint frames for `poses` [T,72] rad (global_orient first), `betas` [10], `trans` [T,3] m.

    All frames have one shape. `BadInputError` where the arrays do not fit together.
    """
    poses, betas, trans = _checked(body, poses, betas, trans)
    local = matrix_from_axis_angle(poses.reshape(len(poses), -1, 3))
    rest = body.rest_joints(betas)
    joints, world = forward_kinematics(body.parents, rest, local, trans)
    return BodyFrames(joints, _landmarks(body, betas, rest, joints, world), world)


def forward_kinematics(parents: Array, rest: Array, local: Array, trans: Array) -> tuple[Array, Array]:
    """(joints [T,J,3] m, world rotations [T,J,3,3]) from rest joints [J,3] and local rotations [T,J,3,3].

    One step per level of the tree, all its joints and all frames at once.
    """
    world = np.empty_like(local)
    joints = np.empty((*local.shape[:2], 3))
    world[:, 0] = local[:, 0]
    joints[:, 0] = rest[0] + trans
    for level in tree_levels(parents)[1:]:
        above = parents[level]
        world[:, level] = world[:, above] @ local[:, level]
        offsets = (rest[level] - rest[above])[:, :, None]
        joints[:, level] = joints[:, above] + (world[:, above] @ offsets)[..., 0]
    return joints, world


def tree_levels(parents: Array) -> list[Array]:
    """The joints by their distance from the root: [root], its children, their children, ..."""
    depth = np.zeros(len(parents), int)
    for joint, parent in enumerate(parents):
        depth[joint] = depth[parent] + 1 if parent >= 0 else 0
    return [np.flatnonzero(depth == d) for d in range(depth.max() + 1)]


def landmark_offsets(body: Body, betas: Array, rest: Array | None = None) -> Array:
    """[33,24,3] m: the constant part of the landmarks, for a shape.

    Linear blend skinning and the landmarks' regressor are both linear in the vertices, so a landmark is
    `sum_j (R_j @ offsets[l, j] + landmark_weights[l, j] * joint_j)` with R_j the joint's world rotation.
    """
    rest = body.rest_joints(betas) if rest is None else rest
    mixed = np.tensordot(np.concatenate([[1.0], betas]), body.landmark_shape, axes=1)
    return mixed - body.landmark_weights[..., None] * rest


def _landmarks(body: Body, betas: Array, rest: Array, joints: Array, world: Array) -> Array:
    offsets = landmark_offsets(body, betas, rest)
    n, count = len(offsets), len(joints)
    # One matrix product for the clip: rows of [T*3, 24*3] times columns of [24*3, 33].
    turned = world.transpose(0, 2, 1, 3).reshape(count * 3, -1) @ offsets.reshape(n, -1).T
    return turned.reshape(count, 3, n).transpose(0, 2, 1) + body.landmark_weights @ joints


def body_motion(
    body: Body, fps: float, times: Array, poses: Array, betas: Array, trans: Array, **rest: Any
) -> BodyMotion:
    """A `BodyMotion` on this body with its joints and landmarks filled in.

    `rest` are further fields of `BodyMotion`: frame, contacts, camera_in_world, intrinsics, supports.
    """
    frames = pose_body(body, poses, betas, trans)
    return BodyMotion(
        fps=fps,
        times=times,
        poses=poses,
        betas=betas,
        trans=trans,
        joints=frames.joints,
        landmarks=frames.landmarks,
        body_model=body.name,
        **rest,
    )


def _checked(body: Body, poses: Array, betas: Array, trans: Array) -> tuple[Array, Array, Array]:
    poses, betas, trans = (np.asarray(each, float) for each in (poses, betas, trans))
    wanted = 3 * len(body.names)
    fits = poses.ndim == 2 and poses.shape[1] == wanted and betas.shape == (len(body.shape_basis),)
    if not fits or trans.shape != (len(poses), 3):
        raise BadInputError(
            f"A pose of this body needs poses [T,{wanted}], betas [{len(body.shape_basis)}] and trans [T,3], but came "
            f"as {poses.shape}, {betas.shape} and {trans.shape}."
        )
    return poses, betas, trans
