from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pybullet_data
import pytest

from core.control import sampling
from core.control.failure import body_errors
from core.control.feasible import feasible
from core.control.sampling import SamplingSettings, make_engine, perform_sampling, replayed, substeps
from core.control.sampling_search import Lineage
from core.errors import BadInputError, CancelledError
from core.humanoid.actions import actions_from_targets, targets_from_actions, turned
from core.humanoid.character import TORQUE_LIMITS
from core.humanoid.deepmimic_file import read_deepmimic
from core.humanoid.kinematics import forward_kinematics
from core.motion import HumanoidMotion, Rollout
from core.notices import collecting

WALK = read_deepmimic(Path(pybullet_data.getDataPath()) / "data" / "motions" / "humanoid3d_walk.txt")
SMALL = SamplingSettings(samples=60, kept=12, passes=2, again_s=0.0, threads=1)


def cut(motion: HumanoidMotion, frames: int) -> HumanoidMotion:
    return HumanoidMotion(motion.fps, motion.times[:frames], motion.frames[:frames])


STEP = cut(WALK, 19)  # 0.6 s


@pytest.fixture(scope="module")
def streamed() -> list[Rollout]:
    return []


@pytest.fixture(scope="module")
def step(streamed: list[Rollout]) -> Rollout:
    return perform_sampling(STEP, SMALL, on_best=streamed.append)


def test_a_step_is_tracked_unassisted(step: Rollout):
    wanted = forward_kinematics(STEP.frames).positions
    assert body_errors(step.body_positions, wanted).mean() < 0.15
    assert np.isnan(step.time_to_fall_s)
    assert (step.tracker, step.engine, len(step)) == ("sampling", "mujoco", len(STEP))
    assert step.reward_terms.sum(axis=1)[0] == pytest.approx(1.0, abs=5e-3)


def test_samples_around_the_feedback_come_closer():
    wanted = forward_kinematics(STEP.frames).positions
    with_it, without = (
        body_errors(perform_sampling(STEP, replace(SMALL, passes=4, led=led)).body_positions, wanted).mean()
        for led in (SMALL.led, 0.0)
    )
    assert with_it < 0.9 * without


def test_no_hidden_force_and_no_muscle_beyond_its_limit(step: Rollout):
    assert not step.residual_wrench.any()
    assert (np.abs(step.joint_torques) <= TORQUE_LIMITS).all()
    assert step.contact_forces[:, :, 1].sum(axis=1).mean() == pytest.approx(45 * 9.8, rel=0.3)


def test_the_stored_actions_give_it_again_bit_for_bit(step: Rollout, tmp_path: Path):
    step.save(tmp_path / "sampling.npz")
    stored = Rollout.load(tmp_path / "sampling.npz")
    engine = make_engine(SMALL, STEP.fps)
    again = replayed(engine, feasible(STEP), stored.actions[:-1], SMALL)
    assert np.array_equal(again.body_positions, step.body_positions)
    assert np.array_equal(again.body_rotations, step.body_rotations)
    assert np.array_equal(again.joint_torques, step.joint_torques)


def test_a_seed_is_a_result(step: Rollout):
    assert np.array_equal(perform_sampling(STEP, SMALL).actions, step.actions)
    other = perform_sampling(STEP, replace(SMALL, seed=1, passes=1))
    assert not np.array_equal(other.actions, step.actions)


def test_the_best_so_far_is_streamed_and_gets_better(step: Rollout, streamed: list[Rollout]):
    assert streamed[-1] is step
    assert not any(np.array_equal(before.actions, after.actions) for before, after in pairwise(streamed))


def test_cancelling_ends_it():
    calls = []

    def cancel(fraction: float, message: str = "") -> None:
        calls.append(fraction)
        if len(calls) > 2:
            raise CancelledError("enough")

    with pytest.raises(CancelledError):
        perform_sampling(STEP, SMALL, cancel)
    assert len(calls) == 3


