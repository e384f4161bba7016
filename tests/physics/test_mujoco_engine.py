"""What the MuJoCo engine promises alone; tests/physics/test_engines_agree.py holds it beside Bullet."""

import subprocess
import sys

import numpy as np
import pytest
from support.humanoids import upright

from core.errors import BadInputError
from core.humanoid.character import TORQUE_LIMITS
from core.physics.engine import WorldSettings
from core.physics.mujoco_engine import MujocoEngine

N = 6


def shaken(n: int = N, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """States in the air, all joints bent and turning."""
    rng = np.random.default_rng(seed)
    frames = np.repeat(upright(1.1)[None], n, axis=0)
    for start in (3, 7, 11, 15, 20, 24, 29, 34, 38):
        frames[:, start : start + 4] += 0.3 * rng.normal(size=(n, 4))
        frames[:, start : start + 4] /= np.linalg.norm(frames[:, start : start + 4], axis=1, keepdims=True)
    frames[:, [19, 33]] = -rng.uniform(0.1, 1, (n, 2))
    frames[:, [28, 42]] = rng.uniform(0.1, 1, (n, 2))
    return frames, rng.normal(size=(n, 34))


def wild_targets(n: int, steps: int) -> np.ndarray:
    return np.stack([shaken(n, seed=100 + k)[0][:, 7:] for k in range(steps)], axis=1)


def test_what_is_set_is_read_back():
    frames, velocities = shaken()
    engine = MujocoEngine(N, threads=1)
    engine.set_states(np.arange(N), frames, velocities)
    got_frames, got_velocities = engine.frames()
    assert np.array_equal(got_frames, frames)
    assert np.allclose(got_velocities, velocities, atol=1e-12)


def test_a_muscle_never_applies_more_than_its_limit_and_reaches_it():
    frames, velocities = shaken()
    engine = MujocoEngine(N, threads=1)
    engine.set_states(np.arange(N), frames, velocities)
    most = np.zeros(28)
    for target in np.moveaxis(wild_targets(N, 40), 1, 0):
        engine.step(target, 1)
        most = np.maximum(most, np.abs(engine.torques()).max(axis=0))
        engine.step(target, 7)
    assert engine.intact().all()
    assert (most <= TORQUE_LIMITS).all()
    assert (most > 0.95 * TORQUE_LIMITS).sum() > 20


def test_saved_states_go_on_to_the_last_bit():
    frames, velocities = shaken()
    engine = MujocoEngine(N, threads=1)
    engine.set_states(np.arange(N), frames, velocities)
    targets = wild_targets(N, 20)
    for k in range(10):
        engine.step(targets[:, k], 8)
    saved = engine.save()
    for k in range(10, 20):
        engine.step(targets[:, k], 8)
    first = engine.save()
    engine.restore(np.arange(N), saved)
    for k in range(10, 20):
        engine.step(targets[:, k], 8)
    assert np.array_equal(engine.save(), first)
    other = MujocoEngine(2, threads=2)  # elsewhere, in another order, beside others
    other.restore(np.arange(2), saved[[4, 1]])
    for k in range(10, 20):
        other.step(targets[[4, 1], k], 8)
    assert np.array_equal(other.save(), first[[4, 1]])


def test_rollouts_are_the_same_steps():
    frames, velocities = shaken()
    engine = MujocoEngine(N, threads=2)
    engine.set_states(np.arange(N), frames, velocities)
    start, targets = engine.save(), wild_targets(N, 5)
    seen = engine.rollouts(start, targets, 8)
    assert np.array_equal(engine.save(), start)
    for k in range(5):
        engine.step(targets[:, k], 8)
        assert np.array_equal(seen.frames[:, k], engine.frames()[0])
        assert np.array_equal(seen.bodies.positions[:, k], engine.bodies().positions)
        assert np.array_equal(seen.torques[:, k], engine.torques())
        assert np.array_equal(seen.contact_forces[:, k], engine.contact_forces())
    assert np.array_equal(seen.states, engine.save())
    again = engine.rollouts(start[[3]], targets[[3]], 8)
    assert np.array_equal(again.states[0], seen.states[3])


_PROGRAM = """
import hashlib, numpy as np
from core.physics.mujoco_engine import MujocoEngine
from physics.test_mujoco_engine import shaken, wild_targets
engine = MujocoEngine(3, threads={threads})
engine.set_states(np.arange(3), *shaken(3))
print(hashlib.sha256(engine.rollouts(engine.save(), wild_targets(3, 12), 8).states.tobytes()).hexdigest())
"""


def test_other_processes_get_the_same_bits():
    def run(threads: int) -> str:
        program = "import sys; sys.path[:0] = ['.', 'tests']\n" + _PROGRAM.format(threads=threads)
        return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert run(1) == run(2) != ""


@pytest.mark.parametrize("fault", ["nan", "speed", "quaternion", "shape"])
def test_impossible_states_are_refused_and_nothing_is_lost(fault: str):
    engine = MujocoEngine(1, threads=1)
    engine.set_states(np.array([0]), upright()[None], np.zeros((1, 34)))
    before = engine.save()
    frames, velocities = upright()[None].copy(), np.zeros((1, 34))
    if fault == "nan":
        frames[0, 20] = np.nan
    elif fault == "speed":
        velocities[0, 8] = 1e5
    elif fault == "quaternion":
        frames[0, 7:11] = 0
    else:
        frames = frames[:, :42]
    with pytest.raises(BadInputError):
        engine.set_states(np.array([0]), frames, velocities)
    assert np.array_equal(engine.save(), before)


def test_targets_that_are_no_joints_are_refused():
    engine = MujocoEngine(1, threads=1)
    for spoiled in (np.full((1, 36), np.nan), np.zeros((1, 36)), np.ones((1, 43))):
        with pytest.raises(BadInputError):
            engine.step(spoiled, 1)
    with pytest.raises(BadInputError):
        engine.rollouts(engine.save()[:, :-1], np.zeros((1, 1, 36)), 1)


def test_one_that_flies_apart_does_not_take_the_others_along():
    frames = np.repeat(upright(2.0)[None], 2, axis=0)
    engine = MujocoEngine(2, threads=1)
    velocities = np.zeros((2, 34))
    velocities[1, :3] = 990  # out of bounds after a step of falling at such a speed through the ground
    velocities[1, 6:] = 990
    engine.set_states(np.arange(2), frames, velocities)
    for _ in range(30):
        engine.step(frames[:, 7:], 8)
    assert engine.intact()[0]
    assert np.isfinite(engine.save()).all()


def test_supports_carry():
    box = (-0.5, 0.0, -0.5, 0.5, 0.6, 0.5)
    engine = MujocoEngine(1, WorldSettings(supports=(box,)), threads=1)
    engine.set_states(np.array([0]), upright(0.6 + 0.882)[None], np.zeros((1, 34)))
    for _ in range(30):
        engine.step(upright()[None, 7:], 8)
    frames, _ = engine.frames()
    assert frames[0, 1] == pytest.approx(0.6 + 0.881, abs=0.01)
    assert engine.contact_forces()[0].sum(axis=0)[1] == pytest.approx(45 * 9.8, rel=0.05)
    with pytest.raises(BadInputError):
        WorldSettings(supports=((1, 1, 1, 0, 0, 0),))
