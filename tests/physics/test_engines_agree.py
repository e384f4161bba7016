"""Bullet and MuJoCo simulate one and the same humanoid."""

import mujoco
import numpy as np
import pytest
from physics.test_mujoco_engine import shaken, wild_targets
from scipy.spatial.transform import Rotation
from support.humanoids import upright

from core.errors import BadInputError
from core.humanoid.character import JOINTS, MASSES, TORQUE_LIMITS
from core.humanoid.kinematics import forward_kinematics
from core.humanoid.shapes import INERTIAS
from core.physics.bullet import BulletHumanoid, BulletSettings, to_xyzw
from core.physics.bullet_engine import BulletEngine
from core.physics.bullet_muscles import _REAL
from core.physics.engine import BodyStates, Engine, WorldSettings
from core.physics.mujoco_engine import MujocoEngine
from core.physics.mujoco_model import build_model

WEIGHT = 45 * 9.8
SUBSTEPS = 8


@pytest.fixture(params=["bullet", "mujoco"])
def kind(request: pytest.FixtureRequest) -> type:
    return {"bullet": BulletEngine, "mujoco": MujocoEngine}[request.param]


def started(kind: type, frame: np.ndarray, velocity: np.ndarray | None = None, **settings: object) -> Engine:
    engine = kind(1, WorldSettings(**settings))
    engine.set_states(np.array([0]), frame[None], np.zeros((1, 34)) if velocity is None else velocity[None])
    return engine


