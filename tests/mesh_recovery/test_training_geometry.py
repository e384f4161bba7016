"""Torch's body, rotations and camera against the house's own."""

from dataclasses import replace

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from core.body import load_body
from core.body.kinematics import pose_body
from core.mesh_recovery.cameras import project
from core.mesh_recovery.training.answering import MIRRORED_JOINTS, Exported
from core.mesh_recovery.training.batches import BatchSettings, BatchSource
from core.mesh_recovery.training.body_axes import (
    BONES,
    DERIVED,
    derived,
    foreshortened,
    on_rays,
    rest_lengths,
    taken_apart,
)
from core.mesh_recovery.training.geometry import (
    TorchBody,
    matrix_from_6d,
    matrix_from_rotation_vector,
    project_crop,
)
from core.mesh_recovery.training.network import NetworkSettings, Regressor, mean_theta, parts

CLEAN = BatchSettings(strength=(0, 0), without_world=0, without_parts=0, hidden_limb=0, missing_frames=0)


def test_six_numbers_become_the_rotation_whose_columns_they_are():
    R = torch.tensor(Rotation.random(20, rng=0).as_matrix(), dtype=torch.float32)
    six = R[..., :2].transpose(-1, -2).reshape(-1, 6)
    assert torch.allclose(matrix_from_6d(six), R, atol=1e-6)
    squashed = matrix_from_6d(six * 3.0)
    assert torch.allclose(squashed, R, atol=1e-6)
    any_numbers = matrix_from_6d(torch.randn(50, 6, generator=torch.manual_seed(0)))
    assert torch.allclose(any_numbers @ any_numbers.mT, torch.eye(3).expand(50, 3, 3), atol=1e-5)
    assert torch.allclose(torch.linalg.det(any_numbers), torch.ones(50), atol=1e-5)


def test_rotation_vectors_agree_with_scipy():
    vectors = np.concatenate([np.random.default_rng(1).normal(0, 1.5, (30, 3)), np.zeros((1, 3))])
    got = matrix_from_rotation_vector(torch.tensor(vectors, dtype=torch.float32)).numpy()
    assert np.allclose(got, Rotation.from_rotvec(vectors).as_matrix(), atol=1e-5)


def test_torch_body_agrees_with_the_body():
    rng = np.random.default_rng(2)
    poses, betas = rng.normal(0, 0.5, (2, 3, 72)), rng.normal(0, 1, (2, 10))
    local = Rotation.from_rotvec(poses.reshape(-1, 3)).as_matrix().reshape(2, 3, 24, 3, 3)
    joints, landmarks = TorchBody(load_body()).pose(
        torch.tensor(local, dtype=torch.float32), torch.tensor(betas, dtype=torch.float32)
    )
    for b in range(2):
        truth = pose_body(load_body(), poses[b], betas[b], np.zeros((3, 3)))
        assert np.allclose(joints[b].numpy(), truth.joints, atol=1e-5)
        assert np.allclose(landmarks[b].numpy(), truth.landmarks, atol=1e-5)


def test_crop_camera_is_the_pinhole_at_the_depth_of_its_scale():
    points = np.random.default_rng(3).uniform(-0.8, 0.8, (1, 9, 3))
    t = np.array([0.1, -0.2, 5.0])
    intrinsics = np.eye(3)  # pixels are tangents
    unit = 0.07
    seen = project(points + t, intrinsics) / unit
    s = 1 / (t[2] * unit)
    camera = torch.tensor([[s, t[0], t[1]]], dtype=torch.float32)
    got = project_crop(torch.tensor(points, dtype=torch.float32), camera, torch.tensor([unit]))
    assert np.allclose(got.numpy(), seen, atol=1e-4)
    weak = project_crop(torch.tensor(points, dtype=torch.float32), camera, torch.zeros(1)).numpy()
    assert np.allclose(weak, s * (points[..., :2] + t[:2]), atol=1e-4)