def test_what_cannot_be_done_is_told_and_kept():
    """A person who flies off sideways: no muscle does that."""
    frames = np.repeat(WALK.frames[:1], 46, axis=0)
    frames[15:, 2] += 4.0 * np.arange(1, 32) / 30
    frames[15:, 1] += 1.5 * np.minimum(np.arange(1, 32) / 30, 0.5)
    flying = HumanoidMotion(30.0, np.arange(46) / 30, frames)
    with collecting() as notices:
        rollout = perform_sampling(flying, SMALL)
    assert 0.4 < rollout.time_to_fall_s < 1.2
    assert len(rollout) == 46
    assert any("fell at" in text for text in notices)
    wanted = forward_kinematics(frames).positions
    assert body_errors(rollout.body_positions, wanted)[:12].mean() < 0.15


@pytest.mark.parametrize(
    ("falls", "searches", "told"),
    [
        ([np.nan], 1, np.nan),  # nothing to mend
        ([0.2, 0.4], 2, 0.4),
        ([0.4, 0.2], 2, 0.4),  # the second try was worse
        ([0.2, np.nan], 2, np.nan),
    ],
)
def test_a_short_motion_on_which_it_fell_is_searched_once_more(monkeypatch, falls: list, searches: int, told: float):
    drawn, streamed, fractions = [], [], []

    def search(engine, problem, settings, rng, progress, tell) -> Lineage:
        drawn.append(rng.random())
        progress(1.0, "")
        return Lineage(np.zeros((0, 28)), np.full((1, 36), 1e-3 * drawn[-1]), 0.0)

    left = iter(falls)
    monkeypatch.setattr(sampling, "_search", search)
    monkeypatch.setattr(sampling, "time_to_failure", lambda *_: next(left))
    rollout = perform_sampling(
        STEP, replace(SMALL, again_s=1.0), lambda fraction, _="": fractions.append(fraction), streamed.append
    )
    assert len(set(drawn)) == len(drawn) == searches
    assert rollout.time_to_fall_s == pytest.approx(told, nan_ok=True)
    assert streamed[-1] is rollout
    assert fractions == sorted(fractions)


def test_a_long_motion_is_not(monkeypatch):
    monkeypatch.setattr(sampling, "_search", lambda *_: Lineage(np.zeros((0, 28)), np.zeros((0, 36)), 0.0))
    monkeypatch.setattr(sampling, "time_to_failure", lambda *_, left=iter([0.2]): next(left))
    assert perform_sampling(STEP, replace(SMALL, again_s=0.5)).time_to_fall_s == 0.2


@pytest.mark.parametrize("fault", ["nan", "one frame", "buried", "two metres up", "too fast"])
def test_hopeless_references_are_refused(fault: str):
    frames = STEP.frames.copy()
    if fault == "nan":
        frames[4, 20] = np.nan
    elif fault == "one frame":
        frames = frames[:1]
    elif fault == "buried":
        frames[:, 1] -= 1.0
    elif fault == "two metres up":
        frames[:, 1] += 2.0
    else:
        frames[10:, 0] += 5.0
    with pytest.raises(BadInputError):
        perform_sampling(HumanoidMotion(STEP.fps, STEP.times[: len(frames)], frames), SMALL)


def test_settings_that_mean_nothing_are_refused():
    with pytest.raises(BadInputError, match="engine"):
        SamplingSettings(engine="dice")
    with pytest.raises(BadInputError, match="samples"):
        SamplingSettings(samples=10, kept=20)
    with pytest.raises(BadInputError, match="seed"):
        SamplingSettings(seed=-1)


def test_actions_and_targets_are_one_another():
    rng = np.random.default_rng(0)
    targets = turned(WALK.frames[:20, 7:], rng.normal(size=(20, 28)))
    back = targets_from_actions(actions_from_targets(targets))
    assert np.allclose(np.abs(back), np.abs(targets), atol=1e-12)  # a quaternion's sign means nothing
    still = actions_from_targets(turned(targets, np.zeros(28)))
    assert np.allclose(still, actions_from_targets(targets), atol=1e-12)
    assert substeps(SMALL, 30.0) == 8
    assert substeps(SMALL, 29.97) == 8
