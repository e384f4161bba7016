"""What a training leaves to take away: equal everywhere, and usable without this project."""

import importlib.util
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from support.trainings import clip, small

from core.errors import BadInputError, CancelledError
from core.humanoid.actions import turned
from core.imitation.making import make_evaluation
from core.imitation.policy_bundle import export_policy
from core.imitation.policy_card import card
from core.imitation.policy_file import OnnxPolicy
from core.imitation.ppo import train
from core.imitation.ppo.checkpoints import load_checkpoint
from core.imitation.ppo.learner import Learner
from core.imitation.ppo.networks import clipped
from core.imitation.rolling import RolloutSettings, roll_out
from core.imitation.starts import Beginning
from core.run_folder import read_json

SETTINGS = small(samples=1024, learning_rate=1e-3)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("training")
    train(clip(), SETTINGS, folder)
    export_policy(folder, folder / "policy", "walk")
    return folder / "policy"


@pytest.fixture(scope="module")
def learner(bundle: Path) -> Learner:
    learner = Learner(SETTINGS, 277)
    learner.restore(load_checkpoint(bundle.parent)["learner"])
    return learner


@pytest.fixture(scope="module")
def seen() -> tuple[np.ndarray, np.ndarray]:
    """Observations and reference targets of humanoids that are all over the place."""
    environment = make_evaluation(clip(), SETTINGS, 32)
    environment.reset()
    observations = environment.disturb(np.random.default_rng(0), 0.3, 1.0)
    return observations, environment.reference.targets(environment.ticks)


def test_onnx_is_equal_to_torch(bundle: Path, learner: Learner, seen: tuple[np.ndarray, np.ndarray]):
    observations, reference = seen
    actor = learner.actor()
    with torch.no_grad():
        normalised = torch.as_tensor((observations - learner.moments.mean) / np.sqrt(learner.moments.var + 0.02**2))
        features = learner.ppo.policy.mlp_extractor.forward_actor(normalised.float())
        means = learner.ppo.policy.action_net(features).numpy()
    assert np.allclose(actor.means(actor.normalised(observations)), means, atol=1e-5)
    session = onnxruntime.InferenceSession(bundle / "policy.onnx", providers=["CPUExecutionProvider"])
    feed = {"observations": observations.astype(np.float32), "reference_targets": reference.astype(np.float32)}
    offsets, targets = session.run(["offsets", "targets"], feed)
    assert np.abs(offsets - 0.4 * clipped(means)).max() < 1e-5
    assert np.abs(targets - turned(reference, 0.4 * clipped(means))).max() < 1e-5


def test_actions_are_clipped_inside(bundle: Path, seen: tuple[np.ndarray, np.ndarray]):
    session = onnxruntime.InferenceSession(bundle / "policy.onnx", providers=["CPUExecutionProvider"])
    wild = {
        "observations": (1e4 * np.ones((1, 277))).astype(np.float32),
        "reference_targets": seen[1][:1].astype(np.float32),
    }
    assert np.isclose(np.abs(session.run(["offsets"], wild)[0]).max(), 0.4 * 5.0)


def test_the_zip_opens_where_this_project_is_not(bundle: Path, learner: Learner, seen: tuple, tmp_path: Path):
    np.save(tmp_path / "observations.npy", seen[0].astype(np.float32))
    script = (
        "import sys\n"
        "for name in ('core', 'webapp'): sys.modules[name] = None\n"
        "import numpy as np\nfrom stable_baselines3 import PPO\n"
        f"policy = PPO.load({str(bundle / 'policy.zip')!r}, device='cpu')\n"
        "actions = policy.predict(np.load('observations.npy'), deterministic=True)[0]\n"
        "assert type(policy.policy).__name__ == 'ActorCriticPolicy'\n"
        "np.save('actions.npy', actions)\n"
    )
    subprocess.run([sys.executable, "-I", "-c", script], cwd=tmp_path, check=True)
    actor = learner.actor()
    wanted = clipped(actor.means(actor.normalised(seen[0])))
    assert np.abs(np.load(tmp_path / "actions.npy") - wanted).max() < 2e-5


