"""Smoothing by cutoff, outliers, contacts, and the solves that let feet stand."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from support.people import walk

from core.body import load_body
from core.body.kinematics import pose_body
from core.body.leg_ik import LEGS, move_ankles
from core.reconstruction.contacts import SOLES, STANDING_HEIGHTS_M, predict_contacts
from core.reconstruction.settling import SettleTerms, settle
from core.reconstruction.smoothing import robust_smooth, smooth, smooth_rotations, window


@pytest.mark.parametrize("fps", [24.0, 30.0, 60.0])
@pytest.mark.parametrize(("hz", "gain"), [(1.0, 1.0), (4.0, 0.5), (10.0, 0.025)])
def test_the_cutoff_is_in_hertz_at_any_rate(fps, hz, gain):
    times = np.arange(round(8 * fps)) / fps
    wave = np.sin(2 * np.pi * hz * times)[:, None]
    inner = slice(round(2 * fps), -round(2 * fps))
    got = smooth(wave, times, np.ones(len(times)), cutoff_hz=4.0)[inner]
    assert np.isclose(np.abs(got).max() / np.abs(wave[inner]).max(), gain, atol=0.04)


def test_straight_lines_pass_and_gaps_are_bridged():
    times = np.arange(60) / 30
    line = np.stack([2 * times, 1 - times], axis=1)
    weights = np.ones(60)
    weights[20:30] = 0
    broken = line.copy()
    broken[20:30] = 7
    assert np.allclose(smooth(broken, times, weights, 4.0)[18:32], line[18:32], atol=0.2)
    assert np.allclose(smooth(line, times, np.ones(60), 1.0), line, atol=1e-6)


def test_rotations_stay_rotations_and_keep_their_turn():
    angle = np.linspace(0, 12, 200)  # nearly two turns
    R = Rotation.from_rotvec(np.outer(angle, [0, 0.6, 0.8])).as_matrix()
    R[50] = Rotation.from_rotvec([3.0, 0, 0]).as_matrix() @ R[50]
    got = smooth_rotations(R, np.arange(200) / 30, np.ones(200), 5.0)
    assert np.allclose(np.linalg.det(got), 1)
    off = Rotation.from_matrix(np.swapaxes(got, 1, 2) @ R).magnitude()
    assert np.delete(off, 50)[5:-5].max() < 0.05


def test_bursts_of_outliers_are_left_out_and_turning_points_are_not():
    times = np.arange(90) / 30
    truth = np.sin(2 * np.pi * 1.5 * times)[:, None]
    path = truth.copy()
    path[17] += 0.8
    path[40:43] -= 3.0
    got = robust_smooth(path, times, np.ones(90), 5.0, floor=0.02)
    assert np.abs(got - truth).max() < 0.12
    plain = smooth(path, times, np.ones(90), 5.0)
    assert np.abs(plain - truth).max() > 1.0


@pytest.mark.parametrize(("seconds", "fps", "frames"), [(1 / 6, 30, 5), (1 / 6, 60, 9), (0.01, 30, 1)])
def test_windows_are_odd(seconds, fps, frames):
    assert window(seconds, np.arange(100) / fps) == frames
    assert window(seconds, np.zeros(1)) == 1


def test_contacts_at_known_steps():
    truth = walk()
    got = predict_contacts(truth.landmarks, truth.times)
    feet = np.stack([got[:, :2].any(1), got[:, 2:].any(1)])
    stands = np.stack([truth.contacts[:, 0], truth.contacts[:, 2]])
    assert feet[stands].mean() > 0.85
    assert feet[~stands].mean() < 0.3


def test_landmarks_stand_as_high_as_the_shipped_body_says():
    body = load_body()
    for size in (-1.5, 0.0, 1.5):
        vertices = body.rest_vertices(np.array([size] + 9 * [0.0]))
        landmarks = body.landmark_regressor @ vertices
        assert np.allclose(landmarks[list(SOLES), 1] - vertices[:, 1].min(), STANDING_HEIGHTS_M, atol=0.003)


def test_high_or_fast_feet_are_no_contacts():
    landmarks = np.zeros((30, 33, 3))
    times = np.arange(30) / 30
    assert predict_contacts(landmarks, times).all()
    landmarks[:, SOLES[0], 1] = 0.10
    landmarks[:, SOLES[1], 0] = times * 0.8
    got = predict_contacts(landmarks, times)
    assert not got[:, 0].any()
    assert not got[:, 1].any()
    assert got[:, 2:].all()


def sliding_points(T=60, speed=0.3, height=0.02):
    points = np.zeros((T, 2, 3))
    points[:, :, 0] = (np.arange(T) / 30 * speed)[:, None]
    points[:, :, 1] = height
    return points


def test_the_root_yields_along_the_ray_rather_than_across():
    rays = np.tile([1.0, 0, 0], (60, 1))  # the slide is along the ray: free to correct
    points, contacts = sliding_points(), np.ones((60, 2), bool)
    fixed = points + settle(points, contacts, rays, 30.0, SettleTerms())[:, None]
    assert np.ptp(fixed[:, 0, 0]) < 0.1 * np.ptp(points[:, 0, 0])
    assert np.abs(fixed[..., 1]).max() < 0.004
    across = points + settle(points, contacts, np.tile([0, 0, 1.0], (60, 1)), 30.0, SettleTerms())[:, None]
    assert np.ptp(across[:, 0, 0]) > 2 * np.ptp(fixed[:, 0, 0])


def test_nothing_happens_without_contacts_above_the_ground():
    points = sliding_points()
    assert np.allclose(settle(points, np.zeros((60, 2), bool), np.tile([0, 0, 1.0], (60, 1)), 30.0, SettleTerms()), 0)


@pytest.mark.parametrize("T", [1, 2, 3, 40])
def test_sunken_points_are_lifted(T):
    points = sliding_points(T, height=-0.10)
    moved = settle(points, np.zeros((T, 2), bool), np.tile([0, 0, 1.0], (T, 1)), 30.0, SettleTerms())
    assert (points[..., 1] + moved[:, None, 1] > -0.03).all()


def test_legs_reach_where_they_can_and_feet_keep_their_rotation():
    truth = walk(seconds=1.0)
    body = load_body()
    before = pose_body(body, truth.poses, truth.betas, truth.trans)
    moves = np.tile([[[0.03, 0.02, -0.04], [-0.02, 0.04, 0.03]]], (30, 1, 1))
    rotations = move_ankles(before.joints, before.joint_rotations_world, moves)
    from core.mesh_recovery.closed_form import local_axis_angles

    after = pose_body(body, local_axis_angles(rotations, body.parents), truth.betas, truth.trans)
    for side, ((hip, knee, ankle), toes) in enumerate(zip(LEGS, (10, 11), strict=True)):
        got = after.joints[:, ankle] - before.joints[:, ankle]
        assert np.abs(got - moves[:, side]).max() < 0.012  # a nearly straight leg may fall short
        assert np.median(np.abs(got - moves[:, side])) < 1e-4
        assert np.allclose(
            after.joints[:, toes] - after.joints[:, ankle], before.joints[:, toes] - before.joints[:, ankle]
        )
        assert np.allclose(after.joints[:, hip], before.joints[:, hip])
        assert np.linalg.norm(after.joints[:, knee] - before.joints[:, knee], axis=1).max() < 0.12


def test_legs_that_need_not_move_do_not():
    truth = walk(seconds=1.0)
    posed = pose_body(load_body(), truth.poses, truth.betas, truth.trans)
    got = move_ankles(posed.joints, posed.joint_rotations_world, np.zeros((30, 2, 3)))
    assert np.allclose(got, posed.joint_rotations_world, atol=0.01)
