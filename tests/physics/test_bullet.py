import numpy as np
import pybullet
import pytest

from core.humanoid.character import JOINTS, KD, KP, MASSES, TORQUE_LIMITS
from core.humanoid.kinematics import centre_of_mass
from core.physics.bullet import BulletHumanoid, BulletSettings, joint_lists, to_xyzw
from core.physics.stable_pd import StablePD

WEIGHT = 45 * 9.8


def upright(height: float) -> np.ndarray:
    frame = np.zeros(43)
    frame[1] = height
    for start in (3, 7, 11, 15, 20, 24, 29, 34, 38):
        frame[start] = 1.0
    return frame


def test_what_is_set_is_read_back():
    rng = np.random.default_rng(0)
    frame, velocity = upright(1.2), rng.normal(size=34)
    frame[15:19] = np.array([0.5, 0.5, -0.5, 0.5])
    frame[19], frame[42] = -0.7, 1.1
    with BulletHumanoid() as world:
        world.set_state(frame, velocity)
        got_frame, got_velocity = world.state()
    assert np.allclose(got_frame, frame, atol=1e-9)
    assert np.allclose(got_velocity, velocity, atol=1e-9)


def test_in_the_air_it_falls_freely_and_touches_nothing():
    with BulletHumanoid() as world:
        world.set_state(upright(5.0), np.zeros(34))
        start = centre_of_mass(world.bodies().positions)
        for _ in range(240):
            world.step()
        fallen = start - centre_of_mass(world.bodies().positions)
        assert not world.contact_forces().any()
    assert fallen[1] == pytest.approx(0.5 * 9.8 * 0.25, rel=0.01)
    assert abs(fallen[[0, 2]]).max() < 1e-6


def test_at_rest_the_ground_carries_the_weight():
    with BulletHumanoid() as world:
        world.set_state(upright(0.95), np.zeros(34))
        for _ in range(480 * 5):  # limp, it collapses and comes to rest
            world.step()
        forces = []
        for _ in range(480):
            world.step()
            forces.append(world.contact_forces().sum(axis=0))
        lowest = world.bodies().positions[:, 1].min()
    mean = np.mean(forces, axis=0)
    assert mean[1] == pytest.approx(WEIGHT, rel=0.01)
    assert np.abs(mean[[0, 2]]).max() < 0.02 * WEIGHT
    assert lowest > 0


def test_bodies_of_one_humanoid_meet_each_other():
    crossed = upright(2.0)
    crossed[15:19] = (np.cos(0.3), np.sin(0.3), 0, 0)
    crossed[29:33] = (np.cos(0.3), -np.sin(0.3), 0, 0)
    for wanted in (True, False):
        with BulletHumanoid(BulletSettings(self_collision=wanted)) as world:
            world.set_state(crossed, np.zeros(34))
            world.step()
            touching = world.client.getContactPoints(world.humanoid, world.humanoid)
        assert bool(touching) == wanted


@pytest.mark.parametrize("bend", [0.2, 1.5])
def test_muscles_do_what_bullets_stable_pd_does(bend: float):
    rng = np.random.default_rng(1)
    velocity, target = rng.normal(size=34), upright(2.0)
    target[[19, 33]] = -bend
    target[[28, 42]] = bend
    target[7:11] = (np.cos(bend / 2), 0, np.sin(bend / 2), 0)
    with BulletHumanoid() as ours, BulletHumanoid() as theirs:
        for world in (ours, theirs):
            world.set_state(upright(2.0), velocity)
        torques = StablePD(ours, held_root=False).torques(to_xyzw(target))
        ours.pull(torques)
        theirs.client.setJointMotorControlMultiDofArray(
            theirs.humanoid,
            [j.body for j in JOINTS],
            pybullet.STABLE_PD_CONTROL,
            targetPositions=joint_lists(target),
            targetVelocities=[[0.0] * (j.dof.stop - j.dof.start) for j in JOINTS],
            forces=[[j.torque_limit] * (j.dof.stop - j.dof.start) for j in JOINTS],
            positionGains=[j.kp for j in JOINTS],
            velocityGains=[j.kd for j in JOINTS],
        )
        ours.step()
        theirs.step()
        assert np.abs(ours.state()[1] - theirs.state()[1]).max() < 1e-4
        assert np.abs(ours.state()[1] - velocity).max() > 0.1
    assert (np.abs(torques) <= TORQUE_LIMITS).all()
    assert np.array_equal(KD, KP / 10)


def test_the_same_calls_give_the_same_bits():
    def run() -> np.ndarray:
        with BulletHumanoid() as world:
            world.set_state(upright(0.89), np.full(34, 0.1))
            muscles = StablePD(world, held_root=False, refresh=4)
            for _ in range(200):
                world.pull(muscles.torques(to_xyzw(upright(0.89))))
                world.step()
            return np.concatenate(world.state())

    assert np.array_equal(run(), run())


def test_many_worlds_may_come_and_go():
    for _ in range(20):
        with BulletHumanoid() as world:
            world.step()
    assert MASSES.shape == (15,)
