"""What networks see that read keypoints instead of pixels: the same numbers in training and in use."""

from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Squares:
    """One square of the picture per frame: `centres` [T,2] px, `sides` [T] px."""

    centres: Array
    sides: Array


def keypoint_squares(keypoints: Array) -> Squares:
    """The smallest squares round the keypoints [T,33,3] (x px, y px, visibility) that are visible at all.

    A point of visibility 0 was not seen and has no place; where none is seen all count, so that nothing is infinite.
    """
    seen = keypoints[..., 2:] > 0
    seen = seen | ~seen.any(axis=1, keepdims=True)
    low = np.where(seen, keypoints[..., :2], np.inf).min(axis=1)
    high = np.where(seen, keypoints[..., :2], -np.inf).max(axis=1)
    return Squares((low + high) / 2, np.maximum((high - low).max(axis=1), 1.0))


def network_keypoints(keypoints: Array, squares: Squares) -> Array:
    """[T,33,3] float32: x, y in [-1, 1] of the square, visibility in [0, 1]; points of visibility 0 lie at 0, 0."""
    xy = (keypoints[..., :2] - squares.centres[:, None]) / (squares.sides[:, None, None] / 2)
    xy = np.where(keypoints[..., 2:] > 0, xy, 0.0)
    return np.concatenate([xy, keypoints[..., 2:]], axis=-1).astype(np.float32)


def network_world(world: Array) -> Array:
    """[T,33,3] float32 m: the world landmarks about the middle of the hips, in the axes that `Track.world` has."""
    return (world - world[:, 23:25].mean(axis=1, keepdims=True)).astype(np.float32)
