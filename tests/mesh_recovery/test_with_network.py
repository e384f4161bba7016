"""A whole clip through networks whose answers are known: rotations in their axes, cameras in pixels."""

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from support.hmr_networks import write_keypoint_network, write_network
from support.people import BETAS, IMAGE, INTRINSICS, random_poses, track_of, without

from core.body import load_body
from core.body.kinematics import pose_body
from core.body.rotations import matrix_from_axis_angle
from core.errors import BadInputError, NoPersonError
from core.mesh_recovery.cameras import project, turns_to_rays
from core.mesh_recovery.recover import MeshRecoverySettings
from core.mesh_recovery.shape import bone_lengths
from core.mesh_recovery.with_network import recover_with_network
from core.motion import Clip
from core.notices import collecting

T = 7
F = INTRINSICS[0, 0]
SMPL_PELVIS = np.array([-0.0018, -0.2233, 0.0282])


@dataclass(frozen=True)
class PlainClip(Clip):
    """Grey frames; frame i has the brightness 20 i."""

    def frames(self):
        for i in range(len(self)):
            yield np.full((self.height, self.width, 3), 20 * i, np.uint8)


CLIP = PlainClip(path=None, fps=30.0, times=np.arange(T) / 30, width=int(IMAGE[0]), height=int(IMAGE[1]))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def person():
    """Somebody who stands still, off to the left and below the middle, five metres away: (truth, poses, track)."""
    poses = np.tile(random_poses(1, seed=5), (T, 1))
    trans = np.tile([-1.6, 0.5, 5.0], (T, 1))
    truth = pose_body(load_body(), poses, BETAS, trans)
    return truth, poses, track_of(truth.landmarks, 30.0)


def rotations_of(poses) -> np.ndarray:
    return matrix_from_axis_angle(poses[0].reshape(24, 3))


def test_hmr2_turns_the_body_from_the_crops_axes_to_the_pictures(tmp_path, person):
    truth, poses, track = person
    box = track.boxes[0]
    middle, side = (box[:2] + box[2:]) / 2, 1.1 * max((box[2] - box[0]) * 256 / 192, box[3] - box[1])
    turn = turns_to_rays(middle[None], INTRINSICS)[0]
    in_crop = rotations_of(poses).copy()
    in_crop[0] = turn.T @ in_crop[0]
    scale = 2 * F / (side * 5.0)
    camera = [scale, *((project(truth.joints[0, 0], INTRINSICS) - middle) / (side / 2) / scale)]
    outputs = {"global_orient": in_crop[:1], "body_pose": in_crop[1:], "betas": np.ones(10), "pred_cam": camera}
    folder = write_network(tmp_path, {"family": "hmr2", "pelvis": [0, 0, 0]}, outputs, image=(3, 256, 256))
    with collecting() as notices:
        got = recover_with_network(CLIP, track, folder)
    assert (got.frame, got.body_model) == ("camera", "understudy-cc0")
    assert np.allclose(got.intrinsics, INTRINSICS)
    off = Rotation.from_matrix(rotations_of(got.poses).swapaxes(1, 2) @ rotations_of(poses)).magnitude()
    assert np.degrees(off).max() < 0.01
    # The same body comes to the same place: the camera was right, so is the depth.
    assert np.abs(got.joints - truth.joints).max() < 0.05
    assert np.linalg.norm(project(got.landmarks, INTRINSICS) - track.keypoints[..., :2], axis=-1).max() < 3.0
    # Shapes of another body mean nothing here: bone lengths decide, and the person is told.
    assert np.abs(bone_lengths(got.landmarks[0]) / bone_lengths(truth.landmarks[0]) - 1).max() < 0.06
    assert "bone lengths" in notices[0]


@pytest.mark.parametrize("family", ["hmr2", "cliff", "spin", "hmr"])
def test_the_pelvis_lands_at_the_networks_pixel(tmp_path, person, family):
    """x_crop = s (X + tx) in a crop of side b about m is the pixel m + b/2 s (X + tx), X being SMPL's pelvis."""
    _, poses, track = person
    box, sure = track.boxes[0], track.keypoints[0, :, :2]
    width, height = np.ptp(sure, axis=0)
    middle = (box[:2] + box[2:]) / 2
    side = {
        "hmr2": 1.1 * max(width * 4 / 3, height),
        "cliff": 1.2 * max(width * 4 / 3, height),
        "spin": 1.2 * max(width, height),
        "hmr": np.hypot(width, height) * 224 / 150,
    }[family]
    camera = np.array([0.8, 0.11, 0.23])
    size = {"hmr2": (256, 256), "cliff": (256, 192)}.get(family, (224, 224))
    outputs = {"rotations": rotations_of(poses), "betas": np.zeros(10), "pred_cam": camera}
    folder = write_network(tmp_path, {"family": family}, outputs, image=(3, *size))
    got = recover_with_network(CLIP, track, folder)
    pelvis = project(got.joints[:, 0], INTRINSICS)
    expected = middle + side / 2 * camera[0] * (SMPL_PELVIS[:2] + camera[1:])
    # The weak perspective knows no depth; SMPL's pelvis lies 2.8 cm behind its origin, which is less than half a pixel.
    assert np.abs(pelvis - expected).max() < 0.01 * np.abs(expected - INTRINSICS[:2, 2]).max()
    flat = write_network(tmp_path / "flat", {"family": family, "pelvis": [*SMPL_PELVIS[:2], 0]}, outputs, (3, *size))
    pelvis = project(recover_with_network(CLIP, track, flat).joints[:, 0], INTRINSICS)
    assert np.allclose(pelvis, expected, atol=1e-3)


