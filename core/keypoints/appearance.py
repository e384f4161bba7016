"""What a person looks like: colour histograms of what they wear above and below the hips.

Colours are told apart by hue where they have one and by brightness where they are grey, with soft borders between the
bins (Swain and Ballard 1991 compare histograms of colours in the same spirit); places are sampled on a grid laid
through the skeleton, so a look costs a fraction of a millisecond.
"""

import numpy as np

from core.keypoints.skeletons import INDEX

HUES, GREYS = 12, 6
_GRID = np.linspace(0.1, 0.9, 9)
_TRUNK = [INDEX[name] for name in ("left_shoulder", "right_shoulder", "right_hip", "left_hip")]
_THIGHS = [(INDEX[f"{side}_hip"], INDEX[f"{side}_knee"]) for side in ("left", "right")]
_LEAST_VISIBLE = 0.3
_LEAST_SAMPLES = 20


def look_of(picture: np.ndarray, keypoints: np.ndarray) -> np.ndarray:
    """[2,18]: histograms of the trunk and of the thighs in a picture [H,W,3] uint8; each sums to 1.

    `keypoints` [33,3] px and visibility. A part that is not seen has NaN.
    """
    trunk = keypoints[_TRUNK]
    u, v = np.meshgrid(_GRID, _GRID)
    weights = np.stack([(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v], axis=-1).reshape(-1, 4)
    parts = [weights @ trunk[:, :2] if trunk[:, 2].min() > _LEAST_VISIBLE else np.zeros((0, 2))]
    thighs = [
        keypoints[a, :2] + (keypoints[b, :2] - keypoints[a, :2]) * np.linspace(0.05, 0.8, 30)[:, None]
        for a, b in _THIGHS
        if min(keypoints[a, 2], keypoints[b, 2]) > _LEAST_VISIBLE
    ]
    parts.append(np.concatenate(thighs) if thighs else np.zeros((0, 2)))
    return np.stack([_histogram(picture, points) for points in parts])


def _histogram(picture: np.ndarray, points: np.ndarray) -> np.ndarray:
    height, width = picture.shape[:2]
    x, y = np.floor(points).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    if inside.sum() < _LEAST_SAMPLES:
        return np.full(HUES + GREYS, np.nan)
    colours = picture[y[inside], x[inside]] / 255.0
    value, chroma = colours.max(axis=1), np.ptp(colours, axis=1)
    angle = np.arctan2(np.sqrt(3) * (colours[:, 1] - colours[:, 2]), 2 * colours[:, 0] - colours[:, 1] - colours[:, 2])
    coloured = np.clip(4 * chroma / np.maximum(value, 0.1) - 0.4, 0, 1)
    hues = _soft(angle / (2 * np.pi) % 1 * HUES, HUES, round_trip=True) * coloured[:, None]
    greys = _soft(value * (GREYS - 1), GREYS, round_trip=False) * (1 - coloured)[:, None]
    counts = np.concatenate([hues, greys], axis=1).sum(axis=0)
    return counts / counts.sum()


def _soft(position: np.ndarray, bins: int, round_trip: bool) -> np.ndarray:
    """[n,bins]: each position shared between its two nearest bins."""
    distance = np.abs(position[:, None] - np.arange(bins))
    if round_trip:
        distance = np.minimum(distance, bins - distance)
    return np.maximum(1 - distance, 0)


def unlikeness(a: np.ndarray, b: np.ndarray) -> float:
    """Bhattacharyya's distance of two looks [2,18] (Hellinger's form): 0 the same, 1 nothing in common.

    The mean over the parts that both have; NaN where there is none.
    """
    distances = np.sqrt(np.maximum(1 - np.sqrt(a * b).sum(axis=1), 0))
    known = distances[np.isfinite(distances)]
    return float(known.mean()) if len(known) else float("nan")


def usual_look(looks: list[np.ndarray]) -> np.ndarray:
    """[2,18]: the mean of some looks, parts that were not seen left out; NaN where a part was never seen."""
    if not looks:
        return np.full((2, HUES + GREYS), np.nan)
    stacked = np.stack(looks)
    seen = np.isfinite(stacked[..., 0])
    total = np.where(seen[..., None], stacked, 0).sum(axis=0)
    counts = seen.sum(axis=0)[:, None]
    return np.where(counts > 0, total / np.maximum(counts, 1), np.nan)
