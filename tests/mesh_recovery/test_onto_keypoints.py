"""Answers near the truth are brought onto exact keypoints; what is wrong with keypoints does not drag them along."""

import numpy as np
import pytest
from support.people import BETAS, INTRINSICS, random_poses, track_of

from core.body import load_body
from core.body.kinematics import pose_body
from core.body.rotations import axis_angle_from_matrix, matrix_from_axis_angle
from core.keypoints.skeletons import SYMMETRIC_PAIRS
from core.mesh_recovery.onto_keypoints import OntoKeypointsSettings, averaged, onto_keypoints
from core.metrics.limb_joints import LIMBS_IN_BLAZEPOSE
from core.metrics.procrustes import pa_mpjpe

ALONE = OntoKeypointsSettings(average_s=0.0)
T = 12


@pytest.fixture(scope="module")
def people():
    """(true rotations [T,24,3,3], answers that are a little off, true landmarks, exact keypoints [T,33,3], times)."""
    poses = random_poses(T, seed=3)
    trans = np.tile([0.6, 0.1, 5.0], (T, 1))
    landmarks = pose_body(load_body(), poses, BETAS, trans).landmarks
    truth = matrix_from_axis_angle(poses.reshape(T, 24, 3))
    off = np.random.default_rng(0).normal(0, 0.1, (T, 24, 3))
    track = track_of(landmarks, 30.0)
    return truth, truth @ matrix_from_axis_angle(off), landmarks, track.keypoints, track.times


def error_mm(rotations, landmarks):
    poses = axis_angle_from_matrix(rotations).reshape(len(rotations), 72)
    got = pose_body(load_body(), poses, BETAS, np.zeros((len(poses), 3))).landmarks
    return 1000 * pa_mpjpe(got[:, LIMBS_IN_BLAZEPOSE], landmarks[:, LIMBS_IN_BLAZEPOSE]).mean()


def fitted(answers, keypoints, times, settings=ALONE):
    return onto_keypoints(load_body(), answers, BETAS, keypoints, times, INTRINSICS, settings)


def test_answers_come_nearer_to_the_truth_and_stay_rotations(people):
    _, answers, landmarks, keypoints, times = people
    got = fitted(answers, keypoints, times)
    assert error_mm(got, landmarks) < 0.6 * error_mm(answers, landmarks)
    assert np.allclose(got @ got.transpose(0, 1, 3, 2), np.eye(3), atol=1e-9)


def test_the_truth_stays_where_it_is(people):
    truth, _, _, keypoints, times = people
    assert np.allclose(fitted(truth, keypoints, times), truth, atol=1e-3)


def test_without_rounds_and_averages_nothing_happens(people):
    _, answers, _, keypoints, times = people
    assert fitted(answers, keypoints, times, OntoKeypointsSettings(rounds=0, average_s=0.0)) is answers


def test_unseen_and_wild_keypoints_do_not_drag_the_body_along(people):
    truth, _, landmarks, keypoints, times = people
    wild = keypoints.copy()
    wild[:, 15, :2] += 400.0  # visible, but nowhere near
    wild[:, 28] = 0.0
    assert error_mm(fitted(truth, wild, times), landmarks) < 5


def test_swapped_legs_are_seen_for_what_they_are(people):
    _, answers, landmarks, keypoints, times = people
    order = np.arange(33)
    for left, right in SYMMETRIC_PAIRS:
        if left >= 23:
            order[[left, right]] = right, left
    apart = np.abs(keypoints[:, 27, :2] - keypoints[:, 28, :2]).max(axis=1) > 60  # else a swap changes nothing
    swapped = np.where(apart[:, None, None], keypoints[:, order], keypoints)
    as_it_is, as_swapped = (error_mm(fitted(answers, k, times), landmarks) for k in (keypoints, swapped))
    blind = fitted(answers, swapped, times, OntoKeypointsSettings(average_s=0.0, swap_gain=0.0))
    assert apart.sum() >= 3
    assert as_swapped < as_it_is + 0.3 * (error_mm(blind, landmarks) - as_it_is)


def test_averages_calm_and_keep_steady_turning():
    times = np.arange(30) / 30
    turning = np.zeros((30, 1, 3))
    turning[:, 0, 1] = 2.0 * times
    truth = matrix_from_axis_angle(turning)
    rng = np.random.default_rng(1)
    shaken = truth @ matrix_from_axis_angle(rng.normal(0, 0.1, (30, 1, 3)))

    def off(rotations):
        return np.linalg.norm(axis_angle_from_matrix(truth.transpose(0, 1, 3, 2) @ rotations), axis=-1)[3:-3]

    assert off(averaged(truth, times, 1 / 30)).max() < 1e-6
    assert off(averaged(shaken, times, 1 / 30)).mean() < 0.75 * off(shaken).mean()
    assert averaged(truth, times, 0.0) is truth
    assert averaged(truth[:1], times[:1], 1 / 30) is not None
