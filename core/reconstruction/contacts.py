"""When which part of which foot stands on the ground."""

import numpy as np
from scipy.ndimage import median_filter

from core.reconstruction.smoothing import window

Array = np.ndarray

SOLES = (29, 31, 30, 32)
"""BlazePose landmarks of the four contact points: left heel, left toe, right heel, right toe."""

STANDING_HEIGHTS_M = np.array([0.014, 0.010, 0.014, 0.010])
"""How high these landmarks lie over the ground when the sole of the shipped body stands on it."""


def sole_points(landmarks: Array) -> Array:
    """The contact points [..., 4, 3] m of `landmarks` [..., 33, 3] m (world, y up), lowered to the sole under them."""
    points = landmarks[..., SOLES, :].copy()
    points[..., 1] -= STANDING_HEIGHTS_M
    return points


DEPTH_SHARE = 0.3
"""How much of a speed along the camera's ray counts: one camera sees depth worst, and its noise looks like motion."""


def speeds(points: Array, times: Array, rays: Array | None = None) -> Array:
    """The speed [T, N] m/s of `points` [T, N, 3] m by central differences; zero for a single frame.

    Given `rays` [T, 3] (unit vectors from the camera to the body), the part along them counts `DEPTH_SHARE`.
    """
    if len(times) < 2:
        return np.zeros(points.shape[:2])
    velocity = np.gradient(points, times, axis=0)
    if rays is not None:
        along = np.einsum("tni,ti->tn", velocity, rays)
        velocity = velocity - (1 - DEPTH_SHARE) * along[..., None] * rays[:, None]
    return np.linalg.norm(velocity, axis=-1)


def predict_contacts(
    landmarks: Array,
    times: Array,
    height_m: float = 0.06,
    speed_m_s: float = 0.5,
    median_s: float = 1 / 6,
    rays: Array | None = None,
) -> Array:
    """[T, 4] bool (left heel, left toe, right heel, right toe): low and slow, by a running majority.

    `landmarks` [T, 33, 3] m in the world, y up, `times` [T] s. A contact point counts while it is less than `height_m`
    above the ground y = 0 and slower than `speed_m_s`; the majority over `median_s` (five frames at 30 a second)
    decides. `rays` as in `speeds`.
    """
    points = sole_points(landmarks)
    touching = (points[..., 1] < height_m) & (speeds(points, times, rays) < speed_m_s)
    return median_filter(touching.astype(np.uint8), size=(window(median_s, times), 1), mode="nearest").astype(bool)