def test_cliffs_rotations_are_the_pictures_and_it_is_told_where_its_crop_lies(tmp_path, person):
    _, poses, track = person
    outputs = {"rotations": rotations_of(poses), "betas": np.zeros(10), "pred_cam": [0.9, 0, 0]}
    manifest = {"family": "cliff", "outputs": {"camera": "pred_cam", "pelvis": "seen_info"}}
    folder = write_network(tmp_path, manifest, outputs, (3, 256, 192), bbox_info="seen_info")
    box = track.boxes[0]
    middle, side = (box[:2] + box[2:]) / 2, 1.2 * max((box[2] - box[0]) * 4 / 3, box[3] - box[1])
    tx, ty = (middle - INTRINSICS[:2, 2]) / F * 2.8
    info = np.array([tx, ty, (side / F - 0.24) / 0.06])
    got = recover_with_network(CLIP, track, folder)
    assert np.allclose(rotations_of(got.poses), rotations_of(poses), atol=1e-5)
    # The network repeats its input as the pelvis, which the body then stands at: so the input can be read off.
    bs = side * 0.9
    expected = np.array([*(2 * (middle - INTRINSICS[:2, 2]) / bs), 2 * F / bs]) + info
    assert np.allclose(project(got.joints[:1, 0], INTRINSICS), project(expected[None], INTRINSICS), atol=1e-2)
    paper = {**manifest, "bbox_info": "paper"}
    (folder / "manifest.json").write_text(json.dumps(paper))
    plain = np.array([*((middle - INTRINSICS[:2, 2]) / F), side / F])
    got = recover_with_network(CLIP, track, folder)
    expected = expected - info + plain
    assert np.allclose(project(got.joints[:1, 0], INTRINSICS), project(expected[None], INTRINSICS), atol=1e-2)


def test_frames_reach_the_network_in_order_and_gaps_are_filled(tmp_path, person):
    """The network repeats the crop's colour as the pelvis: frame i has the brightness 20 i."""
    _, poses, track = person
    outputs = {"rotations": rotations_of(poses), "betas": np.zeros(10), "pred_cam": [0.9, 0, 0]}
    manifest = {"family": "hmr", "crop": "letterbox", "border": "edge", "body_model": "understudy-cc0"}
    manifest["outputs"] = {"camera": "pred_cam", "pelvis": "colour"}
    folder = write_network(tmp_path, manifest, outputs, colour="colour")
    gap = without(track, [0, 3])
    settings = MeshRecoverySettings(network_batch=2)
    got = recover_with_network(CLIP, gap, folder, settings)
    seen = np.array([1, 1, 2, 2, 4, 5, 6])
    tz = 2 * F / (0.9 * IMAGE.max())
    assert np.allclose(got.joints[:, 0], 2 * (20 * seen / 255)[:, None] - 1 + [0, 0, tz], atol=0.01)
    one = write_network(tmp_path / "one", manifest, outputs, colour="colour", batch=1)
    assert np.allclose(recover_with_network(CLIP, gap, one, settings).trans, got.trans, atol=1e-5)


def test_keypoints_are_enough_for_a_network_that_sees_them(tmp_path, person):
    truth, poses, track = person
    hips = track.keypoints[0, 23:25, :2].mean(axis=0)
    turned = rotations_of(poses).copy()
    turned[0] = turns_to_rays(hips[None], INTRINSICS)[0].T @ turned[0]
    folder = write_keypoint_network(tmp_path, {"rotations": turned[:, :, :2].reshape(24, 6), "betas": BETAS})
    with collecting() as notices:
        got = recover_with_network(None, track, folder)
    assert notices == []
    assert np.allclose(got.betas, BETAS, atol=1e-6)
    assert np.abs(got.joints - truth.joints).max() < 0.01


def test_a_clip_that_is_too_short_and_a_track_without_the_person(tmp_path, person):
    _, poses, track = person
    outputs = {"rotations": rotations_of(poses), "betas": np.zeros(10), "pred_cam": [0.9, 0, 0]}
    folder = write_network(tmp_path, {"family": "spin"}, outputs)
    with pytest.raises(BadInputError, match="should have the 7 frames of its track"):
        recover_with_network(replace(CLIP, times=np.arange(3) / 30), track, folder)
    with pytest.raises(NoPersonError):
        recover_with_network(CLIP, without(track, slice(None)), folder)
    with pytest.raises(BadInputError, match="sees pixels"):
        recover_with_network(None, track, folder)


def test_numbers_that_go_wrong_only_in_use_are_caught(tmp_path, person):
    """Grey is zero for this network, anything brighter is more than float32 holds."""
    _, poses, track = person
    outputs = {"rotations": rotations_of(poses), "betas": np.zeros(10), "pred_cam": [0.9, 0, 0]}
    manifest = {"family": "hmr", "mean": [0, 0, 0], "std": [1e-38] * 3, "outputs": {"camera": "pred_cam"}}
    folder = write_network(tmp_path, manifest, outputs)
    with pytest.raises(BadInputError, match="rotations should be finite numbers"):
        recover_with_network(CLIP, track, folder)
