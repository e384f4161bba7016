"""Smoothing by cutoff, outliers, contacts."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from support.people import walk

from core.body import load_body
from core.reconstruction.contacts import SOLES, STANDING_HEIGHTS_M, predict_contacts
from core.reconstruction.smoothing import robust_smooth, smooth, smooth_rotations, window


@pytest.mark.parametrize("fps", [24.0, 30.0, 60.0])
@pytest.mark.parametrize(("hz", "gain"), [(1.0, 1.0), (4.0, 0.5), (10.0, 0.05)])
def test_the_cutoff_is_in_hertz_at_any_rate(fps, hz, gain):
    times = np.arange(round(8 * fps)) / fps
    wave = np.sin(2 * np.pi * hz * times)[:, None]
    inner = slice(round(2 * fps), -round(2 * fps))
    got = smooth(wave, times, np.ones(len(times)), cutoff_hz=4.0)[inner]
    assert np.isclose(np.abs(got).max() / np.abs(wave[inner]).max(), gain, atol=0.05)


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
