import numpy as np
import pytest

from core.humanoid.bodies import BODY_NAMES
from core.imitation import rewards


def frames() -> np.ndarray:
    frame = np.zeros((1, 43))
    for start in (3, 7, 11, 15, 20, 24, 29, 34, 38):
        frame[0, start] = 1.0
    return frame


def test_a_perfect_copy_earns_one():
    positions = np.random.default_rng(0).normal(size=(3, 15, 3))
    perfect = rewards.Performance(np.repeat(frames(), 3, axis=0), np.ones((3, 34)), positions)
    terms = rewards.imitation_terms(perfect, perfect)
    assert terms == pytest.approx(np.tile(rewards.WEIGHTS, (3, 1)))
    assert terms.sum(axis=1) == pytest.approx(np.ones(3))
    assert len(rewards.NAMES) == terms.shape[1]


def test_pose_term_is_the_papers():
    other = frames()
    other[0, 19] = -0.3  # right knee
    other[0, 7:11] = (np.cos(0.2), np.sin(0.2), 0, 0)  # chest turned by 0.4
    assert rewards.pose_term(other, frames())[0] == pytest.approx(np.exp(-2 * (0.3**2 + 0.4**2)))
    other[0, 7:11] *= -1  # the same rotation
    assert rewards.pose_term(other, frames())[0] == pytest.approx(np.exp(-2 * (0.3**2 + 0.4**2)))


def test_velocity_term_leaves_the_roots_speed_out():
    speed = np.zeros((1, 34))
    speed[0, :3] = 5
    assert rewards.velocity_term(speed, np.zeros((1, 34)))[0] == 1
    speed[0, 10] = 2
    assert rewards.velocity_term(speed, np.zeros((1, 34)))[0] == pytest.approx(np.exp(-0.4))


def test_end_effectors_are_hands_and_feet():
    moved = np.zeros((1, 15, 3))
    moved[0, BODY_NAMES.index("left_wrist")] = (0.1, 0, 0)
    moved[0, BODY_NAMES.index("chest")] = (9, 9, 9)
    assert rewards.end_effector_term(moved, np.zeros((1, 15, 3)))[0] == pytest.approx(np.exp(-0.4))


def test_centre_of_mass_is_weighed():
    moved = np.zeros((1, 15, 3))
    moved[0, 1, 0] = 0.9  # the chest, 14 of 45 kg
    assert rewards.centre_of_mass_term(moved, np.zeros((1, 15, 3)))[0] == pytest.approx(np.exp(-10 * 0.28**2))
