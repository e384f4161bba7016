"""What this project predicted, read back for comparison: from a run, a person's folder or a single file."""

from pathlib import Path

import numpy as np

from core.errors import BadInputError
from core.evaluation.joints_npz import read_archive, read_joints_npz
from core.evaluation.poses import Poses
from core.humanoid import rollout_to_body
from core.metrics.limb_joints import LIMBS_IN_BLAZEPOSE, LIMBS_IN_SMPL
from core.motion import BodyMotion, Rollout, Track
from core.run_folder import RunFolder, read_json

TITLES = {
    "landmarks": "World landmarks, with the crop",
    "hmr": "Recovered mesh",
    "motion": "Reconstructed motion",
    "assisted": "Under physics (assisted)",
}
"""What people read for a stage; other rollouts are called by their file's name."""


def read_predictions(path: Path, person: int | None = None) -> list[Poses]:
    """Everything to compare in `path`, in the order of the stages.

    A run's folder (`person` is needed where it has several), a person's folder (all stages in it), or one .npz: a
    Track, a BodyMotion, a Rollout beside its motion.npz, or joints as `read_joints_npz` takes them. `BadInputError`
    for all else.
    """
    if path.is_dir():
        return _of_person(_person_folder(path, person))
    if not path.is_file():
        raise BadInputError(f"A run, a person's folder or an .npz is expected, but {path} does not exist.")
    if path.suffix.lower() != ".npz":
        raise BadInputError(f"A prediction should be a folder of a run or an .npz, but is {path.name}.")
    return [_of_file(path)]


def window_start(path: Path) -> float:
    """Where the run's window begins in its source [s]; 0 for what belongs to no run."""
    for folder in (path, *path.parents[:3]):
        record = folder / "run.json"
        if record.is_file():
            return float(read_json(record).get("settings", {}).get("start_s") or 0.0)
    return 0.0


def landmarks(track: Track, name: str = "landmarks", title: str = TITLES["landmarks"]) -> Poses:
    """A track's world landmarks; unknown in the frames without the person."""
    joints = np.array(track.world[:, LIMBS_IN_BLAZEPOSE])
    joints[~track.present] = np.nan
    return Poses(name, title, joints, track.times)


def _person_folder(path: Path, person: int | None) -> Path:
    people = RunFolder(path).people()
    if not people:
        return path
    if person is None and len(people) > 1:
        raise BadInputError(f"The run has the people {', '.join(map(str, people))}. Choose one of them.")
    chosen = people[0] if person is None else person
    if chosen not in people:
        raise BadInputError(f"The run has the people {', '.join(map(str, people))}, but {chosen} was asked for.")
    return RunFolder(path).person(chosen)


def _of_person(folder: Path) -> list[Poses]:
    files = [folder / name for name in ("track.npz", "hmr.npz", "motion.npz")]
    found = [_of_file(path) for path in [*files, *sorted((folder / "rollouts").glob("*.npz"))] if path.is_file()]
    if not found:
        raise BadInputError(f"{folder} should hold track.npz, hmr.npz or motion.npz, but holds none of them.")
    return found


def _of_file(path: Path) -> Poses:
    held = read_archive(path).keys()
    if {"body_positions", "body_rotations"} <= held:
        return _of_rollout(path)
    if {"world", "keypoints"} <= held:
        return landmarks(Track.load(path))
    if {"poses", "trans", "joints"} <= held:
        return _of_body(BodyMotion.load(path), path.stem)
    return read_joints_npz(path)


def _of_rollout(path: Path) -> Poses:
    folder = path.parent.parent if path.parent.name == "rollouts" else path.parent
    if not (folder / "motion.npz").is_file():
        raise BadInputError(f"{path.name} is a rollout; the motion.npz of its person should lie with it, but does not.")
    return _of_body(rollout_to_body(Rollout.load(path), BodyMotion.load(folder / "motion.npz")), path.stem)


def _of_body(motion: BodyMotion, name: str) -> Poses:
    joints = np.array(motion.joints[:, LIMBS_IN_SMPL], float)
    joints[~np.isfinite(joints).all(axis=-1)] = np.nan
    return Poses(name, TITLES.get(name, name), joints, motion.times)
