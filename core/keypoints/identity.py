"""Who is who, decided once everything has been seen: crossings undone, fragments of one person joined.

While following, a moment's look decides. Here the second before and the second after an encounter speak together: what
the people look like (`core.keypoints.appearance`) and how they move.
"""

from itertools import combinations

import numpy as np
from scipy.optimize import linear_sum_assignment

from core.keypoints.appearance import unlikeness
from core.keypoints.following import Person
from core.keypoints.gates import bone_lengths

WINDOW_S = 0.6
"""How long before and after an encounter people are compared."""
NEAR = 0.3
"""Trunks nearer than this, in region sides, may be mistaken for each other."""
SWAP_MARGIN = 0.2
"""By how much an exchange must explain looks and movement better before it is made."""
MOTION_WEIGHT = 0.5
GHOST_FRAMES = 8
"""Runs shorter than this may be ghosts (see `without_ghosts`)."""
JOIN_LIMIT = 0.45
"""Cost up to which a fragment goes on another (see `_joining_cost`)."""
LONG_GAP_S = 1.5
"""Over a longer gap only the look speaks, and it must be clear."""
LONG_GAP_UNLIKENESS = 0.3


def without_ghosts(people: list[Person]) -> list[Person]:
    """The people without the moments in which a lost one was found on somebody else's body; changes them in place.

    That is a run of a few frames after a gap, near somebody who has been there all along.
    """
    for person in people:
        for run in _runs(sorted(person.poses))[1:]:
            others = [o for o in people if o is not person and len(o.poses) > len(person.poses)]
            near = [i for i in run if any(i in o.poses and _distance(person, o, i) < NEAR for o in others)]
            if len(run) < GHOST_FRAMES and len(near) > len(run) / 2:
                for i in run:
                    del person.poses[i]
                    person.looks.pop(i, None)
    return [person for person in people if person.poses]


def _runs(frames: list[int]) -> list[list[int]]:
    """Frames in groups that follow one another without a gap."""
    runs: list[list[int]] = []
    for i in frames:
        if runs and i == runs[-1][-1] + 1:
            runs[-1].append(i)
        else:
            runs.append([i])
    return runs


def untangled(people: list[Person], fps: float) -> list[Person]:
    """The people with their ends exchanged where two came out of an encounter as each other; changes them in place."""
    window = max(round(WINDOW_S * fps), 3)
    for one, other in combinations(people, 2):
        for start, end in _encounters(one, other, window):
            if _exchange_explains(one, other, start, end, window):
                _exchange(one, other, start)
    return people


def _encounters(one: Person, other: Person, window: int) -> list[tuple[int, int]]:
    """Stretches (first, last frame) in which two people could have been taken for each other.

    That is where their trunks are near, and where at least one of them was lost there for a moment: two who are seen
    all the time are told apart by continuity.
    """
    shared = sorted(one.poses.keys() & other.poses.keys())
    near = [i for i in shared if _distance(one, other, i) < NEAR]
    for person, watched in ((one, other), (other, one)):
        near += [i for i in person.gaps() if i in watched.poses and _expected_near(person, watched, i)]
    stretches: list[list[int]] = []
    for i in sorted(near):
        if stretches and i - stretches[-1][-1] <= window:
            stretches[-1].append(i)
        else:
            stretches.append([i])
    return [(s[0], s[-1]) for s in stretches if any(i not in p.poses for p in (one, other) for i in range(s[0], s[-1]))]


def _distance(one: Person, other: Person, frame: int) -> float:
    a, b = one.poses[frame].next_region, other.poses[frame].next_region
    return float(np.hypot(a.x - b.x, a.y - b.y) / max(a.side, b.side))


def _expected_near(lost: Person, seen: Person, frame: int) -> bool:
    before = max(i for i in lost.poses if i < frame)
    region, other = lost.poses[before].next_region, seen.poses[frame].next_region
    return float(np.hypot(region.x - other.x, region.y - other.y)) < 2 * NEAR * max(region.side, other.side)


