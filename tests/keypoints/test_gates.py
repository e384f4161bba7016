"""A plausible skeleton passes; each thing that garbage gets wrong stops it."""

from dataclasses import replace

import numpy as np
import pytest

from core.keypoints.gates import bone_lengths, break_in_track, fault, misfit, same_person
from core.keypoints.landmarks import Pose
from core.keypoints.regions import Region
from core.keypoints.skeletons import BLAZEPOSE_NAMES, SYMMETRIC_PAIRS

HEIGHTS = {
    "shoulder": -0.5, "elbow": -0.25, "wrist": 0.0, "pinky": 0.08, "index": 0.09, "thumb": 0.06,
    "hip": 0.0, "knee": 0.42, "ankle": 0.82, "heel": 0.86, "foot_index": 0.88,
}  # fmt: skip


def standing():
    """[33,3] m: somebody who stands and faces the camera, arms down."""
    world = np.zeros((33, 3))
    for i, name in enumerate(BLAZEPOSE_NAMES):
        side = 1 if "left" in name else -1 if "right" in name else 0
        part = name.replace("left_", "").replace("right_", "")
        wide = 0.2 if part in ("shoulder", "elbow", "wrist", "pinky", "index", "thumb") else 0.12
        world[i] = (side * (wide if part in HEIGHTS else 0.05), HEIGHTS.get(part, -0.72), 0)
    return world


def pose(x=400.0, y=300.0, world=None, scale=200.0, **changes):
    world = standing() if world is None else world
    points = world[:, :2] * scale + (x, y)
    region = Region(x, y, 2.4 * scale)
    keypoints = np.column_stack([points, np.full(33, 0.9)])
    return replace(Pose(keypoints, world, 1.0, region, region), **changes)


def verdict(each):
    return fault(each, 0.5, 800, 600)


def test_somebody_standing_passes():
    assert verdict(pose()) == ""
    assert misfit(pose().keypoints, pose().world) < 1e-9


def faint():
    each = pose()
    return replace(each, keypoints=each.keypoints * (1, 1, 0.2))


def scattered():
    each = pose()
    mixed = each.keypoints[np.random.default_rng(1).permutation(33)]
    return replace(each, keypoints=mixed)


@pytest.mark.parametrize(
    ("each", "why"),
    [
        (pose(presence=0.3), "nobody"),
        (faint(), "visible"),
        (pose(x=-390), "outside"),
        (pose(world=standing() * 2, region=Region(400, 300, 900), next_region=Region(400, 300, 900)), "torso"),
        (scattered(), "fit"),
        (pose(next_region=Region(400, 300, 2000)), "fill"),
        (pose(region=Region(700, 300, 480)), "reaches out"),
    ],
)
def test_garbage_is_stopped(each, why):
    assert why in verdict(each)


def test_short_arms_and_legs_are_stopped():
    world = standing()
    for name in ("elbow", "wrist"):
        for side in ("left", "right"):
            world[BLAZEPOSE_NAMES.index(f"{side}_{name}")] = world[BLAZEPOSE_NAMES.index(f"{side}_shoulder")]
    assert "limbs" in verdict(pose(world=world))


def test_a_small_step_continues_a_track_and_a_jump_breaks_it():
    usual = bone_lengths(standing())
    assert break_in_track(pose(x=410), pose(), 1, usual) == ""
    assert "place" in break_in_track(pose(x=600), pose(), 1, usual)
    assert break_in_track(pose(x=500), pose(), 1, usual) == "the limbs jump"
    assert break_in_track(pose(x=600), pose(), 9, usual) == ""  # a gap gives more room ...
    assert "place" in break_in_track(pose(x=900), pose(), 1000, usual)  # ... but not any
    assert "size" in break_in_track(pose(scale=330), pose(), 1, usual)
    assert "bones" in break_in_track(pose(), pose(), 1, usual * 1.6)


def test_two_readings_of_one_person_are_the_same_even_mirrored():
    mirrored = standing()
    for left, right in SYMMETRIC_PAIRS:
        mirrored[[left, right]] = mirrored[[right, left]]
    assert same_person(pose(), pose(x=405, world=mirrored))
    assert not same_person(pose(), pose(x=500))


def test_a_small_skeleton_within_another_is_the_same_but_a_child_in_front_is_not():
    assert same_person(pose(), pose(y=270, scale=90))
    assert not same_person(pose(), pose(y=400, scale=80))
