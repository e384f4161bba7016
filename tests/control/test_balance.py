import numpy as np
import pytest
from support.humanoids import upright

from core.control.balance import BalanceSettings, Stance, balanced, shifts, stance_of
from core.humanoid.bodies import BODY_NAMES
from core.humanoid.kinematics import forward_kinematics
from core.humanoid.legs import feet_moved
from core.motion import HumanoidMotion

SOLE = 0.881  # m: the hips' height when the soles of `upright` touch the ground
LEFT, RIGHT = BODY_NAMES.index("left_ankle"), BODY_NAMES.index("right_ankle")


def standing(frames: np.ndarray) -> HumanoidMotion:
    return HumanoidMotion(30.0, np.arange(len(frames)) / 30, frames)


def leaning(metres: float, n: int = 60) -> HumanoidMotion:
    """Both feet `metres` to the humanoid's right (+z) of where they would carry it, as a camera misjudges depth."""
    frames = np.repeat(upright(SOLE - 0.05)[None], n, axis=0)
    moves = np.zeros((n, 2, 3))
    moves[..., 1] = 0.05
    moves[..., 2] = metres
    return standing(feet_moved(feet_moved(frames, moves * (0, 1, 0)), moves * (0, 0, 1)))


def test_feet_go_where_they_are_sent_and_nothing_else_moves():
    frames = np.repeat(upright(SOLE)[None], 3, axis=0)
    moves = np.zeros((3, 2, 3))
    moves[1:, 0] = (0.1, 0.08, 0.0)
    moves[2, 1] = (-0.1, 0.05, 0.1)
    before, after = forward_kinematics(frames), forward_kinematics(feet_moved(frames, moves))
    assert np.allclose(after.joints[:, LEFT] - before.joints[:, LEFT], moves[:, 0], atol=1e-3)
    assert np.allclose(after.joints[:, RIGHT] - before.joints[:, RIGHT], moves[:, 1], atol=5e-3)
    others = [b for b, name in enumerate(BODY_NAMES) if not name.endswith(("hip", "knee", "ankle"))]
    assert np.allclose(after.positions[:, others], before.positions[:, others], atol=1e-12)
    assert np.allclose(np.abs(after.rotations[:, [LEFT, RIGHT]]), np.abs(before.rotations[:, [LEFT, RIGHT]]), atol=1e-9)


def test_who_stands_well_is_left_alone():
    motion = standing(np.repeat(upright(SOLE)[None], 30, axis=0))
    same, shift = balanced(motion)
    assert shift == 0.0
    assert same is motion


def test_who_leans_all_the_way_is_set_over_the_feet():
    motion = leaning(0.3)
    settings = BalanceSettings()

    def outside(each: HumanoidMotion) -> float:
        stance = stance_of(each, settings)
        assert stance.standing.all()
        near = stance.corners[..., 1].min(axis=(1, 2))
        return float((near - stance.centre[:, 1]).mean())  # the feet lie at greater z

    assert outside(motion) > 0.08
    upright_again, shift = balanced(motion, settings)
    assert 0.05 < shift < 0.3
    assert outside(upright_again) < 0.03
    moved = forward_kinematics(upright_again.frames).positions - forward_kinematics(motion.frames).positions
    assert np.abs(moved[..., 1]).max() < 0.02
    assert moved[:, 0, 2].mean() > 0.02  # the body towards the feet
    assert moved[:, LEFT, 2].mean() < -0.02  # and the feet towards the body
    assert np.ptp(moved[:, LEFT, 2]) < 1e-3  # which do not slide


def test_in_the_air_and_on_hands_balance_asks_for_nothing():
    n = 20
    corners = np.zeros((n, 2, 8, 2)) + 1.0
    for standing_, others in ((np.zeros((n, 2), bool), np.zeros(n, bool)), (np.ones((n, 2), bool), np.ones(n, bool))):
        stance = Stance(np.zeros((n, 2)), np.full(n, 0.1), corners, standing_, others)
        body, feet = shifts(stance, 1 / 30, BalanceSettings())
        assert np.abs(body).max() == pytest.approx(0, abs=1e-9)
        assert np.abs(feet).max() == pytest.approx(0, abs=1e-9)