def _exchange_explains(one: Person, other: Person, start: int, end: int, window: int) -> bool:
    before, after = range(start - window, start), range(end + 1, end + 1 + window)
    if any(sum(i in p.poses for i in part) < 3 for p in (one, other) for part in (before, after)):
        return False
    kept = _strangeness(one, one, before, after) + _strangeness(other, other, before, after)
    swapped = _strangeness(one, other, before, after) + _strangeness(other, one, before, after)
    return swapped < kept - SWAP_MARGIN


def _strangeness(one: Person, other: Person, before: range, after: range) -> float:
    """How little `other` after an encounter looks and moves like `one` before it; about 0 to 2."""
    looks = unlikeness(one.look(before), other.look(after))
    (xa, va, side_a), (xb, vb, side_b) = one.movement(before), other.movement(after)
    gap = after.start - before.stop + len(before) / 2 + len(after) / 2
    side = (side_a + side_b) / 2
    apart = np.linalg.norm(xa + va * gap / 2 - (xb - vb * gap / 2)) / side
    turn = np.linalg.norm(va - vb) * len(before) / side
    motion = min(float(apart), 1.0) / 2 + min(float(turn), 1.0) / 2
    return (2 * looks if np.isfinite(looks) else 0.5) + MOTION_WEIGHT * motion


def _exchange(one: Person, other: Person, frame: int) -> None:
    """From `frame` on, each becomes the other."""
    for name in ("poses", "looks"):
        mine, theirs = getattr(one, name), getattr(other, name)
        ends = [{i: v for i, v in each.items() if i >= frame} for each in (mine, theirs)]
        setattr(one, name, {i: v for i, v in mine.items() if i < frame} | ends[1])
        setattr(other, name, {i: v for i, v in theirs.items() if i < frame} | ends[0])


def joined(people: list[Person], fps: float) -> list[Person]:
    """The people with fragments put together that follow one another in time and are one person.

    Assignment of ends to starts, best first for everybody together, repeated until nothing fits any more.
    """
    people = sorted((p for p in people if p.poses), key=lambda p: p.first)
    while len(people) > 1:
        cost = np.array([[_joining_cost(a, b, fps) for b in people] for a in people])
        rows, columns = linear_sum_assignment(np.minimum(cost, 10.0))
        pairs = {r: c for r, c in zip(rows, columns, strict=True) if cost[r, c] < JOIN_LIMIT}
        if not pairs:
            break
        # One join a chain a round: the costs of the others change with it.
        first = min(pairs, key=lambda r: cost[r, pairs[r]])
        start, end = people[first], people[pairs[first]]
        start.poses |= end.poses
        start.looks |= end.looks
        people.remove(end)
    return people


def _joining_cost(one: Person, other: Person, fps: float) -> float:
    """How badly `other` continues `one`: unlikeness of looks and the way that is left open; inf where it cannot."""
    gap = other.first - one.last
    if one is other or gap <= 0 or len(one.poses) < 3 or len(other.poses) < 3:
        return np.inf
    window = round(2 * WINDOW_S * fps)
    before, after = range(one.last - window, one.last + 1), range(other.first, other.first + window + 1)
    last, first = one.poses[one.last].next_region, other.poses[other.first].next_region
    bones = np.abs(np.log(_usual_bones(one, before) / _usual_bones(other, after)))
    if np.median(bones) > 0.3 or abs(np.log(last.side / first.side)) > np.log(1.8):
        return np.inf
    looks = unlikeness(one.look(before), other.look(after))
    if gap > LONG_GAP_S * fps:
        return looks if np.isfinite(looks) and looks < LONG_GAP_UNLIKENESS else np.inf
    # Carried on, or still in place: the last poses before a loss are the least sure ones.
    expected = [one.region_at(other.first), last]
    open_way = min(float(np.hypot(first.x - e.x, first.y - e.y)) for e in expected) / last.side
    if open_way > 0.5 + gap / fps:
        return np.inf
    return (looks if np.isfinite(looks) else 0.4) * 0.5 + 0.15 * open_way


def _usual_bones(person: Person, frames: range) -> np.ndarray:
    lengths = [bone_lengths(person.poses[i].world) for i in frames if i in person.poses]
    return np.maximum(np.median(lengths, axis=0), 1e-3)
