"""AMASS's .npz (Mahmood et al. 2019): the layout in which SMPL-H motions are exchanged, written and read.

`poses` [T,156] axis-angle rad (52 joints: the first 22 are SMPL's, then 15 of each hand), `trans` [T,3] m, `betas`
[16], `mocap_framerate`, `gender`. World: z up. SMPL's own two hand joints have no counterpart; hands are at rest.

`betas` are zeros unless the motion's body is SMPL's: those of another shape space would mean another person. Two
fields of our own, `understudy_body` and `understudy_betas`, let the file open here again as it was; other programs
ignore them.
"""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from core.arrays_on_disk import replacing
from core.body import Body
from core.body.kinematics import body_motion
from core.errors import BadInputError
from core.export.preparing import prepared, turned
from core.motion import BodyMotion
from core.notices import notice
from core.reconstruction.contacts import predict_contacts, sole_points

Array = np.ndarray

Z_UP_FROM_Y_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""(x, y, z) with y up -> (x, -z, y) with z up: a quarter turn about x."""

_BODY_NUMBERS = 66  # 22 joints: what SMPL, SMPL-H and SMPL-X share
_FPS_NAMES = ("mocap_framerate", "mocap_frame_rate")


def write_amass(path: Path, motion: BodyMotion, body: Body) -> None:
    """Write `motion` on `body` in AMASS's layout, atomically; `BadInputError` where it cannot be written."""
    motion = prepared(motion, body)
    upright = turned(motion, Z_UP_FROM_Y_UP)
    T = len(motion)
    poses = np.zeros((T, 156))
    poses[:, :_BODY_NUMBERS] = upright.poses[:, :_BODY_NUMBERS]
    betas = np.zeros(16)
    if motion.body_model.startswith("smpl"):
        betas[: len(motion.betas)] = motion.betas
    with replacing(Path(path)) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file,
            poses=poses,
            trans=upright.trans,
            betas=betas,
            dmpls=np.zeros((T, 8)),
            mocap_framerate=np.float64(motion.fps),
            gender=np.array("neutral"),
            understudy_body=np.array(motion.body_model),
            understudy_betas=motion.betas,
        )


def read_amass(path: Path, body: Body) -> BodyMotion:
    """An AMASS file's motion, y up, on `body`.

    Files of SMPL (`poses` [T,72]), SMPL-H [T,156] and SMPL-X [T,165] are taken. A file from elsewhere is shown on the
    mean body, as its `betas` are of SMPL's shape space, and is set on the ground by its lowest feet; our own comes back
    as it was. `BadInputError` where the file is no such file or has numbers that are not finite.
    """
    path = Path(path)
    found = _arrays(path)
    poses, trans, fps = _checked(path, found)
    betas = np.asarray(found.get("understudy_betas", ()), float)
    ours = str(found.get("understudy_body", "")) == body.name and betas.shape == (10,) and np.isfinite(betas).all()
    betas = betas if ours else np.zeros(10)
    times = np.arange(len(poses)) / fps
    motion = turned(body_motion(body, fps, times, poses, betas, trans), Z_UP_FROM_Y_UP.T)
    if not ours:
        notice(f"{path.name} is shown on the mean body: the shape in it holds for SMPL's body only.")
        motion = on_ground(motion, body)
    return body_motion(
        body, fps, times, motion.poses, betas, motion.trans, contacts=predict_contacts(motion.landmarks, times)
    )


def on_ground(motion: BodyMotion, body: Body) -> BodyMotion:
    """The motion raised or lowered until the lowest soles (10th percentile over time) are at the ground y = 0."""
    height = float(np.percentile(sole_points(motion.landmarks)[..., 1].min(axis=1), 10))
    return body_motion(
        body, motion.fps, motion.times, motion.poses, motion.betas, motion.trans - np.array([0.0, height, 0.0])
    )


def _arrays(path: Path) -> dict[str, Any]:
    wanted = {"poses", "trans", *_FPS_NAMES, "understudy_body", "understudy_betas"}
    try:
        # AMASS's `gender` may be pickled; what is not needed is not opened, and nothing is ever unpickled.
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files if name in wanted}
    except FileNotFoundError:
        raise
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, KeyError, AttributeError, TypeError) as error:
        raise BadInputError(f"{path.name} should be an AMASS motion (.npz), but cannot be read: {error}") from error


def _checked(path: Path, found: dict[str, Any]) -> tuple[Array, Array, float]:
    """(poses [T,72], trans [T,3], frames a second)."""
    rate = next((found[name] for name in _FPS_NAMES if name in found), None)
    if "poses" not in found or "trans" not in found or rate is None:
        raise BadInputError(f"{path.name} should have poses, trans and mocap_framerate, but has {', '.join(found)}.")
    try:
        poses, trans, fps = (np.asarray(each, float) for each in (found["poses"], found["trans"], rate))
    except (TypeError, ValueError) as error:
        raise BadInputError(f"{path.name} should hold numbers only, but does not: {error}") from error
    fits = poses.ndim == 2 and poses.shape[1] in (72, 156, 165) and trans.shape == (len(poses), 3)
    if not fits or len(poses) == 0:
        raise BadInputError(
            f"{path.name} should have poses [T,156] (or [T,72], [T,165]) and trans [T,3] with at least one frame, but "
            f"they came as {poses.shape} and {trans.shape}."
        )
    if not (np.isfinite(poses).all() and np.isfinite(trans).all()):
        raise BadInputError(f"{path.name} should have finite numbers only, but has NaN or infinity.")
    if fps.size != 1 or not 1 <= float(fps.reshape(-1)[0]) <= 1000:
        raise BadInputError(f"{path.name}: mocap_framerate should be between 1 and 1000 a second, but is {fps}.")
    whole = np.zeros((len(poses), 72))
    shared = 72 if poses.shape[1] == 72 else _BODY_NUMBERS
    whole[:, :shared] = poses[:, :shared]
    return whole, trans, float(fps.reshape(-1)[0])
