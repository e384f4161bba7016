import numpy as np
import pytest
from support.humanoids import upright

from core.control.soles import sole_points, standing_shares
from core.humanoid.kinematics import foot_corners, forward_kinematics

SOLE = 0.881  # m: the hips' height when the soles of `upright` touch the ground


def test_heel_and_toe_are_the_middles_of_the_soles_ends():
    poses = forward_kinematics(upright(SOLE)[None])
    points, corners = sole_points(poses)[0], foot_corners(poses)[0]
    for foot in (0, 1):
        lower = corners[foot][corners[foot][:, 1] < corners[foot][:, 1].mean()]
        heel, toe = (lower[lower[:, 0] < lower[:, 0].mean()], lower[lower[:, 0] > lower[:, 0].mean()])
        assert points[foot] == pytest.approx(np.stack([heel.mean(axis=0), toe.mean(axis=0)]), abs=1e-9)


def test_who_stands_on_the_ground_stands_and_who_slides_or_hovers_does_not():
    still = np.repeat(upright(SOLE)[None], 10, axis=0)
    assert standing_shares(still, 30.0) == pytest.approx(np.ones((10, 2, 2)), abs=0.01)
    sliding = still.copy()
    sliding[:, 0] = 0.4 * np.arange(10) / 30
    assert standing_shares(sliding, 30.0) == pytest.approx(np.full((10, 2, 2), np.exp(-1)), abs=0.01)
    hovering = still.copy()
    hovering[:, 1] += 0.1
    assert standing_shares(hovering, 30.0).max() < 1e-3
