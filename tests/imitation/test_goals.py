"""Policies with a task, told where to go: in a rollout as in learning, and alone as here."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from support.trainings import clip, small
from typer.testing import CliRunner

from core.errors import BadInputError
from core.imitation.goals import direction
from core.imitation.making import make_evaluation
from core.imitation.play import place
from core.imitation.policy_bundle import export_policy
from core.imitation.policy_file import OnnxPolicy
from core.imitation.ppo import train
from core.imitation.ppo.checkpoints import load_checkpoint
from core.imitation.ppo.learner import Learner
from core.imitation.ppo.networks import clipped
from core.imitation.pretrained import pretrained
from core.imitation.rolling import RolloutSettings, roll_out, roll_outs
from core.imitation.starts import Beginning
from core.motion import Rollout
from webapp.cli import app

SHORT = RolloutSettings(seconds=0.5, reward="paper")


@pytest.fixture(scope="module", params=["heading", "target"])
def bundle(request, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(request.param)
    train(clip(), small(task=request.param, samples=256), folder)
    export_policy(folder, folder / "policy", request.param)
    return folder / "policy"


def player(bundle: Path, **how):
    spec = importlib.util.spec_from_file_location("play_goals", bundle / "play.py")
    assert spec is not None
    assert spec.loader is not None
    sys.modules["play_goals"] = play = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(play)
    return play.Player(bundle, **how)


def in_learning(bundle: Path, where: np.ndarray, steps: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Positions [steps,15,3] and observations of the environment that learns, with one goal set by hand."""
    state = load_checkpoint(bundle.parent)
    settings = small(task=bundle.parent.name[:-1], samples=256)
    environment = make_evaluation(clip(), settings, 1)
    learner = Learner(settings, 280)
    learner.restore(state["learner"])
    actor = learner.actor()
    environment.starts = Beginning()
    environment.reset()
    everyone = np.arange(1)
    environment.goals._fixed = where
    environment.goals.begin(everyone, environment.look())
    observations = environment._observe(environment.look(), everyone)
    positions, seen = [], []
    for _ in range(steps):
        positions.append(environment.look().positions[0])
        seen.append(observations[0])
        observations = environment.step(clipped(actor.means(actor.normalised(observations)))).observations
    return np.array(positions), seen


def test_it_is_run_and_played_as_it_learned(bundle: Path):
    task = bundle.parent.name[:-1]
    given = {"heading_deg": 60.0} if task == "heading" else {"target": (2.0, 1.0)}
    where = direction(60.0) if task == "heading" else np.array([2.0, 0.0, 1.0])
    positions, seen = in_learning(bundle, where, 15)
    rollout = roll_out(OnnxPolicy(bundle), clip(), RolloutSettings(seconds=0.5, **given))
    assert np.allclose(rollout.body_positions[:15], positions, atol=1e-4)
    alone = player(bundle, **({"heading": 60.0} if task == "heading" else {"target": (2.0, 1.0)}))
    for k in range(10):
        assert np.allclose(alone.observation(), seen[k], atol=2e-4)
        alone.step()


def test_what_a_rollout_with_a_goal_tells(bundle: Path):
    policy, task = OnnxPolicy(bundle), bundle.parent.name[:-1]
    assert (policy.conventions.task, policy.conventions.task_weight) == (task, 0.3)
    assert 0.5 < policy.conventions.speed < 2
    rollout = roll_out(policy, clip(), SHORT)
    assert rollout.reward_names[-1] == "goal"
    assert rollout.goal_error > 0
    assert (rollout.reward_terms[:, :-1].sum(axis=1) <= 0.7).all()
    again, other = roll_out(policy, clip(), SHORT), roll_out(policy, clip(), RolloutSettings(seconds=0.5, seed=1))
    assert np.array_equal(rollout.body_positions, again.body_positions)
    assert not np.array_equal(rollout.body_positions, other.body_positions)
    assert len(roll_outs(policy, clip(), RolloutSettings(seconds=0.2, starts=3))) == 3
    assert f"--{task}" in (bundle / "card.md").read_text()


def test_goals_are_for_those_who_learned_them(bundle: Path):
    task = bundle.parent.name[:-1]
    wrong = RolloutSettings(target=(1.0, 0.0)) if task == "heading" else RolloutSettings(heading_deg=0.0)
    with pytest.raises(BadInputError, match=f"learned the task {task}"):
        roll_out(OnnxPolicy(bundle), clip(), wrong)
    with pytest.raises(BadInputError, match="learned none"):
        roll_out(pretrained("walk"), clip(), RolloutSettings(heading_deg=0.0))
    far = RolloutSettings(heading_deg=np.nan) if task == "heading" else RolloutSettings(target=(np.inf, 0.0))
    with pytest.raises(BadInputError, match="finite"):
        roll_out(OnnxPolicy(bundle), clip(), far)
    with pytest.raises(SystemExit, match="does not take this goal"):
        player(bundle, **({"target": (1.0, 0.0)} if task == "heading" else {"heading": 10.0}))


def test_the_player_takes_a_place_of_two_numbers():
    assert place("-1,2.5") == (-1.0, 2.5)
    for wrong in ("3", "1,2,3", "here"):
        with pytest.raises(ValueError, match=r"values to unpack|could not convert"):  # which argparse tells in a line
            place(wrong)


def test_the_command_takes_goals(bundle: Path, tmp_path: Path):
    task = bundle.parent.name[:-1]
    goal = ["--heading", "30"] if task == "heading" else ["--target", "1,-2"]
    arguments = ["rollout", str(bundle), "--motion", "walk", "--seconds", "0.3", "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, [*arguments, *goal])
    assert result.exit_code == 0, result.stderr
    assert "Off its goal by" in " ".join(result.stderr.split())
    assert Rollout.load(tmp_path / "out" / f"policy-{task}.npz").goal_error > 0
    bad = CliRunner().invoke(app, [*arguments[:-1], str(tmp_path / "other"), "--target", "here"])
    assert bad.exit_code == 2
    assert "AHEAD,RIGHT" in " ".join(bad.stderr.split())
