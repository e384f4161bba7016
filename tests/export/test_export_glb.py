"""The GLB: valid by Khronos, true to the motion, small, the same bytes every time."""

import json

import numpy as np
import pytest
from support.gltf import Glb, assert_clean
from support.motions import waving

from core.body import load_body
from core.body.appearance import vertex_colours
from core.body.kinematics import body_motion
from core.body.skinning import skin
from core.errors import BadInputError
from core.export.glb import write_glb


@pytest.fixture(scope="module")
def body():
    return load_body()


@pytest.mark.parametrize("frames", [1, 2, 120])
def test_the_khronos_validator_finds_nothing(body, tmp_path, frames):
    path = tmp_path / "motion.glb"
    write_glb(path, waving(frames), body)
    assert_clean(path)


def test_a_dye_colours_the_clothes_and_not_the_skin(body, tmp_path):
    path = tmp_path / "motion.glb"
    write_glb(path, waving(3), body, dye=(1.0, 0.5, 0.0))
    assert_clean(path)
    plain, dyed = vertex_colours(body), vertex_colours(body, dye=(1.0, 0.5, 0.0))
    regions = {name: body.region_weights[:, i] > 0.999 for i, name in enumerate(body.region_names)}
    np.testing.assert_allclose(dyed[regions["shirt"]], np.tile((1.0, 0.5, 0.0), (regions["shirt"].sum(), 1)), atol=1e-6)
    np.testing.assert_array_equal(dyed[regions["skin"]], plain[regions["skin"]])


def test_its_animation_puts_the_joints_where_the_motion_has_them(body, tmp_path):
    motion = waving(60)
    path = tmp_path / "motion.glb"
    write_glb(path, motion, body)
    glb = Glb.read(path)
    for i in (0, 1, 17, 59):
        joints = glb.joint_transforms(motion.times[i])[:, :3, 3]
        np.testing.assert_allclose(joints, motion.joints[i], atol=1e-4)


def test_its_mesh_follows_within_a_millimetre(body, tmp_path):
    motion = waving(20)
    path = tmp_path / "motion.glb"
    write_glb(path, motion, body)
    there = Glb.read(path).skinned(motion.times[13])
    here = skin(body, motion.poses[13:14], motion.betas, motion.trans[13:14])[0]
    distance = np.linalg.norm(there - here, axis=1)
    assert distance.max() < 3e-3  # weights are stored in 255ths
    assert distance.mean() < 3e-4


def test_between_frames_it_takes_the_short_way(body, tmp_path):
    """Neighbouring keys lie in one hemisphere although the body turns more than once round."""
    motion = waving(90)
    path = tmp_path / "motion.glb"
    write_glb(path, motion, body)
    glb = Glb.read(path)
    animation = glb.json["animations"][0]
    for channel in animation["channels"]:
        keys = glb.accessor(animation["samplers"][channel["sampler"]]["output"])
        if channel["target"]["path"] == "rotation":
            assert (np.sum(keys[1:] * keys[:-1], axis=1) > 0).all()
            np.testing.assert_allclose(np.linalg.norm(keys, axis=1), 1, atol=1e-6)


def test_names_times_and_extras(body, tmp_path):
    motion = waving(5)
    path = tmp_path / "motion.glb"
    write_glb(path, motion, body)
    glb = Glb.read(path)
    skin_ = glb.json["skins"][0]
    assert [glb.json["nodes"][j]["name"] for j in skin_["joints"]] == list(body.names)
    assert glb.json["nodes"][skin_["skeleton"]]["name"] == "pelvis"
    mesh_node = next(i for i, node in enumerate(glb.json["nodes"]) if "mesh" in node)
    assert mesh_node in glb.json["scenes"][0]["nodes"]
    (animation,) = glb.json["animations"]
    assert animation["name"] == "motion"
    times = glb.accessor(animation["samplers"][0]["input"])[:, 0]
    np.testing.assert_array_equal(times, motion.times.astype(np.float32))
    assert glb.json["extras"] == {
        "body_model": "understudy-cc0",
        "betas": pytest.approx(motion.betas.tolist()),
        "fps": 30.0,
        "frames": 5,
    }


def test_a_motion_in_the_cameras_frame_is_turned_upright(body, tmp_path):
    motion = waving(4, frame="camera")
    path = tmp_path / "hmr.glb"
    write_glb(path, motion, body)
    joints = Glb.read(path).joint_transforms(motion.times[2])[:, :3, 3]
    np.testing.assert_allclose(joints, motion.joints[2] * [1, -1, -1], atol=1e-4)


def test_ten_seconds_fit_into_800_kilobytes(body, tmp_path):
    path = tmp_path / "motion.glb"
    write_glb(path, waving(300), body)
    assert path.stat().st_size <= 800_000


def test_the_same_motion_gives_the_same_bytes(body, tmp_path):
    for name in ("a.glb", "b.glb"):
        write_glb(tmp_path / name, waving(7), body)
    assert (tmp_path / "a.glb").read_bytes() == (tmp_path / "b.glb").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.glb", "b.glb"]


def test_what_cannot_be_written_is_named_and_leaves_the_old_file(body, tmp_path):
    path = tmp_path / "motion.glb"
    good = waving(3)
    write_glb(path, good, body)
    before = path.read_bytes()
    poses = np.array(good.poses)
    poses[1, 5] = np.nan
    spoiled = body_motion(body, 30.0, good.times, np.nan_to_num(poses), good.betas, good.trans)
    object.__setattr__(spoiled, "poses", poses)
    foreign = body_motion(body, 30.0, good.times, good.poses, good.betas, good.trans)
    object.__setattr__(foreign, "body_model", "smpl")
    backwards = body_motion(body, 30.0, good.times[::-1], good.poses, good.betas, good.trans)
    for motion, complaint in ((spoiled, "NaN"), (foreign, "smpl"), (backwards, "times")):
        with pytest.raises(BadInputError, match=complaint):
            write_glb(path, motion, body)
    assert path.read_bytes() == before


def test_json_chunk_is_plain_json(body, tmp_path):
    path = tmp_path / "motion.glb"
    write_glb(path, waving(1), body)
    assert json.dumps(Glb.read(path).json)  # no NaN, no numpy left
