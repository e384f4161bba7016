"""What a rollout earned, when it fell, what held it."""

import numpy as np
import pytest

from core.metrics import rollout_figures
from core.motion import Rollout


def rollout(T=40, **more) -> Rollout:
    content = {
        "body_positions": np.zeros((T, 15, 3)), "body_rotations": np.zeros((T, 15, 4)), "actions": np.zeros((T, 36)),
        "joint_torques": np.zeros((T, 28)), "contact_forces": np.zeros((T, 15, 3)),
        "residual_wrench": np.zeros((T, 6)), "reward_terms": np.tile([0.5, 0.25], (T, 1)),
        "reward_names": ("pose", "root"), "engine": "bullet", "tracker": "assisted",
    }  # fmt: skip
    return Rollout(fps=20.0, times=np.arange(T) / 20, **(content | more))


def test_a_rollout_that_stays_up_returns_its_mean():
    assert rollout_figures(rollout()) == {"return": 0.75, "time_to_fall_s": None, "residual_force_n": 0.0}


def test_nothing_is_earned_after_the_fall():
    got = rollout_figures(rollout(time_to_fall_s=0.5))
    assert got["return"] == pytest.approx(0.75 * 10 / 40)
    assert got["time_to_fall_s"] == 0.5


def test_residual_force_is_the_mean_norm_without_torque():
    wrench = np.zeros((40, 6))
    wrench[:20] = [30, 0, 40, 999, 0, 0]
    assert rollout_figures(rollout(residual_wrench=wrench))["residual_force_n"] == pytest.approx(25)


def test_without_reward_terms_there_is_no_return():
    assert rollout_figures(rollout(reward_terms=np.zeros((40, 0)), reward_names=()))["return"] is None
