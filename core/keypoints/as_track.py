"""From poses by frame to a `Track`: gaps of a moment bridged, doubtful poses weighed down."""

from itertools import pairwise

import numpy as np

from core.keypoints.doubts import LEAST_TRUST, trust
from core.keypoints.following import Person
from core.motion import Clip, Track

BRIDGED_S = 0.5
"""Longer gaps stay empty."""
BRIDGE_VISIBILITY = 0.05
"""Visibility of keypoints that nobody saw: enough to say where the person is, too little to fit a body to."""


def as_track(person: Person, clip: Clip) -> Track:
    """The person's track over the whole clip.

    Visibility is multiplied by the trust in the pose where that is low. In a gap of at most half a second the nearest
    pose moves along the straight way between the two ends, hardly visible; in longer ones everything is zero.
    """
    total = len(clip)
    keypoints, world, boxes = np.zeros((total, 33, 3)), np.zeros((total, 33, 3)), np.zeros((total, 4))
    believed = trust(person)
    for index, pose in person.poses.items():
        keypoints[index], world[index], boxes[index] = pose.keypoints, pose.world, pose.box
        if believed[index] < LEAST_TRUST:
            keypoints[index, :, 2] *= max(believed[index], BRIDGE_VISIBILITY)
    bridge(sorted(person.poses), keypoints, world, boxes, BRIDGED_S * clip.fps)
    limits = np.array([clip.width, clip.height, clip.width, clip.height], float)
    return Track(clip.fps, clip.times, keypoints, world, np.clip(boxes, 0, limits), limits[:2])


def bridge(frames: list[int], keypoints: np.ndarray, world: np.ndarray, boxes: np.ndarray, longest: float) -> None:
    """Fill gaps of at most `longest` frames between the given `frames`, in place."""
    for a, b in pairwise(frames):
        if not 1 < b - a <= longest + 1:
            continue
        centres = [boxes[i].reshape(2, 2).mean(axis=0) for i in (a, b)]
        for i in range(a + 1, b):
            nearest = 0 if i - a <= b - i else 1
            share = (i - a) / (b - a)
            shift = centres[0] * (1 - share) + centres[1] * share - centres[nearest]
            source = (a, b)[nearest]
            keypoints[i], world[i] = keypoints[source], world[source]
            keypoints[i, :, :2] += shift
            keypoints[i, :, 2] = BRIDGE_VISIBILITY
            boxes[i] = boxes[source] + np.tile(shift, 2)
