"""From a clip to the keypoints of the people in it."""

import numpy as np

from core.errors import BadInputError, NoPersonError
from core.keypoints.as_track import as_track
from core.keypoints.following import Person
from core.keypoints.identity import joined, untangled, without_ghosts
from core.keypoints.landmarks import NETWORKS, LandmarkNetwork
from core.keypoints.prefetch import ahead
from core.keypoints.second_look import look_again
from core.keypoints.settings import KeypointSettings
from core.keypoints.sides import put_right
from core.keypoints.sightings import sighted
from core.keypoints.tracking import Tracker
from core.motion import Clip, Track
from core.notices import notice
from core.progress import Progress, part_of, silent

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
    people, frames = _follow(clip, settings, part_of(progress, 0.0, 0.95))
    long_enough = [p for p in people if len(p.poses) >= _frames_needed(clip, settings)]
    if not long_enough:
        raise NoPersonError(
            f"A person should be visible in the window, but in {frames} frames nobody was found"
            f"{' for long enough' if people else ''}. Choose a window in which one whole person is in the "
            "picture, at least about a tenth of its height tall."
        )
    network = LandmarkNetwork(settings.network_threads, settings.model)
    for n, person in enumerate(long_enough):
        progress(0.95 + 0.05 * n / len(long_enough), "Looking again where it was unclear")
        look_again(clip, person, network, settings)
    progress(1.0, "")
    tracks = put_right(sorted((as_track(person, clip) for person in long_enough), key=_median_area, reverse=True))
    for n, track in enumerate(tracks):
        if _still(track):
            notice(f"Person {n} does not move at all: a poster or a statue? Choose another person if so.")
    return tracks


def _follow(clip: Clip, settings: KeypointSettings, progress: Progress) -> tuple[list[Person], int]:
    """Everybody as they were followed, crossings and fragments put right, and the number of frames there were."""
    tracker = Tracker(settings, clip.fps)
    frames = 0
    for index, picture in enumerate(ahead(clip.frames())):
        if index == len(clip):
            break
        tracker.see(index, picture)
        sighted([person.poses[index].keypoints for person in tracker.people if index in person.poses])
        frames = index + 1
        progress(frames / len(clip), f"Looking for people: frame {frames} of {len(clip)}")
    if tracker.crowded:
        notice(
            f"There are more people in the picture than the {settings.max_people} who are followed at once; choose a "
            "window or cut the picture so that the one you want is among the largest."
        )
    return joined(untangled(without_ghosts(tracker.people), clip.fps), clip.fps), frames


def _frames_needed(clip: Clip, settings: KeypointSettings) -> float:
    # A clip that is itself shorter than the least length counts as long as nearly all of it has the person.
    return min(max(settings.min_seconds * clip.fps, settings.min_share * len(clip)), 0.9 * len(clip))


def _still(track: Track) -> bool:
    """Whether somebody seen for a second or more moves less than anybody can: by half a percent of their height."""
    seen = np.flatnonzero(track.keypoints[:, :, 2].mean(axis=1) > 0.2)
    if len(seen) < track.fps:
        return False
    deviation = np.median(track.keypoints[seen][:, 11:, :2].std(axis=0))
    return bool(deviation < 0.005 * np.median(track.boxes[seen, 3] - track.boxes[seen, 1]))


def _median_area(track: Track) -> float:
    sizes = track.boxes[track.present]
    return float(np.median((sizes[:, 2] - sizes[:, 0]) * (sizes[:, 3] - sizes[:, 1])))
