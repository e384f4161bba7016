import numpy as np
import pytest
from physics.test_mujoco_engine import shaken
from support.humanoids import upright

from core.errors import BadInputError
from core.humanoid.resampling import resample
from core.imitation.reference import TICK_HZ, ReferenceTable, kinematics_of
from core.motion import HumanoidMotion
from core.physics.mujoco_engine import MujocoEngine


def marching(loop: bool, frames: int = 31) -> HumanoidMotion:
    """A second of it: a metre ahead and half a metre aside, knees bending."""
    times = np.arange(frames) / 30
    rows = np.repeat(upright(0.89)[None], frames, axis=0)
    rows[:, 0], rows[:, 2] = times, 0.5 * times
    rows[:, 19] = -0.5 - 0.5 * np.sin(2 * np.pi * times)
    return HumanoidMotion(30.0, times, rows, loop)


def test_it_is_the_motion_on_the_clock():
    motion = marching(loop=False)
    table = ReferenceTable(motion)
    ticks = np.array([0, 7, 200, 480])
    frames, velocities = resample(motion, ticks / TICK_HZ)
    at = table.at(ticks)
    assert np.allclose(at.frames, frames, atol=1e-9)
    assert np.allclose(at.velocities, velocities, atol=1e-9)
    assert table.phase(ticks) == pytest.approx(ticks / 480)
    assert table.ended(np.array([479, 480, 900])).tolist() == [False, True, True]
    assert np.array_equal(table.at(np.array([900])).frames, table.at(np.array([480])).frames)


def test_a_loop_walks_on():
    table = ReferenceTable(marching(loop=True))
    first, later = table.at(np.array([100])), table.at(np.array([100 + 3 * 480]))
    assert np.allclose(later.frames[0, :3] - first.frames[0, :3], (3, 0, 1.5))
    assert np.allclose(later.positions[0] - first.positions[0], (3, 0, 1.5))
    assert np.array_equal(later.frames[:, 3:], first.frames[:, 3:])
    assert not table.ended(np.array([10**6])).any()
    assert np.array_equal(table.at(np.array([100])).frames, first.frames)  # copies were handed out


def test_targets_run_ahead_and_lead():
    table = ReferenceTable(marching(loop=False), lead_s=0.1, ahead_s=1 / 60)
    frames, velocities = resample(marching(loop=False), np.array([(40 + 8) / 480]))
    knee = table.targets(np.array([40]))[0, 19 - 7]
    assert knee == pytest.approx(frames[0, 19] + 0.1 * velocities[0, 6 + 9])


def test_bodies_move_as_simulated_ones_do():
    frames, velocities = shaken(4, 9)
    engine = MujocoEngine(4, threads=1)
    engine.set_states(np.arange(4), frames, velocities)
    bodies, ours = engine.bodies(), kinematics_of(frames, velocities)
    assert np.allclose(ours.positions, bodies.positions, atol=1e-9)
    assert np.allclose(ours.body_velocities, bodies.velocities, atol=1e-9)
    assert np.allclose(ours.angular_velocities, bodies.angular_velocities, atol=1e-9)


def test_no_motion_is_refused():
    with pytest.raises(BadInputError, match="two frames"):
        ReferenceTable(marching(loop=False, frames=1))
    motion = marching(loop=False)
    rows = motion.frames.copy()
    rows[3, 3] = np.nan
    with pytest.raises(BadInputError, match="NaN"):
        ReferenceTable(HumanoidMotion(30.0, motion.times, rows))
