"""The stage: a Track in, a BodyMotion in camera coordinates out, one independent answer per frame."""

from dataclasses import dataclass, field

import numpy as np

from core.body import load_body
from core.body.kinematics import body_motion, pose_body
from core.errors import BadInputError, NoPersonError
from core.mesh_recovery.cameras import assumed_intrinsics, fit_translation, moved_onto_rays, turns_to_rays
from core.mesh_recovery.closed_form import local_axis_angles, world_rotations
from core.mesh_recovery.onto_keypoints import OntoKeypointsSettings
from core.mesh_recovery.shape import fit_betas, rest_landmarks
from core.motion import BodyMotion, Track
from core.progress import Progress, silent

Array = np.ndarray


ENDS = {15: [17, 19, 21], 16: [18, 20, 22], 27: [29, 31], 28: [30, 32]}
"""Landmarks of hands and feet go along with wrist and ankle where their own keypoints are unknown."""


@dataclass(frozen=True)
class MeshRecoverySettings:
    """How a body is recovered from keypoints."""

    focal_length_px: float | None = None
    """The camera's focal length; None assumes the picture's diagonal."""

    bone_sigma_m: float = 0.015
    """How far a median bone length may be off before the shape prior yields to it."""

    least_visibility: float = 0.2
    """Keypoints less visible than this do not take part in placing the body."""

    pixel_trust: float = 1.0
    """How far a fully visible world landmark is moved onto its keypoint's ray before joints are turned (0: not at all).
    """

    network_batch: int = 16
    """Crops that a network is asked about at once."""

    onto_keypoints: OntoKeypointsSettings = field(default_factory=OntoKeypointsSettings)
    """How the answers of a network that sees windows of keypoints are brought onto these keypoints."""

    network_threads: int = 0
    """Threads of a network; 0 takes one per processor."""

    seen_from_ahead: bool = True
    """Whether `Track.world` has the axes of a camera that looks straight at the person's hips, as networks fed with
    crops give it; else it has the axes of the camera that took the picture."""


def recover(track: Track, settings: MeshRecoverySettings | None = None, progress: Progress = silent) -> BodyMotion:
    """Recover the body in every frame of `track`: frame="camera" (OpenCV axes, metres), `intrinsics` stored.

    Nothing is smoothed. Shape is one for the clip. A frame without the person repeats the nearest frame that has one
    (the earlier of two equally near). Raises `NoPersonError` where no frame has the person, `BadInputError` where the
    track holds numbers that are not finite.
    """
    settings = settings or MeshRecoverySettings()
    check_track(track)
    body = load_body()
    found = np.flatnonzero(track.present)
    intrinsics = intrinsics_for(track.image_size, settings)
    keypoints = track.keypoints[found]
    weights = keypoint_weights(keypoints, settings.least_visibility)
    seen = landmarks_in_camera(track, found, intrinsics, settings)
    progress(0.1, "Measuring bones")
    betas = fit_betas(body, seen, settings.bone_sigma_m)
    progress(0.3, "Turning joints")
    poses = local_axis_angles(world_rotations(seen, rest_landmarks(body, betas), body.parents), body.parents)
    progress(0.6, "Placing the body before the camera")
    at_origin = pose_body(body, poses, betas, np.zeros((len(found), 3))).landmarks
    trans = fit_translation(at_origin, keypoints[..., :2], weights, intrinsics)

    nearest = np.abs(found[None, :] - np.arange(len(track))[:, None]).argmin(axis=1)
    motion = body_motion(
        body, track.fps, track.times, poses[nearest], betas, trans[nearest], frame="camera", intrinsics=intrinsics
    )
    progress(1.0, "Body recovered")
    return motion


def intrinsics_for(image_size: Array, settings: MeshRecoverySettings) -> Array:
    """The camera matrix [3,3] px that the settings give a picture of this size [2]."""
    intrinsics = assumed_intrinsics(image_size)
    if settings.focal_length_px is not None:
        intrinsics[0, 0] = intrinsics[1, 1] = settings.focal_length_px
    return intrinsics


def landmarks_in_camera(track: Track, found: Array, intrinsics: Array, settings: MeshRecoverySettings) -> Array:
    """World landmarks [N,33,3] m of the frames `found`, about the hips, in the axes of the camera that took the
    picture, each moved towards the ray through its keypoint."""
    keypoints, seen = track.keypoints[found], track.world[found]
    if settings.seen_from_ahead:
        seen = np.einsum("tij,tnj->tni", turns_to_rays(keypoints[:, 23:25, :2].mean(axis=1), intrinsics), seen)
    weights = keypoint_weights(keypoints, settings.least_visibility)
    trust = settings.pixel_trust * keypoints[..., 2]
    moved = moved_onto_rays(seen, keypoints[..., :2], trust, weights, intrinsics)
    for end, held in ENDS.items():
        unseen = (keypoints[:, held, 2] == 0)[..., None]
        moved[:, held] += unseen * (moved[:, end] - seen[:, end])[:, None]
    return moved


def check_track(track: Track) -> None:
    """Raise what `recover` promises for a track that cannot be used."""
    for name in ("keypoints", "world", "times"):
        if not np.isfinite(getattr(track, name)).all():
            raise BadInputError(f"The track's {name} should be finite numbers, but some are not; track the clip again.")
    if len(track) == 0 or not track.present.any():
        raise NoPersonError(
            f"At least one frame should show the person, but none of the {len(track)} does; "
            "choose another window or another person."
        )


def keypoint_weights(keypoints: Array, least_visibility: float) -> Array:
    """Weights [T, 33] of `keypoints` [T, 33, 3] from their visibility; the eleven of the face count as three."""
    visibility = keypoints[..., 2]
    weights = np.where(visibility >= least_visibility, visibility, 0.0)
    weights[:, :11] *= 3 / 11
    return weights
