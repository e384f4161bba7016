import numpy as np
import pytest
from support.trainings import clip, small

from core.errors import BadInputError
from core.imitation.environment import ACTION_SIZE, EnvironmentSettings
from core.imitation.goals import heading_reward, target_reward
from core.imitation.making import make_environment, make_evaluation
from core.imitation.observations import heading
from core.imitation.policy_bundle import export_policy
from core.imitation.ppo import train
from core.imitation.ppo.curve import read_curve
from core.imitation.starts import Beginning
from core.imitation.tasks import TaskEnvironment
from core.motion import Rollout
from core.physics.engine import WorldSettings
from core.physics.mujoco_engine import MujocoEngine
from core.physics.rotations import product, rotate

STILL = np.zeros((4, ACTION_SIZE))


def environment(task: str, weight: float = 0.3) -> TaskEnvironment:
    made = make_environment(clip(), small(task=task, task_weight=weight), 4, (0,))
    assert isinstance(made, TaskEnvironment)
    return made


@pytest.mark.parametrize("task", ["heading", "target"])
def test_the_goal_is_seen_in_the_humanoids_own_heading(task: str):
    world = environment(task)
    observations = world.reset()
    assert observations.shape == (4, 280)
    for _ in range(5):
        observations = world.step(STILL).observations
    now = world.look()
    way = world.goals.where - (0 if task == "heading" else now.frames[:, :3]) * np.array([1, 0, 1])
    seen = rotate(heading(now.frames[:, 3:7]), way)
    assert np.allclose(observations[:, -3:-1], seen[:, [0, 2]])
    assert np.allclose(observations[:, -1], world.goals.speed)
    assert 0.5 <= world.goals.speed < 2
    if task == "heading":
        assert np.allclose(np.linalg.norm(observations[:, -3:-1], axis=1), 1)


def test_the_reference_goes_along_wherever_the_humanoid_goes():
    world = environment("heading")
    world.starts = Beginning()
    world.reset()
    for _ in range(8):
        world.step(STILL)
    frames, velocities = world.engine.frames()
    turn = np.tile([np.cos(0.6), 0.0, np.sin(0.6), 0.0], (4, 1))
    frames[:, :3] = rotate(turn, frames[:, :3]) + np.array([50.0, 0.0, -20.0])  # far off, and turned by 1.2 rad
    frames[:, 3:7] = product(turn, frames[:, 3:7])
    velocities[:, :3], velocities[:, 3:6] = rotate(turn, velocities[:, :3]), rotate(turn, velocities[:, 3:6])
    world.engine.set_states(np.arange(4), frames, velocities)
    world._moved_on(world.look())
    outcome = world.step(STILL)
    assert not outcome.terminated.any()
    assert outcome.reward_terms[:, :4].sum(axis=1).min() > 0.4


def test_rewards_add_up():
    world = environment("heading", weight=0.3)
    world.reset()
    outcome = world.step(STILL)
    assert world.reward_names[-1] == "goal"
    assert np.allclose(outcome.rewards, outcome.reward_terms.sum(axis=1))
    assert (outcome.reward_terms[:, :-1].sum(axis=1) <= 0.7).all()
    assert (outcome.reward_terms[:, -1] <= 0.3).all()
    assert heading_reward(np.array([0.0, 1.0])) == pytest.approx([1.0, np.exp(-2.5)])
    assert target_reward(np.array([0.0, 2.0]), np.array([9.0, 0.0])) == pytest.approx([1.0, 0.7 * np.exp(-2) + 0.3])


def test_goals_change_in_time_and_with_every_episode():
    world = environment("heading")
    world.reset()
    first = world.goals.where.copy()
    world.settings = EnvironmentSettings(restarts=False)
    changed = np.zeros(4, bool)
    for _ in range(125):  # a goal lasts four seconds at most
        world.step(STILL)
        changed |= (world.goals.where != first).any(axis=1)
    assert changed.all()
    before = world.goals.where.copy()
    world.reset()
    assert (world.goals.where != before).any(axis=1).all()


def test_a_training_with_a_task_resumes_and_tells_how_far_off_it_is(tmp_path):
    train(clip(), small(task="target", samples=128), tmp_path)
    train(clip(), small(task="target", samples=256), tmp_path, resume=True)
    assert read_curve(tmp_path)[-1]["goal_error"] > 0


def test_no_other_task():
    with pytest.raises(BadInputError, match="heading or target"):
        TaskEnvironment(clip(), MujocoEngine(1, WorldSettings(), 1), EnvironmentSettings(), 0, "dance", 0.3)


def test_the_assist_holds_the_root_and_is_noted():
    """With the full assist doing nothing imitates for twenty seconds; without, for one."""
    world = make_evaluation(clip(), small(), 4)
    world.assist = 1.0
    world.reset()
    up, wrenches = np.ones(4, bool), []
    for _ in range(300):
        up &= ~world.step(STILL).terminated
        wrenches.append(world.assist_wrench.copy())
    assert up.all()
    force = np.array(wrenches)[:, :, 1].mean()
    assert 0 < force < 441  # newtons upwards: the feet still carry some
    world.assist = 0.0
    world.reset()
    for _ in range(90):
        up &= ~world.step(STILL).terminated
    assert not up.any()
    assert not world.assist_wrench.any()


def test_the_assist_fades_and_what_is_left_of_it_is_told(tmp_path):
    train(clip(), small(assist=1.0, assist_samples=1024), tmp_path)
    lines = [x for x in read_curve(tmp_path) if "reward" in x]
    assert [x["assist"] for x in lines] == [1.0, 0.875, 0.75, 0.625]
    rollout = Rollout.load(tmp_path / "rollouts" / "0000000512.npz")
    assert rollout.tracker == "policy, assisted"
    assert np.abs(rollout.residual_wrench[:, 1]).max() > 1
    export_policy(tmp_path, tmp_path / "policy", "walk")
    card = (tmp_path / "policy" / "card.md").read_text()
    assert "**Assisted**: measured with 50% of the root assist" in card
    with pytest.raises(BadInputError, match="mujoco only"):
        small(assist=0.5, engine="bullet")
