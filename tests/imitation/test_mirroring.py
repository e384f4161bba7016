"""Mirrored samples: the mirror, what is symmetric enough for it, and what the learner makes of it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from support.mirrors import disturbed_states, in_the_mirror, speeds_in_the_mirror, symmetric_walk
from support.trainings import clip, small

from core.errors import BadInputError
from core.imitation.environment import EnvironmentSettings, ImitationEnvironment
from core.imitation.making import make_engine
from core.imitation.mirroring import (
    MOST_OFF_M,
    mirrored_actions,
    mirrored_observations,
    phase_shift,
    shift_of_symmetric,
)
from core.imitation.observations import OBSERVATION_SIZE, observe
from core.imitation.ppo import train
from core.imitation.ppo.checkpoints import load_checkpoint
from core.imitation.ppo.collecting import Batch, Collector, Order
from core.imitation.ppo.doubling import doubled
from core.imitation.ppo.learner import Learner
from core.imitation.reference import ReferenceTable, kinematics_of
from core.imitation.references import clip_names, reference_called
from core.imitation.starts import Anywhere


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_the_mirror_of_the_mirror_image_is_the_thing_itself(shift: float):
    random = np.random.default_rng(0)
    observations, actions = random.normal(size=(3, 5, OBSERVATION_SIZE)), random.normal(size=(3, 5, 28))
    twice = mirrored_observations(mirrored_observations(observations, shift), shift)
    assert np.allclose(twice, observations, atol=1e-12)
    assert not np.allclose(mirrored_observations(observations, shift), observations, atol=0.1)
    assert np.array_equal(mirrored_actions(mirrored_actions(actions)), actions)
    assert mirrored_actions(actions.astype(np.float32)).dtype == np.float32


def test_the_phase_goes_on_by_the_shift():
    circle = 2 * np.pi * np.array([[0.1], [0.9]])
    seen = np.zeros((2, OBSERVATION_SIZE))
    seen[:, 196:198] = np.concatenate([np.sin(circle), np.cos(circle)], axis=1)
    later = circle + 2 * np.pi * 0.3
    assert np.allclose(mirrored_observations(seen, 0.3)[:, 196:198], np.concatenate([np.sin(later), np.cos(later)], 1))


def test_to_observe_the_mirror_image_is_to_mirror_what_is_observed():
    table, ticks = ReferenceTable(clip()), np.arange(0, 600, 40)
    frames, velocities = disturbed_states(table, ticks)
    now, ahead = kinematics_of(frames, velocities), table.at(ticks + 16)
    mirrored_now = kinematics_of(in_the_mirror(frames), speeds_in_the_mirror(velocities))
    mirrored_ahead = kinematics_of(in_the_mirror(ahead.frames), speeds_in_the_mirror(ahead.velocities))
    phase = table.phase(ticks)
    ours, theirs = observe(now, ahead, phase), observe(mirrored_now, mirrored_ahead, phase + 0.5)
    assert np.allclose(mirrored_observations(ours, 0.5), theirs, atol=1e-10)


@pytest.mark.parametrize(("lift", "most", "middle"), [(0.3, 1e-9, 1e-9), (0.0, 0.02, 1e-4)])
def test_a_step_in_the_mirror_is_the_mirror_image_of_the_step(lift: float, most: float, middle: float):
    """In the air exactly; on the ground as near as the contact solver comes, which takes one contact after another."""
    motion, way = symmetric_walk()
    worlds = [
        ImitationEnvironment(motion, make_engine("mujoco", 8, 120.0), EnvironmentSettings(restarts=False), 0)
        for _ in range(2)
    ]
    for world in worlds:
        world.reset()
    ours, theirs = worlds
    length = ours.reference.length
    ours.ticks = np.linspace(length // 8, 3 * length // 8, 8).astype(int)  # away from the seams, whose speeds differ
    theirs.ticks = ours.ticks + length // 2
    frames, velocities = disturbed_states(ours.reference, ours.ticks)
    frames[:, 1] += lift
    ours.engine.set_states(np.arange(8), frames, velocities)
    mirrored = in_the_mirror(frames)
    mirrored[:, 0] += way
    theirs.engine.set_states(np.arange(8), mirrored, speeds_in_the_mirror(velocities))
    actions = 0.5 * np.random.default_rng(1).normal(size=(8, 28))
    targets = np.concatenate([np.zeros((8, 7)), ours.targets(actions)], axis=1)
    assert np.allclose(in_the_mirror(targets)[:, 7:], theirs.targets(mirrored_actions(actions)), atol=1e-10)
    before, after = ours.step(actions), theirs.step(mirrored_actions(actions))
    assert (np.abs(ours.engine.contact_forces()).max() > 100) == (lift == 0)
    off = np.abs(in_the_mirror(ours.look().frames) - theirs.look().frames)[:, 3:].max(axis=1)
    assert off.max() < most
    assert np.median(off) < middle
    wrong = np.abs(mirrored_observations(before.last_observations, 0.5) - after.last_observations)
    assert np.median(wrong.max(axis=1)) < 100 * middle  # speeds among them
    assert np.allclose(before.rewards, after.rewards, atol=most)


def test_what_is_made_symmetric_is_found_to_be_and_of_the_clips_walk_and_run_are():
    shift, off = phase_shift(ReferenceTable(symmetric_walk()[0]))
    assert shift == pytest.approx(0.5, abs=1e-9)
    assert off < 1e-3  # rotations at the seam are interpolated to the other half's
    for name in clip_names():
        if name in ("run", "walk"):
            assert shift_of_symmetric(reference_called(name)) == pytest.approx(0.5, abs=0.01)
        else:
            with pytest.raises(BadInputError, match="--mirrored"):
                shift_of_symmetric(reference_called(name))
    assert phase_shift(ReferenceTable(clip("jump")))[1] > 2 * MOST_OFF_M


def collected(learner: Learner) -> Batch:
    collector = Collector(clip(), learner.settings, 0, 1)
    try:
        return collector.collect(Order(learner.actor(), Anywhere(), 0.0))
    finally:
        collector.close()


def test_the_learner_gets_each_sample_twice_and_ratios_begin_at_one(monkeypatch):
    learner = Learner(small(mirrored=True), OBSERVATION_SIZE, 0.5)
    batch, buffer, seen = collected(learner), learner.ppo.rollout_buffer, {}
    twice = doubled(batch, learner.actor(), 0.5)
    assert twice.rewards.shape == (8, 32)
    assert np.array_equal(twice.actions[:, :16], batch.actions)
    assert np.allclose(doubled(twice, learner.actor(), 0.5).actions[:, 48:], batch.actions)

    def look() -> None:
        columns = ("observations", "actions", "log_probs", "advantages", "returns")
        seen.update({name: getattr(buffer, name).copy() for name in columns})

    monkeypatch.setattr(learner.ppo, "train", look)
    learner.update(batch)
    assert learner.ppo.num_timesteps == 128
    assert learner.moments.count == pytest.approx(128, abs=1)
    for name in ("advantages", "returns"):
        assert np.array_equal(seen[name][:, :16], seen[name][:, 16:])
        assert seen[name].std() > 0
    assert np.array_equal(seen["actions"][:, 16:], mirrored_actions(batch.actions))
    flat = [torch.tensor(seen[name].reshape(256, -1)) for name in ("observations", "actions")]
    now = learner.ppo.policy.evaluate_actions(*flat)[1].detach().numpy()
    assert np.allclose(now, seen["log_probs"].ravel(), atol=1e-3)
    assert not np.allclose(seen["log_probs"][:, :16], seen["log_probs"][:, 16:], atol=1e-3)


def test_stopped_and_resumed_it_is_the_same_training(tmp_path: Path):
    train(clip(), small(mirrored=True, samples=256), tmp_path / "straight")
    train(clip(), small(mirrored=True, samples=128), tmp_path / "resumed")
    train(clip(), small(mirrored=True, samples=256), tmp_path / "resumed", resume=True)
    train(clip(), small(samples=256), tmp_path / "plain")
    straight, resumed, plain = (
        load_checkpoint(tmp_path / name)["learner"]["weights"] for name in ("straight", "resumed", "plain")
    )
    assert all(np.array_equal(values, resumed[name]) for name, values in straight.items())
    assert not all(np.array_equal(values, plain[name]) for name, values in straight.items())
    with pytest.raises(BadInputError, match="mirrored was True and is False now"):
        train(clip(), small(samples=512), tmp_path / "resumed", resume=True)


def test_refused_for_a_motion_that_is_not_symmetric_or_with_a_task(tmp_path: Path):
    with pytest.raises(BadInputError, match=r"own mirror image .* 12 cm off"):
        train(clip("dance_b"), small(mirrored=True), tmp_path / "dance")
    with pytest.raises(BadInputError, match="a motion that loops"):
        train(clip("kick"), small(mirrored=True), tmp_path / "kick")
    assert not list(tmp_path.rglob("*.txt"))
    with pytest.raises(BadInputError, match="without a task"):
        small(mirrored=True, task="heading")
