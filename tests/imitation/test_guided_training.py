"""A guided training, small: it begins with an expert and a taught network, and goes on as any other."""

from pathlib import Path

import numpy as np
import pytest
from support.trainings import clip, small

from core.errors import BadInputError
from core.imitation.environment import EnvironmentSettings, ImitationEnvironment
from core.imitation.guided.cloning import teach
from core.imitation.guided.expert import Expert, Search, phase_at, phases_of, seconds_up
from core.imitation.guided.riccati import Feedback
from core.imitation.guided.settings import CloningSettings, ExpertSettings, GuidedSettings
from core.imitation.making import make_engine, make_environment
from core.imitation.ppo import TrainingSettings, train
from core.imitation.ppo.checkpoints import has_checkpoint, load_checkpoint
from core.imitation.ppo.curve import read_curve
from core.imitation.ppo.learner import Learner
from core.imitation.ppo.ways import DISTURBED, settings_for
from core.imitation.starts import Evenly
from core.notices import collecting

TINY = GuidedSettings(
    ExpertSettings(iterations=2, humanoids=16, steps=12),
    CloningSettings(rounds=2, humanoids=16, steps=6, minibatch=32),
    value_iterations=2,
    expert_share=1.0,
    taught_share=1.0,
)
HEAD_START = 2 * 16 * 12 + 2 * 16 * 6 + 2 * 128


def guided(samples: int = HEAD_START + 256, **changes: object) -> TrainingSettings:
    return small(samples=samples, guided=TINY, **changes)


def search(settings: ExpertSettings, seed: int = 0, of: str = "walk") -> Search:
    world = EnvironmentSettings(restarts=False, most_steps=10**9)
    engine = make_engine("mujoco", settings.humanoids, 120.0)
    return Search(ImitationEnvironment(clip(of), engine, world, seed), settings, seed)


def test_what_a_search_finds_stays_up_longer_than_the_reference_alone():
    found = search(ExpertSettings(humanoids=64, steps=32, trust=2.0, assist=0.0))
    fallen = [found.iterate()["failures"] for _ in range(6)]
    environment = found.environment
    environment.starts, environment.start_noise = Evenly(), (0.0, 0.0)
    environment.reset()
    up = seconds_up(environment, found.expert, 90).mean()
    environment.reset()
    nothing = Expert(Feedback(np.zeros((38, 28, 68)), np.zeros((38, 28))), environment.reference, 0.3)
    assert up > 1.15 * seconds_up(environment, nothing, 90).mean()
    assert found.samples == 6 * 64 * 32
    assert all(0 < rate < 0.1 for rate in fallen)


def test_a_search_is_the_same_again():
    settings = ExpertSettings(humanoids=4, steps=6)
    found = [search(settings, seed) for seed in (0, 0, 1)]
    for each in found:
        each.iterate()
    gains = [each.expert.feedback.gains for each in found]
    assert np.array_equal(gains[0], gains[1])
    assert not np.array_equal(gains[0], gains[2])


def test_who_has_come_to_the_end_of_a_motion_that_ends_begins_anew():
    found = search(ExpertSettings(humanoids=32, steps=20, assist=1.0), of="kick")
    for _ in range(2):
        found.iterate()
        assert not found.environment.reference.ended(found.environment.ticks).any()


def test_springs_are_taken_away_and_come_back():
    found = search(ExpertSettings(humanoids=4, steps=2, assist=0.01, failures=0.5, taken=0.5))
    assert [found.iterate()["assist"] for _ in range(3)] == pytest.approx([0.005, 0.0, 0.0])
    helped = []
    for _ in range(3):
        found._follow(1.1)
        helped.append(found.environment.assist)
    assert helped == pytest.approx([0.006, 0.01, 0.01])


def test_phases_are_as_many_as_control_steps():
    found = search(ExpertSettings(humanoids=2, steps=2)).environment.reference
    assert phases_of(found) == 38
    assert phase_at(found, np.array([0, 15, 16, 607, 608])).tolist() == [0, 0, 1, 37, 0]


def test_an_expert_goes_no_further_than_it_may():
    environment = search(ExpertSettings(humanoids=2, steps=2, assist=0.0)).environment
    environment.reset()
    wild = Expert(Feedback(np.zeros((38, 28, 68)), np.full((38, 28), 9.0)), environment.reference, 0.3)
    assert np.all(wild(environment.look(), environment.ticks) == 0.3)
    assert (seconds_up(environment, wild, 60) < 2.0).all()


