"""Curves of a motion: they say the same as the figures, and where."""

from dataclasses import replace

import numpy as np
import pytest

from core.body import load_body
from core.body.kinematics import body_motion
from core.errors import BadInputError
from core.metrics import plausibility
from core.metrics.series import motion_series, reward_series
from core.motion import Rollout

FPS = 30.0


def sliding(frames: int = 40):
    """A body that stands, and from frame 20 on glides along x at 0.3 m/s with its feet in contact."""
    times = np.arange(frames) / FPS
    trans = np.stack([0.3 * np.maximum(times - 20 / FPS, 0), np.full(frames, 0.95), np.zeros(frames)], axis=1)
    motion = body_motion(load_body(), FPS, times, np.zeros((frames, 72)), np.zeros(10), trans)
    return replace(motion, contacts=np.ones((frames, 4), bool))


def test_the_means_of_the_curves_are_the_figures():
    motion = sliding()
    series, figures = motion_series(motion), plausibility(motion, None)
    assert np.nanmean(series.foot_slide) == pytest.approx(figures["foot_slide_cm_s"])
    assert np.nanmean(series.jitter) == pytest.approx(figures["jitter"])
    assert np.maximum(-10 * series.foot_height, 0).mean() == pytest.approx(figures["penetration_mm"])
    np.testing.assert_allclose(series.foot_slide[1:21], 0, atol=1e-9)
    np.testing.assert_allclose(series.foot_slide[22:], 30, atol=1e-6)
    assert np.argmax(np.nan_to_num(series.jitter)) in (18, 19, 20, 21)


def test_without_contacts_there_is_no_sliding_and_heights_are_over_supports():
    motion = replace(sliding(), contacts=np.zeros((40, 4), bool))
    series = motion_series(motion)
    assert np.isnan(series.foot_slide).all()
    box = np.array([[-5, 0, -5, 5, 0.02, 5.0]])
    np.testing.assert_allclose(motion_series(motion, box).foot_height, series.foot_height - 2, atol=1e-9)
    with pytest.raises(BadInputError):
        motion_series(replace(motion, frame="camera"))


def test_rewards_are_summed_and_nothing_is_earned_after_a_fall():
    rewards = np.full((30, 2), 0.4)
    shapes = {"body_positions": (15, 3), "body_rotations": (15, 4), "actions": (36,), "joint_torques": (28,)}
    shapes |= {"contact_forces": (15, 3), "residual_wrench": (6,)}
    arrays = {name: np.zeros((30, *shape)) for name, shape in shapes.items()}
    rollout = Rollout(
        FPS, np.arange(30) / FPS, **arrays, reward_terms=rewards, reward_names=("a", "b"), engine="x", tracker="y"
    )
    np.testing.assert_allclose(reward_series(rollout), 0.8)
    fallen = reward_series(replace(rollout, time_to_fall_s=0.5))
    assert (fallen > 0).sum() == 15
    assert np.isnan(reward_series(replace(rollout, reward_terms=np.zeros((30, 0)), reward_names=()))).all()
