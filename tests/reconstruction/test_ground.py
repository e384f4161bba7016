"""Planes through resting feet, level where they say too little."""

import numpy as np
import pytest
from support.people import camera_at

from core.reconstruction.ground import CAMERA_UP, camera_on_ground, find_ground, lowered_to_landing


def resting_points(camera, spread=(2.0, 2.0), count=300, noise=0.01, seed=0):
    """Points [N, 3] on the ground, in the axes of `camera`."""
    rng = np.random.default_rng(seed)
    world = np.stack([rng.uniform(-1, 1, count) * spread[0], 0 * np.ones(count), rng.uniform(-1, 1, count) * spread[1]])
    return (world.T + rng.normal(0, noise, (count, 3)) - camera[:3, 3]) @ camera[:3, :3]


@pytest.mark.parametrize("pitch", [0, 10, 20])
def test_tilt_and_height_are_found(pitch):
    camera = camera_at([0, 1.6, 6], np.radians(pitch))
    points = resting_points(camera)
    rng = np.random.default_rng(1)
    points[:60] += rng.normal(0, 0.3, (60, 3))  # feet in the air
    ground = find_ground(points)
    up = camera[:3, :3].T @ [0, 1, 0]
    assert ground.found
    assert np.degrees(np.arccos(ground.normal @ up)) < 1.0
    got = camera_on_ground(ground, np.array([0, 0, 6.0]))
    assert np.isclose(got[1, 3], 1.6, atol=0.06)


def test_feet_on_one_line_do_not_decide_the_tilt_across_it():
    camera = camera_at([0, 1.6, 6], 0.0)
    ground = find_ground(resting_points(camera, spread=(2.0, 0.03), noise=0.02))
    assert np.degrees(np.arccos(ground.normal @ CAMERA_UP)) < 4.0


@pytest.mark.parametrize("count", [0, 1, 7])
def test_few_points_leave_the_camera_level(count):
    points = np.tile([0.3, 1.5, 5.0], (count, 1))
    ground = find_ground(points)
    assert not ground.found
    assert np.array_equal(ground.normal, CAMERA_UP)
    assert np.isclose(ground.height, -1.5 if count else 0.0)


def test_scattered_points_leave_the_camera_level():
    ground = find_ground(np.random.default_rng(0).uniform(-2, 2, (200, 3)))
    assert not ground.found


def test_walls_are_no_ground():
    rng = np.random.default_rng(0)
    wall = np.stack([rng.uniform(-1, 1, 200), rng.uniform(-1, 1, 200), np.full(200, 5.0)], axis=1)
    ground = find_ground(wall)
    assert np.degrees(np.arccos(ground.normal @ CAMERA_UP)) <= 40.0


def test_camera_on_ground_puts_the_pelvis_over_the_origin():
    camera = camera_at([0, 1.6, 6], np.radians(15))
    pelvis = (np.array([0.4, 0.9, 1.0]) - camera[:3, 3]) @ camera[:3, :3]
    got = camera_on_ground(find_ground(resting_points(camera, noise=0.0)), pelvis)
    there = got[:3, :3] @ pelvis + got[:3, 3]
    assert np.allclose(there, [0, 0.9, 0], atol=0.01)
    assert np.isclose(np.linalg.det(got[:3, :3]), 1)


def test_who_jumps_off_a_box_lands_on_the_ground():
    standing, landed = np.array([0, 1.0, 5.0]), np.array([1.0, 2.8, 5.0])
    box = find_ground(np.tile(standing, (60, 1)))
    assert np.isclose(box.height, -1.0)
    path = np.concatenate([np.tile(standing, (40, 1)), np.linspace(standing, landed, 10), np.tile(landed, (20, 1))])
    assert np.isclose(lowered_to_landing(box, path).height, -2.8)
    assert lowered_to_landing(box, path[:44]) == box  # a few bad frames do not move the ground


def test_a_plane_with_feet_under_it_is_not_the_ground():
    camera = camera_at([0, 1.6, 6], 0.0)
    ground = resting_points(camera, count=100)
    box = resting_points(camera, count=140) - [0, 1.0, 0]
    found = find_ground(np.concatenate([ground, box]))
    assert np.isclose(found.height, -1.6, atol=0.05)
