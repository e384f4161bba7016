"""Policies on references: as in PyBullet's own environment, repeatable, honest about falls."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from benchmarks.pybullet_envs_deep_mimic import deep_mimic_environment
from core.errors import BadInputError
from core.humanoid.kinematics import forward_kinematics
from core.imitation import rolling
from core.imitation.naming import load_motion
from core.imitation.policy import Conventions, Seen
from core.imitation.pretrained import pretrained
from core.imitation.rolling import RolloutSettings, roll_out, roll_outs
from core.imitation.shipped import shipped_policy
from core.metrics import rollout_figures
from core.motion import HumanoidMotion
from core.notices import collecting

SHORT = RolloutSettings(seconds=0.5)


def clip(name: str) -> HumanoidMotion:
    return load_motion(name)[0]


@dataclass(frozen=True)
class Follower:
    """A policy that adds nothing to the reference."""

    name: str = "follower"
    conventions: Conventions = Conventions("mujoco", 240.0)  # noqa: RUF009

    def targets(self, seen: Seen) -> np.ndarray:
        return seen.reference_targets


@dataclass(frozen=True)
class Limp(Follower):
    """A policy that lets the humanoid sink to the ground."""

    def targets(self, seen: Seen) -> np.ndarray:
        still = np.zeros_like(seen.reference_targets)
        still[:, [0, 4, 8, 13, 17, 22, 27, 31]] = 1.0
        still[:, [12, 26]] = -2.5
        return still


def theirs(policy, name: str, steps: int) -> np.ndarray:
    """[steps,15,3]: the bodies in PyBullet's own environment, steered by `policy` from the beginning of a clip."""
    environment = deep_mimic_environment(name)
    humanoid = environment._humanoid
    environment.t = 0.0
    humanoid.setSimTime(0.0)
    humanoid.resetPose()
    seen = []
    for _ in range(steps):
        links = humanoid._pybullet_client.getLinkStates(humanoid._sim_model, range(15), computeForwardKinematics=True)
        seen.append([link[0] for link in links])
        environment.set_action(0, policy.actions(np.array(environment.record_state(0))[None])[0])
        for _ in range(8):
            environment.update(1 / 240)
    return np.array(seen)


@pytest.mark.parametrize("name", ["walk", "jump"])
def test_a_checkpoint_moves_the_humanoid_as_in_pybullets_own_environment(name: str):
    policy = pretrained(name)
    rollout = roll_out(policy, clip(name), SHORT)
    off = np.linalg.norm(rollout.body_positions[:15] - theirs(policy, name, 15), axis=-1)
    assert off.max() < 1e-3
    assert off[:5].max() < 1e-4
    assert np.ptp(rollout.body_positions[:15], axis=0).max() > 0.1  # it does move


def test_the_walk_stays_up_and_the_backflip_turns_over():
    walked = roll_out(pretrained("walk"), clip("walk"), RolloutSettings(seconds=4.0))
    assert np.isnan(walked.time_to_fall_s)
    assert rollout_figures(walked)["return"] > 0.6
    assert walked.body_positions[-1, 0, 0] > 3.0
    flipped = roll_out(pretrained("backflip"), clip("backflip"), RolloutSettings(seconds=1.75))
    assert np.isnan(flipped.time_to_fall_s)
    up = 1 - 2 * (flipped.body_rotations[:, 1, 1] ** 2 + flipped.body_rotations[:, 1, 3] ** 2)
    assert up.min() < -0.8  # the chest, head down
    assert up[-1] > 0.8


def test_the_same_start_gives_the_same_bits_whoever_is_beside():
    policy, walk = pretrained("walk"), clip("walk")
    alone = roll_out(policy, walk, SHORT)
    two = roll_outs(policy, walk, replace(SHORT, starts=2, seed=3))
    again = roll_outs(policy, walk, replace(SHORT, starts=2, seed=3))
    other = roll_outs(policy, walk, replace(SHORT, starts=2, seed=4))
    assert np.array_equal(alone.body_positions, two[0].body_positions)
    for first, second in zip(two, again, strict=True):
        assert np.array_equal(first.body_positions, second.body_positions)
        assert np.array_equal(first.reward_terms, second.reward_terms)
    assert not np.array_equal(two[1].body_positions, other[1].body_positions)
    assert np.array_equal(two[0].body_positions, other[0].body_positions)


