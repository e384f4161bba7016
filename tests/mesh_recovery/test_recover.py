"""Bodies with known poses, turned into keypoints and back."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from support.people import BETAS, INTRINSICS, random_poses, track_of, walker_scene, without

from core.body import load_body
from core.body.kinematics import pose_body
from core.errors import BadInputError, NoPersonError
from core.mesh_recovery import MeshRecoverySettings, recover
from core.mesh_recovery.cameras import fit_translation, moved_onto_rays, project
from core.mesh_recovery.recover import landmarks_in_camera
from core.mesh_recovery.shape import bone_lengths, fit_betas, rest_landmarks


@pytest.fixture(scope="module")
def people():
    """60 random poses five metres before the camera: what is true, and what is recovered from clean keypoints."""
    body = load_body()
    trans = np.random.default_rng(3).uniform([-1, -0.3, 4], [1, 0.3, 6], (60, 3))
    truth = pose_body(body, random_poses(60), BETAS, trans)
    return truth, recover(track_of(truth.landmarks, 30.0))


def test_joints_come_back_within_centimetres(people):
    truth, got = people
    error = np.linalg.norm((got.joints - got.joints[:, :1]) - (truth.joints - truth.joints[:, :1]), axis=-1)
    assert error.mean() < 0.025
    assert error.max() < 0.10


def test_rotations_come_back_within_degrees(people):
    truth, got = people
    body = load_body()
    mine = pose_body(body, got.poses, got.betas, got.trans).joint_rotations_world
    off = Rotation.from_matrix((np.swapaxes(mine, -1, -2) @ truth.joint_rotations_world).reshape(-1, 3, 3)).magnitude()
    off = np.degrees(off).reshape(-1, 24)
    limbs = [1, 2, 4, 5, 16, 17, 18, 19]
    assert off[:, limbs].mean() < 5.0
    assert off.mean() < 6.0


def test_translation_comes_back_within_three_per_cent(people):
    truth, got = people
    off = np.linalg.norm(got.joints[:, 0] - truth.joints[:, 0], axis=1) / truth.joints[:, 0, 2]
    assert np.median(off) < 0.015
    assert off.max() < 0.03


def test_result_is_in_the_camera_with_its_intrinsics(people):
    _, got = people
    assert got.frame == "camera"
    assert got.contacts is None
    assert np.allclose(got.intrinsics, INTRINSICS)
    assert np.isfinite(got.landmarks).all()


def test_focal_length_of_the_settings_counts():
    scene = walker_scene(seconds=0.2)
    got = recover(scene.track, MeshRecoverySettings(focal_length_px=3000.0))
    assert got.intrinsics[0, 0] == got.intrinsics[1, 1] == 3000.0
    assert got.trans[0, 2] > 1.8 * recover(scene.track).trans[0, 2]


def test_shape_follows_bone_lengths():
    body = load_body()
    tall, short = (rest_landmarks(body, np.array([b] + 9 * [0.0]))[None] for b in (1.5, -1.5))
    for wanted in (tall, short):
        got = rest_landmarks(body, fit_betas(body, wanted, sigma=0.005))
        assert np.abs(bone_lengths(got) - bone_lengths(wanted[0])).max() < 0.01


def test_shape_of_impossible_bones_stays_a_body():
    body = load_body()
    betas = fit_betas(body, 3.0 * rest_landmarks(body, np.zeros(10))[None])
    assert np.abs(betas).max() <= 4.0


def test_straight_limbs_get_no_twist_from_noise():
    body = load_body()
    rest = pose_body(body, np.tile([np.pi, 0, 0] + 69 * [0.0], (40, 1)), np.zeros(10), np.tile([0, 0, 5.0], (40, 1)))
    got = recover(track_of(rest.landmarks, 30.0, metres=0.004))
    poses = got.poses.reshape(-1, 24, 3)
    assert np.abs(poses[:, [1, 2], 1]).max() < np.radians(12)  # about the thigh's own length
    assert np.abs(poses[:, [16, 17], 0]).max() < np.radians(12)  # about the upper arm's


def test_missing_frames_hold_the_nearest_pose():
    scene = walker_scene(seconds=0.5)
    got = recover(without(scene.track, [0, 1, 5, 6, 7]))
    assert np.isfinite(got.poses).all()
    assert np.isfinite(got.trans).all()
    assert np.array_equal(got.poses[0], got.poses[2])
    assert np.array_equal(got.trans[1], got.trans[2])
    assert np.array_equal(got.poses[5], got.poses[4])
    assert np.array_equal(got.poses[7], got.poses[8])
    assert not np.array_equal(got.poses[4], got.poses[8])


@pytest.mark.parametrize("frames", [1, 2])
def test_very_short_tracks(frames):
    got = recover(walker_scene(seconds=frames / 30).track)
    assert len(got) == frames
    assert np.isfinite(got.joints).all()


def test_nobody_and_nan_are_refused():
    track = walker_scene(seconds=0.2).track
    with pytest.raises(NoPersonError, match="none of the 6"):
        recover(without(track, slice(None)))
    world = track.world.copy()
    world[2, 5, 1] = np.nan
    with pytest.raises(BadInputError, match="world"):
        recover(replace(track, world=world))


def test_an_empty_track_is_refused():
    track = walker_scene(seconds=0.1).track
    empty = {n: getattr(track, n)[:0] for n in ("times", "keypoints", "world", "boxes")}
    with pytest.raises(NoPersonError):
        recover(replace(track, **empty))


def test_a_few_wrong_keypoints_hardly_move_the_body():
    scene = walker_scene(seconds=0.3)
    keypoints = scene.track.keypoints.copy()
    keypoints[:, [15, 27], :2] += 150
    clean, wrong = recover(scene.track), recover(replace(scene.track, keypoints=keypoints))
    assert np.abs(clean.trans - wrong.trans).max() < 0.12


def test_translation_is_exact_for_exact_points():
    points = np.random.default_rng(4).uniform(-0.8, 0.8, (5, 33, 3))
    t = np.array([[0.5, -0.2, 4.0]] * 5)
    pixels = project(points + t[:, None], INTRINSICS)
    assert np.allclose(fit_translation(points, pixels, np.ones((5, 33)), INTRINSICS), t, atol=1e-6)
    assert np.allclose(fit_translation(points, pixels, np.zeros((5, 33)), INTRINSICS), t, atol=1e-6)


def test_a_crop_off_the_middle_is_seen_from_its_own_ray():
    body = load_body()
    pose = random_poses(1)
    truth = pose_body(body, np.repeat(pose, 2, 0), BETAS, np.array([[-1.8, 0.0, 4.0], [1.8, 0.0, 4.0]]))
    track = track_of(truth.landmarks, 30.0)
    aware = recover(track, MeshRecoverySettings(pixel_trust=0.0))
    plain = recover(track, MeshRecoverySettings(pixel_trust=0.0, seen_from_ahead=False))
    turned = [Rotation.from_rotvec(m.poses[:, :3].copy()).as_matrix() for m in (aware, plain)]
    same, off = (np.degrees(Rotation.from_matrix(R[0].T @ R[1]).magnitude()) for R in turned)
    assert same < 3
    assert off > 40


def test_points_go_onto_their_rays_at_their_depth():
    rng = np.random.default_rng(5)
    truth = rng.uniform(-0.8, 0.8, (4, 33, 3))
    t = np.array([[0.5, -0.2, 4.0]] * 4)
    pixels = project(truth + t[:, None], INTRINSICS)
    wrong = truth + np.concatenate([rng.normal(0, 0.05, (4, 33, 2)), np.zeros((4, 33, 1))], axis=-1)
    ones = np.ones((4, 33))
    got = moved_onto_rays(wrong, pixels, ones, ones, INTRINSICS)
    assert np.linalg.norm(got - truth, axis=-1).mean() < 0.5 * np.linalg.norm(wrong - truth, axis=-1).mean()
    assert np.allclose(got[..., 2], wrong[..., 2])
    assert np.array_equal(moved_onto_rays(wrong, pixels, 0 * ones, ones, INTRINSICS), wrong)


def test_progress_runs_to_the_end():
    seen = []
    recover(walker_scene(seconds=0.1).track, progress=lambda fraction, message: seen.append(fraction))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_feet_without_keypoints_go_along_with_the_ankle():
    """Skeletons without feet: world landmarks that lie 10 cm beside their keypoints must not tear the feet off."""
    body = load_body()
    truth = pose_body(body, random_poses(20), BETAS, np.tile([0.0, 0.0, 5.0], (20, 1)))
    track = track_of(truth.landmarks, 30.0)
    keypoints, world = track.keypoints.copy(), track.world.copy()
    keypoints[:, 29:, 2] = 0
    world[:, 25:] += [0.1, 0.0, 0.0]
    track = replace(track, keypoints=keypoints, world=world)
    settings = MeshRecoverySettings()
    seen = landmarks_in_camera(track, np.arange(20), INTRINSICS, settings)
    feet, true_feet = (points[:, 29:] - points[:, [27, 28, 27, 28]] for points in (seen, truth.landmarks))
    assert np.abs(feet - true_feet).max() < 0.03
