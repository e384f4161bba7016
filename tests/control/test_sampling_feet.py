import numpy as np
import pytest
from support.humanoids import upright

from core.control.sampling_feet import HOVER_S, standing_part
from core.humanoid.character import FEET
from core.humanoid.kinematics import forward_kinematics
from core.physics.engine import BodyStates

SOLE = 0.881  # m: the hips' height when the soles of `upright` touch the ground


def standing(height: float = SOLE, steps: int = 3) -> BodyStates:
    """Two humanoids at rest, over some control steps."""
    poses = forward_kinematics(np.repeat(upright(height)[None], 2 * steps, axis=0))
    rest = np.zeros((2, steps, 15, 3))
    places, turns = poses.positions.reshape(2, steps, 15, 3), poses.rotations.reshape(2, steps, 15, 4)
    return BodyStates(places, turns, rest, rest.copy())


def cost(bodies: BodyStates, shares: np.ndarray) -> np.ndarray:
    return (standing_part(bodies, shares) ** 2).sum(axis=1)


def test_standing_still_costs_nothing_and_sliding_its_mean_square():
    bodies, shares = standing(), np.ones((3, 2, 2))
    assert standing_part(bodies, shares).shape == (2, 36)
    assert cost(bodies, shares) == pytest.approx([0, 0], abs=1e-4)
    bodies.velocities[1, 1, FEET[0]] = (0.3, 0.0, 0.4)  # one of two feet in one of three steps
    assert cost(bodies, shares) == pytest.approx([0, 0.25 / 6], abs=1e-4)
    bodies.velocities[1, 1, FEET[0]] = (0.0, 1.0, 0.0)  # up and down is told by the height
    assert cost(bodies, shares) == pytest.approx([0, 0], abs=1e-4)


def test_a_foot_that_turns_slides_too():
    bodies = standing()
    bodies.angular_velocities[1, :, FEET[1], 1] = 2.0
    assert cost(bodies, np.ones((3, 2, 2)))[1] == pytest.approx(0.5 * (2.0 * 0.125 * 0.708) ** 2, abs=1e-4)


def test_hovering_costs_and_only_what_stands_in_the_reference_counts():
    shares = np.ones((3, 2, 2))
    assert cost(standing(SOLE + 0.02), shares) == pytest.approx(np.full(2, (0.02 / HOVER_S) ** 2), rel=0.1)
    shares[:, 0] = 0.0
    assert cost(standing(SOLE + 0.02), shares) == pytest.approx(np.full(2, 0.5 * (0.02 / HOVER_S) ** 2), rel=0.1)
    assert not cost(standing(SOLE + 0.02), 0 * shares).any()
