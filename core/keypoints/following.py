"""One person in the making: the poses found so far and where to look next."""

from dataclasses import dataclass, field

import numpy as np

from core.keypoints.gates import bone_lengths, break_in_track, fault
from core.keypoints.landmarks import Pose
from core.keypoints.regions import Region


@dataclass
class Person:
    """`poses` by frame; `confirmed` is the last frame in which the detector saw the person too."""

    poses: dict[int, Pose] = field(default_factory=dict)
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

    def region_at(self, frame: int) -> Region:
        """Where to look for the person in a frame after the last or before the first pose.

        The alignment points' region, carried on by its last movement; the movement fades over a gap.
        """
        at, step = (self.last, -1) if frame > self.last else (self.first, 1)
        region = self.poses[at].next_region
        other = self.poses.get(at + step)
        if other is None:
            return region
        dx, dy = region.x - other.next_region.x, region.y - other.next_region.y
        carried = min(abs(frame - at), 3.0)
        if np.hypot(dx, dy) > 0.2 * region.side:
            return region
        return region.moved(dx * carried, dy * carried)

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
