from pathlib import Path

import numpy as np
import pybullet_data
import pytest
from support.humanoids import upright

from core.errors import BadInputError
from core.humanoid.bodies import BODY_NAMES
from core.humanoid.deepmimic_file import read_deepmimic
from core.imitation.environment import ACTION_SIZE, OBSERVATION_SIZE, EnvironmentSettings, ImitationEnvironment
from core.imitation.observations import joint_errors, observe
from core.imitation.reference import Kinematics, ReferenceTable
from core.imitation.terminations import (
    bodies_kept_off_the_ground,
    bodies_that_must_not_touch,
    deviated,
    fallen,
)
from core.motion import HumanoidMotion
from core.physics.bullet_engine import BulletEngine
from core.physics.engine import WorldSettings
from core.physics.mujoco_engine import MujocoEngine
from core.physics.rotations import product, quaternions, rotate

CLIPS = Path(pybullet_data.getDataPath()) / "data" / "motions"


def clip(name: str) -> HumanoidMotion:
    return read_deepmimic(CLIPS / f"humanoid3d_{name}.txt")


def environment(n: int = 8, name: str = "walk", **settings: object) -> ImitationEnvironment:
    engine = MujocoEngine(n, WorldSettings(step_hz=120), threads=1)
    return ImitationEnvironment(clip(name), engine, EnvironmentSettings(**settings), seed=3)


def test_doing_nothing_imitates_for_a_while_and_the_same_seed_gives_the_same_numbers():
    def run() -> tuple[np.ndarray, np.ndarray]:
        world = environment()
        observations = [world.reset()]
        rewards = []
        for _ in range(10):
            outcome = world.step(np.zeros((8, ACTION_SIZE)))
            observations.append(outcome.observations)
            rewards.append(outcome.rewards)
            assert np.allclose(outcome.reward_terms.sum(axis=1), outcome.rewards)
        return np.stack(observations), np.stack(rewards)

    observations, rewards = run()
    assert observations.shape == (11, 8, OBSERVATION_SIZE)
    assert np.isfinite(observations).all()
    assert rewards[0].mean() > 0.8
    again, rewards_again = run()
    assert np.array_equal(observations, again)
    assert np.array_equal(rewards, rewards_again)


def test_a_new_episode_is_seen_as_it_is():
    world = environment()
    observations = world.reset()
    assert np.allclose(observations, world._observe(world.look(), np.arange(8)), atol=1e-9)


@pytest.mark.parametrize("reward", ["paper", "code"])
def test_whoever_falls_gets_nothing_and_starts_anew(reward: str):
    world = environment(reward=reward)
    world.reset()
    rng = np.random.default_rng(0)
    ended = np.zeros(8, bool)
    for _ in range(40):
        before = world.steps.copy()
        outcome = world.step(3 * rng.normal(size=(8, ACTION_SIZE)))
        over = outcome.terminated
        assert (outcome.rewards[over] == 0).all()
        assert (outcome.rewards[~over] > 0).all()
        assert (world.steps[over] == 0).all()
        assert (world.steps[~over] == before[~over] + 1).all()
        assert np.array_equal(outcome.observations[~over], outcome.last_observations[~over])
        assert not (outcome.observations[over] == outcome.last_observations[over]).all(axis=1).any()
        ended |= over
    assert ended.all()


def test_time_and_the_motions_end_truncate():
    world = environment(most_steps=3)
    world.reset()
    flags = [world.step(np.zeros((8, ACTION_SIZE))).truncated.all() for _ in range(3)]
    assert flags == [False, False, True]
    kick = environment(name="kick", most_way_m=np.inf, most_pose_m=np.inf, falls=False, random_start=False)
    kick.reset()
    steps = int(np.ceil(kick.reference.length / 16))
    flags = [kick.step(np.zeros((8, ACTION_SIZE))).truncated.all() for _ in range(steps)]
    assert flags == [False] * (steps - 1) + [True]


