"""A person's motions frame by frame as the viewer draws them: curves, contacts, the hand's force, and the camera."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from core.control.performing import at_rate_of
from core.errors import BadInputError, UnderstudyError
from core.humanoid import rollout_to_body
from core.metrics.series import motion_series, reward_series
from core.motion import BodyMotion, Rollout
from core.reconstruction.placing import place_in_world

MOST_FRAMES = 1800
"""Longer motions are told at every second frame, or every third, and so on."""


def series_view(person: Path) -> dict[str, Any]:
    """The curves of every motion in a person's folder, for GET .../series.json.

    {"motions": {name: {"fps", "curves": {curve: [value or null]}, "contacts": [bits], "force": [[x, y, z] N]}},
    "camera": {"intrinsics" [3,3] px, "camera_in_world" [T or 1][4][4]} or null}. `fps` is of the curves; bit 0 of a
    frame's contacts is the left heel, then left toe, right heel, right toe. `force` is what no muscle made, where there
    was any. A motion whose file cannot be read is left out.
    """
    motions = {}
    motion = person / "motion.npz"
    paths = [person / "hmr.npz", motion, *sorted((person / "rollouts").glob("*.npz"))]
    for path in paths if motion.is_file() else ():
        work = _of_rollout if path.parent.name == "rollouts" else _of_motion
        if (told := _told(work, path, motion)) is not None:
            motions[path.stem] = told
    return {"motions": motions, "camera": _told(_camera, motion, motion)}


def _told(work: Callable[..., Any], path: Path, motion: Path) -> Any:
    try:
        return work(path, motion, path.stat().st_mtime_ns, motion.stat().st_mtime_ns)
    except (FileNotFoundError, UnderstudyError):
        return None


@lru_cache(maxsize=64)
def _of_motion(path: Path, like: Path, *modified: int) -> dict[str, Any]:
    motion, world = BodyMotion.load(path), BodyMotion.load(like)
    if motion.frame == "camera":
        if world.camera_in_world is None:
            raise BadInputError(f"{like.name} should know its camera, to place {path.name} in the world.")
        motion = place_in_world(motion, world.camera_in_world)
    return _curves(motion, world)


@lru_cache(maxsize=64)
def _of_rollout(path: Path, like: Path, *modified: int) -> dict[str, Any]:
    world = BodyMotion.load(like)
    rollout = at_rate_of(Rollout.load(path), world.fps)
    told = _curves(rollout_to_body(rollout, world), world)
    every = _every(len(rollout))
    told["curves"]["reward"] = _rounded(reward_series(rollout)[::every], 3)
    force = rollout.residual_wrench[::every, :3]
    if np.isfinite(force).all() and np.abs(force).max(initial=0.0) > 0:
        told["curves"]["force"] = _rounded(np.linalg.norm(force, axis=1), 1)
        told["force"] = force.round(1).tolist()
    return told


@lru_cache(maxsize=64)
def _camera(path: Path, like: Path, *modified: int) -> dict[str, Any] | None:
    motion = BodyMotion.load(path)
    if motion.camera_in_world is None or motion.intrinsics is None:
        return None
    poses = motion.camera_in_world.round(5)
    if np.allclose(poses, poses[:1]):
        poses = poses[:1]
    return {"intrinsics": motion.intrinsics.tolist(), "camera_in_world": poses.tolist()}


def _curves(motion: BodyMotion, world: BodyMotion) -> dict[str, Any]:
    # As in metrics.json, sliding is measured at the reconstruction's contacts wherever the frames are the same.
    alike = world.contacts if len(motion) == len(world) else None
    series, every = motion_series(motion, world.supports, alike), _every(len(motion))
    names = ("foot_height", "foot_slide", "jitter")
    return {
        "fps": motion.fps / every,
        "curves": {name: _rounded(getattr(series, name)[::every], 2) for name in names},
        "contacts": (series.contacts @ np.array([1, 2, 4, 8]))[::every].tolist(),
    }


def _every(frames: int) -> int:
    return -(-frames // MOST_FRAMES)


def _rounded(values: np.ndarray, digits: int) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values.round(digits)]