def test_it_plays_alone_as_it_does_here(bundle: Path, learner: Learner):
    spec = importlib.util.spec_from_file_location("play", bundle / "play.py")
    assert spec is not None
    assert spec.loader is not None
    play = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(play)
    player = play.Player(bundle)
    environment = make_evaluation(clip(), SETTINGS, 1)
    environment.starts = Beginning()
    observations = environment.reset()
    actor = learner.actor()
    for _ in range(10):
        assert np.allclose(player.observation(), observations[0], atol=2e-4)
        player.step()
        observations = environment.step(clipped(actor.means(actor.normalised(observations)))).observations
    script = [sys.executable, str(bundle / "play.py"), "--seconds", "0.2"]
    told = subprocess.run(script, capture_output=True, text=True, check=True)
    assert "hips" in told.stdout


def test_this_project_rolls_it_out(bundle: Path):
    policy = OnnxPolicy(bundle)
    assert (policy.name, policy.conventions.engine, policy.conventions.step_hz) == ("walk", "mujoco", 120.0)
    rollout = roll_out(policy, clip(), RolloutSettings(seconds=0.3))
    assert rollout.reward_terms.sum(axis=1).min() > 0.3


def test_the_card_tells_where_it_is_from_and_how_good_it_is(bundle: Path):
    card = (bundle / "card.md").read_text()
    for words in ("# walk", "1,024 samples", "seed 0", "mujoco 4", "| assist in training | none |", "0.1 rad", "alone"):
        assert words in card
    assert "Assisted" not in card


def test_the_card_promises_what_plays(bundle: Path):
    record = read_json(bundle.parent / "training.json") | {"name": "walk"}
    record["disturbed"] = record["evaluation"]
    for changes, words in (
        ({"task": "heading"}, "`--heading DEGREES` says where"),
        ({"engine": "bullet"}, "`understudy rollout` plays this one"),
    ):
        assert words in card("walk", {**record, "settings": record["settings"] | changes}, [], 1.0, True)


def test_a_training_without_an_evaluation_has_no_policy_to_take_away(bundle: Path, tmp_path: Path):
    training = tmp_path / "training"
    shutil.copytree(bundle.parent, training, ignore=shutil.ignore_patterns("policy", "training.json"))
    with pytest.raises(BadInputError, match="before its first evaluation"):
        export_policy(training, tmp_path / "out", "mine")
    assert not (tmp_path / "out").exists()


def test_a_zip_is_never_opened(bundle: Path):
    with pytest.raises(BadInputError, match="run code"):
        OnnxPolicy(bundle / "policy.zip")


def test_a_policy_is_told_of_as_its_checkpoint_is_and_not_its_last_evaluation(tmp_path: Path):
    """Whoever cancels does not wait for an evaluation: training.json is then older than the checkpoint."""

    def cancel(fraction: float, message: str) -> None:
        raise CancelledError("enough")

    settings = small(samples=128, assist=1.0, assist_samples=256)
    train(clip(), settings, tmp_path)
    assert read_json(tmp_path / "training.json")["evaluation"]["assist"] == 0.5
    with pytest.raises(CancelledError):
        train(clip(), replace(settings, samples=384), tmp_path, cancel, resume=True)
    assert load_checkpoint(tmp_path)["samples"] == 256
    assert read_json(tmp_path / "training.json")["samples"] == 128
    export_policy(tmp_path, tmp_path / "policy", "walk")
    facts = onnxruntime.InferenceSession(tmp_path / "policy" / "policy.onnx").get_modelmeta().custom_metadata_map
    assert "assist" not in facts
    assert "helped by" not in (tmp_path / "policy" / "card.md").read_text()
