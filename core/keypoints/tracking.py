"""Several people followed over time.

In every frame the landmark network reads the region that each person's previous pose predicts. Every
`detection_interval` frames, and when somebody was lost, the detector looks at the whole picture: it finds new people,
takes up lost ones, and confirms those who are followed. Whoever is found is also followed backwards through the last
frames, to where they came in.
"""

from collections import deque
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.optimize import linear_sum_assignment

from core.keypoints.appearance import look_of
from core.keypoints.detector import Detector, Hit, box_overlap
from core.keypoints.following import Person
from core.keypoints.gates import fault, quality, same_person
from core.keypoints.landmarks import LandmarkNetwork, Pose
from core.keypoints.regions import Region
from core.keypoints.resemblance import PROBATION, STRANGER, impostor, strangeness
from core.keypoints.settings import KeypointSettings

RETRY_TURNS = (np.radians((0.0, 60.0, -60.0)), np.radians((120.0, -120.0, 180.0)))
RETRY_AFTER = (0, 1, 2, 3, 5, 8, 12)
"""Frames after a loss at which the last region is tried again at other rotations."""
MAX_DOUBTS = 4
MIN_OVERLAP = 0.3


@dataclass(frozen=True)
class _Frame:
    index: int
    picture: np.ndarray


class Tracker:
    """Feed it the frames in order with `see`; then `people` holds everybody who was followed."""

    def __init__(self, settings: KeypointSettings, fps: float) -> None:
        self.people: list[Person] = []
        self.crowded = False
        """Whether somebody was left out because enough people were followed."""
        self._settings = settings
        self._memory = max(round(settings.memory_s * fps), 1)
        self._detector = Detector(settings.detection_threshold, settings.network_threads)
        self._network = LandmarkNetwork(settings.network_threads, settings.model)
        self._recent: deque[_Frame] = deque(maxlen=settings.detection_interval)

    def see(self, index: int, picture: np.ndarray) -> None:
        """Follow everybody into the next frame; `picture` [H,W,3] uint8."""
        frame = _Frame(index, picture)
        followed = self._at(index - 1)
        self._continue(frame, followed)
        self.people = [p for p in self.people if index in p.poses or len(p.poses) >= PROBATION]
        self._retry(frame)
        self._part(index)
        confirm = index % self._settings.detection_interval == 0
        lost_now = any(index not in person.poses for person in followed)
        if confirm or lost_now or index % 5 == 0:
            self._look(frame, confirm)
        self._recent.append(frame)

    def _at(self, index: int) -> list[Person]:
        """The people who have a pose in a frame."""
        return [person for person in self.people if index in person.poses]

    def _take(self, person: Person, frame: _Frame, pose: Pose) -> str:
        height, width = frame.picture.shape[:2]
        why = person.take(frame.index, pose, self._settings.presence_threshold, width, height)
        if not why:
            person.looks[frame.index] = look_of(frame.picture, pose.keypoints)
        return why

    def _continue(self, frame: _Frame, people: list[Person]) -> None:
        poses = self._network.read(frame.picture, [person.region_at(frame.index) for person in people])
        for person, pose in zip(people, poses, strict=True):
            self._take(person, frame, pose)

    def _retry(self, frame: _Frame) -> None:
        """Whoever was just lost may have turned faster than the region: read it at other rotations."""
        for person in self.people:
            if frame.index in person.poses or frame.index - person.last - 1 not in RETRY_AFTER:
                continue
            region = person.region_at(frame.index)
            for turns in RETRY_TURNS:
                # Right after the loss the region has been read as it is, and failed.
                new = turns[turns != 0] if person.last == frame.index - 1 else turns
                readings = self._network.read(frame.picture, [region.turned(turn) for turn in new])
                if self._take_best(person, frame, readings):
                    self._follow_back(person)
                    break

    def _take_best(self, person: Person, frame: _Frame, readings: list[Pose]) -> bool:
        for pose in sorted(readings, key=quality, reverse=True):
            if not self._clashes(frame.index, pose) and not self._take(person, frame, pose):
                return True
        return False

    def _clashes(self, index: int, pose: Pose) -> bool:
        return any(same_person(pose, person.poses[index]) for person in self._at(index))

    def _part(self, index: int) -> None:
        """Where two tracks have come to lie on one person, whoever that person rather is keeps the pose."""
        for one, other in combinations(self._at(index), 2):
            if index not in one.poses or index not in other.poses:
                continue
            if same_person(one.poses[index], other.poses[index]):
                impostor(one, other, index).forget_find(index, PROBATION)
        self.people = [person for person in self.people if person.poses]

    def _look(self, frame: _Frame, confirm: bool) -> None:
        """Search the whole picture if it is time to `confirm`, else only around those who are lost."""
        hits = self._detector.look(frame.picture) if confirm else []
        lost = [p for p in self.people if 0 < frame.index - p.last <= self._memory]
        for person in lost:
            around = _widened(person.region_at(frame.index), 2.0)
            hits += self._detector.look(frame.picture, [around.turned(k * np.pi / 2) for k in range(4)])
        new = self._unmatched(frame, hits)
        if confirm:
            self._doubt(frame)
        poses = [p for p in self._network.read(frame.picture, [h.region for h in new]) if self._sound(frame, p)]
        poses = self._distinct(frame, poses)
        for pose, known in self._assign(frame, poses, lost):
            person = known or Person()
            if known is None:
                if not confirm or self._crowded(frame.index, pose, lost):
                    continue
                self.people.append(person)
            if self._take(person, frame, pose):
                continue
            person.confirmed, person.doubts = frame.index, 0
            self._follow_back(person)

    def _crowded(self, index: int, pose: Pose, lost: list[Person]) -> bool:
        """Whether there is no room for somebody new: enough people, or a lost one is expected in this place.

        A lost person who is seen badly looks like somebody else; a real newcomer will still be there at the next look.
        """
        if len(self._at(index)) >= self._settings.max_people:
            self.crowded = True
            return True
        expected = [p.region_at(index).box for p in lost if index not in p.poses]
        return any(box_overlap(box, pose.next_region.box) > MIN_OVERLAP for box in expected)

    def _sound(self, frame: _Frame, pose: Pose) -> bool:
        height, width = frame.picture.shape[:2]
        return not fault(pose, self._settings.presence_threshold, width, height)

    def _unmatched(self, frame: _Frame, hits: list[Hit]) -> list[Hit]:
        """The hits that belong to nobody who is followed; the others confirm the one they belong to."""
        people = self._at(frame.index)
        if not hits or not people:
            return hits
        overlap = np.array(
            [[box_overlap(h.region.box, p.poses[frame.index].next_region.box) for p in people] for h in hits]
        )
        rows, columns = linear_sum_assignment(-overlap)
        matched = {r: c for r, c in zip(rows, columns, strict=True) if overlap[r, c] > MIN_OVERLAP}
        for column in matched.values():
            people[column].confirmed, people[column].doubts = frame.index, 0
        return [hit for i, hit in enumerate(hits) if i not in matched]

    def _doubt(self, frame: _Frame) -> None:
        """Look closely, the head up, at those whom no hit confirmed; who stays unseen for long was not there."""
        for person in self._at(frame.index):
            if person.confirmed == frame.index:
                continue
            region = person.poses[frame.index].next_region
            hits = self._detector.look(frame.picture, [_widened(region, 1.5)])
            if any(box_overlap(hit.region.box, region.box) > MIN_OVERLAP for hit in hits):
                person.confirmed, person.doubts = frame.index, 0
                continue
            person.doubts += 1
            if person.doubts >= MAX_DOUBTS:
                person.forget_after(person.confirmed)

    def _distinct(self, frame: _Frame, poses: list[Pose]) -> list[Pose]:
        """The poses on people whom nobody follows yet, the best one of each."""
        kept: list[Pose] = []
        for pose in sorted(poses, key=quality, reverse=True):
            if not self._clashes(frame.index, pose) and not any(same_person(pose, other) for other in kept):
                kept.append(pose)
        return kept

    def _assign(self, frame: _Frame, poses: list[Pose], lost: list[Person]) -> list[tuple[Pose, Person | None]]:
        """Which pose takes up which lost person; None where it is somebody new."""
        lost = [person for person in lost if frame.index not in person.poses]
        taken: dict[int, Person] = {}
        if poses and lost:
            looks = [look_of(frame.picture, pose.keypoints) for pose in poses]
            cost = np.array(
                [
                    [strangeness(frame.index, pose, look, person) for person in lost]
                    for pose, look in zip(poses, looks, strict=True)
                ]
            )
            rows, columns = linear_sum_assignment(cost)
            taken = {r: lost[c] for r, c in zip(rows, columns, strict=True) if cost[r, c] < STRANGER}
        found: list[tuple[Pose, Person | None]] = [(pose, taken.get(i)) for i, pose in enumerate(poses)]
        return sorted(found, key=lambda each: -each[0].next_region.side)

    def _follow_back(self, person: Person) -> None:
        """Fill the frames before a finding as far as the gates let it, at most over the frames that are kept."""
        found = person.last
        part = Person({found: person.poses[found]})
        for frame in reversed(self._recent):
            if frame.index in person.poses:
                break
            pose = self._network.read(frame.picture, [part.region_at(frame.index)])[0]
            if self._clashes(frame.index, pose) or self._take(part, frame, pose):
                break
        person.poses |= part.poses
        person.looks |= part.looks


def _widened(region: Region, factor: float) -> Region:
    return Region(region.x, region.y, region.side * factor, region.angle)
