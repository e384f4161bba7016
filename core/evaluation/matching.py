"""Which true pose belongs to which predicted one: by time where both have times, else by number."""

import numpy as np
from scipy.interpolate import CubicSpline

from core.errors import BadInputError
from core.evaluation.poses import Poses

Array = np.ndarray

SAME_MOMENT_S = 0.002
"""Frames this close in time are taken for simultaneous where nothing can be interpolated."""
MAX_GAP_S = 0.05
"""Between true frames this close the truth is interpolated; across longer gaps nothing is invented."""


def match(pred: Poses, truth: Poses, frame: int | None = None, offset_s: float = 0.0) -> tuple[Array, Array]:
    """(frames [N] of the prediction, true joints [N, 12, 3] at the same moments, NaN where unknown).

    Second 0 of the prediction is second `offset_s` of the truth. `frame` chooses one predicted frame; a truth of a
    single frame then belongs to it. Truth between its frames is a cubic spline through them. `BadInputError` where the
    two cannot be matched.
    """
    if frame is not None and not 0 <= frame < len(pred):
        raise BadInputError(f"{pred.title} has the frames 0 to {len(pred) - 1}, but frame {frame} was asked for.")
    chosen = np.arange(len(pred)) if frame is None else np.array([frame])
    if len(truth) == 1:
        if len(chosen) > 1:
            raise BadInputError(
                f"The truth is a single frame and {pred.title.lower()} has {len(pred)}. Say which frame it belongs to."
            )
        return chosen, np.array(truth.joints)
    if pred.times is not None and truth.times is not None:
        return _by_time(pred, truth, chosen, offset_s)
    if len(pred) != len(truth):
        without = "truth" if truth.times is None else "prediction"
        raise BadInputError(
            f"The {without} has no times, so both should have as many frames, but the prediction has {len(pred)} and "
            f"the truth {len(truth)}. Add `times` or `fps` to it."
        )
    return chosen, np.array(truth.joints[chosen])


def _by_time(pred: Poses, truth: Poses, chosen: Array, offset_s: float) -> tuple[Array, Array]:
    assert pred.times is not None
    assert truth.times is not None
    when = pred.times[chosen] + offset_s
    joints = np.stack([_at(truth.times, truth.joints[:, j], when) for j in range(12)], axis=1)
    there = np.isfinite(joints).any(axis=(1, 2))
    if not there.any():
        raise BadInputError(
            f"{pred.title} covers {when[0]:.2f} s to {when[-1]:.2f} s of the truth's clock, but the truth has frames "
            f"from {truth.times[0]:.2f} s to {truth.times[-1]:.2f} s and none fits. Set the offset between them."
        )
    return chosen[there], joints[there]


def _at(times: Array, points: Array, when: Array) -> Array:
    """One joint's points [T, 3] at the moments `when` [N]: [N, 3], NaN where it is not known."""
    known = np.isfinite(points).all(axis=1)
    times, points = times[known], points[known]
    found = np.full((len(when), 3), np.nan)
    if not len(times):
        return found
    nearest = _nearest(times, when)
    same = np.abs(times[nearest] - when) <= SAME_MOMENT_S
    found[same] = points[nearest[same]]
    # A spline for every stretch without a gap; what lies within one is better interpolated than taken from beside.
    for stretch in np.split(np.arange(len(times)), np.flatnonzero(np.diff(times) > MAX_GAP_S) + 1):
        within = (when >= times[stretch[0]]) & (when <= times[stretch[-1]])
        if len(stretch) > 1 and within.any():
            found[within] = CubicSpline(times[stretch], points[stretch])(when[within])
    return found


def _nearest(times: Array, when: Array) -> Array:
    if len(times) == 1:
        return np.zeros(len(when), int)
    after = np.clip(np.searchsorted(times, when), 1, len(times) - 1)
    return np.where(when - times[after - 1] <= times[after] - when, after - 1, after)
