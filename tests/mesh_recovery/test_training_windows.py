"""What the regressor sees: the right frames, turned to the person, whatever picture they are in."""

import numpy as np
import pytest
import torch
from support.people import INTRINSICS

from core.mesh_recovery.cameras import project
from core.mesh_recovery.training.batches import BatchSettings, BatchSource
from core.mesh_recovery.training.geometry import project_crop
from core.mesh_recovery.training.network import NetworkSettings
from core.mesh_recovery.training.poses import GROUPS, PoseSettings, pose_windows
from core.mesh_recovery.windows import FEATURES, make_windows, turned_to_person, window_frames

CLEAN = BatchSettings(strength=(0, 0), without_world=0, without_parts=0, hidden_limb=0, missing_frames=0)


def test_windows_are_cut_by_time_and_held_at_the_ends():
    times = np.arange(100) / 30
    frames = window_frames(times, 7, 1 / 30)
    assert frames[50].tolist() == [47, 48, 49, 50, 51, 52, 53]
    assert window_frames(times, 13, 1 / 30)[50].tolist() == [37, 42, 45, 47, 48, 49, 50, 51, 52, 53, 55, 58, 63]
    assert frames[0].tolist() == [0, 0, 0, 0, 1, 2, 3]
    assert frames[99].tolist() == [96, 97, 98, 99, 99, 99, 99]
    at_60 = window_frames(np.arange(200) / 60, 5, 1 / 30)
    assert at_60[100].tolist() == [96, 98, 100, 102, 104]
    assert window_frames(np.zeros(1), 5, 1 / 30).tolist() == [[0] * 5]


@pytest.mark.parametrize("place", [(0.0, 0.0, 4.0), (-1.5, 0.6, 4.0)])
def test_a_person_at_the_side_looks_as_one_straight_ahead(place):
    person = np.random.default_rng(0).uniform(-0.7, 0.7, (1, 33, 3))
    person -= person[:, 23:25].mean(axis=1, keepdims=True)
    _, turns = turned_to_person(_keypoints(np.zeros((1, 33, 3)) + place), INTRINSICS)
    tangents, again = turned_to_person(_keypoints(person @ turns[0].T + place), INTRINSICS)
    distance = np.linalg.norm(place)
    # the middle of the hips in the picture is not exactly the middle's picture: a fraction of a degree
    assert np.allclose(again, turns, atol=0.03)
    assert np.allclose(tangents, person[..., :2] / (distance + person[..., 2:]), atol=0.02)


def _keypoints(points):
    return np.concatenate([project(points, INTRINSICS), np.ones((*points.shape[:2], 1))], axis=-1)


def test_missing_keypoints_are_zeros_and_scale_does_not_heed_them():
    rng = np.random.default_rng(1)
    tangents, world = rng.normal(0, 0.1, (2, 3, 33, 2)), rng.normal(0, 0.3, (2, 3, 33, 3))
    visibility = np.ones((2, 3, 33))
    visibility[0, :, 15] = 0
    tangents[0, :, 15] = 50.0
    turns = np.tile(np.eye(3), (2, 3, 1, 1))
    got = make_windows(tangents, visibility, world, turns)
    frames = got.features[..., :-1].reshape(2, 3, 33, 6)
    assert not frames[0, :, 15].any()
    assert frames[1, :, 15].all()
    assert got.scale[0] < 0.3
    assert np.allclose(got.features[..., -1], 10 * got.scale[:, None])
    assert np.abs(frames).max() <= 4
    assert got.features.shape == (2, 3, FEATURES)


def test_batches_agree_with_their_truth():
    batch = BatchSource(0, NetworkSettings(window=5), CLEAN).draw(64)
    frames = batch.features[..., :-1].reshape(64, 5, 33, 6).numpy()
    assert np.allclose(frames[:, 2, :, :2], np.clip(batch.keypoints.numpy(), -4, 4), atol=1e-4)
    hips = batch.landmarks[:, 23:25].mean(dim=1, keepdim=True)
    about_hips = batch.landmarks - hips
    # the middle of the hips in the picture is not exactly the middle's picture: a fraction of a degree
    assert np.allclose(frames[:, 2, :, 3:] * 0.5, np.clip(about_hips.numpy(), -2, 2), atol=0.03)
    # some distance puts the camera where the person is seen as in the keypoints
    points = about_hips.repeat_interleave(300, dim=0)
    distance, unit = torch.linspace(1.5, 15, 300).repeat(64), batch.scale.repeat_interleave(300)
    camera = torch.stack([1 / (distance * unit), torch.zeros(19200), torch.zeros(19200)], dim=1)
    error = (project_crop(points, camera, unit) - batch.keypoints.repeat_interleave(300, dim=0)).abs().mean(dim=(1, 2))
    assert error.view(64, 300).min(dim=1).values.max() < 0.05


def test_same_seed_same_batches():
    a, b, c = (BatchSource(seed, NetworkSettings(window=3)).draw(16) for seed in (4, 4, 5))
    assert np.array_equal(a.features.numpy(), b.features.numpy())
    assert np.array_equal(a.rotations.numpy(), b.rotations.numpy())
    assert not np.array_equal(a.features.numpy(), c.features.numpy())


def test_poses_are_rotations_and_hinges_stay_on_their_side():
    poses = pose_windows(np.random.default_rng(6), PoseSettings(joint_noise=(0.4, 0.4)), 200, 3, 1 / 15)
    assert np.allclose((poses @ poses.mT).numpy(), np.eye(3), atol=1e-4)
    knees = poses[:, :, [4, 5]].numpy()
    flexion = np.arctan2(knees[..., 2, 1] - knees[..., 1, 2], knees[..., 1, 1] + knees[..., 2, 2])
    assert np.mean(flexion < -0.25) < 0.03


def test_joints_of_all_groups_are_the_body():
    assert sorted(joint for group in GROUPS for joint in group) == list(range(24))


def test_still_windows_do_not_move():
    poses = pose_windows(np.random.default_rng(7), PoseSettings(still=1.0), 20, 5, 1 / 15)
    assert np.abs((poses - poses[:, :1]).numpy()).max() < 1e-5
