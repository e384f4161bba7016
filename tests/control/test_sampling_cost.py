import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from support.humanoids import upright

from core.control.failure import time_to_failure
from core.control.sampling_cost import (
    RESIDUALS,
    CostWeights,
    Posture,
    centre_part,
    cost_of,
    feet_part,
    pose_part,
    positions_part,
    residuals,
    trunk_part,
)
from core.humanoid.bodies import BODY_NAMES
from core.humanoid.character import FEET, JOINTS, MASSES
from core.humanoid.kinematics import forward_kinematics

TOTAL = sum(j.weight for j in JOINTS)


def turned_about(frame: np.ndarray, place: slice, vector: tuple) -> np.ndarray:
    result = frame.copy()
    result[place] = Rotation.from_rotvec(vector).as_quat(scalar_first=True)
    return result


def squares(part, ours: np.ndarray, reference: np.ndarray) -> np.ndarray:
    return (part(ours, reference) ** 2).sum(axis=-1)


def joint(name: str):
    return next(j for j in JOINTS if BODY_NAMES[j.body] == name)


def test_pose_is_the_weighted_square_of_the_turn():
    still = upright()
    hip, knee = joint("left_hip"), joint("right_knee")
    moved = np.stack([turned_about(still, hip.frame, (0, 0.4, 0)), still, still])
    moved[1, knee.frame] = -0.5
    terms = squares(pose_part, moved, still)
    assert terms == pytest.approx([hip.weight / TOTAL * 0.16, knee.weight / TOTAL * 0.25, 0.0], abs=1e-12)


def test_trunk_is_the_square_of_its_turns_in_the_world_whatever_the_quaternions_sign():
    still, chest = upright(), joint("chest").frame
    moved = turned_about(still, slice(3, 7), (0.3, 0, 0))
    assert squares(trunk_part, moved[None], still) == pytest.approx([0.09])
    assert squares(trunk_part, -moved[None], still) == pytest.approx([0.09])
    bowed = turned_about(still, chest, (0, 0, -0.4))
    assert squares(trunk_part, bowed[None], still) == pytest.approx([0.5 * 0.16])
    back = turned_about(moved, chest, (-0.3, 0, 0))  # the chest is upright again
    assert squares(trunk_part, back[None], still) == pytest.approx([0.5 * 0.09])


def test_positions_centre_and_feet_of_a_shift_and_of_one_moved_foot():
    positions = forward_kinematics(upright()[None]).positions
    shifted = positions + np.array([0.3, 0.0, 0.4])
    assert squares(positions_part, shifted, positions) == pytest.approx([0.25])
    assert squares(centre_part, shifted, positions) == pytest.approx([0.25])
    assert squares(feet_part, shifted, positions) == pytest.approx([0.0], abs=1e-15)
    stepped = positions.copy()
    stepped[0, FEET[0], 0] += 0.1
    share = MASSES[FEET[0]] / MASSES.sum()
    assert squares(positions_part, stepped, positions) == pytest.approx([0.01 / 15])
    assert squares(centre_part, stepped, positions) == pytest.approx([(0.1 * share) ** 2])
    assert squares(feet_part, stepped, positions) == pytest.approx([0.5 * 0.01 * ((1 - share) ** 2 + share**2)])


def test_cost_is_the_weighted_sum():
    frames = upright()[None]
    positions = forward_kinematics(frames).positions
    there = Posture(frames, positions, np.zeros((1, 15, 3)))
    weights = CostWeights(positions=2, centre_of_mass=3, velocity=5, offsets=7)
    here = Posture(frames, positions + np.array([0, 0, 0.1]), np.full((1, 15, 3), 0.2))
    parts = residuals(here, there, weights)
    assert parts.shape == (1, RESIDUALS)
    total = cost_of(parts, np.full((1, 28), 0.1), weights)
    assert total == pytest.approx([2 * 0.01 + 3 * 0.01 + 5 * 3 * 0.04 + 7 * 0.01])
    assert cost_of(residuals(there, there, weights), np.zeros((1, 28)), weights) == pytest.approx([0.0])


def away(seconds_from: float, seconds_to: float, metres: float, axis: int = 0) -> tuple:
    times = np.arange(31) / 10
    reference = np.zeros((31, 15, 3))
    positions = reference.copy()
    positions[(times >= seconds_from) & (times < seconds_to), :, axis] = metres
    return times, positions, reference


def test_a_failure_lasts():
    assert time_to_failure(*away(1.0, 1.35, 0.6)) == pytest.approx(1.0)
    assert np.isnan(time_to_failure(*away(1.0, 1.25, 0.6)))
    assert np.isnan(time_to_failure(*away(1.0, 2.0, 0.49)))


def test_a_root_at_the_wrong_height_in_the_end_is_a_failure():
    assert time_to_failure(*away(2.0, 9, -0.2, axis=1)) == pytest.approx(2.0)
    assert time_to_failure(*away(0.0, 9, -0.2, axis=1)) == 0.0
    assert np.isnan(time_to_failure(*away(2.0, 9, -0.14, axis=1)))
    assert np.isnan(time_to_failure(*away(2.0, 2.5, -0.2, axis=1)))
