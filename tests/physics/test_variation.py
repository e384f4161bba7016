"""Humanoids with characters of their own: what masses, friction and gains do, and how they are drawn."""

import numpy as np
from support.humanoids import upright

from core.humanoid.character import FEET, MASSES
from core.humanoid.kinematics import centre_of_mass
from core.physics.mujoco_engine import MujocoEngine
from core.physics.variation import SHARE_ON_THE_GROUND, Variation, draw_variation

Array = np.ndarray
G = 9.8


def variation(masses: list[float], friction: list[float] | None = None, gains: list[float] | None = None) -> Variation:
    """One factor a humanoid on each."""
    n = len(masses)
    return Variation(
        np.repeat(np.array(masses)[:, None], 15, axis=1),
        np.array(friction or [1.0] * n),
        np.repeat(np.array(gains or [1.0] * n)[:, None], 28, axis=1),
    )


def standing(varied: Variation, height: float = 0.9, speed: tuple[float, float, float] = (0, 0, 0)) -> MujocoEngine:
    n = len(varied.friction)
    engine = MujocoEngine(n, threads=1)
    engine.vary(varied)
    velocities = np.zeros((n, 34))
    velocities[:, :3] = speed
    engine.set_states(np.arange(n), np.repeat(upright(height)[None], n, axis=0), velocities)
    return engine


def go_on(engine: MujocoEngine, steps: int) -> tuple[Array, Array]:
    """Stay upright for so many 1/30 s; the feet's [S,n,3] N and all [S,n,28] N m."""
    targets = np.repeat(upright(0.0)[None, 7:], engine.n, axis=0)
    forces, torques = [], []
    for _ in range(steps):
        engine.step(targets, 8)
        forces.append(engine.contact_forces()[:, FEET].sum(axis=1))
        torques.append(engine.torques())
    return np.array(forces), np.array(torques)


def test_the_heavy_fall_as_fast_as_the_light():
    engine = standing(variation([0.8, 1.0, 1.2]), height=2.5)
    before = centre_of_mass(engine.bodies().positions)
    go_on(engine, 9)
    fallen = (before - centre_of_mass(engine.bodies().positions))[:, 1]
    assert np.allclose(fallen, 0.5 * G * 0.3**2, rtol=0.02)


def test_the_heavy_weigh_more_and_want_more_torque():
    engine = standing(variation([0.8, 1.0, 1.2]))
    forces, torques = go_on(engine, 60)
    weights = forces[30:, :, 1].mean(axis=0)
    assert np.allclose(weights, np.array([0.8, 1.0, 1.2]) * MASSES.sum() * G, rtol=0.03)
    effort = np.abs(torques[30:]).mean(axis=(0, 2))
    assert effort[0] < 0.9 * effort[1] < 0.9 * 0.9 * effort[2] * 1.1


def test_feet_slip_by_their_own_friction():
    engine = standing(variation([1.0] * 3, friction=[0.1, 1.0, 1.4]), speed=(2.0, 0.0, 0.0))
    forces, _ = go_on(engine, 6)
    sideways = np.linalg.norm(forces[..., [0, 2]], axis=-1).sum(axis=0) / forces[..., 1].sum(axis=0)
    assert 0.9 * 0.081 < sideways[0] < 1.01 * 0.081
    assert sideways[1] > 2 * sideways[0]


def test_weak_muscles_give_way():
    engine = standing(variation([1.0] * 2, gains=[0.3, 1.0]))
    go_on(engine, 60)
    frames, _ = engine.frames()
    bent = np.abs(frames[:, [19, 33]] - upright(0.0)[[19, 33]]).mean(axis=1)
    assert bent[0] > 1.5 * bent[1]


def test_nobody_varied_is_the_true_humanoid():
    plain, varied = (standing(draw_variation(4, 0.0, np.random.default_rng(0))) for _ in range(2))
    true = MujocoEngine(4, threads=1)
    true.restore(np.arange(4), plain.save())
    for engine in (varied, true):
        go_on(engine, 10)
    assert np.allclose(varied.frames()[0], true.frames()[0], atol=1e-6)


def test_who_is_varied_keeps_saved_states_to_the_last_bit():
    engine = standing(draw_variation(4, 1.0, np.random.default_rng(0)))
    go_on(engine, 3)
    saved = engine.save()
    go_on(engine, 5)
    after = engine.save()
    engine.restore(np.arange(4), saved)
    go_on(engine, 5)
    assert np.array_equal(engine.save(), after)


def test_factors_keep_their_bounds_and_follow_the_amount():
    full = draw_variation(2000, 1.0, np.random.default_rng(1))
    half = draw_variation(2000, 0.5, np.random.default_rng(1))
    assert np.allclose(np.log(half.gains), 0.5 * np.log(full.gains))
    for values, low, high in (
        (full.masses, 1 / 1.2, 1.2),
        (full.friction, 0.6, 1.4),
        (full.gains[:, 12], SHARE_ON_THE_GROUND["ankle"][2] / 1.2, 1.2),
    ):
        assert low <= values.min() < 1.1 * low
        assert 0.9 * high < values.max() <= high
    assert np.array_equal(full.masses, draw_variation(2000, 1.0, np.random.default_rng(1)).masses)
    assert not np.array_equal(full.masses, draw_variation(2000, 1.0, np.random.default_rng(2)).masses)