def test_a_network_learns_what_the_expert_does():
    settings = small(hidden=(64, 64))
    environment = make_environment(clip(), settings, 32, (0, 1))
    rng = np.random.default_rng(0)
    feedback = Feedback(np.repeat(0.5 * rng.standard_normal((1, 28, 68)), 38, axis=0), np.full((38, 28), 0.1))
    expert = Expert(feedback, environment.reference, 0.4)
    learner, losses = Learner(settings, environment.observation_size), []
    taught = CloningSettings(rounds=6, steps=10, epochs=8, minibatch=64, noise=0.02)
    samples = teach(environment, expert, learner, taught, 0, lambda line: losses.append(line["loss"]) is None)
    assert samples == 6 * 10 * 32
    assert losses[-1] < 0.75 * losses[0]
    assert learner.moments.count > 100


def test_it_trains_and_says_what_it_did(tmp_path: Path):
    trained = train(clip(), guided(), tmp_path)
    assert trained.samples == HEAD_START + 256
    curve = read_curve(tmp_path)
    assert [line["stage"] for line in curve if "stage" in line] == ["expert"] * 2 + ["cloning"] * 2 + ["value"] * 2
    samples = [line["samples"] for line in curve]
    assert samples == sorted(samples)
    assert TrainingSettings.from_json(load_checkpoint(tmp_path)["settings"]) == guided()


def test_it_is_the_same_again_and_goes_on_where_it_was(tmp_path: Path):
    for name in ("one", "two"):
        train(clip(), guided(HEAD_START + 128 if name == "two" else HEAD_START + 256), tmp_path / name)
    train(clip(), guided(), tmp_path / "two", resume=True)
    one, two = (load_checkpoint(tmp_path / name)["learner"]["weights"] for name in ("one", "two"))
    assert all(np.array_equal(one[name], two[name]) for name in one)


def test_stopped_in_its_head_start_it_begins_anew(tmp_path: Path):
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 2

    assert train(clip(), guided(), tmp_path, stop=stop).samples == 0
    assert has_checkpoint(tmp_path)
    trained = train(clip(), guided(), tmp_path, resume=True)
    assert trained.samples == HEAD_START + 256
    assert [line["stage"] for line in read_curve(tmp_path) if "stage" in line].count("expert") == 2


def test_killed_in_its_head_start_it_begins_anew_and_comes_to_the_same(tmp_path: Path):
    asked: list[int] = []

    def killed() -> bool:
        asked.append(1)
        if len(asked) == 3:
            raise KilledError
        return False

    with pytest.raises(KilledError):
        train(clip(), guided(), tmp_path / "killed", stop=killed)
    with pytest.raises(BadInputError, match="--resume"):
        train(clip(), guided(), tmp_path / "killed")
    with collecting() as notices:
        train(clip(), guided(), tmp_path / "killed", resume=True)
    assert notices == ["The head start of this training had not come to its end: it begins anew."]
    train(clip(), guided(), tmp_path / "whole")
    one, two = (load_checkpoint(tmp_path / name)["learner"]["weights"] for name in ("killed", "whole"))
    assert all(np.array_equal(one[name], two[name]) for name in one)


def test_killed_right_after_its_head_start_it_goes_on_from_there(tmp_path: Path):
    def killed(fraction: float, message: str) -> None:
        if load_checkpoint(tmp_path)["samples"]:
            raise KilledError

    with pytest.raises(KilledError):
        train(clip(), guided(), tmp_path, killed)
    with collecting() as notices:
        assert train(clip(), guided(), tmp_path, resume=True).samples == HEAD_START + 256
    assert notices == []


class KilledError(Exception):
    """The process has gone, as far as the training can tell."""


def test_the_way_is_asked_for():
    assert settings_for(samples=1) == TrainingSettings(samples=1, disturbed=DISTURBED)
    assert settings_for("guided", samples=1).guided == GuidedSettings()
    with pytest.raises(BadInputError, match="ppo or guided"):
        settings_for("guessed", samples=1)
    with pytest.raises(BadInputError, match="mujoco"):
        settings_for("guided", samples=1, engine="bullet")
