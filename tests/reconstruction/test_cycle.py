"""Cycles found in motions that repeat themselves, and closed."""

import numpy as np
import pytest
from support.people import walk

from core.body import load_body
from core.body.kinematics import body_motion
from core.reconstruction.cycle import close_cycle, find_cycle


@pytest.mark.parametrize("cadence", [0.75, 1.0])
def test_a_walk_in_a_curve_repeats_after_two_steps(cadence):
    motion = walk(seconds=4.0, turn_rad_s=0.4, cadence_hz=cadence)
    first, last = find_cycle(motion)
    assert abs((last - first) - 30 / cadence) <= 1


def test_a_closed_cycle_ends_as_it_began_and_goes_on_where_it_went():
    motion = walk(seconds=3.0, turn_rad_s=0.4)
    first, last = find_cycle(motion)
    last += 2  # as if the cycle had been found badly
    closed = close_cycle(load_body(), motion, first, last)
    assert len(closed) == last - first + 1
    assert np.isclose(closed.trans[0, 1], closed.trans[-1, 1])
    assert np.allclose(closed.poses[0, 3:], closed.poses[-1, 3:], atol=1e-6)
    assert np.isclose(closed.times[0], 0)
    travelled = np.linalg.norm((motion.trans[last] - motion.trans[first])[[0, 2]])
    assert np.isclose(np.linalg.norm((closed.trans[-1] - closed.trans[0])[[0, 2]]), travelled)
    steps = np.linalg.norm(np.diff(closed.joints, axis=0), axis=-1)
    assert steps.max() < 1.5 * np.linalg.norm(np.diff(motion.joints, axis=0), axis=-1).max()
    assert closed.contacts.shape == (len(closed), 4)


def test_what_does_not_repeat_has_no_cycle():
    T = 60
    still = body_motion(load_body(), 30.0, np.arange(T) / 30, np.zeros((T, 72)), np.zeros(10), np.zeros((T, 3)))
    assert find_cycle(still) is None
    poses = np.zeros((T, 72))
    poses[:, 3] = np.linspace(0, -1.5, T)  # one leg rises and that is all
    rising = body_motion(load_body(), 30.0, np.arange(T) / 30, poses, np.zeros(10), np.zeros((T, 3)))
    assert find_cycle(rising) is None


@pytest.mark.parametrize("seconds", [1 / 30, 0.2])
def test_too_short_for_a_cycle(seconds):
    assert find_cycle(walk(seconds=seconds)) is None
