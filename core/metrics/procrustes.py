"""Errors of predicted joints against true ones: after similarity Procrustes, after shifting the root, over time.

Everything is batched: joints are [..., J, 3], most often [T, J, 3], and errors come in the truth's unit (metres in this
project). Joints of both sides must be the same ones in the same order; `core.metrics.limb_joints` has the twelve that
the tables are made of, and where they are in SMPL's and BlazePose's skeletons.
"""

from collections.abc import Sequence

import numpy as np

from core.errors import BadInputError
from core.metrics.limb_joints import MID_HIP

Array = np.ndarray

_POINTLIKE = 1e-12
"""A spread (m^2, or the square of whatever unit) below which joints count as one point."""


def similarity(pred: Array, truth: Array) -> tuple[Array, Array, Array]:
    """The similarity that moves `pred` [..., J, 3] closest to `truth` [..., J, 3] in least squares, frame by frame.

    Returns scale [...] (>= 0), rotation [..., 3, 3] (determinant +1: a mirrored body stays wrong) and translation
    [..., 3], with truth ~ scale * rotation @ pred + translation. Umeyama 1991, equations 40 to 42. Where `pred` or
    `truth` is a single point the rotation is any one, and the scale is 1 for the former. `BadInputError` for arrays
    that do not fit together, fewer than three joints or numbers that are not finite.
    """
    pred, truth = _checked(pred, truth)
    pred_middle, truth_middle = pred.mean(axis=-2), truth.mean(axis=-2)
    p, q = pred - pred_middle[..., None, :], truth - truth_middle[..., None, :]
    u, singular, vt = np.linalg.svd(np.swapaxes(q, -1, -2) @ p)
    signs = np.ones_like(singular)
    signs[..., 2] = np.where(np.linalg.det(u @ vt) < 0, -1.0, 1.0)
    rotation = (u * signs[..., None, :]) @ vt
    spread = (p**2).sum(axis=(-2, -1))
    pointlike = spread < _POINTLIKE
    scale = np.where(pointlike, 1.0, (singular * signs).sum(axis=-1) / np.where(pointlike, 1.0, spread))
    translation = truth_middle - scale[..., None] * (rotation @ pred_middle[..., None])[..., 0]
    return scale, rotation, translation


def similarity_align(pred: Array, truth: Array) -> Array:
    """`pred` [..., J, 3] moved onto `truth` by its best similarity, frame by frame; errors as `similarity`."""
    scale, rotation, translation = similarity(pred, truth)
    turned = np.asarray(pred, float) @ np.swapaxes(rotation, -1, -2)
    return scale[..., None, None] * turned + translation[..., None, :]


def joint_distances(pred: Array, truth: Array) -> Array:
    """[..., J]: distance of every joint from the true one as they are, nothing aligned."""
    pred, truth = _checked(pred, truth)
    return np.linalg.norm(pred - truth, axis=-1)


def pa_distances(pred: Array, truth: Array) -> Array:
    """[..., J]: distance of every joint from the true one after similarity Procrustes of its frame."""
    return joint_distances(similarity_align(pred, truth), truth)


def pa_mpjpe(pred: Array, truth: Array) -> Array:
    """[...]: mean joint error of every frame after similarity Procrustes (PA-MPJPE; "reconstruction error")."""
    return pa_distances(pred, truth).mean(axis=-1)


def mpjpe(pred: Array, truth: Array, root: Sequence[int] = MID_HIP) -> Array:
    """[...]: mean joint error of every frame after the roots were laid upon each other (MPJPE).

    The root is the mean of the joints numbered in `root`: the mid hip of `LIMB_JOINTS` unless said otherwise. Nothing
    is turned or scaled, so both sides must share their axes and unit.
    """
    pred, truth = _checked(pred, truth)
    chosen = list(root)
    pred = pred - pred[..., chosen, :].mean(axis=-2, keepdims=True)
    truth = truth - truth[..., chosen, :].mean(axis=-2, keepdims=True)
    return np.linalg.norm(pred - truth, axis=-1).mean(axis=-1)


def acceleration_error(pred: Array, truth: Array, fps: float) -> Array:
    """[T-2]: mean over joints of |a_pred - a_truth|, from joints [T, J, 3] at `fps`, in the unit per s^2.

    a_t = (x_{t-1} - 2 x_t + x_{t+1}) fps^2 (Kanazawa et al. 2019, HMMR; Kocabas et al. 2020, VIBE, whose tables leave
    fps^2 out: theirs are mm per frame^2). Both sides must share their axes and scale. Empty for fewer than three
    frames.
    """
    pred, truth = _checked(pred, truth)
    if len(pred) < 3:
        return np.zeros(0)
    difference = np.diff(pred - truth, n=2, axis=0) * fps**2
    return np.linalg.norm(difference, axis=-1).mean(axis=-1)


def spread_figures(distances: Array) -> dict[str, Array]:
    """What a picture's joint distances [..., J] look like beside their mean; each figure is [...].

    std                standard deviation over the joints (population: divided by J)
    max                the worst joint
    std_minmax         standard deviation after scaling the distances to [0, 1] by their least and greatest; no unit, 0
                       where all are alike
    """
    distances = np.asarray(distances, float)
    low, high = distances.min(axis=-1), distances.max(axis=-1)
    spread = high - low
    std = distances.std(axis=-1)
    return {"std": std, "max": high, "std_minmax": np.where(spread > 0, std / np.where(spread > 0, spread, 1.0), 0.0)}


def _checked(pred: Array, truth: Array) -> tuple[Array, Array]:
    pred, truth = np.asarray(pred, float), np.asarray(truth, float)
    if pred.shape != truth.shape or pred.ndim < 2 or pred.shape[-1] != 3:
        raise BadInputError(
            f"Prediction and truth should be joints [..., J, 3] of the same shape, but came as {pred.shape} and "
            f"{truth.shape}."
        )
    if pred.shape[-2] < 3:
        raise BadInputError(f"At least three joints are needed to compare poses, but there are {pred.shape[-2]}.")
    for name, joints in (("prediction", pred), ("truth", truth)):
        if not np.isfinite(joints).all():
            raise BadInputError(f"The {name}'s joints should be finite numbers, but some are not.")
    return pred, truth
