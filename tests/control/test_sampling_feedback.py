"""The feedback on systems whose best feedback is known."""

import numpy as np
import pytest
from scipy.linalg import solve_discrete_are
from support.humanoids import upright

from core.control.sampling_feedback import OFF_SIZE, FeedbackSettings, Samples, feedbacks, off_by

A = np.array([[1.1, 0.2], [0.0, 0.9]])
B = np.array([[0.0], [0.5]])


def seen_of(a: float, n: int, rng: np.random.Generator) -> Samples:
    """Samples of x' = A x + B u + a in the first two numbers, which cost x'^2."""
    samples = Samples(OFF_SIZE + 2)
    off, offsets = np.zeros((n, OFF_SIZE)), 0.3 * rng.standard_normal((n, 28))
    off[:, :2] = 0.3 * rng.standard_normal((n, 2))
    after = np.zeros((n, OFF_SIZE))
    after[:, :2] = off[:, :2] @ A.T + offsets[:, :1] @ B.T + a
    samples.add(off, offsets, after, after[:, :2])
    return samples


def test_the_model_is_what_made_the_samples():
    model = seen_of(0.05, 5000, np.random.default_rng(0)).model()
    assert np.allclose(model[:2, :2], A, atol=2e-3)
    assert np.allclose(model[:2, OFF_SIZE], B[:, 0], atol=2e-3)
    assert np.allclose(model[:2, -1], 0.05, atol=1e-3)
    assert np.abs(model[2:OFF_SIZE]).max() < 1e-9


def test_far_from_the_end_the_gain_is_that_of_the_riccati_equation():
    rng = np.random.default_rng(1)
    seen = [seen_of(0.0, 3000, rng) for _ in range(40)]
    settings = FeedbackSettings(trust=0.0, discount=1.0, most=9.0)
    first = feedbacks(seen, np.zeros((40, 28)), 0.1, settings)[0]
    P = solve_discrete_are(A, B, np.eye(2), 0.1 * np.eye(1))  # cost x^2: a step later than ours, the same gain
    wanted = -np.linalg.solve(0.1 + B.T @ P @ B, B.T @ P @ A)
    assert first.gain[0, :2] == pytest.approx(wanted[0], rel=0.02)
    assert np.abs(first.gain[1:]).max() < 0.02
    assert first(np.zeros((1, OFF_SIZE)))[0, 0] == pytest.approx(0.0, abs=0.01)


def test_what_pushes_is_pushed_back_but_not_far_from_the_mean():
    rng = np.random.default_rng(2)
    seen, means = [seen_of(0.2, 3000, rng)], np.full((1, 28), 0.1)
    free = feedbacks(seen, means, 0.0, FeedbackSettings(trust=1e-4, most=9.0))[0]
    assert free(np.zeros((1, OFF_SIZE)))[0, 0] == pytest.approx(-0.4, abs=0.02)
    assert free(np.zeros((1, OFF_SIZE)))[0, 1] == pytest.approx(0.1, abs=0.02)  # of no use: as the mean
    bound = feedbacks(seen, means, 0.0, FeedbackSettings(trust=1e-4, most=0.3))[0]
    assert bound(np.zeros((1, OFF_SIZE)))[0, 0] == pytest.approx(-0.2)


def test_older_samples_count_less():
    rng = np.random.default_rng(3)
    samples = seen_of(1.0, 1000, rng)
    later = np.zeros((3000, OFF_SIZE))
    for _ in range(3):
        samples.add(later, 0.3 * rng.standard_normal((3000, 28)), later, later[:, :2])
    assert np.abs(samples.model()[:2, -1]).max() < 0.08


def test_off_by_is_in_the_world_for_the_root_and_in_the_joint_for_joints():
    still = upright()
    assert np.allclose(off_by(still[None], np.zeros((1, 34)), still, np.zeros(34)), 0)
    moved = still.copy()
    moved[:3] += (0.1, 0.2, 0.3)
    moved[3:7] = (np.cos(0.25), 0.0, np.sin(0.25), 0.0)
    off = off_by(np.stack([moved, -moved]), np.ones((2, 34)), still, np.zeros(34))
    assert off[0, :6] == pytest.approx([0.1, 0.2, 0.3, 0, 0.5, 0])
    assert off[1, 3:6] == pytest.approx([0, 0.5, 0])  # a quaternion's sign means nothing
    assert off[0, 34:] == pytest.approx(np.full(34, 0.1))
