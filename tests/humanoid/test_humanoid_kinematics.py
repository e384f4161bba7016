import numpy as np
import pytest

from core.humanoid.character import CENTRES_OF_MASS, JOINTS, LEG_LENGTH, MASSES, TORQUE_LIMITS
from core.humanoid.kinematics import centre_of_mass, forward_kinematics, frames_from_bodies, lowest_foot
from core.humanoid.resampling import resample, velocities
from core.motion import HumanoidMotion
from core.physics.bullet import BulletHumanoid


def random_frames(n: int) -> np.ndarray:
    frames = np.random.default_rng(1).normal(size=(n, 43))
    for joint in JOINTS:
        if joint.kind == "spherical":
            frames[:, joint.frame] /= np.linalg.norm(frames[:, joint.frame], axis=1, keepdims=True)
    frames[:, 3:7] /= np.linalg.norm(frames[:, 3:7], axis=1, keepdims=True)
    return frames


def upright() -> np.ndarray:
    frame = np.zeros((1, 43))
    frame[0, 1] = 1.0
    for start in (3, 7, 11, 15, 20, 24, 29, 34, 38):
        frame[0, start] = 1.0
    return frame


def test_the_character_is_deepmimics():
    assert MASSES.sum() == pytest.approx(45.0)
    assert len(TORQUE_LIMITS) == 28
    assert JOINTS[-1].frame.stop == 43
    assert JOINTS[-1].action.stop == 36
    assert abs(LEG_LENGTH - 0.831) < 1e-3


def test_forward_kinematics_agrees_with_pybullet():
    frames = random_frames(20)
    ours = forward_kinematics(frames)
    with BulletHumanoid() as world:
        for i, frame in enumerate(frames):
            world.set_state(frame, np.zeros(34))
            theirs = world.bodies()
            assert np.abs(theirs.positions - ours.positions[i]).max() < 1e-5
            same = np.abs(np.sum(theirs.rotations * ours.rotations[i], axis=1))
            assert np.abs(same - 1).max() < 1e-9


def test_masses_and_centres_agree_with_pybullet():
    with BulletHumanoid() as world:
        for body in range(15):
            info = world.client.getDynamicsInfo(world.humanoid, body)
            assert info[0] == pytest.approx(MASSES[body])
            assert info[3] == pytest.approx(CENTRES_OF_MASS[body])


def test_bodies_give_the_frames_back():
    frames = random_frames(20)
    poses = forward_kinematics(frames)
    again = forward_kinematics(frames_from_bodies(poses.positions, poses.rotations))
    assert np.abs(again.positions - poses.positions).max() < 1e-9


def test_standing_feet_are_a_leg_and_a_sole_below_the_hips():
    frame = upright()
    assert lowest_foot(frame)[0] == pytest.approx(1.0 - LEG_LENGTH - 0.05, abs=1e-9)
    assert 0.9 < centre_of_mass(forward_kinematics(frame).positions)[0, 1] < 1.2


def turning(n: int, rate: float, loop: bool) -> HumanoidMotion:
    """Upright, walking +x at 1 m/s, the left knee bending at -0.5 rad/s, turning about y at `rate` rad/s."""
    times = np.arange(n) / 30.0
    frames = np.repeat(upright(), n, axis=0)
    frames[:, 0] = times
    frames[:, 33] = -0.5 * times
    frames[:, 3], frames[:, 5] = np.cos(rate * times / 2), np.sin(rate * times / 2)
    return HumanoidMotion(30.0, times, frames, loop)


def test_velocities_of_a_loop_ignore_its_seam():
    for loop in (False, True):
        speed = velocities(turning(20, 2.0, loop))
        assert np.allclose(speed[:, 0], 1.0)
        assert np.allclose(speed[:, 3:6], (0, 2, 0))
        assert np.allclose(speed[:, 6 + 20], -0.5)
        assert np.allclose(np.delete(speed, [0, 4, 26], axis=1), 0)


def test_velocities_are_pybullets():
    motion = turning(20, 2.0, False)
    step = 1e-4
    near = forward_kinematics(resample(motion, np.array([0.2 - step, 0.2 + step]))[0]).positions
    frames, speed = resample(motion, np.array([0.2]))
    with BulletHumanoid() as world:
        world.set_state(frames[0], speed[0])
        assert np.abs(world.bodies().velocities - (near[1] - near[0]) / (2 * step)).max() < 1e-4


def test_resampling_meets_the_frames_and_stands_still_outside():
    motion = turning(5, 2.0, False)
    frames, speed = resample(motion, np.concatenate([motion.times, [9.0]]))
    assert np.allclose(frames[:5], motion.frames)
    assert np.allclose(frames[5], motion.frames[-1])
    assert not speed[5].any()


def test_a_single_frame_has_no_velocity():
    frames, speed = resample(turning(1, 2.0, False), np.array([0.0, 1.0]))
    assert np.allclose(frames[0], frames[1])
    assert not speed.any()
