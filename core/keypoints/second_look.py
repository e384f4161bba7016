"""A second look at the frames whose poses cannot be trusted, now that it is known what comes before and after.

Between two poses that are believed the person's way is a smooth curve and their size hardly changes. So the region is
known, all but its rotation: it is read at several, and the sequence of readings that fits best is kept (Viterbi).
Where no reading is worth anything the frame stays empty.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from core.keypoints.appearance import look_of
from core.keypoints.doubts import LEAST_TRUST, trust, usual_scale
from core.keypoints.following import Person
from core.keypoints.gates import bone_lengths, fault, pixels_per_metre, quality
from core.keypoints.landmarks import LandmarkNetwork, Pose
from core.keypoints.regions import Region
from core.keypoints.settings import KeypointSettings
from core.keypoints.skeletons import INDEX
from core.motion import Clip

TURNS = np.radians(np.arange(0, 360, 60))
SIDE_M = 1.7
"""Side of the region [m]: room for a body that is bent; a stretched one fits at the second reading."""
LONGEST_S = 1.0
"""Longer stretches are left alone: nothing is known in their middle."""
MOST_FRAMES = 40
"""No more frames than this are read again for one person, so that the time stays bounded."""
MISSING = 0.55
"""Cost of having no pose in a frame; a perfect reading costs 0, garbage 1 and more."""
_PAIRS = np.array([(INDEX[f"left_{n}"], INDEX[f"right_{n}"]) for n in ("ear", "shoulder", "hip", "knee", "ankle")])


@dataclass(frozen=True)
class _Between:
    """A stretch of frames between two poses that are believed."""

    frames: range
    before: Pose
    after: Pose
    velocities: np.ndarray
    """[2,2] px a frame at the two ends."""
    scale: float
    bones: np.ndarray

    def centre(self, frame: int) -> np.ndarray:
        """[2] px: Hermite's cubic between the mid hips at the two ends."""
        length = len(self.frames) + 1
        t = (frame - self.frames.start + 1) / length
        ends = [np.array([p.next_region.x, p.next_region.y]) for p in (self.before, self.after)]
        h = [2 * t**3 - 3 * t**2 + 1, -2 * t**3 + 3 * t**2, t**3 - 2 * t**2 + t, t**3 - t**2]
        return h[0] * ends[0] + h[1] * ends[1] + length * (h[2] * self.velocities[0] + h[3] * self.velocities[1])


def look_again(clip: Clip, person: Person, network: LandmarkNetwork, settings: KeypointSettings) -> int:
    """Replace or drop a person's untrusted poses, in place; returns how many frames were read again.

    In two rounds: what the first one found narrows the gaps for the second.
    """
    read, found = _one_round(clip, person, network, settings)
    return read + _one_round(clip, person, network, settings)[0] if found else read


def _one_round(clip: Clip, person: Person, network: LandmarkNetwork, settings: KeypointSettings) -> tuple[int, bool]:
    """Frames read, and whether anything new was found in them."""
    believed, read, news = trust(person), 0, False
    for between in _stretches(person, believed, clip.fps):
        if read + len(between.frames) > MOST_FRAMES:
            break
        read += len(between.frames)
        kept = {i: p for i, p in person.poses.items() if i in between.frames}
        candidates, pictures = [], clip.frames(between.frames.start)
        for frame, picture in zip(between.frames, pictures, strict=False):
            poses = _readings(network, picture, between, frame)
            own = [kept[frame]] if frame in kept else []
            poses = [p for p in poses + own if not fault(p, settings.presence_threshold, clip.width, clip.height)]
            candidates.append([(p, look_of(picture, p.keypoints)) for p in poses])
        chosen = _best_sequence(between, [[pose for pose, _ in each] for each in candidates])
        for frame, options, choice in zip(between.frames, candidates, chosen, strict=False):
            person.poses.pop(frame, None)
            person.looks.pop(frame, None)
            if choice is not None:
                person.poses[frame], person.looks[frame] = options[choice]
                news = news or options[choice][0] is not kept.get(frame)
    return read, news


def _stretches(person: Person, believed: dict[int, float], fps: float) -> list[_Between]:
    good = sorted(i for i, value in believed.items() if value >= LEAST_TRUST)
    found = []
    for a, b in pairwise(good):
        if not 1 < b - a <= LONGEST_S * fps + 1:
            continue
        near = [range(a - 4, a + 1), range(b, b + 5)]
        velocities = np.array([person.movement(range(part.start, part.stop))[1] for part in near])
        bones = np.median([bone_lengths(person.poses[i].world) for i in good if abs(i - a) <= 30], axis=0)
        scale = usual_scale(person, believed, (a + b) // 2)
        found.append(_Between(range(a + 1, b), person.poses[a], person.poses[b], velocities, scale, bones))
    return found


def _readings(network: LandmarkNetwork, picture: np.ndarray, between: _Between, frame: int) -> list[Pose]:
    """The region at several rotations, then the two best readings once more where they themselves point."""
    x, y = between.centre(frame)
    region = Region(float(x), float(y), SIDE_M * between.scale)
    first = network.read(picture, [region.turned(turn) for turn in TURNS])
    best = sorted(first, key=lambda pose: _cost(pose, between))[:2]
    again = [Region(p.next_region.x, p.next_region.y, p.next_region.side, p.next_region.angle) for p in best]
    return first + network.read(picture, again)


def _cost(pose: Pose, between: _Between) -> float:
    """How little a reading is worth: about 0 for a good one, 1 and more for garbage."""
    scale = abs(np.log(max(pixels_per_metre(pose.keypoints, pose.world), 1e-3) / between.scale))
    bones = np.median(np.abs(np.log(np.maximum(bone_lengths(pose.world), 1e-3) / between.bones)))
    return float(1 - quality(pose) + max(scale - 0.1, 0) * 2 + max(bones - 0.15, 0) * 2)


def _step(a: Pose, b: Pose, frames: int) -> float:
    """Cost of going from one pose to another: how far keypoints and trunk have gone, sides left out."""
    side = min(a.next_region.side, b.next_region.side)
    points_a, points_b = (pose.keypoints[_PAIRS, :2].mean(axis=1) for pose in (a, b))
    moved = float(np.median(np.linalg.norm(points_a - points_b, axis=1))) / side
    return max(moved / np.sqrt(frames) - 0.08, 0.0) * 3


def _best_sequence(between: _Between, options: list[list[Pose]]) -> list[int | None]:
    """The cheapest sequence of readings between the two ends; None where a frame is better left empty."""
    # A state is (frame, option): the last frame that has a pose. Leaving frames out in between costs MISSING each.
    states: list[tuple[int, int | None, Pose]] = [(-1, None, between.before)]
    costs, parents = [0.0], [-1]
    for i, poses in enumerate(options):
        earlier = list(range(len(states)))
        for choice, pose in enumerate(poses):
            ways = [
                costs[s] + MISSING * (i - states[s][0] - 1) + _step(states[s][2], pose, i - states[s][0])
                for s in earlier
            ]
            best = int(np.argmin(ways))
            states.append((i, choice, pose))
            costs.append(ways[best] + _cost(pose, between))
            parents.append(best)
    ends = [
        costs[s] + MISSING * (len(options) - states[s][0] - 1) + _step(states[s][2], between.after, len(options) - i)
        for s, i in ((s, states[s][0]) for s in range(len(states)))
    ]
    chosen: list[int | None] = [None] * len(options)
    state = int(np.argmin(ends))
    while state > 0:
        chosen[states[state][0]] = states[state][1]
        state = parents[state]
    return chosen