def test_feedback_starts_at_the_mean_upright_before_the_camera():
    camera, rotations, betas = parts(mean_theta()[None])
    assert camera.tolist() == [[np.float32(0.9), 0.0, 0.0]]
    assert torch.allclose(rotations[0, 0], torch.diag(torch.tensor([1.0, -1.0, -1.0])))
    assert torch.allclose(rotations[0, 1:], torch.eye(3).expand(23, 3, 3))
    assert not betas.any()
    answers = Regressor()(torch.zeros(2, 13, 199))
    assert len(answers) == 3
    assert (answers[0] - mean_theta()).abs().max() < 0.2


def test_the_mirror_image_gets_the_mirrored_answer():
    torch.manual_seed(5)
    exported = Exported(Regressor()).eval()
    features = torch.randn(3, 13, 199)
    with torch.no_grad():
        root, body, betas, camera = exported(features)
        other_root, other_body, other_betas, other_camera = exported(exported.mirror(features))
    back = exported.mirror_rotations(torch.cat([other_root, other_body], dim=1))
    assert torch.allclose(back, torch.cat([root, body], dim=1), atol=1e-5)
    assert torch.allclose(betas, other_betas, atol=1e-6)
    assert torch.allclose(camera, other_camera * torch.tensor([1.0, -1.0, 1.0]), atol=1e-6)
    assert torch.allclose(torch.linalg.det(body), torch.ones(3, 23), atol=1e-5)


def test_mirrored_truth_is_the_truth_of_the_mirror_image():
    exported = Exported(Regressor())
    R = torch.tensor(Rotation.random(48, rng=6).as_matrix(), dtype=torch.float32).view(2, 1, 24, 3, 3)
    body = TorchBody(load_body())
    seen, mirrored = (
        body.pose(r, torch.zeros(2, 10))[0][:, 0] for r in (R, exported.mirror_rotations(R[:, 0])[:, None])
    )
    flipped = seen[:, list(MIRRORED_JOINTS)] * torch.tensor([-1.0, 1.0, 1.0])
    assert torch.allclose(mirrored, flipped, atol=2e-3)  # the rest skeleton is symmetric to a millimetre


def test_bones_lean_out_of_the_picture_as_far_as_they_look_short():
    batch = BatchSource(0, NetworkSettings(window=3), CLEAN).draw(64)
    seen = taken_apart(batch.features)
    assert (seen.depth.flatten() - 0.6).min() > 0
    bones, leaning = foreshortened(seen, on_rays(seen), rest_lengths())
    start, end = torch.tensor(BONES).T
    truth = torch.nn.functional.normalize(batch.landmarks[:, end] - batch.landmarks[:, start], dim=-1)
    got = torch.nn.functional.normalize(bones[:, 1], dim=-1)
    off = torch.rad2deg(torch.arccos((got * truth).sum(-1).clamp(-1, 1)))
    assert off.median() < 5
    assert (leaning >= 0).all()
    assert (leaning <= 1).all()


def test_what_is_derived_is_finite_where_nothing_is_known():
    got = derived(torch.zeros(2, 3, 199), rest_lengths())
    assert got.shape == (2, 3, DERIVED)
    assert torch.isfinite(got).all()


def test_the_distance_is_seen_in_size_and_landmarks_lie_on_their_rays():
    batch = BatchSource(1, NetworkSettings(window=3), replace(CLEAN, focal_deviation=0.0)).draw(64)
    seen = taken_apart(batch.features)
    hips = batch.landmarks[:, 23:25].mean(dim=1, keepdim=True)
    assert (on_rays(seen)[:, 1] - (batch.landmarks - hips)).abs().median() < 0.005
    across = (batch.landmarks - hips)[..., :2] / (seen.depth[:, 0] + (batch.landmarks - hips)[..., 2:])
    assert (across / batch.scale[:, None, None] - batch.keypoints).abs().median() < 0.01
