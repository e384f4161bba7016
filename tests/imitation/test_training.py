"""A training learns, goes on where it was, and refuses what makes no sense."""

import json
import multiprocessing
import shutil
from pathlib import Path

import numpy as np
import pytest
from support.trainings import clip, small

from core.errors import BadInputError, UnderstudyError
from core.imitation.ppo import TrainingSettings, train
from core.imitation.ppo.checkpoints import load_checkpoint
from core.imitation.ppo.collecting import Batch, Order
from core.imitation.ppo.curve import read_curve
from core.imitation.ppo.learner import Learner
from core.imitation.ppo.workers import Workers
from core.motion import Rollout


def weights(folder: Path) -> dict[str, np.ndarray]:
    return load_checkpoint(folder)["learner"]["weights"]


def test_it_learns():
    """A problem without physics: every degree of freedom should be turned by 0.2."""
    settings = small(humanoids=64, steps=16, minibatch=256, learning_rate=1e-3, kl=0.05)
    learner, random = Learner(settings, 28), np.random.default_rng(0)
    means = []
    for _ in range(40):
        actor = learner.actor()
        raw = random.normal(size=(16, 64, 28))
        seen = actor.normalised(raw.reshape(-1, 28))
        wished = actor.means(seen)
        actions = wished + np.exp(actor.log_std) * random.standard_normal(wished.shape, dtype=np.float32)
        rewards = 20 * np.exp(-((actions - 0.2) ** 2).sum(axis=1)).reshape(16, 64)
        means.append(rewards.mean())
        columns = {"observations": seen, "actions": actions, "log_probs": actor.log_probabilities(actions, wished)}
        columns["values"] = actor.values(seen)
        shaped = {name: each.reshape(16, 64, *each.shape[1:]) for name, each in columns.items()}
        ends = ("last_values", "last_dones", "phases", "lengths", "returns", "falls")
        nothing = {name: np.zeros(64) for name in ends}
        ones = np.ones((16, 64))
        figures = learner.update(
            Batch(raw=raw, rewards=rewards, terms=rewards[..., None], episode_starts=ones, **shaped, **nothing)
        )
        assert 1e-5 <= learner.learning_rate <= 1e-3
    assert np.mean(means[-5:]) > 1.3 * np.mean(means[:5])
    assert figures["approx_kl"] > 0


def test_stopped_and_resumed_it_is_the_same_training(tmp_path: Path):
    walk = clip()
    train(walk, small(starts="adaptive"), tmp_path / "straight")
    train(walk, small(starts="adaptive", samples=256), tmp_path / "resumed")
    trained = train(walk, small(starts="adaptive"), tmp_path / "resumed", resume=True)
    assert trained.samples == 512
    assert trained.finished
    straight, resumed = load_checkpoint(tmp_path / "straight"), load_checkpoint(tmp_path / "resumed")
    for name, values in straight["learner"]["weights"].items():
        assert np.array_equal(values, resumed["learner"]["weights"][name]), name
    assert np.array_equal(straight["learner"]["mean"], resumed["learner"]["mean"])
    assert np.array_equal(straight["adaptive"]["logits"], resumed["adaptive"]["logits"])
    assert resumed["resumed_at"] == [256]
    curves = [
        [(x["samples"], x["reward"]) for x in read_curve(tmp_path / name) if "reward" in x]
        for name in ("straight", "resumed")
    ]
    assert curves[0] == curves[1]


def test_with_disturbed_starts_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("core.imitation.ppo.training_run._FEW", 1.0)  # they widen at once
    monkeypatch.setattr("core.imitation.ppo.training_run._WIDER", 0.5)
    for name, samples in (("straight", 512), ("resumed", 256), ("plain", 512)):
        train(clip(), small(disturbed=0.0 if name == "plain" else 2.0, samples=samples), tmp_path / name)
    train(clip(), small(disturbed=2.0), tmp_path / "resumed", resume=True)
    assert load_checkpoint(tmp_path / "resumed")["width"] == 2.0
    straight, resumed, plain = (weights(tmp_path / name) for name in ("straight", "resumed", "plain"))
    assert all(np.array_equal(straight[name], resumed[name]) for name in straight)
    assert not all(np.array_equal(straight[name], plain[name]) for name in straight)


def test_two_processes_share_the_humanoids(tmp_path: Path):
    train(clip(), small(samples=256, processes=2), tmp_path)
    collectors = load_checkpoint(tmp_path)["collectors"]
    assert [len(each["ticks"]) for each in collectors] == [8, 8]
    # with another number of processes episodes begin anew, and nothing else changes
    assert train(clip(), small(samples=384), tmp_path, resume=True).samples == 384


def test_a_process_that_has_gone_ends_the_training_in_a_sentence(tmp_path: Path):
    def kill(fraction: float, message: str) -> None:
        for process in multiprocessing.active_children():
            process.kill()

    with pytest.raises(UnderstudyError, match="last checkpoint"):
        train(clip(), small(samples=10**6, processes=2, checkpoint_s=1e-6), tmp_path, kill)
    assert train(clip(), small(samples=256), tmp_path, resume=True).samples == 256


