from pathlib import Path

import numpy as np
import pybullet_data
import pytest

from core.control.assisted import AssistedSettings, assisted
from core.errors import BadInputError, CancelledError
from core.humanoid.character import TORQUE_LIMITS
from core.humanoid.deepmimic_file import read_deepmimic
from core.humanoid.kinematics import forward_kinematics, frames_from_bodies, lowest_foot
from core.motion import HumanoidMotion, Rollout

MOTIONS = Path(pybullet_data.getDataPath()) / "data" / "motions"
WALK = read_deepmimic(MOTIONS / "humanoid3d_walk.txt")
WEIGHT = 45 * 9.8


@pytest.fixture(scope="module")
def walk() -> Rollout:
    return assisted(WALK)


def mean_error(rollout: Rollout, reference: HumanoidMotion) -> float:
    wanted = forward_kinematics(reference.frames).positions
    return float(np.linalg.norm(rollout.body_positions - wanted, axis=2).mean())


def changed(frames: np.ndarray) -> HumanoidMotion:
    return HumanoidMotion(WALK.fps, WALK.times[: len(frames)], frames)


def test_walk_is_followed_within_a_centimetre(walk: Rollout):
    assert mean_error(walk, WALK) < 0.01
    assert walk.tracker == "assisted"
    assert walk.engine == "bullet"
    assert len(walk) == len(WALK)
    assert np.isnan(walk.time_to_fall_s)


def test_a_backflip_too(walk: Rollout):
    backflip = read_deepmimic(MOTIONS / "humanoid3d_backflip.txt")
    assert mean_error(assisted(backflip), backflip) < 0.06


def test_feet_do_not_sink(walk: Rollout):
    assert lowest_foot(frames_from_bodies(walk.body_positions, walk.body_rotations)).min() > -0.01


def test_torques_stay_within_the_muscles(walk: Rollout):
    assert (np.abs(walk.joint_torques) <= TORQUE_LIMITS + 1e-9).all()
    assert np.abs(walk.joint_torques).max() > 10


def test_hand_and_ground_together_carry_the_weight(walk: Rollout):
    carried = walk.residual_wrench[:, 1] + walk.contact_forces[:, :, 1].sum(axis=1)
    assert carried.mean() == pytest.approx(WEIGHT, rel=0.1)


def test_rewards_are_the_papers_terms(walk: Rollout):
    assert walk.reward_names == ("pose", "velocity", "end_effector", "centre_of_mass")
    assert (walk.reward_terms >= 0).all()
    assert 0.9 < walk.reward_terms.sum(axis=1).mean() < 1


def test_actions_are_angles_and_axes(walk: Rollout):
    assert np.allclose(np.linalg.norm(walk.actions[:, 1:4], axis=1), 1)
    assert (walk.actions[:, 0] >= 0).all()


def test_two_runs_are_the_same_bits(walk: Rollout):
    again = assisted(WALK)
    for name in ("body_positions", "body_rotations", "joint_torques", "contact_forces", "residual_wrench"):
        assert np.array_equal(getattr(again, name), getattr(walk, name))


def test_standing_in_the_air_is_carried_by_the_hand():
    frames = np.repeat(WALK.frames[:1], 20, axis=0)
    frames[:, 1] += 1.0
    rollout = assisted(changed(frames))
    assert rollout.residual_wrench[5:, 1].mean() == pytest.approx(WEIGHT, rel=0.01)
    assert not rollout.contact_forces.any()


def test_feet_below_the_ground_are_pushed_out():
    frames = WALK.frames.copy()
    frames[:, 1] -= 0.03
    rollout = assisted(changed(frames))
    assert lowest_foot(frames_from_bodies(rollout.body_positions, rollout.body_rotations))[1:].min() > -0.02
    assert mean_error(rollout, changed(frames)) < 0.04


def test_noise_does_not_blow_up():
    frames = WALK.frames.copy()
    frames[:, :3] += np.random.default_rng(0).normal(0, 0.1, (len(frames), 3))
    rollout = assisted(changed(frames))
    assert np.isfinite(rollout.residual_wrench).all()
    assert np.isfinite(rollout.body_positions).all()


def test_two_frames_are_enough():
    assert len(assisted(changed(WALK.frames[:2]))) == 2


@pytest.mark.parametrize("fps", [24.0, 29.97, 59.94, 600.0])
def test_any_frame_rate_will_do(fps: float):
    slow = HumanoidMotion(fps, np.arange(10) / fps, WALK.frames[:10])
    assert len(assisted(slow)) == 10


def test_it_reports_and_can_be_cancelled():
    seen: list[float] = []
    assisted(changed(WALK.frames[:5]), progress=lambda fraction, message: seen.append(fraction))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert len(seen) >= 5

    def cancel(fraction: float, message: str) -> None:
        raise CancelledError("enough")

    with pytest.raises(CancelledError):
        assisted(WALK, progress=cancel)


def broken(place: tuple[int, ...], value: float) -> HumanoidMotion:
    frames = WALK.frames.copy()
    frames[place] = value
    return changed(frames)


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        (changed(WALK.frames[:1]), "two frames"),
        (broken((3, 5), np.nan), "finite"),
        (broken((3, 20), np.inf), "finite"),
        (broken((slice(None), 1), -1.0), "under it"),
        (broken((3, 3), 9.0), "quaternions"),
        (HumanoidMotion(30.0, np.arange(39) / 25.0, WALK.frames), "1/fps"),
    ],
)
def test_unusable_references_are_refused(reference: HumanoidMotion, says: str):
    with pytest.raises(BadInputError, match=says):
        assisted(reference, AssistedSettings())
