"""How far each pose of a person can be trusted, by what the person is like in the frames around it.

The network's own score is no help: in the tuck of a flip, against the sun, it gives a standing giant full marks. What
gives garbage away is that people keep their size (pixels per metre change slowly), their bones, and move steadily.
"""

import numpy as np

from core.keypoints.following import Person
from core.keypoints.gates import bone_lengths, pixels_per_metre

AROUND = 45
"""Frames to either side that say what is usual."""
SCALE = (0.12, 0.35)
"""Change of the size against the usual one (logarithm): fine up to the first, garbage from the second on."""
BONES = (0.25, 0.5)
"""Median change of the bones (logarithm)."""
PRESENCE = (0.97, 0.6)
"""The network's flag: it is seldom below 1 on real people."""
STEP = (0.25, 0.5)
"""Mean movement of the world landmarks [m], against the frames on both sides that are nearest in time."""
LEAST_TRUST = 0.5
"""Below this a pose is looked at again; if nothing better is found, its visibility is lowered."""


def trust(person: Person) -> dict[int, float]:
    """Frame -> trust in [0,1] of the pose in it."""
    frames = sorted(person.poses)
    poses = [person.poses[i] for i in frames]
    scales = np.log(np.maximum([pixels_per_metre(p.keypoints, p.world) for p in poses], 1e-3))
    bones = np.log(np.maximum([bone_lengths(p.world) for p in poses], 1e-3))
    presence = _ramp(np.array([p.presence for p in poses]), *PRESENCE)
    doubt = _ramp(_steps(frames, np.array([p.world for p in poses])), *STEP)
    believed = presence * doubt
    for _ in range(2):
        scale = _ramp(np.abs(scales - _usual(frames, scales[:, None], believed)[:, 0]), *SCALE)
        bone = _ramp(np.median(np.abs(bones - _usual(frames, bones, believed)), axis=1), *BONES)
        believed = presence * doubt * scale * bone
    return dict(zip(frames, believed.tolist(), strict=True))


def usual_scale(person: Person, believed: dict[int, float], frame: int) -> float:
    """The person's size around a frame [px per metre], from the poses that are believed."""
    frames = sorted(person.poses)
    scales = [[pixels_per_metre(person.poses[i].keypoints, person.poses[i].world)] for i in frames]
    weights = np.array([believed[i] for i in frames])
    return float(_usual(frames, np.array(scales), weights, [frame])[0, 0])


def _ramp(values: np.ndarray, good: float, bad: float) -> np.ndarray:
    return np.clip((values - bad) / (good - bad), 0, 1)


def _usual(frames: list[int], values: np.ndarray, believed: np.ndarray, at: list[int] | None = None) -> np.ndarray:
    """The median [n,k] around each frame (or the frames `at`) of the values [n,k] that are believed."""
    times = np.array(frames)
    good = believed >= LEAST_TRUST
    good = good if good.any() else np.ones(len(frames), bool)
    usual = []
    for frame in frames if at is None else at:
        order = np.argsort(np.abs(times[good] - frame), kind="stable")[:AROUND]
        usual.append(np.median(values[good][order], axis=0))
    return np.array(usual)


def _steps(frames: list[int], world: np.ndarray) -> np.ndarray:
    """[n] m: how far the world landmarks are from those just before and just after, the smaller of the two."""
    moved = np.linalg.norm(np.diff(world, axis=0), axis=-1).mean(axis=1) / np.sqrt(np.diff(frames))
    if len(moved) == 0:
        return np.zeros(len(frames))
    return np.minimum(np.append(moved, moved[-1]), np.insert(moved, 0, moved[0]))
