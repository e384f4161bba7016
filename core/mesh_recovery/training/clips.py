"""Captured motions with known truth: the humanoid clips that come with pybullet_data, on the shipped body."""

from functools import cache
from pathlib import Path

import numpy as np

from core.body import load_body
from core.body.kinematics import body_motion, pose_body
from core.errors import BadInputError
from core.humanoid.character import LEG_LENGTH
from core.humanoid.deepmimic_file import read_deepmimic
from core.humanoid.resampling import resample
from core.humanoid.retarget import leg_length, mid_hip
from core.humanoid.smpl_mapping import humanoid_to_smpl_poses
from core.motion import BodyMotion
from core.reconstruction.contacts import predict_contacts, sole_points

Array = np.ndarray

CLIPS_HELD_OUT = ("dance_a", "kick", "roll", "cartwheel")
"""Never trained on; figures are measured on these."""

CLIPS_TRAINED = (
    "backflip", "crawl", "dance_b", "getup_facedown", "getup_faceup", "jump",
    "punch", "run", "spin", "spinkick", "walk",
)  # fmt: skip

GROUND_PERCENTILE = 5.0
"""The ground lies under this percentile of the lowest sole point's height, and not under a single wrong frame."""


def clip_on_body(name: str, fps: float = 30.0, betas: Array | None = None) -> BodyMotion:
    """The clip humanoid3d_`name` on the shipped body of shape `betas` [10] (mean shape if None): world, on the ground.

    Resampled to `fps`; contacts are predicted by height and speed. A looping clip is one cycle. Raises `BadInputError`
    for a name that is not among `CLIPS_TRAINED` and `CLIPS_HELD_OUT`.
    """
    body = load_body()
    poses, hips, times = _smpl_clip(name, fps)
    betas = np.zeros(10) if betas is None else np.asarray(betas, float)
    at_origin = body_motion(body, fps, times, poses, betas, np.zeros((len(times), 3)))
    trans = hips * leg_length(at_origin) / LEG_LENGTH - mid_hip(at_origin.joints)
    soles = sole_points(at_origin.landmarks + trans[:, None])[..., 1].min(axis=1)
    trans[:, 1] -= np.percentile(soles, GROUND_PERCENTILE)
    contacts = predict_contacts(pose_body(body, poses, betas, trans).landmarks, times)
    return body_motion(body, fps, times, poses, betas, trans, contacts=contacts)


@cache
def _smpl_clip(name: str, fps: float) -> tuple[Array, Array, Array]:
    """(SMPL poses [T,72] rad, humanoid's root [T,3] m, times [T] s)."""
    if name not in CLIPS_TRAINED + CLIPS_HELD_OUT:
        raise BadInputError(
            f"A clip should be one of {', '.join(CLIPS_TRAINED + CLIPS_HELD_OUT)}, but {name!r} was asked for."
        )
    import pybullet_data  # only here: nothing but training and measuring needs the clips

    path = Path(pybullet_data.getDataPath()) / "data" / "motions" / f"humanoid3d_{name}.txt"
    motion = read_deepmimic(path)
    times = np.arange(int(np.floor(motion.times[-1] * fps + 1e-6)) + 1) / fps
    frames, _ = resample(motion, times)
    return humanoid_to_smpl_poses(frames), frames[:, :3], times