def test_after_a_failure_of_its_own_share_answers_are_not_mixed_up(monkeypatch: pytest.MonkeyPatch):
    def fail(order: Order) -> Batch:
        raise ValueError("of its own")

    with Workers(clip(), small(processes=2)) as workers:
        starts = workers._own.environment.starts
        order = Order(Learner(small(), 277).actor(), starts, 0.0)
        workers.collect(order)
        monkeypatch.setattr(workers._own, "collect", fail)
        with pytest.raises(ValueError, match="of its own"):
            workers.collect(order)
        assert all("ticks" in state for state in workers.states())


def test_what_it_leaves(tmp_path: Path):
    told = []
    train(clip(), small(), tmp_path, on_evaluation=lambda rollout, path: told.append(path))
    assert told == [tmp_path / "rollouts" / "0000000512.npz"]
    rollout = Rollout.load(told[0])
    assert rollout.engine == "mujoco"
    assert not rollout.residual_wrench.any()
    assert rollout.time_to_fall_s < 20
    after = rollout.times >= rollout.time_to_fall_s
    assert not rollout.reward_terms[after].any()
    record = json.loads((tmp_path / "training.json").read_text())
    assert record["assisted"] is False
    assert record["finished"] is True
    last = read_curve(tmp_path)[-1]
    assert 0 < last["return"] < 0.2
    assert last["seconds_up"] < last["horizon_s"] == 20.0


def test_bad_input_is_refused(tmp_path: Path):
    for changes, words in (
        ({"samples": 0}, "above zero"),
        ({"samples": None}, "budget"),
        ({"seconds": -1.0}, "above zero"),
        ({"samples": 10**400}, "at most"),
        ({"seconds": np.nan}, "above zero"),
        ({"std": 0.0}, "std should be above zero"),
        ({"learning_rate": -1.0}, "learning_rate should be above zero"),
        ({"epochs": 0}, "epochs should be above zero"),
        ({"engine": "magic"}, "mujoco or bullet"),
        ({"starts": "everywhere"}, "Starts"),
        ({"task": "dance"}, "heading or target"),
        ({"minibatch": 1000}, "minibatch"),
        ({"assist": 2.0}, "between 0 and 1"),
        ({"checkpoint_s": np.inf}, "finite"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**32}, "seed"),
    ):
        with pytest.raises(BadInputError, match=words):
            small(**changes)
    with pytest.raises(BadInputError, match="there is none"):
        train(clip(), small(), tmp_path, resume=True)
    train(clip(), small(samples=128), tmp_path)
    with pytest.raises(BadInputError, match="holds a training already"):
        train(clip(), small(), tmp_path)
    with pytest.raises(BadInputError, match="another motion"):
        train(clip("run"), small(), tmp_path, resume=True)
    with pytest.raises(BadInputError, match=r"gamma was 0\.95 and is 0\.9"):
        train(clip(), small(gamma=0.9), tmp_path, resume=True)
    assert TrainingSettings.from_json(small().to_json()) == small()
    for unknown in ({"colour": "red"}, {"environment": {"colour": "red"}}, {"guided": {"expert": {"colour": "red"}}}):
        with pytest.raises(BadInputError, match="colour"):
            TrainingSettings.from_json({"samples": 1} | unknown)


def test_a_small_batch_is_one_minibatch():
    assert TrainingSettings(samples=1).minibatch == 1024
    assert TrainingSettings(samples=1, humanoids=64, steps=8).minibatch == 512


def test_with_other_processes_nothing_is_had_again(tmp_path: Path):
    """The episodes that follow are not those of the beginning, and are the same each time."""

    def noises(settings: TrainingSettings, folder: Path) -> list[object]:
        train(clip(), settings, folder, resume=True)
        return [each["noise"]["state"] for each in load_checkpoint(folder)["collectors"]]

    train(clip(), small(samples=256, processes=2), tmp_path / "two")
    shutil.copytree(tmp_path / "two", tmp_path / "again")
    train(clip(), small(samples=128), tmp_path / "one")
    beginning = load_checkpoint(tmp_path / "one")["collectors"][0]["noise"]["state"]
    on = noises(small(samples=384), tmp_path / "two")
    assert on != [beginning]
    assert on == noises(small(samples=384), tmp_path / "again")


def test_the_motions_beside_are_the_same_when_it_goes_on(tmp_path: Path):
    beside = tmp_path / "mine.txt"
    clip("run").save(beside)
    train(clip(), small(samples=128, beside=(str(beside),)), tmp_path / "training")
    further = small(samples=256, beside=(str(beside),))
    content = beside.read_bytes()
    clip("jump").save(beside)
    with pytest.raises(BadInputError, match="another motion by now"):
        train(clip(), further, tmp_path / "training", resume=True)
    beside.unlink()
    with pytest.raises(BadInputError, match="beside its own motion, which is not there"):
        train(clip(), further, tmp_path / "training", resume=True)
    beside.write_bytes(content)
    assert train(clip(), further, tmp_path / "training", resume=True).samples == 256


def test_one_training_a_folder(tmp_path: Path):
    def inner(fraction: float, message: str) -> None:
        with pytest.raises(BadInputError, match="running"):
            train(clip(), small(), tmp_path, resume=True)

    train(clip(), small(samples=128), tmp_path, inner)
