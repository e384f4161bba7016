"""One person in the making: the poses found so far and where to look next."""

from dataclasses import dataclass, field

import numpy as np

from core.keypoints.appearance import usual_look
from core.keypoints.gates import bone_lengths, break_in_track, fault
from core.keypoints.landmarks import Pose
from core.keypoints.regions import Region

COASTING_WINDOW = 5
"""Frames whose movement carries a lost person on."""
FARTHEST = 1.0
"""How far it may carry them, in region sides."""
FADING = 12.0
"""Frames after which that movement has nearly faded."""


@dataclass
class Person:
    """`poses` by frame; `confirmed` is the last frame in which the detector saw the person too."""

    poses: dict[int, Pose] = field(default_factory=dict)
    looks: dict[int, np.ndarray] = field(default_factory=dict)
    """What the person looked like [2,18] in the frames of `poses`, see `core.keypoints.appearance`."""
    confirmed: int = 0
    doubts: int = 0
    """Looks in a row in which the detector did not see the person."""

    @property
    def last(self) -> int:
        """The last frame with a pose."""
        return max(self.poses)

    @property
    def first(self) -> int:
        return min(self.poses)

    def bones(self) -> np.ndarray:
        """[9] m: the median bone lengths of the latest poses."""
        latest = sorted(self.poses)[-15:]
        return np.median([bone_lengths(self.poses[i].world) for i in latest], axis=0)

    def gaps(self) -> list[int]:
        """The frames between the first and the last in which the person was not found."""
        return [i for i in range(self.first, self.last) if i not in self.poses]

    def movement(self, frames: range) -> tuple[np.ndarray, np.ndarray, float]:
        """Mean place [2] px, velocity [2] px a frame (least squares) and region side px over some frames."""
        known = [i for i in frames if i in self.poses]
        regions = [self.poses[i].next_region for i in known]
        places = np.array([(region.x, region.y) for region in regions])
        times = np.array(known) - np.mean(known)
        spread = float((times**2).sum())
        velocity = times @ places / spread if spread > 0 else np.zeros(2)
        return places.mean(axis=0), velocity, float(np.median([region.side for region in regions]))

    def region_at(self, frame: int) -> Region:
        """Where to look for the person in a frame after the last or before the first pose.

        The alignment points' region, carried on by its last movement; over a gap by the movement of the last few
        frames, which fades.
        """
        at, step = (self.last, -1) if frame > self.last else (self.first, 1)
        region = self.poses[at].next_region
        other = self.poses.get(at + step)
        if other is None:
            return region
        dx, dy = region.x - other.next_region.x, region.y - other.next_region.y
        if np.hypot(dx, dy) > 0.2 * region.side:
            return region
        gap = abs(frame - at)
        if gap > 1:
            lately = range(at - COASTING_WINDOW, at + 1) if step < 0 else range(at, at + COASTING_WINDOW + 1)
            dx, dy = -step * self.movement(lately)[1]
            gap = FADING * (1 - np.exp(-gap / FADING))
            gap *= min(1.0, FARTHEST * region.side / max(float(np.hypot(dx, dy)) * gap, 1e-9))
        return region.moved(float(dx * gap), float(dy * gap))

    def take(self, frame: int, pose: Pose, presence_threshold: float, width: int, height: int) -> str:
        """Add a pose if it passes the gates; returns why it does not, or an empty string."""
        why = fault(pose, presence_threshold, width, height)
        if self.poses and not why:
            nearest = self.last if frame > self.last else self.first
            why = break_in_track(pose, self.poses[nearest], abs(frame - nearest), self.bones())
        if not why:
            self.poses[frame] = pose
        return why

    def forget_after(self, frame: int) -> None:
        """Drop the poses after a frame."""
        self.poses = {i: pose for i, pose in self.poses.items() if i <= frame}

    def forget_find(self, frame: int, longest: int) -> None:
        """Drop the pose in a frame, and those right before it if they are fewer than `longest` and follow a gap.

        Then the person was not found again after that gap, but mistaken for somebody else.
        """
        start = frame
        while start - 1 in self.poses:
            start -= 1
        follows_gap = start > self.first
        for i in range(start if follows_gap and frame - start < longest else frame, frame + 1):
            self.poses.pop(i, None)
            self.looks.pop(i, None)

    def look(self, frames: range) -> np.ndarray:
        """[2,18]: what the person usually looked like in those of some frames in which they were seen."""
        return usual_look([self.looks[i] for i in frames if i in self.poses and i in self.looks])
