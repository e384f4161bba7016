from pathlib import Path

import numpy as np
import pybullet_data
import pytest
from scipy.spatial.transform import Rotation
from support.humanoids import upright

from core.control.feasible import feasible
from core.control.footing import FootingSettings, anchored, level_soles, planted, standing_feet
from core.control.soles import sole_points
from core.humanoid.bodies import BODY_NAMES
from core.humanoid.character import FEET, JOINTS
from core.humanoid.deepmimic_file import read_deepmimic
from core.humanoid.kinematics import foot_corners, forward_kinematics
from core.motion import HumanoidMotion

SOLE = 0.881  # m: the hips' height when the soles of `upright` touch the ground
SETTINGS = FootingSettings()
WALK = read_deepmimic(Path(pybullet_data.getDataPath()) / "data" / "motions" / "humanoid3d_walk.txt")


def rolled(degrees: float, height: float = SOLE, n: int = 30) -> HumanoidMotion:
    """Standing, the right foot rolled about its own length."""
    frames = np.repeat(upright(height)[None], n, axis=0)
    ankle = next(j for j in JOINTS if BODY_NAMES[j.body] == "right_ankle")
    frames[:, ankle.frame] = Rotation.from_euler("x", degrees, degrees=True).as_quat(scalar_first=True)
    return HumanoidMotion(30.0, np.arange(n) / 30, frames)


def roll_of(motion: HumanoidMotion, body: int) -> np.ndarray:
    rotations = forward_kinematics(motion.frames).rotations[:, body]
    return np.degrees(np.arcsin(Rotation.from_quat(rotations, scalar_first=True).apply((0, 0, 1))[:, 1]))


def test_a_foot_on_its_edge_is_set_flat_and_the_other_left_alone():
    motion = rolled(50)
    level, taken = level_soles(motion, SETTINGS)
    assert taken == pytest.approx(50, abs=0.5)
    assert np.abs(roll_of(level, FEET[1])).max() < 0.5
    assert np.allclose(level.frames[:, :3], motion.frames[:, :3])
    others = [b for b in range(15) if b != FEET[1]]
    before, after = forward_kinematics(motion.frames), forward_kinematics(level.frames)
    assert np.allclose(before.positions[:, others], after.positions[:, others], atol=1e-9)


@pytest.mark.parametrize("motion", [rolled(120), rolled(50, height=SOLE + 0.3), rolled(0)])
def test_a_foot_that_lies_or_is_in_the_air_or_flat_already_is_left(motion: HumanoidMotion):
    level, taken = level_soles(motion, SETTINGS)
    assert taken == pytest.approx(0, abs=1e-9)
    assert np.allclose(np.abs(level.frames), np.abs(motion.frames), atol=1e-9)


def test_standing_feet_come_to_the_ground_and_hips_stay():
    frames = np.repeat(upright(SOLE - 0.06)[None], 30, axis=0)
    for joint, angle in (("hip", 0.35), ("ankle", 0.35)):
        for side in ("left", "right"):
            place = next(j for j in JOINTS if BODY_NAMES[j.body] == f"{side}_{joint}").frame
            frames[:, place] = Rotation.from_rotvec((0, 0, angle)).as_quat(scalar_first=True)
    frames[:, [19, 33]] = -0.7
    motion = HumanoidMotion(30.0, np.arange(30) / 30, frames)
    before = foot_corners(forward_kinematics(frames))[..., 1].min(axis=2)
    assert np.abs(before).min() > 0.005
    assert standing_feet(frames, 30.0, SETTINGS).all()
    after = planted(motion, SETTINGS)
    assert np.abs(foot_corners(forward_kinematics(after.frames))[..., 1].min(axis=2)).max() < 0.004
    assert np.array_equal(after.frames[:, :3], frames[:, :3])


def test_a_captured_walk_needs_none_of_it():
    prepared = feasible(WALK)
    assert not any("edges" in text or "balance" in text for text in prepared.remarks)
    assert np.abs(prepared.motion.frames - WALK.frames).max() < 0.02
    assert any("edges" in text for text in feasible(rolled(50)).remarks)


def test_standing_feet_that_slide_are_held_and_hips_stay():
    frames = np.repeat(upright(SOLE)[None], 60, axis=0)
    for joint, sign in (("hip", 1), ("ankle", -1)):  # both legs swing to and fro over the ground, soles level
        for side in ("left", "right"):
            place = next(j for j in JOINTS if BODY_NAMES[j.body] == f"{side}_{joint}").frame
            swing = sign * 0.04 * np.sin(np.arange(60) / 8)
            frames[:, place] = Rotation.from_rotvec(swing[:, None] * (0, 0, 1.0)).as_quat(scalar_first=True)
    motion = HumanoidMotion(30.0, np.arange(60) / 30, frames)
    before, after = (sole_points(forward_kinematics(each.frames)) for each in (motion, anchored(motion, SETTINGS)[0]))
    assert np.ptp(before[..., 0], axis=0).min() > 0.05
    assert np.ptp(after[..., 0], axis=0).max() < 0.02
    held, furthest = anchored(motion, SETTINGS)
    assert 0.02 < furthest < 0.05
    assert np.array_equal(held.frames[:, :3], frames[:, :3])


def test_feet_that_stand_still_or_are_in_the_air_are_not_held():
    frames = np.repeat(upright(SOLE)[None], 30, axis=0)
    flying = frames.copy()
    flying[:, 1] += 0.5
    flying[:, 0] += 0.02 * np.arange(30)
    for each in (frames, flying):
        motion = HumanoidMotion(30.0, np.arange(30) / 30, each)
        assert anchored(motion, SETTINGS) == (motion, 0.0)
