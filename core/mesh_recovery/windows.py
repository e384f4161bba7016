"""What the embedded regressor sees: a window of keypoints in a picture turned, moved and scaled to the person.

Used on tracks and, by training, on synthetic people, so that both see the same.
"""

from dataclasses import dataclass

import numpy as np

from core.mesh_recovery.cameras import turns_to_rays

Array = np.ndarray

HIPS = (23, 24)
SEEN = 0.1
"""Visibility from which a keypoint has a say in where the person is and how large."""
UNKNOWN = 0.02
"""Visibility below which a keypoint counts as missing: its numbers are put to zero."""
WORLD_UNIT_M = 0.5
"""World landmarks are divided by this."""
FEATURES = 33 * 6 + 1
"""Numbers of a frame: x, y, visibility, then world x, y, z of each landmark; last ten times the scale, which says how
strong the perspective is."""


@dataclass(frozen=True)
class Windows:
    """N windows of W frames, and what leads back from them to the camera.

    `features` [N,W,199] float32. `ahead_in_camera` [N,3,3]: the axes of a camera turned to look at the hips of the
    window's middle frame; in these the regressor answers. `scale` [N]: one unit of the features' x and y, as a tangent
    of the angle off the axis.
    """

    features: Array
    ahead_in_camera: Array
    scale: Array


def window_offsets(width: int) -> Array:
    """[W] steps from the middle: 0, and 1, 2, 3, 5, 8, 13 ... to both sides: dense where it matters, wide in all."""
    away = [1, 2]
    while len(away) < width // 2:
        away.append(away[-1] + away[-2])
    one_side = np.array(away[: width // 2], int)
    return np.concatenate([-one_side[::-1], [0], one_side])


def window_frames(times: Array, width: int, step_s: float) -> Array:
    """Indices [T,W] of the frames nearest to `times` [T] + `window_offsets` times `step_s`; held at both ends."""
    if len(times) == 1:
        return np.zeros((1, width), int)
    wanted = times[:, None] + step_s * window_offsets(width)
    after = np.searchsorted(times, wanted).clip(1, len(times) - 1)
    nearer = wanted - times[after - 1] < times[after] - wanted
    return np.where(nearer, after - 1, after)


def turned_to_person(keypoints: Array, intrinsics: Array) -> tuple[Array, Array]:
    """(tangents [N,33,2], ahead_in_camera [N,3,3]) of `keypoints` [N,33,3] px: as a camera turned to the hips has them.

    Where neither hip is seen, the middle of all that is seen takes their place.
    """
    visibility = keypoints[..., 2]
    of_hips = np.zeros_like(visibility)
    of_hips[:, HIPS] = visibility[:, HIPS]
    weights = np.where(of_hips.max(axis=1, keepdims=True) > SEEN, of_hips, visibility) + 1e-9
    centre = np.einsum("nl,nlk->nk", weights, keypoints[..., :2]) / weights.sum(axis=1, keepdims=True)
    turns = turns_to_rays(centre, intrinsics)
    rays = np.ones((*keypoints.shape[:2], 3))
    rays[..., :2] = (keypoints[..., :2] - intrinsics[:2, 2]) / intrinsics[[0, 1], [0, 1]]
    rays = rays @ turns  # rows: R^T ray
    return rays[..., :2] / np.maximum(rays[..., 2:], 0.05), turns


def make_windows(tangents: Array, visibility: Array, world: Array, turns: Array) -> Windows:
    """Windows from `tangents` [N,W,33,2] and `turns` [N,W,3,3] (`turned_to_person`), `visibility` [N,W,33] and `world`
    [N,W,33,3] m in axes turned to the hips; zeros where there is none."""
    middle = tangents.shape[1] // 2
    scale = person_scale(tangents, visibility)
    xy = np.clip(tangents / scale[:, None, None, None], -4, 4)
    known = (visibility >= UNKNOWN)[..., None]
    frames = np.concatenate([xy * known, visibility[..., None], np.clip(world / WORLD_UNIT_M, -4, 4) * known], axis=-1)
    frames = frames.reshape(*frames.shape[:2], FEATURES - 1)
    scales = np.broadcast_to(10 * scale[:, None, None], (*frames.shape[:2], 1))
    return Windows(np.concatenate([frames, scales], axis=-1).astype(np.float32), turns[:, middle], scale)


def person_scale(tangents: Array, visibility: Array) -> Array:
    """[N]: root mean square distance of the seen keypoints from the axis, the median over the window's frames that have
    some; 0.001 where none has."""
    seen = visibility > SEEN
    count = seen.sum(axis=-1)
    spread = np.sqrt(((tangents**2).sum(axis=-1) * seen).sum(axis=-1) / np.maximum(count, 1))
    nobody = count.max(axis=1, keepdims=True) == 0
    known = np.where((count > 0) | nobody, spread, np.nan)
    return np.maximum(np.nanmedian(known, axis=1), 1e-3)
