"""Who is who from frame to frame, for keypoints that come without identities.

Everybody followed is expected where their points would be if they went on as they did; seen and expected people are
assigned by the least sum of distances (Hungarian method).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment

Array = np.ndarray

SEEN = 0.05
"""Points less visible than this have no place."""
REACH = 0.35
"""How far points may lie from where they are expected (median), in sizes of the person; twice as far after a gap."""
_STRANGER = 1e6


@dataclass
class Followed:
    """One person in the making: their points [33,3] by frame number."""

    points: dict[int, Array] = field(default_factory=dict)

    def expected(self, time: float, times: Sequence[float]) -> tuple[Array, float]:
        """(points [33,3] expected at `time` [s], seconds since they were last seen); the movement fades over a gap."""
        last = max(self.points)
        since = time - times[last]
        before = [frame for frame in self.points if frame < last and times[last] - times[frame] < 0.25]
        made = self.points[last].copy()
        if before:
            earlier = max(before)
            both = (made[:, 2] > SEEN) & (self.points[earlier][:, 2] > SEEN)
            if both.any():
                step = np.median(made[both, :2] - self.points[earlier][both, :2], axis=0)
                made[:, :2] += step / (times[last] - times[earlier]) * min(since, 0.2)
        return made, since


def follow(frames: Sequence[Sequence[Array]], times: Sequence[float], memory_s: float = 1.5) -> list[Followed]:
    """The people in `frames`: for each frame at `times` [s] the points [33,3] (x px, y px, visibility) of everybody.

    Whoever is not seen for `memory_s` and comes back is somebody new.
    """
    people: list[Followed] = []
    for index, (seen, time) in enumerate(zip(frames, times, strict=True)):
        seen = [points for points in seen if (points[:, 2] > SEEN).sum() >= 3]
        known = [person for person in people if time - times[max(person.points)] <= memory_s]
        taken = _assigned(seen, [person.expected(time, times) for person in known])
        for row, points in enumerate(seen):
            person = known[taken[row]] if row in taken else Followed()
            if row not in taken:
                people.append(person)
            person.points[index] = points
    return people


def _assigned(seen: list[Array], expected: list[tuple[Array, float]]) -> dict[int, int]:
    if not seen or not expected:
        return {}
    cost = np.array([[_distance(points, *each) for each in expected] for points in seen])
    rows, columns = linear_sum_assignment(cost)
    return {int(r): int(c) for r, c in zip(rows, columns, strict=True) if cost[r, c] < _STRANGER}


def _distance(points: Array, expected: Array, since: float) -> float:
    both = (points[:, 2] > SEEN) & (expected[:, 2] > SEEN)
    if not both.any():
        return _STRANGER
    size = max(size_of(points), size_of(expected), 1.0)
    distance = float(np.median(np.linalg.norm(points[both, :2] - expected[both, :2], axis=1))) / size
    return distance if distance < REACH * (1 + min(since, 1.0)) else _STRANGER


def size_of(points: Array) -> float:
    """The diagonal of the box round the points seen [px]."""
    xy = points[points[:, 2] > SEEN, :2]
    return float(np.hypot(*np.ptp(xy, axis=0))) if len(xy) else 0.0


def same_place(a: Array, b: Array) -> bool:
    """Whether two skeletons of one frame lie on one person: half of their points within 6 % of the size."""
    both = (a[:, 2] > SEEN) & (b[:, 2] > SEEN)
    if both.sum() < 3:
        return False
    distance = np.median(np.linalg.norm(a[both, :2] - b[both, :2], axis=1))
    return bool(distance < 0.06 * min(size_of(a), size_of(b)))
