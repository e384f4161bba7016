"""The regressor that ships, on people whose truth is known."""

import json
from dataclasses import replace

import numpy as np
import pytest
from support.people import walker_scene, without

from core.errors import NoPersonError
from core.keypoints.skeletons import INDEX, SYMMETRIC_PAIRS
from core.mesh_recovery.contract import read_manifest
from core.mesh_recovery.embedded import recover_embedded, regressor_folder
from core.mesh_recovery.network import HmrNetwork
from core.mesh_recovery.training.clips import CLIPS_HELD_OUT, CLIPS_TRAINED, clip_on_body
from core.mesh_recovery.training.measuring import pa_mm
from core.mesh_recovery.training.noise import NoiseModel
from core.mesh_recovery.training.synthetic import in_camera, observe, random_camera
from core.metrics.limb_joints import LIMBS_IN_BLAZEPOSE


def seen(name, noise=None, seed=0, betas=None):
    """(track, true landmarks in camera axes) of a clip before a camera of the seed."""
    rng = np.random.default_rng(seed)
    motion = clip_on_body(name, betas=betas)
    camera = random_camera(rng, motion)
    return observe(motion, camera, noise=noise, rng=rng), in_camera(motion.landmarks, camera)


def test_it_is_a_model_folder_of_the_contract_and_small():
    folder = regressor_folder()
    assert read_manifest(folder).family == "keypoints"
    assert HmrNetwork(folder).window == 13
    assert (folder / "model.onnx").stat().st_size <= 6_000_000
    trained_on = json.loads((folder / "curves.json").read_text())
    assert trained_on["curves"][-1]["validation_pa_mm"] < trained_on["curves"][0]["validation_pa_mm"] - 10


def test_a_clean_walk_comes_back_within_centimetres():
    track, truth = seen("walk", betas=np.array([0.8, -0.5] + 8 * [0.0]))
    got = recover_embedded(track)
    assert got.frame == "camera"
    assert pa_mm(got.landmarks, truth[:, LIMBS_IN_BLAZEPOSE]) < 40
    hips = np.linalg.norm(got.landmarks[:, 23:25].mean(1) - truth[:, 23:25].mean(1), axis=1) / truth[:, 23:25, 2].mean()
    assert np.median(hips) < 0.06


@pytest.mark.parametrize("name", CLIPS_HELD_OUT)
def test_unseen_clips_under_noise_are_better_than_their_raw_landmarks(name):
    found = []
    for seed in (1, 2):
        track, truth = seen(name, NoiseModel(), seed)
        limbs = truth[:, LIMBS_IN_BLAZEPOSE]
        found.append((pa_mm(recover_embedded(track).landmarks, limbs), pa_mm(track.world, limbs)))
    ours, raw = np.mean(found, axis=0)
    assert ours < 0.65 * raw


def test_swapped_legs_hardly_show():
    track, truth = seen("walk")
    order = np.arange(33)
    for left, right in SYMMETRIC_PAIRS:
        if left >= INDEX["left_hip"]:
            order[[left, right]] = right, left
    keypoints, world = track.keypoints.copy(), track.world.copy()
    frames = slice(14, 18)
    keypoints[frames], world[frames] = keypoints[frames][:, order], world[frames][:, order]
    got = recover_embedded(replace(track, keypoints=keypoints, world=world))
    limbs = truth[frames, LIMBS_IN_BLAZEPOSE]
    assert pa_mm(world[frames], limbs) > 60
    assert pa_mm(got.landmarks[frames], limbs) < 25


def test_frames_without_the_person_are_held_and_nobody_is_an_error():
    track = walker_scene(seconds=0.5).track
    got = recover_embedded(without(track, [0, 1, 7]))
    assert np.array_equal(got.poses[0], got.poses[2])
    assert np.array_equal(got.poses[7], got.poses[6])
    assert np.isfinite(got.poses).all()
    with pytest.raises(NoPersonError):
        recover_embedded(without(track, slice(None)))


def test_one_frame_is_enough():
    got = recover_embedded(walker_scene(seconds=1 / 30).track)
    assert len(got) == 1
    assert np.isfinite(got.joints).all()


def test_shapes_differ_for_tall_and_short():
    tall, short = (recover_embedded(seen("walk", betas=np.array([b] + 9 * [0.0]))[0]).betas[0] for b in (1.5, -1.5))
    assert tall > short + 1.0


def test_nothing_held_out_was_trained_on():
    assert "kick" in CLIPS_HELD_OUT
    assert not set(CLIPS_HELD_OUT) & set(CLIPS_TRAINED)
