"""Swaps of left and right are found and undone; without one nothing changes."""

from dataclasses import replace

import numpy as np
import pytest
from support.people import walker_scene, without

from core.keypoints.sides import put_right, side_labels, sides_put_right
from core.keypoints.skeletons import INDEX, SYMMETRIC_PAIRS
from core.motion import Track
from core.notices import collecting

LIMBS = {"arms": ("elbow", "wrist", "pinky", "index", "thumb"), "legs": ("knee", "ankle", "heel", "foot_index")}


@pytest.fixture(scope="module")
def walker() -> Track:
    return walker_scene(pixels=2, metres=0.03).track


def swapped(track: Track, frames, *parts: str) -> Track:
    """The track with both sides exchanged in some frames: of the whole body, or of arms or legs alone."""
    names = [n for part in parts for n in LIMBS[part]]
    pairs = [(INDEX[f"left_{n}"], INDEX[f"right_{n}"]) for n in names] or SYMMETRIC_PAIRS
    keypoints, world = track.keypoints.copy(), track.world.copy()
    for left, right in pairs:
        for array in (keypoints, world):
            array[np.ix_(frames, [left, right])] = array[np.ix_(frames, [right, left])]
    return replace(track, keypoints=keypoints, world=world)


def test_a_walk_without_swaps_stays_as_it_is(walker):
    fixed, swaps = sides_put_right(walker)
    assert fixed is walker
    assert swaps == []


@pytest.mark.parametrize("parts", [(), ("legs",), ("arms",), ("arms", "legs")])
@pytest.mark.parametrize(("first", "length"), [(30, 1), (50, 8), (61, 30), (100, 20)])
def test_a_swap_is_found_exactly_and_undone(walker, parts, first, length):
    broken = swapped(walker, np.arange(first, first + length), *parts)
    fixed, swaps = sides_put_right(broken)
    wrong = np.abs(fixed.keypoints - walker.keypoints).max(axis=(1, 2)) > 0
    assert wrong.sum() <= 1
    assert min(swap.first for swap in swaps) in range(first - 1, first + 2)
    assert max(swap.last for swap in swaps) in range(first + length - 2, first + length + 1)
    assert {part for swap in swaps for part in swap.parts} >= set(parts or ("trunk", "arms", "legs"))


def test_several_stretches_are_undone_each(walker):
    broken = swapped(swapped(swapped(walker, range(10, 18)), range(40, 55), "legs"), range(80, 83))
    fixed, _ = sides_put_right(broken)
    np.testing.assert_array_equal(fixed.keypoints, walker.keypoints)
    np.testing.assert_array_equal(fixed.world, walker.world)


def test_one_bad_reading_is_no_evidence(walker):
    """A frame in which everything lies on the middle line, and a little crossed, could hide a change of sides."""
    keypoints, world = walker.keypoints.copy(), walker.world.copy()
    for left, right in SYMMETRIC_PAIRS:
        for array in (keypoints, world):
            a, b = array[20, left].copy(), array[20, right].copy()
            array[20, left], array[20, right] = 0.4 * a + 0.6 * b, 0.6 * a + 0.4 * b
    assert not side_labels(replace(walker, keypoints=keypoints, world=world)).any()


def test_nothing_is_decided_across_a_long_gap(walker):
    """After two seconds unseen, nobody can say which side is which: what the network says stands."""
    broken = swapped(without(walker, range(30, 90)), range(90, 120))
    assert not side_labels(broken).any()


def test_frames_that_say_nothing_go_with_their_neighbours(walker):
    broken = swapped(walker, range(40, 60))
    keypoints = broken.keypoints.copy()
    keypoints[48:51, :, 2] = 0.05
    labels = side_labels(replace(broken, keypoints=keypoints))
    assert labels[40:60].all()
    assert labels.sum() == 60


def test_a_picture_has_no_swaps(walker):
    one = Track(30.0, np.zeros(1), walker.keypoints[:1], walker.world[:1], walker.boxes[:1], walker.image_size)
    assert not side_labels(one).any()


def test_a_notice_says_where(walker):
    with collecting() as said:
        put_right([walker, swapped(walker, range(40, 60), "legs")])
    assert said == ["person-1: the network took left for right in 20 frames, which was put right: frames 40-59 (legs)."]
