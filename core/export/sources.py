"""Motion files of any kind as a motion on the body that ships: what `understudy export` takes."""

from pathlib import Path

import numpy as np

from core.body import load_body
from core.body.kinematics import body_motion
from core.errors import BadInputError
from core.export.amass import on_ground, read_amass
from core.humanoid import rollout_to_body
from core.humanoid.character import LEG_LENGTH
from core.humanoid.retarget import leg_length, mid_hip
from core.humanoid.smpl_mapping import humanoid_to_smpl_poses
from core.motion import BodyMotion, HumanoidMotion, Rollout
from core.reconstruction.contacts import predict_contacts
from core.reconstruction.placing import place_in_world

Array = np.ndarray

WANTED = "a BodyMotion or Rollout (.npz of a run), an AMASS motion (.npz) or a DeepMimic motion (.txt, .json)"


def motion_from_file(path: Path) -> BodyMotion:
    """The motion in a file, in the world where that is known.

    A Rollout and a DeepMimic file are shown on the body of the `motion.npz` of their person's folder; without one a
    DeepMimic motion is shown on the mean body. An `hmr.npz` is placed by the camera of the `motion.npz` beside it, and
    stays in the camera's frame without one. `BadInputError` says what is wrong with anything else.
    """
    path = Path(path)
    if not path.is_file():
        raise BadInputError(f"{WANTED} is expected, but {path} does not exist.")
    if path.suffix.lower() in (".txt", ".json"):
        return humanoid_on_body(HumanoidMotion.load(path), _beside(path))
    names = _names(path)
    if "body_positions" in names:
        return rollout_to_body(Rollout.load(path), _needed(path))
    if "landmarks" in names:
        return _placed(BodyMotion.load(path), _beside(path))
    if "poses" in names and "trans" in names:
        return read_amass(path, load_body())
    raise BadInputError(f"{path.name} should be {WANTED}, but holds {', '.join(sorted(names)) or 'nothing'}.")


def humanoid_on_body(motion: HumanoidMotion, like: BodyMotion | None = None) -> BodyMotion:
    """The humanoid's motion [T,43] shown on the body of `like`, on the mean one without; hands and toes at rest.

    The path is scaled by the length of the legs, and the whole set on the ground by its lowest feet: the humanoid's
    soles are not the body's.
    """
    body = load_body()
    betas = np.zeros(10) if like is None else like.betas
    poses = humanoid_to_smpl_poses(motion.frames)
    at_origin = body_motion(body, motion.fps, motion.times, poses, betas, np.zeros((len(poses), 3)))
    trans = motion.frames[:, :3] * (leg_length(at_origin) / LEG_LENGTH) - mid_hip(at_origin.joints)
    shown = on_ground(body_motion(body, motion.fps, motion.times, poses, betas, trans), body)
    contacts = predict_contacts(shown.landmarks, shown.times)
    return body_motion(body, shown.fps, shown.times, shown.poses, betas, shown.trans, contacts=contacts)


def _names(path: Path) -> set[str]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return set(archive.files)
    except Exception as error:  # numpy raises many kinds for what is not its file
        raise BadInputError(f"{path.name} should be {WANTED}, but cannot be read: {error}") from error


def _beside(path: Path) -> BodyMotion | None:
    """The person's motion: beside the file, or one folder up for those in rollouts/."""
    for folder in (path.parent, path.parent.parent):
        if (folder / "motion.npz").is_file():
            return BodyMotion.load(folder / "motion.npz")
    return None


def _needed(path: Path) -> BodyMotion:
    motion = _beside(path)
    if motion is None:
        raise BadInputError(
            f"{path.name} is a rollout; the person's motion.npz should lie beside it or one folder up, but does not. "
            "Keep the rollout in the folder of its run."
        )
    return motion


def _placed(motion: BodyMotion, like: BodyMotion | None) -> BodyMotion:
    if motion.frame != "camera" or like is None or like.camera_in_world is None or len(like) != len(motion):
        return motion
    return place_in_world(motion, like.camera_in_world)
