"""A policy for half a cycle: it sees and does the other half in the mirror, also as a file."""

from pathlib import Path

import numpy as np
import pytest
from support.mirrors import disturbed_states, in_the_mirror, speeds_in_the_mirror, symmetric_walk
from support.trainings import clip, small

from core.errors import BadInputError
from core.imitation.environment import EnvironmentSettings
from core.imitation.half_cycle import SINE, HalfCycleEnvironment, as_in_first_half, is_half_cycle
from core.imitation.making import make_engine, make_evaluation
from core.imitation.mirroring import mirrored_actions, mirrored_observations
from core.imitation.observations import observe
from core.imitation.policy_bundle import export_policy
from core.imitation.policy_file import OnnxPolicy
from core.imitation.ppo import train
from core.imitation.ppo.checkpoints import load_checkpoint
from core.imitation.ppo.learner import Learner
from core.imitation.ppo.networks import clipped
from core.motion import HumanoidMotion

WHOLE = np.arange(16)


def world_of(reference: HumanoidMotion, n: int = 16) -> HalfCycleEnvironment:
    return HalfCycleEnvironment(reference, make_engine("mujoco", n, 120.0), EnvironmentSettings(restarts=False), 0)


def test_all_is_seen_as_in_the_first_half_and_done_in_the_half_it_is_in():
    world = world_of(clip())
    world.reset()
    world.ticks = np.linspace(10, world.reference.length - 10, 16).astype(int)
    first, second = WHOLE[:8], WHOLE[8:]
    seen = world._observe(world.look(), WHOLE)
    plain = observe(world.look(), world.reference.at(world.ticks + 16), world.reference.phase(world.ticks))
    assert (seen[:, SINE] > 0).all()
    assert np.array_equal(seen[first], plain[first])
    assert np.allclose(seen[second], mirrored_observations(plain[second], 0.5), atol=1e-12)
    assert np.array_equal(as_in_first_half(seen), seen)
    actions = np.random.default_rng(0).normal(size=(16, 28))
    at_rest, done = world.targets(np.zeros((16, 28))), world.targets(actions)
    turned = (done - at_rest)[:, np.array([19, 28, 33, 42]) - 7] / 0.4  # knees and elbows, right and left
    right_left = np.array([9, 16, 20, 27])  # the same among the 28 degrees of freedom
    assert np.allclose(turned[first], actions[first][:, right_left])
    assert np.allclose(turned[second], mirrored_actions(actions[second])[:, right_left])
    assert np.allclose(turned[second], actions[second][:, [20, 27, 9, 16]])


def test_the_mirror_image_half_a_cycle_later_is_seen_and_treated_alike():
    reference, way = symmetric_walk()
    ours, theirs = world_of(reference, 8), world_of(reference, 8)
    length = ours.reference.length
    for world in (ours, theirs):
        world.reset()
    ours.ticks = np.linspace(length // 8, 3 * length // 8, 8).astype(int)
    theirs.ticks = ours.ticks + length // 2
    frames, velocities = disturbed_states(ours.reference, ours.ticks)
    mirrored = in_the_mirror(frames)
    mirrored[:, 0] += way
    ours.engine.set_states(WHOLE[:8], frames, velocities)
    theirs.engine.set_states(WHOLE[:8], mirrored, speeds_in_the_mirror(velocities))
    seen, alike = (world._observe(world.look(), WHOLE[:8]) for world in (ours, theirs))
    assert np.allclose(seen, alike, atol=1e-5)
    actions = np.random.default_rng(1).normal(size=(8, 28))
    targets = np.concatenate([np.zeros((8, 7)), ours.targets(actions)], axis=1)
    assert np.allclose(in_the_mirror(targets)[:, 7:], theirs.targets(actions), atol=1e-10)


def test_it_trains_goes_on_and_the_file_mirrors_by_itself(tmp_path: Path):
    settings = small(half_cycle=True, samples=256)
    train(clip(), settings, tmp_path / "straight")
    train(clip(), small(half_cycle=True, samples=128), tmp_path / "resumed")
    train(clip(), settings, tmp_path / "resumed", resume=True)
    straight, resumed = (load_checkpoint(tmp_path / name)["learner"] for name in ("straight", "resumed"))
    assert all(np.array_equal(values, resumed["weights"][name]) for name, values in straight["weights"].items())
    export_policy(tmp_path / "straight", tmp_path / "policy", "walk")
    world = make_evaluation(clip(), settings, 16)
    world.reset()
    world.ticks = np.linspace(0, world.reference.length, 16).astype(int)
    seen = world.disturb(np.random.default_rng(0), 0.1, 0.3)
    learner = Learner(settings, world.observation_size)
    learner.restore(straight)
    actor = learner.actor()
    wanted = world.targets(clipped(actor.means(actor.normalised(seen))))
    raw = observe(world.look(), world.reference.at(world.ticks + 16), world.reference.phase(world.ticks))
    feed = {"observations": raw, "reference_targets": world.reference.targets(world.ticks)}
    session = OnnxPolicy(tmp_path / "policy")._session
    (targets,) = session.run(["targets"], {name: each.astype(np.float32) for name, each in feed.items()})
    assert np.abs(targets - wanted).max() < 1e-5
    assert "half a cycle" in (tmp_path / "policy" / "card.md").read_text()


def test_of_the_clips_the_walk_and_the_run_are_such_motions():
    assert [name for name in ("walk", "run", "jump", "dance_b", "kick", "crawl") if is_half_cycle(clip(name))] == [
        "walk", "run",
    ]  # fmt: skip


def test_refused_where_halves_differ_or_other_wishes_stand_against_it(tmp_path: Path):
    with pytest.raises(BadInputError, match="--half-cycle"):
        train(clip("dance_b"), small(half_cycle=True), tmp_path / "dance")
    twice = np.concatenate([clip().frames, clip().frames[1:]])
    twice[len(clip()) :, :3] += (clip().frames[-1, :3] - clip().frames[0, :3]) * (1, 0, 1)
    strides = HumanoidMotion(30.0, np.arange(len(twice)) / 30, twice, True)
    with pytest.raises(BadInputError, match="another part of it"):
        world_of(strides)
    for wish in ({"task": "heading"}, {"mirrored": True}, {"beside": ("run",)}):
        with pytest.raises(BadInputError, match="half a cycle is to be had without"):
            small(half_cycle=True, **wish)
