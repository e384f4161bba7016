"""People followed with RTMPose (Jiang et al. 2023): a detector now and then, a skeleton per box, identities of our own.

rtmlib's own tracker is not used: it gives no identities. Nor is its pose network ever called without a box, since it
would invent a person who fills the picture.
"""

import numpy as np

from core.keypoints.association import follow, same_place, size_of
from core.keypoints.lifting import lifted
from core.keypoints.prefetch import ahead
from core.keypoints.rtm_models import RtmModels, RtmSettings, load_models
from core.keypoints.settings import KeypointSettings
from core.keypoints.skeleton_maps import BY_COUNT, to_blazepose
from core.motion import Clip, Track
from core.progress import Progress, part_of, silent

Array = np.ndarray

_BODY = slice(11, None)
_ROOM = 0.15
"""Boxes round a previous skeleton are widened by this share of its size on each side."""


def rtm_tracks(
    clip: Clip,
    settings: KeypointSettings,
    progress: Progress = silent,
    rtm: RtmSettings | None = None,
    models: RtmModels | None = None,
) -> list[Track]:
    """Everybody's track by RTMPose, largest first; world landmarks are BlazePose's (`core.keypoints.lifting`).

    Raises what `load_models` and `lifted` do.
    """
    rtm = rtm or RtmSettings()
    models = models or load_models(rtm, part_of(progress, 0.0, 0.2))
    seen = skeletons(clip, models, rtm, settings.max_people, part_of(progress, 0.2, 0.6))
    people = [person.points for person in follow(seen, clip.times.tolist(), settings.memory_s)]
    return lifted(clip, people, settings, part_of(progress, 0.6, 1.0))


def skeletons(
    clip: Clip, models: RtmModels, rtm: RtmSettings, max_people: int, progress: Progress = silent
) -> list[list[Array]]:
    """Everybody's points [33,3] in every frame, in no order."""
    frames: list[list[Array]] = []
    for index, picture in enumerate(ahead(clip.frames())):
        if index >= len(clip):
            break
        before = frames[-1] if frames else []
        lost = index > 0 and len(before) < len(frames[max(index - 2, 0)])
        if index % rtm.detection_interval == 0 or not before or lost:
            boxes = models.detect(picture)
        else:
            boxes = np.array([_box_round(points) for points in before])
        frames.append(_read(picture, boxes, models, rtm, max_people))
        progress((index + 1) / len(clip), f"Looking for people: frame {index + 1} of {len(clip)}")
    return frames


def _read(picture: Array, boxes: Array, models: RtmModels, rtm: RtmSettings, max_people: int) -> list[Array]:
    if len(boxes) == 0:
        return []
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    raw = models.read(picture, boxes[np.argsort(-areas)[:max_people]])
    found: list[Array] = []
    for points in to_blazepose(raw, BY_COUNT[raw.shape[1]]):
        body = points[_BODY]
        known = body[body[:, 2] > 0, 2]
        sure = len(known) >= 6 and known.mean() >= rtm.least_score
        if sure and not any(same_place(points, other) for other in found):
            found.append(points)
    return found


def _box_round(points: Array) -> Array:
    xy = points[points[:, 2] > 0.2, :2] if (points[:, 2] > 0.2).sum() >= 3 else points[points[:, 2] > 0, :2]
    room = _ROOM * size_of(points)
    return np.concatenate([xy.min(axis=0) - room, xy.max(axis=0) + room])
