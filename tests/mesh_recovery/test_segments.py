"""Frames, swings, twists and best fits against rotations that are known."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from core.mesh_recovery.segments import best_rotation, frame, limited, ramp, share, shortest_turn, turn, twist_about


def test_frames_are_rotations_and_keep_x():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 50, 3))
    F = frame(x, y)
    assert np.allclose(F @ np.swapaxes(F, 1, 2), np.eye(3))
    assert np.allclose(np.linalg.det(F), 1)
    assert np.allclose(F[:, :, 0], x / np.linalg.norm(x, axis=1, keepdims=True))
    assert ((F[:, :, 1] * y).sum(1) > 0).all()


def test_shortest_turn_goes_there_by_the_angle_between():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 50, 3))
    a, b = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (a, b))
    R = shortest_turn(a, b)
    assert np.allclose(np.einsum("tij,tj->ti", R, a), b)
    angles = Rotation.from_matrix(R).magnitude()
    assert np.allclose(angles, np.arccos((a * b).sum(1)))


def test_shortest_turn_between_opposite_and_equal_directions():
    a = np.array([[0.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
    R = shortest_turn(a, a * [[-1], [1]])
    assert np.allclose(R[0] @ a[0], -a[0])
    assert np.isclose(np.linalg.det(R[0]), 1)
    assert np.allclose(R[1], np.eye(3))


@pytest.mark.parametrize("angle", [-3.0, -1.0, 0.2, 2.5])
def test_twist_is_the_turn_about_the_axis(angle):
    axis = np.array([[0.6, 0.0, 0.8]])
    start = np.array([[0.3, 1.0, -0.2]])
    end = np.einsum("tij,tj->ti", turn(axis, np.array([angle])), start)
    assert np.allclose(twist_about(axis, start, end), angle)


def test_best_rotation_ignores_scale_place_and_flatness():
    rest = np.array([[0, 0, 0], [0.2, 0, 0], [0.1, 0.1, 0.0]])  # three points: a plane, as a foot's
    R = Rotation.random(20, rng=2).as_matrix()
    seen = 1.7 * np.einsum("tij,nj->tni", R, rest) + [1, 2, 3]
    assert np.allclose(best_rotation(rest, seen), R)


def test_limits_shares_and_ramps():
    R = Rotation.from_rotvec([[0, 0, 1.0], [0.2, 0, 0]]).as_matrix()
    assert np.allclose(Rotation.from_matrix(limited(R, 0.5)).as_rotvec(), [[0, 0, 0.5], [0.2, 0, 0]])
    assert np.allclose(Rotation.from_matrix(share(R, 0.25)).as_rotvec(), [[0, 0, 0.25], [0.05, 0, 0]])
    assert np.allclose(ramp(np.array([0, 1, 1.5, 2, 9]), 1, 2), [0, 0, 0.5, 1, 1])
