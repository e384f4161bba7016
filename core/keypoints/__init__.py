"""From a clip to the keypoints of the people in it."""

import numpy as np

from core.errors import BadInputError, NoPersonError
from core.keypoints.following import Person
from core.keypoints.landmarks import NETWORKS
from core.keypoints.prefetch import ahead
from core.keypoints.settings import KeypointSettings
from core.keypoints.tracking import Tracker
from core.motion import Clip, Track
from core.progress import Progress, silent

__all__ = ["KeypointSettings", "track_people"]


def track_people(
    clip: Clip, settings: KeypointSettings = KeypointSettings(), progress: Progress = silent
) -> list[Track]:
    """Follow everybody in a clip, the largest on screen (median box area) first.

    A track's frames without the person are zero. Raises `NoPersonError` where nobody is found for long enough, and
    `BadInputError` for a model that is not known. One frame is enough in a clip of one frame (a picture).
    """
    if settings.model not in NETWORKS:
        raise BadInputError(f"The keypoint model should be one of {', '.join(NETWORKS)}, but is {settings.model!r}.")
    tracker = Tracker(settings, clip.fps)
    frames = 0
    for index, picture in enumerate(ahead(clip.frames())):
        if index == len(clip):
            break
        tracker.see(index, picture)
        frames = index + 1
        progress(frames / len(clip), f"Looking for people: frame {frames} of {len(clip)}")
    long_enough = [person for person in tracker.people if len(person.poses) >= _frames_needed(clip, settings)]
    if not long_enough:
        raise NoPersonError(
            f"A person should be visible in the window, but in {frames} frames nobody was found"
            f"{' for long enough' if tracker.people else ''}. Choose a window in which one whole person is in the "
            "picture, at least about a tenth of its height tall."
        )
    tracks = [_as_track(person, clip) for person in long_enough]
    return sorted(tracks, key=_median_area, reverse=True)


def _frames_needed(clip: Clip, settings: KeypointSettings) -> float:
    # A clip that is itself shorter than the least length counts as long as nearly all of it has the person.
    return min(max(settings.min_seconds * clip.fps, settings.min_share * len(clip)), 0.9 * len(clip))


def _as_track(person: Person, clip: Clip) -> Track:
    total = len(clip)
    keypoints, world, boxes = np.zeros((total, 33, 3)), np.zeros((total, 33, 3)), np.zeros((total, 4))
    limits = np.array([clip.width, clip.height, clip.width, clip.height], float)
    for index, pose in person.poses.items():
        keypoints[index], world[index] = pose.keypoints, pose.world
        boxes[index] = np.clip(pose.box, 0, limits)
    return Track(clip.fps, clip.times, keypoints, world, boxes, limits[:2])


def _median_area(track: Track) -> float:
    sizes = track.boxes[track.present]
    return float(np.median((sizes[:, 2] - sizes[:, 0]) * (sizes[:, 3] - sizes[:, 1])))
