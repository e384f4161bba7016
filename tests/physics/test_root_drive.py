"""The wrench that the drive reports, against the change of momentum, which knows nothing of the drive."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from core.humanoid.character import MASSES
from core.humanoid.kinematics import centre_of_mass
from core.physics.bullet import BulletHumanoid, to_xyzw
from core.physics.root_drive import RootDrive
from core.physics.stable_pd import StablePD

WEIGHT = 45 * 9.8


def upright(height: float) -> np.ndarray:
    frame = np.zeros(43)
    frame[1] = height
    for start in (3, 7, 11, 15, 20, 24, 29, 34, 38):
        frame[start] = 1.0
    return frame


def momentum(world: BulletHumanoid) -> tuple[np.ndarray, np.ndarray]:
    """Linear, and angular about the world's origin."""
    bodies = world.bodies()
    linear = MASSES[:, None] * bodies.velocities
    turns = Rotation.from_quat(bodies.rotations, scalar_first=True)
    spin = turns.apply(world.inertias * turns.inv().apply(bodies.angular_velocities))
    return linear.sum(axis=0), (np.cross(bodies.positions, linear) + spin).sum(axis=0)


def test_the_root_arrives_where_it_is_aimed():
    with BulletHumanoid() as world:
        world.set_state(upright(3.0), np.zeros(34))
        drive = RootDrive(world, 20_000)
        muscles = StablePD(world, held_root=True)
        for i in range(1, 100):
            position = np.array([0.002 * i, 3.0 + 0.001 * i, 0])
            rotation = Rotation.from_rotvec((0, 0.01 * i, 0.01 * i))
            world.pull(muscles.torques(to_xyzw(upright(3.0))))
            drive.aim(position, rotation.as_quat(scalar_first=True))
            world.step()
            frame, _ = world.state()
            assert np.abs(frame[:3] - position).max() < 1e-4
            turn = Rotation.from_quat(frame[3:7], scalar_first=True).inv() * rotation
            assert turn.magnitude() < 1e-3


def test_hovering_takes_the_weight():
    with BulletHumanoid() as world:
        start = upright(3.0)
        world.set_state(start, np.zeros(34))
        drive = RootDrive(world, 20_000)
        muscles = StablePD(world, held_root=True)
        wrenches = []
        for _ in range(960):
            world.pull(muscles.torques(to_xyzw(start)))
            drive.aim(start[:3], start[3:7])
            world.step()
            wrenches.append(drive.wrench())
    mean = np.mean(wrenches[480:], axis=0)
    assert mean[:3] == pytest.approx((0, WEIGHT, 0), abs=0.01 * WEIGHT)


def test_the_reported_wrench_is_the_change_of_momentum():
    """In the air, swung about: to a per cent of what acts (Bullet's steps are no finer)."""
    start = upright(5.0)
    start[3:7] = Rotation.from_euler("xyz", (0.3, 0.5, 0.2)).as_quat(scalar_first=True)
    gravity = np.array([0, -WEIGHT, 0])
    with BulletHumanoid() as world:
        world.set_state(start, np.zeros(34))
        drive = RootDrive(world, 20_000)
        muscles = StablePD(world, held_root=True)
        before, centre = momentum(world), centre_of_mass(world.bodies().positions)
        errors, sizes = [], []
        for i in range(240):
            away = 0.1 * np.sin(np.array([2, 3, 1]) * 2 * np.pi * i / 480)
            turn = Rotation.from_rotvec(3 * away) * Rotation.from_quat(start[3:7], scalar_first=True)
            world.pull(muscles.torques(to_xyzw(start)))
            drive.aim(start[:3] + away, turn.as_quat(scalar_first=True))
            pivot = world.state()[0][:3]
            world.step()
            wrench, after = drive.wrench(), momentum(world)
            force = (after[0] - before[0]) / world.step_s - gravity
            torque = (after[1] - before[1]) / world.step_s - np.cross(centre, gravity) - np.cross(pivot, force)
            errors.append(np.concatenate([force, torque]) - wrench)
            sizes.append(wrench)
            before, centre = after, centre_of_mass(world.bodies().positions)
    error, size = (np.sqrt(np.mean(np.square(x), axis=0)) for x in (errors, sizes))
    assert (size[:3] > 50).all()
    assert (error[:3] < 0.01 * np.linalg.norm(size[:3])).all()
    assert (error[3:] < 0.1 * np.linalg.norm(size[3:])).all()


def test_on_the_ground_drive_and_contacts_make_up_the_rest():
    """Pressed onto the ground: the drive's force plus the ground's is the change of momentum plus the weight."""
    low = upright(0.86)
    with BulletHumanoid() as world:
        world.set_state(low, np.zeros(34))
        drive = RootDrive(world, 20_000)
        muscles = StablePD(world, held_root=True)
        before = momentum(world)[0]
        drives, grounds = [], []
        for i in range(480):
            world.pull(muscles.torques(to_xyzw(low)))
            drive.aim(low[:3] + 0.05 * np.sin(i / 40) * np.eye(3)[0], low[3:7])
            world.step()
            drives.append(drive.wrench()[:3])
            grounds.append(world.contact_forces().sum(axis=0))
        change = (momentum(world)[0] - before) / 1.0
    total = np.mean(drives, axis=0) + np.mean(grounds, axis=0)
    assert np.mean(grounds, axis=0)[1] > 100
    assert np.abs(np.mean(np.abs(grounds), axis=0)[0]) > 20  # friction takes part
    assert total - (0, WEIGHT, 0) == pytest.approx(change, abs=0.02 * WEIGHT)


def test_unheld_nothing_but_gravity_and_ground_acts():
    """Dropped onto its feet without a drive: what momentum and contacts leave over is nearly nothing."""
    with BulletHumanoid() as world:
        world.set_state(upright(0.95), np.zeros(34))
        muscles = StablePD(world, held_root=False)
        before = momentum(world)[0]
        grounds = []
        for _ in range(480):
            world.pull(muscles.torques(to_xyzw(upright(0.95))))
            world.step()
            grounds.append(world.contact_forces().sum(axis=0))
        change = momentum(world)[0] - before
    residual = change - np.mean(grounds, axis=0) + (0, WEIGHT, 0)
    assert np.mean(grounds, axis=0)[1] > 0.5 * WEIGHT
    assert np.linalg.norm(residual) < 0.02 * WEIGHT
