"""Contacts, and the corrections of root and legs that make them hold."""

from dataclasses import dataclass, field

import numpy as np

from core.body import Body
from core.body.kinematics import body_motion, pose_body
from core.body.leg_ik import move_ankles
from core.mesh_recovery.closed_form import local_axis_angles
from core.motion import BodyMotion
from core.reconstruction.contacts import predict_contacts, sole_points
from core.reconstruction.settling import SettleTerms, settle

Array = np.ndarray


@dataclass(frozen=True)
class StandSettings:
    """How contacts are told, and how far root and feet may move to make them hold."""

    contact_height_m: float = 0.06
    """A contact point is lower than this."""

    contact_speed_m_s: float = 0.5
    """A contact point is slower than this."""

    contact_median_s: float = 1 / 6
    """The majority over this time decides whether it is a contact."""

    root: SettleTerms = field(default_factory=SettleTerms)
    """What the correction of the path weighs against each other."""

    foot: SettleTerms = field(default_factory=lambda: SettleTerms(0.05, 0.05, 0.01, 0.005, 6.0))
    """The same for each foot's correction, done by bending the leg."""


def stand(body: Body, placed: BodyMotion, settings: StandSettings) -> BodyMotion:
    """The motion `placed` (world, with `camera_in_world`) with contacts that hold and its first pelvis over the origin.

    First the root moves (contacts and its correction three times over, as each decides the other), then each foot that
    still slides or sinks, by its own leg.
    """
    assert placed.camera_in_world is not None
    soles = sole_points(placed.landmarks)
    rays = placed.joints[:, 0] - placed.camera_in_world[:, :3, 3]
    rays = rays / np.maximum(np.linalg.norm(rays, axis=1, keepdims=True), 1e-9)
    correction = np.zeros_like(placed.trans)
    for _ in range(3):
        contacts = _contacts(placed.landmarks + correction[:, None], placed.times, rays, settings)
        correction = settle(soles, contacts, rays, placed.fps, settings.root)
    origin = (placed.joints[0, 0] + correction[0]) * (1, 0, 1)
    trans = placed.trans + correction - origin
    contacts = _contacts(placed.landmarks + (correction - origin)[:, None], placed.times, rays, settings)
    poses = _plant_feet(body, placed, trans, contacts, rays, settings)

    camera = placed.camera_in_world.copy()
    camera[:, :3, 3] -= origin
    motion = body_motion(body, placed.fps, placed.times, poses, placed.betas, trans)
    return body_motion(
        body, placed.fps, placed.times, poses, placed.betas, trans,
        contacts=_contacts(motion.landmarks, placed.times, rays, settings), camera_in_world=camera,
        intrinsics=placed.intrinsics,
    )  # fmt: skip


def _plant_feet(
    body: Body, placed: BodyMotion, trans: Array, contacts: Array, rays: Array, settings: StandSettings
) -> Array:
    """Poses [T, 72] with legs bent so that soles in contact stay where they are on average."""
    posed = pose_body(body, placed.poses, placed.betas, trans)
    soles = sole_points(posed.landmarks)
    moves = [settle(soles[:, f], contacts[:, f], rays, placed.fps, settings.foot) for f in (slice(0, 2), slice(2, 4))]
    rotations = move_ankles(posed.joints, posed.joint_rotations_world, np.stack(moves, axis=1))
    return local_axis_angles(rotations, body.parents)


def _contacts(landmarks: Array, times: Array, rays: Array, settings: StandSettings) -> Array:
    return predict_contacts(
        landmarks, times, settings.contact_height_m, settings.contact_speed_m_s, settings.contact_median_s, rays
    )