def test_actions_turn_the_targets():
    world = environment()
    world.reset()
    actions = np.zeros((8, ACTION_SIZE))
    actions[:, 9], actions[:, 0] = 1.0, 0.5  # right knee; chest about x
    plain, turned = world.targets(np.zeros_like(actions)), world.targets(actions)
    pad = np.zeros((8, 7))
    errors = joint_errors(np.hstack([pad, plain]), np.hstack([pad, turned]))
    assert np.allclose(errors, 0.4 * actions, atol=1e-9)


def test_bad_input_is_refused():
    with pytest.raises(BadInputError, match="reward"):
        environment(reward="mine")
    with pytest.raises(BadInputError, match="whole number"):
        ImitationEnvironment(clip("walk"), MujocoEngine(1, WorldSettings(step_hz=100), threads=1))
    world = environment()
    world.reset()
    for spoiled in (np.zeros((8, 36)), np.full((8, ACTION_SIZE), np.nan)):
        with pytest.raises(BadInputError, match="Actions"):
            world.step(spoiled)


def test_what_the_reference_puts_down_may_touch_the_ground():
    names = np.array(BODY_NAMES)
    walk = names[bodies_kept_off_the_ground(ReferenceTable(clip("walk")))]
    assert set(walk) == set(names) - {"left_ankle", "right_ankle"}
    assert set(names[bodies_that_must_not_touch("humanoid3d_walk")]) == set(walk)
    roll = names[bodies_kept_off_the_ground(ReferenceTable(clip("roll")))]
    assert not {"chest", "left_wrist", "root"} & set(roll)
    assert not bodies_that_must_not_touch("humanoid3d_getup_faceup").any()
    assert set(names[bodies_that_must_not_touch("crawl")]) == {"root", "chest", "neck"}
    forces = np.zeros((3, 15, 3))
    forces[0, 5, 1] = forces[1, 4, 1] = 100.0  # a foot; a knee
    assert fallen(forces, bodies_that_must_not_touch("walk")).tolist() == [False, True, False]


def still(n: int, moved: np.ndarray) -> Kinematics:
    table = ReferenceTable(HumanoidMotion(30.0, np.arange(2) / 30, np.repeat(upright()[None], 2, axis=0)))
    at = table.at(np.zeros(n, int))
    at.positions[:] += moved
    return at


def test_straying_is_by_place_or_by_pose():
    reference = still(4, np.zeros(3))
    moved = np.zeros((4, 15, 3))
    moved[1, :, 0] = 0.61  # all of it
    moved[2, :, 0] = 0.59
    moved[3, ::2, 2], moved[3, 1::2, 2] = 0.3, -0.3  # half of it here, half there
    assert deviated(still(4, moved), reference).tolist() == [False, True, False, True]
    assert not deviated(still(4, moved), reference, np.inf, np.inf).any()


def test_both_engines_show_the_same_state_alike():
    mujoco = environment(4)
    bullet = ImitationEnvironment(clip("walk"), BulletEngine(4), EnvironmentSettings(), seed=3)
    seen = []
    for world in (mujoco, bullet):
        world.reset()
        seen.append(world.disturb(np.random.default_rng(1), 0.1, 0.3))
    assert np.allclose(seen[0], seen[1], atol=1e-9)


def test_observations_do_not_know_where_north_is():
    world = environment(4)
    world.reset()
    now, ahead = world.look(), world.reference.at(world.ticks + 16)
    turn, move = quaternions(np.array([0.0, 1.1, 0.0])), np.array([3.0, 0.0, -2.0])

    def elsewhere(k: Kinematics) -> Kinematics:
        frames, velocities = k.frames.copy(), k.velocities.copy()
        frames[:, :3] = rotate(turn, frames[:, :3]) + move
        frames[:, 3:7] = product(turn, frames[:, 3:7])
        velocities[:, :3], velocities[:, 3:6] = rotate(turn, velocities[:, :3]), rotate(turn, velocities[:, 3:6])
        return Kinematics(
            frames,
            velocities,
            rotate(turn, k.positions) + move,
            product(turn, k.rotations),
            rotate(turn, k.body_velocities),
            rotate(turn, k.angular_velocities),
        )

    phase = np.full(4, 0.3)
    here, there = observe(now, ahead, phase), observe(elsewhere(now), elsewhere(ahead), phase)
    assert np.allclose(here, there, atol=1e-9)
