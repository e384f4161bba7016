"""Several motions in one training: where they lie, where episodes begin, and that the phase does not matter."""

import numpy as np
import pytest
from support.humanoids import upright
from support.trainings import clip, small

from core.errors import BadInputError
from core.imitation.environment import EnvironmentSettings, ImitationEnvironment
from core.imitation.making import make_engine, make_environment, make_evaluation
from core.imitation.observations import OBSERVATION_SIZE, PHASE
from core.imitation.policy_bundle import export_policy
from core.imitation.policy_file import OnnxPolicy
from core.imitation.ppo import TrainingSettings, train
from core.imitation.ppo.checkpoints import load_checkpoint
from core.imitation.reference import TICK_HZ, TICKS_A_STEP, ReferenceTable
from core.imitation.repertoire import LEAST_S, Repertoire
from core.motion import HumanoidMotion


def standing(seconds: float, height: float) -> HumanoidMotion:
    times = np.array([0.0, seconds])
    rows = np.repeat(upright(height)[None], 2, axis=0)
    return HumanoidMotion(30.0, times, rows)


def test_each_motion_is_there_as_it_is_alone():
    walk, kick = clip("walk"), clip("kick")
    both = Repertoire([walk, kick])
    alone = ReferenceTable(walk)
    cycles = -(-LEAST_S * TICK_HZ // alone.length)
    end = int(cycles * alone.length)
    ticks = np.arange(0, end + TICKS_A_STEP, 37)
    assert np.array_equal(both.at(ticks).frames, alone.at(ticks).frames)
    assert np.array_equal(both.targets(ticks), alone.targets(ticks))
    begin = end + 2 * TICKS_A_STEP  # so far the policy may look beyond an end
    later = np.arange(ReferenceTable(kick).length)
    assert np.array_equal(both.at(begin + later).frames, ReferenceTable(kick).at(later).frames)
    assert not both.ended(np.array([0, end - 1, begin])).any()
    assert both.ended(np.array([end, begin - 1, begin + len(later)])).all()


def test_episodes_begin_in_every_motion_as_often_as_it_is_long():
    table = Repertoire([standing(1.0, 0.8), standing(3.0, 0.9)])
    phases = np.random.default_rng(0).random(4000)
    ticks = table.ticks_at(phases)
    assert not table.ended(ticks).any()
    low = (table.at(ticks).frames[:, 1] < 0.85).mean()
    assert low == pytest.approx(0.25, abs=0.03)


def test_an_episode_ends_with_its_motion():
    world = ImitationEnvironment(
        [standing(0.5, 0.9), clip("kick")], make_engine("mujoco", 2, 120.0),
        EnvironmentSettings(random_start=False, most_way_m=np.inf, most_pose_m=np.inf, falls=False), 0,
    )  # fmt: skip
    world.reset()
    ends = [world.step(np.zeros((2, 28))).truncated.any() for _ in range(15)]
    assert ends == [False] * 14 + [True]


def test_without_the_phase_it_is_nowhere_in_what_the_policy_sees():
    world = ImitationEnvironment(clip("walk"), make_engine("mujoco", 4, 120.0), EnvironmentSettings(phase=False), 0)
    seen = world.reset()
    assert np.allclose(seen[:, PHASE], (0.0, 1.0))


def test_one_policy_learns_several_and_is_told_by_none_of_its_phases(tmp_path):
    settings = small(beside=("run", "kick"))
    assert not settings.environment.phase
    assert TrainingSettings.from_json(settings.to_json()) == settings
    train(clip("walk"), settings, tmp_path / "t")
    export_policy(tmp_path / "t", tmp_path / "policy", "several")
    policy = OnnxPolicy(tmp_path / "policy")
    seen = np.random.default_rng(0).normal(size=(3, OBSERVATION_SIZE))
    other = seen.copy()
    other[:, PHASE] = np.random.default_rng(1).normal(size=(3, 2))
    assert np.array_equal(policy.offsets(seen), policy.offsets(other))
    weights = load_checkpoint(tmp_path / "t")["learner"]["weights"]
    assert weights["mlp_extractor.policy_net.0.weight"].shape[1] == OBSERVATION_SIZE


def test_any_motions_may_be_learned_in_the_mirror_too_where_the_phase_is_not_seen(tmp_path):
    trained = train(clip("kick"), small(beside=("run",), mirrored=True), tmp_path)
    assert trained.samples == 512


def test_it_learns_all_and_is_judged_by_the_first():
    settings = small(beside=("kick",))
    world, judged = (
        make(clip("walk"), settings, 2, *more) for make, more in ((make_environment, ((0, 0),)), (make_evaluation, ()))
    )
    assert isinstance(world.reference, Repertoire)
    assert judged.reference.loop
    assert not judged.settings.phase


def test_what_cannot_be_had_is_said():
    with pytest.raises(BadInputError, match="task"):
        small(beside=("run",), task="heading")
    with pytest.raises(BadInputError, match="neither"):
        make_environment(clip("walk"), small(beside=("hop",)), 2, (0, 0))
