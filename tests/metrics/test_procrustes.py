"""Procrustes and the errors built on it, against what must hold of them and against scipy's solution."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from core.body import load_body
from core.errors import BadInputError
from core.metrics.limb_joints import LIMB_BONES, LIMB_JOINTS, LIMBS_IN_BLAZEPOSE, LIMBS_IN_SMPL, MID_HIP
from core.metrics.procrustes import (
    acceleration_error,
    joint_distances,
    mpjpe,
    pa_distances,
    pa_mpjpe,
    similarity,
    similarity_align,
    spread_figures,
)

SHIFT = np.array([3.0, 0, 4])
seeds = st.integers(0, 2**32 - 1)
steady = settings(derandomize=True, deadline=None, max_examples=50)


def poses(seed, frames=4, joints=12):
    return np.random.default_rng(seed).normal(0, 0.4, (frames, joints, 3))


def moved(points, seed):
    """Every frame under a similarity of its own, and the similarities."""
    rng = np.random.default_rng(seed)
    turns = Rotation.random(len(points), rng=rng).as_matrix()
    scales, shifts = rng.uniform(0.2, 5, len(points)), rng.normal(0, 3, (len(points), 3))
    return scales[:, None, None] * points @ turns.transpose(0, 2, 1) + shifts[:, None], (scales, turns, shifts)


@steady
@given(seeds)
def test_a_similarity_is_recovered_exactly(seed):
    pred = poses(seed)
    truth, (scales, turns, shifts) = moved(pred, seed + 1)
    scale, rotation, translation = similarity(pred, truth)
    np.testing.assert_allclose(scale, scales, rtol=1e-9)
    np.testing.assert_allclose(rotation, turns, atol=1e-9)
    np.testing.assert_allclose(translation, shifts, atol=1e-8)
    np.testing.assert_allclose(similarity_align(pred, truth), truth, atol=1e-8)
    np.testing.assert_allclose(pa_mpjpe(pred, truth), 0, atol=1e-8)


@steady
@given(seeds)
def test_no_similarity_of_the_prediction_changes_its_error(seed):
    pred, truth = poses(seed), poses(seed + 1)
    np.testing.assert_allclose(pa_distances(moved(pred, seed)[0], truth), pa_distances(pred, truth), atol=1e-8)


@steady
@given(seeds, st.floats(0.1, 10))
def test_the_error_is_in_the_truths_unit(seed, factor):
    pred, truth = poses(seed), poses(seed + 1)
    np.testing.assert_allclose(pa_mpjpe(pred, factor * truth), factor * pa_mpjpe(pred, truth), rtol=1e-7)


@steady
@given(seeds)
def test_the_order_of_the_joints_does_not_matter(seed):
    pred, truth = poses(seed), poses(seed + 1)
    order = np.random.default_rng(seed).permutation(12)
    np.testing.assert_allclose(pa_mpjpe(pred[:, order], truth[:, order]), pa_mpjpe(pred, truth), atol=1e-9)


@steady
@given(seeds)
def test_nothing_nearby_is_better(seed):
    """Least squares: turning, scaling or shifting the aligned prediction a little never brings it closer."""
    pred, truth = poses(seed, 1)[0], poses(seed + 1, 1)[0]
    aligned = similarity_align(pred, truth)
    least = ((aligned - truth) ** 2).sum()
    rng = np.random.default_rng(seed)
    for _ in range(20):
        turn = Rotation.from_rotvec(rng.normal(0, 0.05, 3)).as_matrix()
        other = (1 + rng.normal(0, 0.03)) * aligned @ turn.T + rng.normal(0, 0.02, 3)
        assert ((other - truth) ** 2).sum() >= least - 1e-12


def test_the_rotation_is_scipys():
    pred, truth = poses(3, 1)[0], poses(4, 1)[0]
    _, rotation, _ = similarity(pred, truth)
    known, _ = Rotation.align_vectors(truth - truth.mean(axis=0), pred - pred.mean(axis=0))
    np.testing.assert_allclose(rotation, known.as_matrix(), atol=1e-9)


def test_a_mirrored_body_stays_wrong():
    truth = poses(0)
    mirrored = truth * [-1, 1, 1]
    _, rotation, _ = similarity(mirrored, truth)
    np.testing.assert_allclose(np.linalg.det(rotation), 1, atol=1e-9)
    assert (pa_mpjpe(mirrored, truth) > 0.1).all()


def test_frames_are_aligned_each_by_itself():
    pred, truth = poses(1, 6), poses(2, 6)
    together = pa_distances(pred, truth)
    assert together.shape == (6, 12)
    for t in range(6):
        np.testing.assert_allclose(pa_distances(pred[t], truth[t]), together[t], atol=1e-12)
    batches = pa_distances(pred.reshape(2, 3, 12, 3), truth.reshape(2, 3, 12, 3))
    np.testing.assert_allclose(batches.reshape(6, 12), together)


@pytest.mark.parametrize("shape", ["point", "line", "plane"])
def test_degenerate_bodies_have_finite_errors(shape):
    pred, truth = poses(0), poses(1)
    pred = pred * {"point": [0, 0, 0], "line": [1, 0, 0], "plane": [1, 1, 0]}[shape] + 0.3
    for a, b in ((pred, truth), (truth, pred), (pred, pred)):
        scale, rotation, translation = similarity(a, b)
        assert np.isfinite(scale).all()
        assert np.isfinite(translation).all()
        np.testing.assert_allclose(np.linalg.det(rotation), 1, atol=1e-9)
    np.testing.assert_allclose(pa_mpjpe(pred, pred), 0, atol=1e-9)
    flat, _ = moved(pred, 5)
    np.testing.assert_allclose(pa_mpjpe(pred, flat), 0, atol=1e-8)


def test_a_point_comes_to_lie_in_the_middle():
    truth = poses(0)
    aligned = similarity_align(np.ones_like(truth), truth)
    np.testing.assert_allclose(aligned, np.broadcast_to(truth.mean(axis=1, keepdims=True), truth.shape), atol=1e-12)


def test_mpjpe_ignores_where_the_root_is_and_nothing_else():
    truth = poses(0)
    np.testing.assert_allclose(mpjpe(truth + SHIFT, truth), 0, atol=1e-12)
    np.testing.assert_allclose(mpjpe(truth + SHIFT, truth, root=[0]), 0, atol=1e-12)
    off = truth.copy()
    off[:, 0] += [0, 0.12, 0]
    np.testing.assert_allclose(mpjpe(off, truth), 0.01, atol=1e-12)
    np.testing.assert_allclose(mpjpe(off, truth, root=[0]), 0.11, atol=1e-12)
    assert (mpjpe(1.1 * truth, truth) > 0.01).all()
    np.testing.assert_allclose(joint_distances(truth + SHIFT, truth), 5)


def test_acceleration_error_of_known_paths():
    times = np.arange(31) / 30
    still = np.zeros((31, 12, 3))
    falling = still.copy()
    falling[..., 1] = (-0.5 * 9.81 * times**2)[:, None]
    np.testing.assert_allclose(acceleration_error(falling, still, 30), np.full(29, 9.81), atol=1e-9)
    drifting = falling + times[:, None, None]
    np.testing.assert_allclose(acceleration_error(drifting, falling, 30), 0, atol=1e-9)
    assert acceleration_error(still[:2], still[:2], 30).shape == (0,)


def test_the_figures_of_a_pictures_distances():
    got = spread_figures(np.array([[1.0, 2, 3, 6], [4, 4, 4, 4]]))
    np.testing.assert_allclose(got["std"], [np.sqrt(3.5), 0])
    np.testing.assert_allclose(got["max"], [6, 4])
    np.testing.assert_allclose(got["std_minmax"], [np.sqrt(3.5) / 5, 0])


def test_what_does_not_fit_is_refused():
    truth = poses(0)
    with pytest.raises(BadInputError, match="same shape"):
        pa_mpjpe(truth[:, :11], truth)
    with pytest.raises(BadInputError, match="three joints"):
        pa_mpjpe(truth[:, :2], truth[:, :2])
    broken = truth.copy()
    broken[2, 3] = np.nan
    with pytest.raises(BadInputError, match="finite"):
        mpjpe(broken, truth)


def test_the_limb_joints_are_these_in_every_skeleton():
    body = load_body()
    assert tuple(body.names[i] for i in LIMBS_IN_SMPL) == LIMB_JOINTS
    assert tuple(body.landmark_names[i] for i in LIMBS_IN_BLAZEPOSE) == LIMB_JOINTS
    assert [LIMB_JOINTS[i] for i in MID_HIP] == ["right_hip", "left_hip"]
    assert {i for bone in LIMB_BONES for i in bone} == set(range(12))
