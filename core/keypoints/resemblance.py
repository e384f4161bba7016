"""Is this skeleton the person who was lost? And who is it, where two tracks have come to lie on one person?"""

from dataclasses import replace

import numpy as np

from core.keypoints.appearance import unlikeness
from core.keypoints.following import Person
from core.keypoints.gates import break_in_track
from core.keypoints.landmarks import Pose

STRANGER = 1e3
PROBATION = 8
"""Whoever is lost with fewer poses than this was not there: skeletons in foliage flicker."""


def strangeness(index: int, pose: Pose, look: np.ndarray, person: Person) -> float:
    """Cost of taking a pose, `look` [2,18] being what it looks like, for a lost person.

    How far it is from where they should be, in region sides, and how unlike them; `STRANGER` where it cannot be them.
    """
    last, expected = person.poses[person.last], person.region_at(index)
    # Where they were last, or carried on: the last movement before a loss may have been wrong already.
    befores = [last, _moved(last, expected.x - last.next_region.x, expected.y - last.next_region.y)]
    if all(break_in_track(pose, before, index - person.last, person.bones()) for before in befores):
        return STRANGER
    away = float(np.hypot(pose.next_region.x - expected.x, pose.next_region.y - expected.y) / expected.side)
    unlike = unlikeness(look, person.look(_lately(person.last)))
    return away + (unlike if np.isfinite(unlike) else 0.4)


def _moved(pose: Pose, dx: float, dy: float) -> Pose:
    keypoints = pose.keypoints + np.array([dx, dy, 0.0])
    return replace(pose, keypoints=keypoints, next_region=pose.next_region.moved(dx, dy))


def _lately(frame: int) -> range:
    """The frames up to shortly before `frame`: in the very last ones somebody may already be in the way."""
    return range(frame - 40, frame - 3)


def impostor(one: Person, other: Person, index: int) -> Person:
    """Of two tracks that lie on one person the one that is somebody else: by place and look, or the shorter one."""
    if min(len(one.poses), len(other.poses)) < PROBATION:
        return min(one, other, key=lambda p: len(p.poses))
    costs = []
    for person in (one, other):
        lately = _lately(index)
        if not any(i in person.poses for i in lately):
            return min(one, other, key=lambda p: len(p.poses))
        place, velocity, side = person.movement(lately)
        middle = float(np.mean([i for i in lately if i in person.poses]))
        now = person.poses[index].next_region
        away = np.linalg.norm(place + velocity * (index - middle) - (now.x, now.y)) / side
        unlike = unlikeness(person.looks[index], person.look(lately))
        costs.append(0.5 * min(float(away), 1.0) + (unlike if np.isfinite(unlike) else 0.4))
    if abs(costs[0] - costs[1]) < 0.05:
        return min(one, other, key=lambda p: len(p.poses))
    return one if costs[0] > costs[1] else other
