"""The figures of a prediction against the truth, frame by frame and over the clip."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from core.errors import BadInputError
from core.evaluation.matching import match
from core.evaluation.poses import Poses
from core.metrics.limb_joints import LIMB_JOINTS, MID_HIP
from core.metrics.procrustes import acceleration_error, mpjpe, similarity_align, spread_figures
from core.notices import notice

Array = np.ndarray

FEWEST_JOINTS = 6
"""With fewer joints a similarity fits nearly anything."""
_MOSTLY = 0.8
"""A joint is used if it is known in this share of the frames that have any; then frames without it are left out."""


@dataclass(frozen=True)
class Comparison:
    """A prediction against the truth over N frames and J joints.

    `frames` [N] of the prediction, `times` [N] s (None where it has none), `joints` [J] rows of `LIMB_JOINTS`, `truth`
    and `aligned` [N, J, 3] (the prediction after similarity Procrustes) and `distances` [N, J] between them.
    `per_frame` has [N] for each of `pa_mpjpe`, `std`, `max`, `std_minmax`, and `mpjpe`, `mpjpe_turned` where the truth
    is metric; all in the truth's unit, metres if `metric`. `figures` are their means over the frames, in millimetres if
    metric, with `acceleration_error` m/s^2; None where one is not defined. `asked` is the number of frames that could
    have been compared had the person been found in all of them.
    """

    name: str
    title: str
    metric: bool
    frames: Array
    times: Array | None
    joints: Array
    truth: Array
    aligned: Array
    distances: Array
    per_frame: dict[str, Array]
    figures: dict[str, float | None]
    asked: int

    @property
    def unit(self) -> str:
        """The unit of `figures`: mm, or the truth's own."""
        return "mm" if self.metric else "units"


def compare(pred: Poses, truth: Poses, frame: int | None = None, offset_s: float = 0.0) -> Comparison:
    """Match `pred` with `truth` (`core.evaluation.matching.match`) and measure it.

    `BadInputError` where they do not match or too few joints are known on both sides; joints that are not known, and
    therefore not measured, are told as a notice.
    """
    frames, true_joints = match(pred, truth, frame, offset_s)
    known = np.isfinite(true_joints).all(axis=-1) & pred.known[frames]
    asked = int(np.isfinite(true_joints).any(axis=(1, 2)).sum())
    joints = _joints(known, pred.title)
    complete = known[:, joints].all(axis=1)
    frames, true_joints = frames[complete], true_joints[complete][:, joints]
    predicted = pred.joints[frames][:, joints]
    aligned = similarity_align(predicted, true_joints)
    distances = np.linalg.norm(aligned - true_joints, axis=-1)
    per_frame = {"pa_mpjpe": distances.mean(axis=-1), **spread_figures(distances)}
    times = pred.times[frames] if pred.times is not None else None
    acceleration = None
    if truth.metric and pred.metric and set(MID_HIP) <= set(joints.tolist()):
        root = [joints.tolist().index(hip) for hip in MID_HIP]
        turned, rooted = _turned_once(predicted, true_joints, root)
        per_frame["mpjpe"] = mpjpe(predicted, true_joints, root)
        per_frame["mpjpe_turned"] = np.linalg.norm(turned - rooted, axis=-1).mean(axis=-1)
        acceleration = _acceleration(turned, rooted, frames, times)
    scale = 1000.0 if truth.metric else 1.0
    figures: dict[str, float | None] = {
        name: float(values.mean()) * (1.0 if name == "std_minmax" else scale) for name, values in per_frame.items()
    }
    figures |= {name: None for name in ("mpjpe", "mpjpe_turned") if name not in figures}
    figures["acceleration_error"] = acceleration
    return Comparison(
        pred.name,
        pred.title,
        truth.metric,
        frames,
        times,
        joints,
        true_joints,
        aligned,
        distances,
        per_frame,
        figures,
        asked,
    )


def _joints(known: Array, title: str) -> Array:
    """The joints [J] to compare, from which are known when [N, 12]; says which are left out."""
    found = known[known.any(axis=1)]
    if not len(found):
        raise BadInputError(f"{title} and the truth should know the same joints in some frame, but in none they do.")
    used = found.mean(axis=0) >= _MOSTLY
    if used.sum() < FEWEST_JOINTS:
        raise BadInputError(
            f"At least {FEWEST_JOINTS} of the 12 limb joints should be known on both sides, but {title.lower()} and "
            f"the truth share {int(used.sum())}: {', '.join(_spoken(used)) or 'none'}."
        )
    if not used.all():
        notice(f"Not compared, as they are not known on both sides: {', '.join(_spoken(~used))}.")
    return np.flatnonzero(used)


def _spoken(chosen: Array) -> list[str]:
    return [LIMB_JOINTS[i].replace("_", " ") for i in np.flatnonzero(chosen)]


def _turned_once(pred: Array, truth: Array, root: list[int]) -> tuple[Array, Array]:
    """Both with their roots at the origin, the prediction turned by the one rotation that fits the clip best.

    A recording's axes and a camera's have nothing to do with each other; one rotation for all frames takes that away
    without hiding that a body turns the wrong way.
    """
    pred = pred - pred[:, root].mean(axis=1, keepdims=True)
    truth = truth - truth[:, root].mean(axis=1, keepdims=True)
    rotation, _ = Rotation.align_vectors(truth.reshape(-1, 3), pred.reshape(-1, 3))
    return pred @ rotation.as_matrix().T, truth


def _acceleration(pred: Array, truth: Array, frames: Array, times: Array | None) -> float | None:
    """Mean acceleration error over frames whose neighbours were compared too; None without such or without times."""
    if times is None or len(frames) < 3:
        return None
    in_a_row = (np.diff(frames[:-1]) == 1) & (np.diff(frames[1:]) == 1)
    fps = 1.0 / float(np.median(np.diff(times) / np.diff(frames)))
    errors = acceleration_error(pred, truth, fps)[in_a_row]
    return float(errors.mean()) if len(errors) else None
