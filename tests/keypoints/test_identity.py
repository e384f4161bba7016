"""Ends exchanged where two came out of an encounter as each other; fragments joined; and neither where it is not so."""

from dataclasses import replace

import numpy as np
import pytest

from core.keypoints.appearance import GREYS, HUES
from core.keypoints.following import Person
from core.keypoints.identity import joined, untangled, without_ghosts
from core.keypoints.landmarks import Pose
from core.keypoints.regions import Region

FPS = 30.0
WORLD = np.random.default_rng(2).normal(0, 0.3, (33, 3))


def look(colour: int) -> np.ndarray:
    histogram = np.full((2, HUES + GREYS), 0.01)
    histogram[:, colour] = 1
    return histogram / histogram.sum(axis=1, keepdims=True)


def pose_at(x: float) -> Pose:
    region = Region(x, 300.0, 400.0)
    keypoints = np.column_stack([WORLD[:, :2] * 200 + (x, 300), np.ones(33)])
    return Pose(keypoints, WORLD, 1.0, region, region)


def walking(start: float, speed: float, colour: int, frames) -> Person:
    person = Person()
    for i in frames:
        person.poses[i] = pose_at(start + speed * i)
        person.looks[i] = look(colour)
    return person


def met(colours=(0, 5)) -> tuple[Person, Person]:
    """Two who walk towards each other, meet in frame 30, the second hidden in frames 26 to 33, and walk on."""
    return (
        walking(0, 10, colours[0], range(60)),
        walking(600, -10, colours[1], [i for i in range(60) if not 26 <= i < 34]),
    )


def exchanged(one: Person, other: Person, at: int) -> None:
    for name in ("poses", "looks"):
        a, b = getattr(one, name), getattr(other, name)
        ends = [{i: v for i, v in each.items() if i >= at} for each in (a, b)]
        setattr(one, name, {i: v for i, v in a.items() if i < at} | ends[1])
        setattr(other, name, {i: v for i, v in b.items() if i < at} | ends[0])


@pytest.mark.parametrize("colours", [(0, 5), (0, 0)])
def test_an_exchange_at_a_crossing_is_undone_by_looks_and_by_movement(colours):
    one, other = met(colours)
    exchanged(one, other, 34)
    untangled([one, other], FPS)
    assert one.poses[50].next_region.x == 500
    assert other.poses[50].next_region.x == 100


@pytest.mark.parametrize("colours", [(0, 5), (0, 0)])
def test_a_crossing_that_was_followed_well_stays(colours):
    one, other = met(colours)
    untangled([one, other], FPS)
    assert one.poses[50].next_region.x == 500
    assert other.poses[50].next_region.x == 100


def test_two_who_meet_and_turn_back_are_told_by_their_looks():
    one = walking(0, 10, 0, range(60))
    other = walking(600, -10, 5, [i for i in range(60) if not 26 <= i < 34])
    for person, home in ((one, 300), (other, 300)):
        for i in [i for i in person.poses if i > 30]:
            back = person.poses[60 - i] if 60 - i in person.poses else pose_at(home)
            person.poses[i] = replace(back)
    untangled([one, other], FPS)
    assert one.poses[50].next_region.x == 100
    assert other.poses[50].next_region.x == 500


def test_a_moment_on_somebody_elses_body_is_dropped():
    one, other = walking(0, 10, 0, range(60)), walking(600, -10, 5, range(26))
    for i in range(33, 38):  # found again, but on the body of the first
        other.poses[i], other.looks[i] = pose_at(10 * i + 20), look(0)
    people = without_ghosts([one, other])
    assert [len(person.poses) for person in people] == [60, 26]
    assert [len(p.poses) for p in without_ghosts(list(met()))] == [60, 52]


def test_fragments_that_follow_one_another_become_one():
    parts = [walking(0, 5, 0, range(20)), walking(0, 5, 0, range(30, 60)), walking(900, 0, 5, range(60))]
    people = joined(parts, FPS)
    assert sorted(len(person.poses) for person in people) == [50, 60]


def test_after_a_long_gap_only_the_same_look_is_taken_up():
    first = range(30)
    assert len(joined([walking(0, 5, 0, first), walking(500, 5, 0, range(150, 200))], FPS)) == 1
    assert len(joined([walking(0, 5, 0, first), walking(500, 5, 5, range(150, 200))], FPS)) == 2


def test_people_who_are_there_together_are_never_joined():
    assert len(joined([walking(0, 5, 0, range(40)), walking(100, 5, 0, range(39, 80))], FPS)) == 2


def test_nobody_far_away_takes_up_a_track_at_once():
    assert len(joined([walking(0, 0, 0, range(30)), walking(900, 0, 0, range(35, 70))], FPS)) == 2
