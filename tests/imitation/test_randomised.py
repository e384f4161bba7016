"""Trainings among humanoids that differ: drawn by the seed, the same when resumed, evaluated with the true one."""

from pathlib import Path

import numpy as np
import pytest
from support.trainings import clip, small

from core.errors import BadInputError
from core.imitation.making import make_environment, make_evaluation
from core.imitation.ppo import TrainingSettings, train
from core.imitation.ppo.checkpoints import load_checkpoint

Array = np.ndarray


def frames_after(settings: TrainingSettings, seed: tuple[int, ...] = (0, 0)) -> Array:
    environment = make_environment(clip(), settings, 4, seed)
    environment.reset()
    for _ in range(5):
        environment.step(np.zeros((4, 28)))
    return environment.engine.frames()[0]


def weights(folder: Path) -> dict[str, Array]:
    return load_checkpoint(folder)["learner"]["weights"]


def test_humanoids_follow_from_the_seed_and_the_amount():
    plain, half, full = (frames_after(small(randomised=amount)) for amount in (0.0, 0.5, 1.0))
    assert np.array_equal(full, frames_after(small(randomised=1.0)))
    assert not np.array_equal(full, frames_after(small(randomised=1.0), (0, 1)))
    assert np.array_equal(plain, frames_after(small()))
    assert not np.allclose(plain, half, atol=1e-3)
    assert not np.allclose(half, full, atol=1e-3)


def test_evaluations_are_of_the_true_humanoid():
    plain, randomised = (make_evaluation(clip(), small(randomised=amount), 4) for amount in (0.0, 1.0))
    for environment in (plain, randomised):
        environment.reset()
        for _ in range(5):
            environment.step(np.zeros((4, 28)))
    assert np.array_equal(plain.engine.save(), randomised.engine.save())


def test_stopped_and_resumed_it_is_the_same_training(tmp_path: Path):
    train(clip(), small(randomised=1.0, samples=256), tmp_path / "straight")
    train(clip(), small(randomised=1.0, samples=128), tmp_path / "resumed")
    train(clip(), small(randomised=1.0, samples=256), tmp_path / "resumed", resume=True)
    train(clip(), small(samples=256), tmp_path / "plain")
    straight, resumed, plain = (weights(tmp_path / name) for name in ("straight", "resumed", "plain"))
    assert all(np.array_equal(values, resumed[name]) for name, values in straight.items())
    assert not all(np.array_equal(values, plain[name]) for name, values in straight.items())


def test_a_training_of_the_true_humanoid_goes_on_among_others(tmp_path: Path):
    for name, amount in (("true", 0.0), ("others", 1.0), ("again", 1.0)):
        train(clip(), small(samples=128), tmp_path / name)
        train(clip(), small(samples=384, randomised=amount), tmp_path / name, resume=True)
    true, others, again = (weights(tmp_path / name) for name in ("true", "others", "again"))
    assert all(np.array_equal(values, again[name]) for name, values in others.items())
    assert not all(np.array_equal(values, true[name]) for name, values in others.items())


@pytest.mark.parametrize("amount", [-0.1, 1.1, float("nan")])
def test_refused_out_of_range(amount: float):
    with pytest.raises(BadInputError, match="randomised should be between 0 and 1"):
        small(randomised=amount)


def test_refused_in_bullet():
    with pytest.raises(BadInputError, match="mujoco only, but the engine is bullet"):
        small(randomised=0.5, engine="bullet")
