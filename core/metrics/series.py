"""What the figures of a motion are made of, frame by frame: what a curve under the viewer's clock shows.

Everything is [T], at the motion's own times, in the world (y up, the ground at y = 0). A value that is not defined at a
frame (sliding without a contact) is NaN.
"""

from dataclasses import dataclass

import numpy as np

from core.errors import BadInputError
from core.metrics.plausibility import heights_over_support
from core.motion import BodyMotion, Rollout
from core.reconstruction.contacts import predict_contacts, sole_points

Array = np.ndarray


@dataclass(frozen=True)
class MotionSeries:
    """A body motion by frame.

    `foot_height` [T] cm: the lowest sole point over the ground or support under it, below 0 where it sinks in.
    `foot_slide` [T] cm/s: the mean horizontal speed, since the frame before, of the points in contact; NaN without any.
    `jitter` [T] 10 m/s^3: the mean norm of the joints' third difference, around the frame; NaN at both ends.
    `contacts` [T, 4] bool: left heel, left toe, right heel, right toe.
    """

    foot_height: Array
    foot_slide: Array
    jitter: Array
    contacts: Array


def motion_series(motion: BodyMotion, supports: Array | None = None, slide_at: Array | None = None) -> MotionSeries:
    """The curves of a motion in the world. `supports` [S, 6] m: the boxes that count as ground, None: the motion's own.

    Contacts are the motion's own, or predicted where it has none. Sliding is measured at those, or at `slide_at` [T, 4]
    bool: to compare two motions of one performance, give both the same. The means of `foot_slide` over contacts and of
    `jitter` are the figures of `core.metrics.plausibility`, as long as as many points touch in every frame. Raises
    `BadInputError` for a motion in camera coordinates.
    """
    if motion.frame != "world":
        raise BadInputError(f'A motion in the world is expected, but this one\'s frame is "{motion.frame}".')
    soles = sole_points(motion.landmarks)
    contacts = motion.contacts if motion.contacts is not None else predict_contacts(motion.landmarks, motion.times)
    heights = heights_over_support(soles, motion.supports if supports is None else supports)
    return MotionSeries(
        foot_height=100.0 * heights.min(axis=1),
        foot_slide=_slide(soles, contacts if slide_at is None else slide_at, motion.fps),
        jitter=_jitter(motion.joints, motion.fps),
        contacts=contacts,
    )


def _slide(soles: Array, contacts: Array, fps: float) -> Array:
    speeds = np.full(len(soles), np.nan)
    held = contacts[1:] & contacts[:-1]
    steps = 100.0 * fps * np.linalg.norm(np.diff(soles[..., [0, 2]], axis=0), axis=-1)
    count = held.sum(axis=1)
    total = np.where(held, steps, 0.0).sum(axis=1)
    speeds[1:] = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return speeds


def _jitter(joints: Array, fps: float) -> Array:
    """The third difference of frames t - 1 to t + 2 stands at t."""
    jitter = np.full(len(joints), np.nan)
    if len(joints) > 3:
        jitter[1:-2] = np.linalg.norm(np.diff(joints, n=3, axis=0), axis=-1).mean(axis=-1) * fps**3 / 10.0
    return jitter


def reward_series(rollout: Rollout) -> Array:
    """[T], at most 1 with the usual weights: the sum of the reward terms, 0 from the fall on; NaN without terms."""
    if not rollout.reward_terms.size:
        return np.full(len(rollout), np.nan)
    rewards = rollout.reward_terms.sum(axis=1)
    if np.isnan(rollout.time_to_fall_s):
        return rewards
    return np.where(rollout.times < rollout.time_to_fall_s, rewards, 0.0)
