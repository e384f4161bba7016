"""The walker on a plane, whose truth is known, from noisy keypoints to a motion in the world."""

from dataclasses import replace

import numpy as np
import pytest
from support.people import Scene, seen_by, walker_scene, without

from core.errors import BadInputError, NoPersonError
from core.mesh_recovery import recover
from core.metrics import plausibility
from core.motion import BodyMotion
from core.reconstruction import place_in_world, reconstruct
from core.reconstruction.contacts import SOLES


@pytest.fixture(scope="module")
def noisy():
    """The scene, the body frame by frame placed in the world, and the reconstruction."""
    scene = walker_scene(pixels=2.0, metres=0.02)
    hmr = recover(scene.track)
    motion = reconstruct(scene.track, hmr)
    return scene, place_in_world(hmr, motion.camera_in_world), motion


def joint_error(scene: Scene, motion: BodyMotion) -> float:
    """Mean distance in m of pelvis-centred joints, both in their own camera's axes."""
    truth = seen_by(scene.truth.joints, scene.camera_in_world)
    mine = np.einsum("tji,tnj->tni", motion.camera_in_world[:, :3, :3], motion.joints)
    return float(np.linalg.norm((mine - mine[:, :1]) - (truth - truth[:, :1]), axis=-1).mean())


def test_noise_shrinks(noisy):
    scene, frame_by_frame, motion = noisy
    before, after = (plausibility(m, scene.track, motion.contacts) for m in (frame_by_frame, motion))
    assert after["jitter"] < 0.15 * before["jitter"]
    assert joint_error(scene, motion) < 0.8 * joint_error(scene, frame_by_frame)
    assert after["keypoint_error_px"] < before["keypoint_error_px"] + 2


def test_feet_stand_on_the_ground(noisy):
    scene, frame_by_frame, motion = noisy
    before, after = (plausibility(m, scene.track, motion.contacts) for m in (frame_by_frame, motion))
    assert after["foot_slide_cm_s"] < 15 < before["foot_slide_cm_s"]
    assert after["penetration_mm"] < 8
    assert after["float_mm"] < 10


def test_contacts_are_those_of_the_walker(noisy):
    scene, _, motion = noisy
    feet = [motion.contacts[:, :2].any(1), motion.contacts[:, 2:].any(1)]
    truth = [scene.truth.contacts[:, 0], scene.truth.contacts[:, 2]]
    assert np.mean([(f == t).mean() for f, t in zip(feet, truth, strict=True)]) > 0.8


def test_world_is_level_and_starts_at_the_origin(noisy):
    scene, _, motion = noisy
    tilt = motion.camera_in_world[0, 1, :3] @ (scene.camera_in_world[:3, :3].T @ [0, 1, 0])
    assert np.degrees(np.arccos(tilt)) < 1.0
    assert np.isclose(motion.camera_in_world[0, 1, 3], 1.6, atol=0.12)
    assert motion.frame == "world"
    assert np.allclose(motion.joints[0, 0, [0, 2]], 0, atol=1e-6)
    assert 0.8 < motion.joints[:, 0, 1].mean() < 1.05
    R = motion.camera_in_world[:, :3, :3]
    assert np.allclose(R @ np.swapaxes(R, 1, 2), np.eye(3))
    assert np.allclose(np.linalg.det(R), 1)
    assert (motion.camera_in_world[:, 2, 2] < -0.9).all()  # the camera looks along -z


def test_path_is_the_walkers(noisy):
    scene, _, motion = noisy
    mine, truth = (m.joints[:, 0, [0, 2]] - m.joints[0, 0, [0, 2]] for m in (motion, scene.truth))
    assert np.linalg.norm(mine - truth, axis=1).mean() < 0.25


def test_landmarks_and_joints_are_the_bodys(noisy):
    from core.body import load_body
    from core.body.kinematics import pose_body

    _, _, motion = noisy
    posed = pose_body(load_body(), motion.poses, motion.betas, motion.trans)
    assert np.allclose(posed.joints, motion.joints)
    assert np.allclose(posed.landmarks, motion.landmarks)


def test_gaps_and_outliers_are_bridged():
    scene = walker_scene(pixels=1.0, metres=0.005, seconds=2.0)
    world = scene.track.world.copy()
    world[25:27] = world[25:27, ::-1]  # two frames of garbage
    track = without(replace(scene.track, world=world), slice(40, 46))
    motion = reconstruct(track, recover(track))
    truth = seen_by(scene.truth.joints, scene.camera_in_world)
    mine = np.einsum("tji,tnj->tni", motion.camera_in_world[:, :3, :3], motion.joints)
    error = np.linalg.norm((mine - mine[:, :1]) - (truth - truth[:, :1]), axis=-1).mean(axis=1)
    assert error[24:28].max() < 0.08
    assert error[40:46].max() < 0.12


def test_legs_swapped_as_the_clip_begins_do_not_pull_the_body_over():
    """Nothing before tells that they are swapped; the network, which looks at what follows, knows better."""
    scene = walker_scene(pixels=1.0, metres=0.005, seconds=1.0)
    left, right = [25, 27, 29, 31], [26, 28, 30, 32]
    keypoints = scene.track.keypoints.copy()
    keypoints[:2, left + right] = keypoints[:2, right + left]
    motion = reconstruct(replace(scene.track, keypoints=keypoints), recover(scene.track))
    truth = seen_by(scene.truth.joints, scene.camera_in_world)
    mine = np.einsum("tji,tnj->tni", motion.camera_in_world[:, :3, :3], motion.joints)
    error = np.linalg.norm((mine - mine[:, :1]) - (truth - truth[:, :1]), axis=-1).mean(axis=1)
    assert error[:2].max() < 2 * error[5:].mean()


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 5])
def test_very_short_motions(frames):
    scene = walker_scene(seconds=frames / 30)
    motion = reconstruct(scene.track, recover(scene.track))
    assert len(motion) == frames
    assert motion.contacts.shape == (frames, 4)
    for name in ("poses", "trans", "joints", "landmarks", "camera_in_world"):
        assert np.isfinite(getattr(motion, name)).all()
    assert abs(motion.landmarks[:, SOLES, 1].min()) < 0.08


def test_what_does_not_belong_together_is_refused():
    scene = walker_scene(seconds=0.5)
    hmr = recover(scene.track)
    with pytest.raises(BadInputError, match="same frames"):
        reconstruct(walker_scene(seconds=0.2).track, hmr)
    with pytest.raises(BadInputError, match="camera coordinates"):
        reconstruct(scene.track, place_in_world(hmr, np.eye(4)))
    with pytest.raises(BadInputError, match="poses"):
        reconstruct(scene.track, replace(hmr, poses=hmr.poses * np.nan))
    with pytest.raises(NoPersonError):
        reconstruct(without(scene.track, slice(None)), hmr)


def test_the_same_answer_twice():
    scene = walker_scene(pixels=1.0, metres=0.01, seconds=1.0)
    hmr = recover(scene.track)
    assert np.array_equal(reconstruct(scene.track, hmr).poses, reconstruct(scene.track, hmr).poses)
