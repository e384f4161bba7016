"""Tracks from keypoints without depth: BlazePose's landmark network looks at each person and adds world landmarks.

The given points stay as they are, and so do their sides: where BlazePose takes the person's left for right, its answer
is turned about. What the given skeleton lacks takes BlazePose's place with visibility 0.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core.errors import NoPersonError
from core.keypoints.association import SEEN
from core.keypoints.gates import MAX_MISFIT
from core.keypoints.landmarks import LandmarkNetwork, Pose
from core.keypoints.prefetch import ahead
from core.keypoints.regions import Region, region_from_points
from core.keypoints.settings import KeypointSettings
from core.keypoints.skeletons import INDEX, SYMMETRIC_PAIRS
from core.motion import Clip, Track
from core.notices import notice
from core.progress import Progress, silent

Array = np.ndarray
People = Sequence[dict[int, Array]]

_HIPS = [INDEX["left_hip"], INDEX["right_hip"]]
_SHOULDERS = [INDEX["left_shoulder"], INDEX["right_shoulder"]]
_MIRRORED = np.arange(33)
for _left, _right in SYMMETRIC_PAIRS:
    _MIRRORED[[_left, _right]] = _right, _left
_ROOM = 1.1
"""The crown of the head lies that much further from the hips than the points do."""


def lifted(clip: Clip, people: People, settings: KeypointSettings, progress: Progress = silent) -> list[Track]:
    """A track per person, largest first, from `people`: points [33,3] (x px, y px, visibility) by frame of the clip.

    People seen too seldom are dropped (`min_seconds`, `min_share`). Where the network's skeleton does not lie on the
    given points, the world landmarks of the frames around take its place. `NoPersonError` where nobody is left.
    """
    needed = min(max(settings.min_seconds * clip.fps, settings.min_share * len(clip)), 0.9 * len(clip))
    people = [person for person in people if len(person) >= needed]
    if not people:
        raise NoPersonError(
            "The keypoints should show a person for long enough in the window, but do not. Choose another window, or "
            "look whether the keypoints are of this video."
        )
    network = LandmarkNetwork(settings.network_threads)
    poses: list[dict[int, Pose]] = [{} for _ in people]
    for index, picture in enumerate(ahead(clip.frames())):
        if index >= len(clip):
            break
        here = [n for n, person in enumerate(people) if index in person]
        regions = [region_of(people[n][index]) for n in here]
        for n, pose in zip(here, network.read(picture, regions), strict=True):
            poses[n][index] = _on_the_right_sides(people[n][index], pose)
        progress((index + 1) / len(clip), f"Adding depth to the keypoints: frame {index + 1} of {len(clip)}")
    tracks = [_track(clip, person, read) for person, read in zip(people, poses, strict=True)]
    return sorted(tracks, key=_median_area, reverse=True)


def region_of(points: Array) -> Region:
    """Where BlazePose would look for the person with these points [33,3]: a circle about the hips, head upwards."""
    seen = points[:, 2] > SEEN
    xy = points[seen, :2] if seen.any() else points[:, :2]
    hips = seen[_HIPS].any()
    centre = _mean(points, _HIPS) if hips else (xy.min(axis=0) + xy.max(axis=0)) / 2
    up = _mean(points, _SHOULDERS) - centre if hips and seen[_SHOULDERS].any() else np.array([0.0, -1.0])
    length = np.hypot(*up)
    up = up / length if length > 1e-6 else np.array([0.0, -1.0])
    radius = _ROOM * float(np.linalg.norm(xy - centre, axis=1).max())
    return region_from_points(centre, centre + max(radius, 4.0) * up)


def _mean(points: Array, rows: list[int]) -> Array:
    visible = [row for row in rows if points[row, 2] > SEEN]
    return np.asarray(points[visible, :2].mean(axis=0))


def _track(clip: Clip, person: dict[int, Array], poses: dict[int, Pose]) -> Track:
    total = len(clip)
    keypoints, world, boxes = np.zeros((total, 33, 3)), np.zeros((total, 33, 3)), np.zeros((total, 4))
    limits = np.array([clip.width, clip.height] * 2, float)
    sound = [i for i, pose in sorted(poses.items()) if _lies_on(person[i], pose)]
    if len(sound) < 0.5 * len(poses):
        notice(
            "In more than half of the frames the depth of the given keypoints could not be read from the picture; "
            "limbs may point the wrong way there."
        )
    for index, pose in poses.items():
        points = person[index].copy()
        missing = points[:, 2] <= 0
        points[missing, :2] = pose.keypoints[missing, :2]
        keypoints[index] = points
        seen = points[~missing, :2]
        boxes[index] = np.clip([*seen.min(axis=0), *seen.max(axis=0)], 0, limits)
        world[index] = pose.world
    _bridge(world, sound, sorted(poses))
    return Track(clip.fps, clip.times, keypoints, world, boxes, limits[:2])


def _on_the_right_sides(points: Array, pose: Pose) -> Pose:
    """The pose, or, where it fits the points much better so, with left and right exchanged.

    Somebody seen from behind and somebody seen from ahead look alike; taking one for the other exchanges the sides and
    turns depth about, so both are undone together: the body stays one that a person can have.
    """
    world, keypoints = pose.world[_MIRRORED] * [1.0, 1.0, -1.0], pose.keypoints[_MIRRORED]
    if _residual(points, world) < 0.5 * _residual(points, pose.world):
        return replace(pose, world=world, keypoints=keypoints)
    return pose


def _lies_on(points: Array, pose: Pose) -> bool:
    """Whether the network looked at the same person."""
    return _residual(points, pose.world) < MAX_MISFIT


def _residual(points: Array, world: Array) -> float:
    """How badly world landmarks [33,3] explain the points seen, face left out: 0 is perfectly, 1 not at all.

    The residual of the best weak perspective over the points' own spread; 0 where too few are seen to tell.
    """
    rows = points[:, 2] > SEEN
    rows[:11] = False  # the face is small and says little about limbs
    if rows.sum() < 4:
        return 0.0
    given, model = points[rows, :2], world[rows, :2]
    given, model = given - given.mean(axis=0), model - model.mean(axis=0)
    scale = float((given * model).sum() / max((model**2).sum(), 1e-12))
    if scale <= 0:
        return 1.0
    return float(np.sqrt(((given - scale * model) ** 2).sum() / max((given**2).sum(), 1e-12)))


def _bridge(world: Array, sound: list[int], frames: list[int]) -> None:
    """Replace world landmarks of frames that are not sound by those of the sound frames around, linearly in time."""
    if not sound:
        return
    bad = sorted(set(frames) - set(sound))
    for index in bad:
        after = int(np.searchsorted(sound, index))
        a, b = sound[max(after - 1, 0)], sound[min(after, len(sound) - 1)]
        share = (index - a) / (b - a) if b > a else 0.0
        world[index] = (1 - share) * world[a] + share * world[b]


def _median_area(track: Track) -> float:
    sizes = track.boxes[track.present]
    return float(np.median((sizes[:, 2] - sizes[:, 0]) * (sizes[:, 3] - sizes[:, 1])))
