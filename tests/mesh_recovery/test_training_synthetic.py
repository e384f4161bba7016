"""Synthetic tracks: exact without noise; with it as wrong as promised, and as lasting."""

from dataclasses import replace

import numpy as np
import pytest

from core.errors import BadInputError
from core.keypoints.skeletons import INDEX
from core.mesh_recovery.cameras import project
from core.mesh_recovery.training.noise import PERSON_M, corrupt, drift, spells
from core.mesh_recovery.training.synthetic import (
    CLIPS_HELD_OUT,
    CLIPS_TRAINED,
    IMAGE_SIZE,
    INTRINSICS,
    NoiseModel,
    clip_on_body,
    in_camera,
    observe,
    random_camera,
)
from core.metrics.limb_joints import LIMBS_IN_BLAZEPOSE
from core.metrics.procrustes import pa_mpjpe

QUIET = replace(NoiseModel(), outliers=0.0, drops=0.0, swaps=0.0)


def test_held_out_clips_are_never_trained_on():
    assert not set(CLIPS_HELD_OUT) & set(CLIPS_TRAINED)
    assert len(CLIPS_HELD_OUT) == 4


def test_a_clip_stands_on_the_ground_and_keeps_its_rate():
    motion = clip_on_body("walk", fps=24.0)
    assert motion.fps == 24.0
    assert np.allclose(np.diff(motion.times), 1 / 24)
    soles = motion.landmarks[:, 29:33, 1].min(axis=1)
    assert np.abs(np.percentile(soles, 5) - 0.012) < 0.01
    assert motion.contacts is not None
    assert motion.contacts.any(axis=0).all()


def test_an_unknown_clip_is_refused_with_the_known_ones():
    with pytest.raises(BadInputError, match="cartwheel"):
        clip_on_body("waltz")


def test_without_noise_the_track_is_the_projection_of_the_truth():
    motion = clip_on_body("kick")
    camera = random_camera(np.random.default_rng(3), motion)
    track = observe(motion, camera)
    seen = in_camera(motion.landmarks, camera)
    assert np.allclose(track.keypoints[..., :2], project(seen, INTRINSICS))
    assert (track.keypoints[..., 2] == 1).all()
    assert pa_mpjpe(track.world[:, LIMBS_IN_BLAZEPOSE], seen[:, LIMBS_IN_BLAZEPOSE]).max() < 1e-6
    hips = track.keypoints[:, 23:25, :2].mean(axis=1)
    assert np.allclose(track.world[:, 23:25].mean(axis=1), 0, atol=1e-9)
    assert (hips > 0).all()


def test_cameras_have_the_whole_motion_in_view():
    rng = np.random.default_rng(4)
    for name in CLIPS_HELD_OUT:
        motion = clip_on_body(name)
        track = observe(motion, random_camera(rng, motion))
        assert track.keypoints[..., :2].min() >= 0
        assert (track.keypoints[..., :2] <= IMAGE_SIZE).all()


def test_raw_world_landmarks_are_as_wrong_as_promised():
    rng = np.random.default_rng(5)
    errors = []
    for name in CLIPS_HELD_OUT:
        for _ in range(8):
            motion = clip_on_body(name, betas=rng.normal(0, 0.7, 10))
            camera = random_camera(rng, motion)
            noisy = observe(motion, camera, noise=NoiseModel(), rng=rng)
            errors.append(
                1000
                * pa_mpjpe(
                    noisy.world[:, LIMBS_IN_BLAZEPOSE], observe(motion, camera).world[:, LIMBS_IN_BLAZEPOSE]
                ).mean()
            )
    assert 75 < np.mean(errors) < 90


def test_keypoints_are_two_to_three_pixels_off_at_three_hundred():
    clean = np.zeros((200, 20, 33, 3)), np.zeros((200, 20, 33, 2))
    _, pixels, _ = corrupt(np.random.default_rng(6), QUIET, *clean, np.full((200, 20), 300.0), 1 / 30)
    assert 2.0 < pixels.std() < 3.0


def test_depth_is_worst_and_errors_last():
    world = np.zeros((300, 30, 33, 3))
    got, _, _ = corrupt(np.random.default_rng(7), QUIET, world, world[..., :2], np.full((300, 30), 300.0), 1 / 30)
    wrist = got[:, :, INDEX["left_wrist"]]
    assert wrist[..., 2].std() > 1.8 * wrist[..., :2].std()
    assert np.corrcoef(wrist[:, 10, 2], wrist[:, 15, 2])[0, 1] > 0.6
    hand, other = got[:, :, INDEX["left_index"], 2], got[:, :, INDEX["right_wrist"], 2]
    assert np.corrcoef(wrist[..., 2].ravel(), hand.ravel())[0, 1] > 0.8  # a limb errs as one
    assert np.corrcoef(wrist[..., 2].ravel(), other.ravel())[0, 1] < 0.5


def test_outliers_drops_and_swaps_come_at_their_rates():
    rng = np.random.default_rng(8)
    world = np.zeros((200, 40, 33, 3))
    world[..., 0] = np.arange(33)
    frames = np.full((200, 40), 300.0)
    rare = replace(NoiseModel(), world_m=0, world_jitter_m=0, pixels=0, depth_shrinks=(1.0, 1.0), swaps=0.0)
    got, pixels, visibility = corrupt(rng, rare, world, world[..., :2], frames, 1 / 30)
    off = np.linalg.norm(pixels - world[..., :2], axis=-1) > 1e-3
    assert 0.045 < (visibility < 0.1).mean() < 0.055
    assert 0.025 < (off & (visibility > 0.5)).mean() < 0.034
    swapping = replace(rare, outliers=0.0, drops=0.0, swaps=0.05)
    got, pixels, _ = corrupt(rng, swapping, world, world[..., :2], frames, 1 / 30)
    swapped = np.round(pixels[..., 25, 0]) == 26
    assert 0.07 < swapped.mean() < 0.12  # legs alone or all limbs
    assert np.array_equal(swapped, np.round(pixels[..., 31, 0]) == 32)
    assert np.allclose(got[swapped][:, 25, 0] - got[swapped][:, 26, 0], 1)  # picture and space together


def test_drift_and_spells_have_the_statistics_that_they_name():
    noise = drift(np.random.default_rng(9), (4000, 12), 0.1, 0.5)
    assert abs(noise.std() - 1) < 0.02
    assert abs(np.corrcoef(noise[:, 3], noise[:, 8])[0, 1] - np.exp(-1)) < 0.05
    on = spells(np.random.default_rng(10), (3000, 40), 0.05, 0.2, 0.25)
    assert abs(on.mean() - 0.2) < 0.01
    ends = (on[:, :-1] & ~on[:, 1:]).sum() / on[:, :-1].sum()
    assert abs(0.05 / ends - 0.25) < 0.02


def test_same_seed_same_track():
    motion = clip_on_body("kick")
    camera = random_camera(np.random.default_rng(0), motion)
    a, b, c = (observe(motion, camera, noise=NoiseModel(), rng=np.random.default_rng(s)) for s in (1, 1, 2))
    assert np.array_equal(a.keypoints, b.keypoints)
    assert np.array_equal(a.world, b.world)
    assert not np.array_equal(a.world, c.world)
    assert PERSON_M == 1.7
