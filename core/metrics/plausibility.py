"""Whether a motion could be real, without knowing the true one: smoothness, feet, and what was seen.

Feet are measured at BlazePose's heels and toes, lowered to the sole (`sole_points`), on contacts that are *predicted*,
not measured; "world" below means y up with the ground at y = 0. A figure that a motion does not define (jitter of one
frame, sliding without a contact) is None, never 0 and never NaN.
"""

import numpy as np

from core.errors import BadInputError
from core.mesh_recovery.cameras import project
from core.metrics.procrustes import acceleration_error
from core.motion import BodyMotion, Track
from core.reconstruction.contacts import predict_contacts, sole_points

Array = np.ndarray


EDGE_M, SIDE_M = 0.1, 0.3
"""How far beside a support a point is still over it; how deep below its top a point is in it rather than beside it."""

SKATING_M_S = 0.6
"""A contact point that moves faster than this skates: 2 cm from a frame to the next at 30 frames a second."""


def plausibility(
    motion: BodyMotion,
    track: Track | None,
    contacts: Array | None = None,
    truth: Array | None = None,
    supports: Array | None = None,
) -> dict[str, float | None]:
    """The figures of a motion:

    - keypoint_error_px: distance from the projected landmarks to the track's keypoints, mean weighted by visibility.
    - jitter (10 m/s^3): mean norm of the joints' third difference x fps^3 / 10.
    - acceleration (m/s^2): mean norm of their second difference x fps^2.
    - foot_slide_cm_s: mean horizontal speed of a contact point from one frame in contact to the next in contact.
    - fs_percent: share of those steps that move by more than 2 cm per thirtieth of a second, in percent (after Rempe
      et al. 2020, who count 2 cm from frame to frame; tied to the second so that the frame rate does not matter).
    - penetration_mm: depth of the lowest sole point below the ground or support under it, 0 where it is above, mean
      over all frames.
    - float_mm: its height above them, 0 where it is below, mean over frames with a contact.

    `contacts` [T, 4] bool: which contacts to go by; None takes the motion's own, or predicts them where it has none. To
    compare two motions of one performance, give both the same. `supports` [S, 6] m: the boxes that count as ground;
    None takes the motion's own. `truth` [T, 24, 3] m: the true joints in the motion's axes, where they are known; adds
    acceleration_error (m/s^2), the mean norm of the difference of the accelerations
    (`core.metrics.procrustes.acceleration_error`). Ground figures are None for motions in camera coordinates. Raises
    `BadInputError` for numbers that are not finite and for a track of another length.
    """
    _check(motion, track, contacts)
    if truth is not None and truth.shape != motion.joints.shape:
        raise BadInputError(f"The true joints should be {motion.joints.shape}, the motion's, but are {truth.shape}.")
    in_world = motion.frame == "world"
    if contacts is None:
        contacts = motion.contacts
    if contacts is None:
        contacts = predict_contacts(motion.landmarks, motion.times)
    soles = sole_points(motion.landmarks)
    heights = heights_over_support(soles, motion.supports if supports is None else supports)
    figures = {
        "keypoint_error_px": keypoint_error(motion, track) if track is not None else None,
        "jitter": _mean(_difference(motion.joints, 3, motion.fps) / 10.0),
        "acceleration": _mean(_difference(motion.joints, 2, motion.fps)),
        "foot_slide_cm_s": foot_slide(soles, contacts, motion.fps) if in_world else None,
        "fs_percent": skating(soles, contacts, motion.fps) if in_world else None,
        "penetration_mm": _mean(1000.0 * np.maximum(-heights.min(axis=1), 0.0)) if in_world else None,
        "float_mm": floating(heights, contacts) if in_world else None,
    }
    if truth is not None:
        figures["acceleration_error"] = _mean(acceleration_error(motion.joints, truth, motion.fps))
    return figures


def keypoint_error(motion: BodyMotion, track: Track) -> float | None:
    """Mean reprojection error in px over all frames, weighted by visibility; None without intrinsics or anyone seen.

    A world motion is looked at through its `camera_in_world`; without one it has no error.
    """
    if motion.intrinsics is None or (motion.frame == "world" and motion.camera_in_world is None):
        return None
    points = motion.landmarks
    if motion.frame == "world":
        assert motion.camera_in_world is not None
        camera = np.broadcast_to(motion.camera_in_world, (len(motion), 4, 4))
        points = np.einsum("tji,tnj->tni", camera[:, :3, :3], points - camera[:, None, :3, 3])
    error = np.linalg.norm(project(points, motion.intrinsics) - track.keypoints[..., :2], axis=-1)
    visibility = track.keypoints[..., 2]
    total = visibility.sum()
    return float((error * visibility).sum() / total) if total > 0 else None


def foot_slide(soles: Array, contacts: Array, fps: float) -> float | None:
    """Mean horizontal speed in cm/s of `soles` [T, 4, 3] m from one frame in contact to the next in contact."""
    return _mean(100.0 * _speeds_in_contact(soles, contacts, fps))


def skating(soles: Array, contacts: Array, fps: float) -> float | None:
    """Percentage of the same steps in which the point moves faster than `SKATING_M_S`."""
    return _mean(100.0 * (_speeds_in_contact(soles, contacts, fps) > SKATING_M_S))


def _speeds_in_contact(soles: Array, contacts: Array, fps: float) -> Array:
    """[N] m/s, horizontal, of every point that is in contact in two frames in a row."""
    held = contacts[1:] & contacts[:-1]
    return fps * np.linalg.norm(np.diff(soles[..., [0, 2]], axis=0), axis=-1)[held]


def heights_over_support(soles: Array, supports: Array) -> Array:
    """[T, 4] m: how high `soles` [T, 4, 3] are over what is under them: the ground, or a box of `supports` [S, 6].

    A point is over a box where it is within its sides, or `EDGE_M` beside them (a toe over the edge), and not deeper
    than `SIDE_M` below its top: from there on it is beside the box.
    """
    heights = soles[..., 1].copy()
    for low, high in zip(supports[:, :3], supports[:, 3:], strict=True):
        inside = ((soles >= low - EDGE_M) & (soles <= high + EDGE_M))[..., [0, 2]].all(axis=-1)
        over = inside & (soles[..., 1] > high[1] - SIDE_M)
        heights = np.where(over, np.minimum(heights, soles[..., 1] - high[1]), heights)
    return heights


def floating(heights: Array, contacts: Array) -> float | None:
    """Mean height in mm of the lowest sole point (`heights` [T, 4] m) over frames with a contact, below 0 as 0."""
    return _mean(1000.0 * np.maximum(heights.min(axis=1), 0.0)[contacts.any(axis=1)])


def _difference(points: Array, order: int, fps: float) -> Array:
    if len(points) <= order:
        return np.zeros(0)
    return np.linalg.norm(np.diff(points, n=order, axis=0), axis=-1) * fps**order


def _mean(values: Array) -> float | None:
    return float(values.mean()) if values.size else None


def _check(motion: BodyMotion, track: Track | None, contacts: Array | None) -> None:
    for name in ("joints", "landmarks"):
        if not np.isfinite(getattr(motion, name)).all():
            raise BadInputError(f"The motion's {name} should be finite numbers to be measured, but some are not.")
    for name, frames in (("track", track), ("contacts", contacts)):
        if frames is not None and len(frames) != len(motion):
            raise BadInputError(
                f"The {name} should have the motion's {len(motion)} frames to be measured together, "
                f"but {'has' if name == 'track' else 'have'} {len(frames)}."
            )
