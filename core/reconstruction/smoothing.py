"""Filters over time: a smoother given by its cutoff in Hz, and the same without belief in outliers."""

import numpy as np
from scipy.linalg import solveh_banded
from scipy.ndimage import median_filter

Array = np.ndarray

LEAST_WEIGHT = 1e-5
"""What a frame that says nothing (outlier, gap) still weighs: the system must stay definite."""

MEDIAN_S = 0.3
"""The window of the running median that outliers are first told by."""


def smooth(values: Array, times: Array, weights: Array, cutoff_hz: float) -> Array:
    """`values` [T, C] at `times` [T] s, low-passed without delay; `weights` [T] >= 0 say how far each is believed.

    Whittaker's smoother (1923): least squares with a penalty on second differences, chosen so that evenly weighted
    values pass with half their size at the cutoff, 1 / (1 + (f / cutoff)^4) well below the frame rate: a second-order
    Butterworth filter run forwards and backwards, except that it bridges gaps and needs no padding at the ends. Fewer
    than five frames come back as they are.
    """
    T = len(times)
    if T < 5:
        return values.copy()
    fps = (T - 1) / (times[-1] - times[0])
    penalty = (2 * np.sin(np.pi * min(cutoff_hz / fps, 0.5))) ** -4
    weights = np.maximum(weights / max(weights.max(), 1e-9), LEAST_WEIGHT)
    bands = np.zeros((3, T))  # D'D of the second differences D, lower form
    difference = (1.0, -2.0, 1.0)
    for row in range(3):
        for below in range(3 - row):
            bands[below, row : T - 2 + row] += difference[row] * difference[row + below]
    bands *= penalty
    bands[0] += weights
    return solveh_banded(bands, weights[:, None] * values, lower=True, check_finite=False)


def window(seconds: float, times: Array) -> int:
    """The odd number of frames, at least 1, nearest to a window of `seconds`."""
    if len(times) < 2:
        return 1
    frames = seconds * (len(times) - 1) / (times[-1] - times[0])
    return 2 * round((frames - 1) / 2) + 1 if frames > 1 else 1


def robust_smooth(values: Array, times: Array, weights: Array, cutoff_hz: float, floor: float) -> Array:
    """`smooth` that believes no outliers: iteratively reweighted with Geman and McClure's weight (1 + u^2)^-2.

    u is the distance from the fit in three robust standard deviations (1.4826 times the median distance, at least
    `floor` in the units of `values`). The first fit is a running median, which a burst of a few bad frames cannot pull
    along; the later ones are smoothers, which do not take the turning points of a fast motion for outliers.
    """
    fit = median_filter(values, size=(window(MEDIAN_S, times), 1), mode="nearest")
    for _ in range(3):
        distance = np.linalg.norm(values - fit, axis=1)
        scale = max(1.4826 * float(np.median(distance[weights > 0])), floor) if weights.any() else floor
        believed = weights / (1.0 + (distance / (3.0 * scale)) ** 2) ** 2
        fit = smooth(values, times, believed, cutoff_hz)
    return fit


def smooth_rotations(rotations: Array, times: Array, weights: Array, cutoff_hz: float) -> Array:
    """`rotations` [T, 3, 3] low-passed by `robust_smooth`, as matrices brought back to the nearest rotation.

    The nearest rotation to a weighted mean of matrices is their chordal mean (Hartley 2013): on the manifold, and
    unlike quaternions without a sign that a bad frame could flip for all that follow. 0.05 rad is noise at least.
    """
    means = robust_smooth(rotations.reshape(-1, 9), times, weights, cutoff_hz, floor=0.05 * np.sqrt(2))
    U, _, Vt = np.linalg.svd(means.reshape(-1, 3, 3))
    U[:, :, 2] *= np.sign(np.linalg.det(U @ Vt))[:, None]
    return U @ Vt
