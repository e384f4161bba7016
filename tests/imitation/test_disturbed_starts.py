"""Episodes begin further off the reference as fewer fail."""

from pathlib import Path

import numpy as np
import pytest
from support.trainings import clip, small

from core.errors import BadInputError
from core.imitation.environment import EnvironmentSettings, ImitationEnvironment
from core.imitation.making import make_engine, make_environment, make_evaluation
from core.imitation.ppo import train
from core.imitation.ppo.checkpoints import load_checkpoint
from core.imitation.ppo.curve import read_curve
from core.imitation.ppo.training_run import widened
from core.imitation.reference import kinematics_of


def test_few_failures_make_it_harder_and_many_easier():
    assert widened(0.5, 0.001, 1.0) == pytest.approx(0.52)
    assert widened(0.5, 0.015, 1.0) == 0.5
    assert widened(0.5, 0.05, 1.0) == pytest.approx(0.48)
    assert widened(0.99, 0.0, 1.0) == 1.0
    assert widened(0.0, 0.05, 1.0) == 0.0
    assert widened(1.5, 0.015, 1.0) == 1.0  # resumed with less


def test_a_start_is_off_by_what_it_should_be_and_is_seen_as_it_is():
    world = ImitationEnvironment(clip(), make_engine("mujoco", 64, 120.0), EnvironmentSettings(), 0)
    world.start_noise = 0.1, 0.3
    observations = world.reset()
    now, on = world.look(), world.reference.at(world.ticks)
    assert (now.velocities[:, :3] - on.velocities[:, :3]).std() == pytest.approx(0.3, rel=0.2)
    hinge = now.frames[:, 19] - on.frames[:, 19]  # the right knee
    assert hinge.std() == pytest.approx(0.1, rel=0.3)
    assert np.array_equal(now.frames[:, :7], on.frames[:, :7])
    assert np.allclose(observations, world._observe(now, np.arange(64)), atol=1e-6)
    assert np.allclose(kinematics_of(now.frames, now.velocities).positions, now.positions, atol=1e-6)


def test_episodes_are_short_where_starts_are_disturbed_but_not_in_evaluations():
    plain, disturbed = small(), small(disturbed=1.0)
    lengths = [make_environment(clip(), each, 2, (0,)).settings.most_steps for each in (plain, disturbed)]
    assert lengths == [600, 90]
    evaluation = make_evaluation(clip(), disturbed, 2)
    assert evaluation.settings.most_steps == 600
    assert evaluation.start_noise == (0.0, 0.0)


def test_it_widens_is_kept_and_may_change_when_it_goes_on(tmp_path: Path):
    train(clip("kick"), small(samples=384, disturbed=1.0), tmp_path)
    width = load_checkpoint(tmp_path)["width"]
    assert width == [line["disturbed"] for line in read_curve(tmp_path) if "reward" in line][-1]
    train(clip("kick"), small(samples=512, disturbed=0.0), tmp_path, resume=True)
    assert load_checkpoint(tmp_path)["width"] == 0.0
    with pytest.raises(BadInputError, match="between 0 and 3"):
        small(disturbed=4.0)
