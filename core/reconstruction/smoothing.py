"""Filters over time: outliers against a running median, and a smoothing spline given by its cutoff in Hz."""

import numpy as np
from scipy.interpolate import make_smoothing_spline
from scipy.ndimage import median_filter
from scipy.spatial.transform import Rotation

Array = np.ndarray

LEAST_WEIGHT = 1e-3
"""What a frame that says nothing (outlier, gap) still weighs: the spline wants positive weights."""


def smooth(values: Array, times: Array, weights: Array, cutoff_hz: float) -> Array:
    """`values` [T, C] at `times` [T] s, low-passed without delay; `weights` [T] >= 0 say how far each is believed.

    A cubic smoothing spline (Reinsch 1967) with its penalty chosen so that evenly sampled, evenly weighted values pass
    with the gain 1 / (1 + (f / cutoff)^4): a second-order Butterworth filter run forwards and backwards, except that it
    bridges gaps and needs no padding at the ends. Fewer than five frames come back as they are.
    """
    if len(times) < 5:
        return values.copy()
    weights = np.maximum(weights / max(weights.max(), 1e-9), LEAST_WEIGHT)
    fps = (len(times) - 1) / (times[-1] - times[0])
    seconds = times - times[0]
    return make_smoothing_spline(seconds, values, w=weights, lam=fps / (2 * np.pi * cutoff_hz) ** 4)(seconds)


def window(seconds: float, times: Array) -> int:
    """The odd number of frames, at least 1, nearest to a window of `seconds`."""
    if len(times) < 2:
        return 1
    frames = seconds * (len(times) - 1) / (times[-1] - times[0])
    return 2 * round((frames - 1) / 2) + 1 if frames > 1 else 1


def outliers(values: Array, frames: int, sigmas: float, floor: float) -> Array:
    """[T] bool: where `values` [T, C] lie off their running median by more than `sigmas` robust standard deviations.

    Hampel's identifier: the scale is 1.4826 times the running median of the distances, at least `floor` (in the units
    of `values`), `frames` (odd) is the window's length.
    """
    distance = np.linalg.norm(values - median_filter(values, size=(frames, 1), mode="nearest"), axis=1)
    scale = 1.4826 * median_filter(distance, size=frames, mode="nearest")
    return distance > sigmas * np.maximum(scale, floor)


def continuous_quaternions(rotations: Array) -> Array:
    """Unit quaternions xyzw [T, 4] of `rotations` [T, 3, 3], each on the side of the one before it."""
    q = Rotation.from_matrix(rotations).as_quat()
    flips = np.cumsum((q[1:] * q[:-1]).sum(axis=1) < 0) % 2
    q[1:][flips == 1] *= -1
    return q


def smooth_rotations(rotations: Array, times: Array, weights: Array, cutoff_hz: float) -> Array:
    """`rotations` [T, 3, 3] low-passed like `smooth`, as continuous quaternions brought back to length one."""
    smoothed = smooth(continuous_quaternions(rotations), times, weights, cutoff_hz)
    return Rotation.from_quat(smoothed).as_matrix()