def test_it_begins_as_the_reference_and_its_terms_are_the_rewards():
    walk = clip("walk")
    rollout = roll_out(Follower(), walk, SHORT)
    np.testing.assert_allclose(rollout.body_positions[0], forward_kinematics(walk.frames[:1]).positions[0], atol=1e-5)
    assert rollout.reward_terms[0].sum() == pytest.approx(1.0, abs=1e-3)
    assert rollout.reward_names[-1] == "centre_of_mass"
    assert (rollout.engine, rollout.tracker, rollout.fps) == ("mujoco", "policy-follower", 30.0)
    assert not rollout.residual_wrench.any()
    paper = roll_out(Follower(), walk, replace(SHORT, reward="paper"))
    assert np.array_equal(paper.body_positions, rollout.body_positions)
    assert len(paper.reward_names) == 4


def test_a_fall_is_told_shown_a_second_longer_and_earns_nothing_after():
    rollout = roll_out(Limp(), clip("walk"), RolloutSettings(seconds=10.0))
    fell = rollout.time_to_fall_s
    assert 0.2 < fell < 2.5
    assert rollout.times[-1] == pytest.approx(fell + 1.0)
    assert rollout.horizon_s == 10.0
    until = rollout.reward_terms.sum(axis=1)[rollout.times < fell].sum()
    assert rollout_figures(rollout)["return"] == pytest.approx(until / 301)


def test_a_motion_that_ends_is_rolled_out_once_to_its_end():
    getting_up = clip("getup_facedown")
    rollouts = roll_outs(Follower(), getting_up, RolloutSettings(seconds=20.0, starts=5))
    assert len(rollouts) == 1
    assert np.isnan(rollouts[0].time_to_fall_s)  # it begins on the floor: nothing of it is a fall
    assert rollouts[0].times[-1] == pytest.approx(getting_up.times[-1], abs=1 / 30)


def test_another_engine_is_allowed_and_told():
    with collecting() as notices:
        rollout = roll_out(pretrained("walk"), clip("walk"), replace(SHORT, engine="mujoco"))
    assert rollout.engine == "mujoco"
    assert "learned in bullet" in notices[0]


def test_who_learned_in_mujoco_stays_up_in_bullet_and_sinks_less_where_steps_are_small(monkeypatch):
    settings = RolloutSettings(seconds=2.5, engine="bullet")
    rollout = roll_out(shipped_policy("understudy_walk"), clip("walk"), settings)
    assert np.isnan(rollout.time_to_fall_s)
    monkeypatch.setitem(rolling.ELSEWHERE_HZ, "bullet", 240.0)
    coarse = roll_out(shipped_policy("understudy_walk"), clip("walk"), settings)
    heights = [each.body_positions[:, 0, 1] for each in (rollout, coarse)]
    assert heights[0].min() > heights[1].min() + 0.02  # ankles that give way, see docs/policies.md


def test_what_cannot_be_rolled_out_is_refused():
    walk = clip("walk")
    spoiled = walk.frames.copy()
    spoiled[3, 1] = np.nan
    for motion in (replace(walk, frames=spoiled), HumanoidMotion(30.0, walk.times[:1], walk.frames[:1])):
        with pytest.raises(BadInputError):
            roll_out(Follower(), motion, SHORT)
    for wrong in (
        {"engine": "dice"},
        {"reward": "gold"},
        {"seconds": 0.0},
        {"seconds": np.nan},
        {"starts": 0},
        {"seed": -1},
    ):
        with pytest.raises(BadInputError):
            RolloutSettings(**wrong)