def bullet_dynamics(frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mass matrix [34,34] and the forces [34] that hold the humanoid still at `frame`, in our order of freedoms."""
    with BulletHumanoid() as world:
        where, still = to_xyzw(frame).tolist(), [0.0] * 43
        mass = np.array(world.client.calculateMassMatrix(world.humanoid, where, flags=1))[np.ix_(_REAL, _REAL)]
        bias = np.array(world.client.calculateInverseDynamics(world.humanoid, where, still, still, flags=1))[_REAL]
    return mass, bias


def mujoco_dynamics(frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    model, layout = build_model(WorldSettings())
    data = mujoco.MjData(model)
    data.qpos[layout.qpos] = frame
    mujoco.mj_forward(model, data)
    mass = np.zeros((34, 34))
    mujoco.mj_fullM(model, data, mass)
    return mass[np.ix_(layout.dofs, layout.dofs)], data.qfrc_bias[layout.dofs]


def test_bodies_weigh_and_turn_alike():
    with BulletHumanoid() as world:
        assert np.allclose(world.inertias, INERTIAS, rtol=1e-5)
        masses = [world.client.getDynamicsInfo(world.humanoid, b)[0] for b in range(15)]
    model, layout = build_model(WorldSettings())
    assert np.array_equal(masses, MASSES)
    assert np.array_equal(model.body_mass[layout.bodies], MASSES)
    assert np.allclose(model.body_inertia[layout.bodies].sum(axis=1), INERTIAS.sum(axis=1))


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_mass_matrix_and_gravity_torques_are_the_same(seed: int | None):
    """Joints only: the root's six freedoms have other axes and orders. Beside its simulation Bullet keeps a model for
    inverse dynamics that has the exact inertias of capsules, not those of the boxes around them: 0.6 % of the largest
    entry. What the simulation itself does is compared in the next test."""
    frame = upright() if seed is None else shaken(1, seed)[0][0]
    frame[3:7] = upright()[3:7]
    (mass, bias), (mass_too, bias_too) = bullet_dynamics(frame), mujoco_dynamics(frame)
    assert np.abs(mass - mass_too)[6:, 6:].max() < 1e-2 * np.abs(mass[6:, 6:]).max()
    assert np.abs(bias - bias_too)[6:].max() < 1e-4 * max(1.0, np.abs(bias[6:]).max())
    assert bias_too[1] == pytest.approx(WEIGHT)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_torques_accelerate_alike(seed: int):
    """In the air, at rest: the inverse of the mass matrix that is simulated, and gravity."""
    frame = shaken(1, seed)[0][0]
    frame[1] = 20
    torques = np.random.default_rng(seed).uniform(-1, 1, 28) * TORQUE_LIMITS / 10
    with BulletHumanoid(BulletSettings(step_hz=1e5, self_collision=False)) as world:
        world.set_state(frame, np.zeros(34))
        world.pull(torques)
        world.step()
        ours = world.state()[1] * 1e5
    model, layout = build_model(WorldSettings(step_hz=1e5, self_collision=False))
    model.dof_damping[:] = 0
    data = mujoco.MjData(model)
    data.qpos[layout.qpos] = frame
    data.qfrc_applied[layout.dofs[6:]] = torques
    mujoco.mj_step(model, data)
    theirs = data.qvel[layout.dofs] * 1e5
    theirs[3:6] = Rotation.from_quat(frame[3:7], scalar_first=True).apply(theirs[3:6])
    assert np.abs(ours - theirs).max() < 1e-3 * np.abs(ours).max()
    assert np.abs(ours).max() > 100


def test_bodies_are_where_kinematics_puts_them(kind: type):
    frames, velocities = shaken(1, 5)
    engine = started(kind, frames[0], velocities[0])
    bodies, wanted = engine.bodies(), forward_kinematics(frames)
    assert np.allclose(bodies.positions, wanted.positions, atol=1e-5)
    assert np.allclose(np.abs((bodies.rotations * wanted.rotations).sum(axis=-1)), 1, atol=1e-8)


def test_bodies_move_alike():
    frames, velocities = shaken(1, 6)
    ours, theirs = (started(k, frames[0], velocities[0]).bodies() for k in (BulletEngine, MujocoEngine))
    assert np.allclose(ours.velocities, theirs.velocities, atol=1e-4)
    assert np.allclose(ours.angular_velocities, theirs.angular_velocities, atol=1e-4)


def momentum(bodies: BodyStates) -> tuple[np.ndarray, np.ndarray]:
    """Linear, and angular about the centre of mass."""
    linear = MASSES[:, None] * bodies.velocities[0]
    centre = MASSES @ bodies.positions[0] / MASSES.sum()
    turns = Rotation.from_quat(bodies.rotations[0], scalar_first=True)
    spin = turns.apply(INERTIAS * turns.inv().apply(bodies.angular_velocities[0]))
    return linear.sum(axis=0), (np.cross(bodies.positions[0] - centre, linear) + spin).sum(axis=0)


def test_in_the_air_muscles_change_no_momentum(kind: type):
    frames, velocities = shaken(1, 7)
    frames[0, 1] = 20
    engine = started(kind, frames[0], velocities[0], step_hz=480.0, self_collision=False)
    linear, angular = momentum(engine.bodies())
    for target in wild_targets(1, 10)[0]:
        engine.step(target[None], 16)
    linear_after, angular_after = momentum(engine.bodies())
    fallen = np.array([0, -WEIGHT * 10 / 30, 0])
    assert np.abs(engine.torques()).max() > 10
    assert np.linalg.norm(linear_after - linear - fallen) < 0.02 * np.linalg.norm(fallen)
    assert np.linalg.norm(angular_after - angular) < 0.6  # kg m^2/s; steps are finite, joints turn at 10 rad/s
    assert not engine.contact_forces().any()


def test_dropped_onto_its_feet_it_stands_for_a_second(kind: type):
    engine = started(kind, upright(0.91))
    for _ in range(30):
        engine.step(upright()[None, 7:], SUBSTEPS)
    frames, _ = engine.frames()
    assert frames[0, 1] == pytest.approx(0.8815, abs=0.01)
    turns = [np.abs(frames[0, j.frame] - upright()[j.frame]).max() for j in JOINTS]
    assert max(turns) < 0.05
    forces = engine.contact_forces()[0]
    assert forces.sum(axis=0) == pytest.approx((0, WEIGHT, 0), abs=0.05 * WEIGHT)
    assert forces[[5, 11], 1].sum() == pytest.approx(forces[:, 1].sum())
    assert engine.bodies().positions[0, [5, 11], 1].min() > 0.0275 - 0.005  # soles on the ground, not in it


def lying(height: float) -> np.ndarray:
    frame = upright(height)
    frame[3:7] = (np.sqrt(0.5), 0, 0, np.sqrt(0.5))
    return frame


def test_dropped_flat_it_comes_to_rest_alike():
    rest = []
    for kind in (BulletEngine, MujocoEngine):
        engine = started(kind, lying(0.3))
        for _ in range(60):
            engine.step(upright()[None, 7:], SUBSTEPS)
        forces = engine.contact_forces()[0].sum(axis=0)
        assert forces == pytest.approx((0, WEIGHT, 0), abs=0.03 * WEIGHT)
        assert np.abs(engine.frames()[1]).max() < 0.2
        rest.append(engine.bodies().positions[0, :, 1])
    assert np.abs(rest[0] - rest[1]).max() < 0.02


def test_a_box_carries_and_its_force_is_counted(kind: type):
    engine = started(kind, upright(0.6 + 0.885), supports=((-0.5, 0.0, -0.5, 0.5, 0.6, 0.5),))
    for _ in range(20):
        engine.step(upright()[None, 7:], SUBSTEPS)
    assert engine.frames()[0][0, 1] == pytest.approx(0.6 + 0.8815, abs=0.01)
    assert engine.contact_forces()[0].sum(axis=0)[1] == pytest.approx(WEIGHT, rel=0.05)


def test_knees_and_elbows_do_not_bend_backwards(kind: type):
    backwards = upright()
    backwards[[19, 33]], backwards[[28, 42]] = 1.0, -1.0
    engine = started(kind, upright(20.0))
    for _ in range(10):
        engine.step(backwards[None, 7:], SUBSTEPS)
    angles = engine.frames()[0][0, [19, 33, 28, 42]]
    assert (angles * (1, 1, -1, -1) < 0.1).all()


class TestBulletEngine:
    def test_what_it_does_depends_on_the_saved_numbers_alone(self):
        frames, velocities = shaken(3)
        targets = wild_targets(3, 8)
        engine = BulletEngine(3)
        engine.set_states(np.arange(3), frames, velocities)
        start = engine.save()
        for k in range(8):
            engine.step(targets[:, k], SUBSTEPS)
        after = engine.save()
        engine.restore(np.arange(3), start)  # now with another past
        for k in range(8):
            engine.step(targets[:, k], SUBSTEPS)
        assert np.array_equal(engine.save(), after)
        seen = engine.rollouts(start, targets, SUBSTEPS)
        assert np.array_equal(seen.states, after)
        assert np.array_equal(seen.torques[:, -1], engine.torques())
        quick = BulletEngine(3, record=False)
        quick.restore(np.arange(3), start)
        for k in range(8):
            quick.step(targets[:, k], SUBSTEPS)
        assert np.array_equal(quick.save(), after)
        with pytest.raises(RuntimeError):
            quick.torques()

    def test_the_torques_it_tells_are_those_that_act(self):
        frames, velocities = shaken(1, 8)
        frames[0, 1] = 20
        target = wild_targets(1, 1)[0]
        engine = started(BulletEngine, frames[0], velocities[0])
        engine.step(target, 1)
        assert (np.abs(engine.torques()) <= TORQUE_LIMITS).all()
        with BulletHumanoid() as world:
            world.client.setTimeStep(1 / 240)
            world.set_state(frames[0], velocities[0])
            world.pull(engine.torques()[0])
            world.step()
            assert np.abs(world.state()[1] - engine.frames()[1][0]).max() < 2e-3

    def test_impossible_input_is_refused(self):
        engine = started(BulletEngine, upright())
        with pytest.raises(BadInputError):
            engine.set_states(np.array([0]), np.full((1, 43), np.nan), np.zeros((1, 34)))
        with pytest.raises(BadInputError):
            engine.step(np.zeros((1, 36)), 1)
        with pytest.raises(BadInputError):
            engine.restore(np.array([0]), np.zeros((1, 5)))
        assert np.array_equal(engine.save()[0, :43], upright())
