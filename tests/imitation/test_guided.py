"""Guided learning on systems whose best feedback is known."""

import numpy as np
import pytest
from scipy.linalg import solve_discrete_are

from core.imitation.guided.deviations import OFF_SIZE, deviations
from core.imitation.guided.models import Models, Samples
from core.imitation.guided.riccati import Feedback, best_feedback
from core.imitation.reference import ReferenceTable
from core.imitation.references import reference_called

A = np.array([[1.1, 0.2], [0.0, 0.9]])
B = np.array([[0.0], [0.5]])
NOTHING = Feedback(np.zeros((3, 1, 2)), np.zeros((3, 1)))


def cycle(a: float = 0.0, n: int = 3) -> Models:
    """x' = A x + B u + (a, a), residuals x'; the same at each of n phases."""
    shift = np.full(2, a)
    parts = (A, B, shift, A, B, shift)
    return Models(*(np.repeat(part[None], n, axis=0) for part in parts))


def known_gain(discount: float = 1.0) -> np.ndarray:
    root = np.sqrt(discount)  # a discounted problem is an undiscounted one of a system that shrinks
    P = solve_discrete_are(root * A, root * B, np.eye(2) * discount, 0.1 * np.eye(1)) / discount
    return -np.linalg.solve(0.1 + discount * B.T @ P @ B, discount * B.T @ P @ A)


def test_samples_give_back_the_model_of_each_phase():
    rng = np.random.default_rng(0)
    samples = Samples(2, 3, off_size=2, pulls=1)
    bins = rng.integers(0, 2, 4000)
    off, pulls = 0.3 * rng.standard_normal((4000, 2)), 0.3 * rng.standard_normal((4000, 1))
    factor = np.where(bins == 1, 2.0, 1.0)[:, None]
    after = factor * (off @ A.T) + pulls @ B.T + 0.05
    samples.add(bins, off, pulls, after, np.concatenate([after, pulls], axis=1))
    found = samples.models(ridge=0.5, neighbours=0.0, loop=True)
    assert np.allclose(found.A[0], A, atol=3e-3)
    assert np.allclose(found.A[1], 2 * A, atol=3e-3)
    assert np.allclose(found.B, B, atol=3e-3)
    assert np.allclose(found.a, 0.05, atol=1e-3)
    assert np.allclose(found.D[:, 2, 0], 1.0, atol=3e-3)


def test_phases_lend_their_neighbours_samples_and_forget():
    rng = np.random.default_rng(1)
    samples = Samples(3, 1, off_size=1, pulls=1)
    for slope in (5.0, 1.0):
        off, pulls = rng.standard_normal((500, 1)), rng.standard_normal((500, 1))
        samples.forget(0.0)
        samples.add(np.ones(500, int), off, pulls, slope * off, off)
    assert np.allclose(samples.models(0.1, 0.5, loop=True).A[:, 0, 0], 1.0, atol=0.01)
    assert np.allclose(samples.models(0.1, 0.0, loop=True).A[:, 0, 0], (0.0, 1.0, 0.0), atol=0.01)


def test_round_a_cycle_the_gain_is_that_of_the_riccati_equation():
    found = best_feedback(cycle(), NOTHING, effort=0.1, trust=0.0, discount=1.0, loop=True, rounds=60)
    assert np.allclose(found.gains, known_gain(), atol=1e-3)
    assert np.allclose(found.offsets, 0.0, atol=1e-9)


def test_what_pushes_all_the_time_is_pushed_back():
    found = best_feedback(cycle(0.1), NOTHING, effort=1e-3, trust=0.0, discount=0.99, loop=True, rounds=60)
    x = np.zeros(2)
    for step in range(300):
        u = found(np.array([step % 3]), x[None])[0]
        x = A @ x + B @ u + 0.1
    without = np.zeros(2)
    for _ in range(30):
        without = A @ without + 0.1
    assert np.abs(x).max() < 0.6 < np.abs(without).max()


def test_trust_keeps_it_near_what_it_was():
    before = Feedback(np.full((3, 1, 2), 0.3), np.full((3, 1), -0.2))
    free = best_feedback(cycle(), before, 0.1, 0.0, 0.95, loop=True, rounds=60)
    near = best_feedback(cycle(), before, 0.1, 1e6, 0.95, loop=True, rounds=3)
    assert np.allclose(near.gains, before.gains, atol=1e-3)
    assert np.allclose(near.offsets, before.offsets, atol=1e-3)
    assert np.abs(free.gains - before.gains).max() > 0.1


def test_far_from_the_end_of_a_motion_that_ends_it_is_the_same_and_at_the_end_it_looks_one_step_ahead():
    nothing = Feedback(np.zeros((40, 1, 2)), np.zeros((40, 1)))
    found = best_feedback(cycle(n=40), nothing, effort=0.1, trust=0.0, discount=1.0, loop=False)
    assert np.allclose(found.gains[0], known_gain(), atol=1e-3)
    assert np.allclose(found.gains[-1], -np.linalg.solve(0.1 + B.T @ B, B.T @ A), atol=1e-9)


def test_deviations_do_not_depend_on_where_the_reference_is_and_are_nothing_on_it():
    table = ReferenceTable(reference_called("walk"))
    ticks = np.array([0, 100, 500])
    at = table.at(ticks)
    assert np.abs(deviations(at, at)).max() < 1e-9
    later, again = table.at(ticks + table.length), table.at(ticks + table.length)
    at.frames[:, 0] += 0.1
    later.frames[:, 0] += 0.1
    assert np.allclose(deviations(at, table.at(ticks)), deviations(later, again), atol=1e-9)
    assert deviations(at, table.at(ticks)).shape == (3, OFF_SIZE)
    assert np.linalg.norm(deviations(at, table.at(ticks))[:, :3], axis=1) == pytest.approx(0.1)
