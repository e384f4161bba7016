"""Rotation helpers: round trips, the axioms of rotations, continuity, swing and twist."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.body.rotations import (
    axis_angle_from_matrix,
    axis_angle_from_quaternion,
    continuous_quaternions,
    matrix_from_axis_angle,
    matrix_from_quaternion,
    quaternion_from_axis_angle,
    quaternion_from_matrix,
    shortest_rotation,
    swing_twist,
)

vectors = arrays(np.float64, (3,), elements=st.floats(-3.0, 3.0))


@given(vectors)
@settings(max_examples=60, deadline=None)
def test_matrices_are_rotations_and_round_trips_keep_them(axis_angle):
    matrix = matrix_from_axis_angle(axis_angle)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(matrix) == pytest.approx(1.0)
    quaternion = quaternion_from_axis_angle(axis_angle)
    assert quaternion[0] >= 0
    for back in (
        matrix_from_axis_angle(axis_angle_from_matrix(matrix)),
        matrix_from_quaternion(quaternion),
        matrix_from_quaternion(-quaternion),
        matrix_from_quaternion(quaternion_from_matrix(matrix)),
        matrix_from_axis_angle(axis_angle_from_quaternion(3.0 * quaternion)),
    ):
        np.testing.assert_allclose(back, matrix, atol=1e-7)


def test_a_quarter_turn_about_y_takes_z_to_x_and_quaternions_are_wxyz():
    quarter = np.array([0.0, np.pi / 2, 0.0])
    np.testing.assert_allclose(matrix_from_axis_angle(quarter) @ [0, 0, 1], [1, 0, 0], atol=1e-15)
    np.testing.assert_allclose(quaternion_from_axis_angle(quarter), [np.sqrt(0.5), 0, np.sqrt(0.5), 0], atol=1e-15)


def test_leading_shapes_are_kept():
    many = np.random.default_rng(0).normal(size=(5, 4, 3))
    assert matrix_from_axis_angle(many).shape == (5, 4, 3, 3)
    assert quaternion_from_axis_angle(many).shape == (5, 4, 4)
    assert axis_angle_from_matrix(matrix_from_axis_angle(many)).shape == (5, 4, 3)
    np.testing.assert_allclose(matrix_from_axis_angle(many)[2, 3], matrix_from_axis_angle(many[2, 3]))


def test_quaternions_stay_in_one_hemisphere_over_a_full_turn():
    angles = np.linspace(0, 4 * np.pi, 60)
    turning = quaternion_from_axis_angle(angles[:, None, None] * np.array([[0, 1.0, 0], [1.0, 0, 0]]))
    assert (np.sum(turning[1:] * turning[:-1], axis=-1) < 0).any()
    smooth = continuous_quaternions(turning)
    assert (np.sum(smooth[1:] * smooth[:-1], axis=-1) > 0).all()
    np.testing.assert_allclose(matrix_from_quaternion(smooth), matrix_from_quaternion(turning), atol=1e-12)


@given(vectors, vectors)
@settings(max_examples=60, deadline=None)
def test_shortest_rotation_turns_one_vector_to_the_other_by_the_angle_between_them(start, end):
    if min(np.linalg.norm(start), np.linalg.norm(end)) < 1e-3:
        return
    start, end = start / np.linalg.norm(start), end / np.linalg.norm(end)
    turn = shortest_rotation(2.0 * start, end)
    np.testing.assert_allclose(matrix_from_axis_angle(turn) @ start, end, atol=1e-7)
    assert np.linalg.norm(turn) == pytest.approx(np.arccos(np.clip(start @ end, -1, 1)), abs=1e-6)


def test_shortest_rotation_of_opposite_and_missing_vectors():
    axes = np.eye(3)
    np.testing.assert_allclose(
        np.einsum("nij,nj->ni", matrix_from_axis_angle(shortest_rotation(axes, -axes)), axes), -axes, atol=1e-12
    )
    np.testing.assert_array_equal(shortest_rotation(np.zeros(3), [0, 1, 0]), np.zeros(3))


@given(vectors, vectors)
@settings(max_examples=60, deadline=None)
def test_swing_after_twist_is_the_rotation_and_the_swing_has_no_twist(rotation, axis):
    if np.linalg.norm(axis) < 1e-3:
        return
    axis = axis / np.linalg.norm(axis)
    swing, twist = swing_twist(rotation, axis)
    again = matrix_from_axis_angle(swing) @ matrix_from_axis_angle(twist * axis)
    np.testing.assert_allclose(again, matrix_from_axis_angle(rotation), atol=1e-7)
    assert abs(swing @ axis) < 1e-5
    assert -np.pi < twist <= np.pi


def test_a_pure_twist_has_no_swing():
    swing, twist = swing_twist(np.array([[0, 0.7, 0], [0, -2.5, 0]]), np.array([0, 2.0, 0]))
    np.testing.assert_allclose(swing, 0, atol=1e-12)
    np.testing.assert_allclose(twist, [0.7, -2.5])
