"""The body that ships: its shape space, symmetry, regressors, weights, landmarks and outfit."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from core.body import load_body
from core.body.appearance import vertex_colours, vertex_normals
from core.body.kinematics import pose_body
from core.body.model import read_body
from core.errors import AssetError

FLIP = np.array([-1.0, 1.0, 1.0])


@pytest.fixture(scope="module")
def body():
    return load_body()


@pytest.fixture(scope="module")
def mirror(body):
    """[V]: the vertex on the other side."""
    distance, mirror = cKDTree(body.vertices_template).query(body.vertices_template * FLIP)
    assert distance.max() < 1e-6
    np.testing.assert_array_equal(mirror[mirror], np.arange(len(mirror)))
    return mirror


def swapped(name: str) -> str:
    """left_knee -> right_knee and back; mouth_left -> mouth_right; others as they are."""
    return name.replace("left", "\0").replace("right", "left").replace("\0", "right")


def test_size_and_units(body):
    height = np.ptp(body.vertices_template[:, 1])
    assert 1.6 < height < 1.8
    assert body.vertices_template.shape == (13492, 3)
    assert body.faces.shape == (26972, 3)
    assert int(body.faces.max()) == len(body.vertices_template) - 1


def test_smpl_joints_and_tree(body):
    assert body.names[:4] == ("pelvis", "left_hip", "right_hip", "spine1")
    assert body.names[-2:] == ("left_hand", "right_hand")
    assert body.parents.tolist() == [-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21]


def test_the_first_component_is_size_and_every_shape_keeps_its_pelvis_at_the_origin(body):
    heights = [np.ptp(body.rest_vertices(size * np.eye(10)[0])[:, 1]) for size in (-2, 0, 2)]
    assert heights[0] < 1.58
    assert heights[2] > 1.82
    betas = np.random.default_rng(0).normal(size=10)
    np.testing.assert_allclose(body.rest_joints(betas)[0], 0, atol=1e-12)
    # Betas are in standard deviations: later components change the body less.
    sizes = np.linalg.norm(body.shape_basis, axis=2).mean(axis=1)
    assert (np.diff(sizes) < 0.002).all()
    assert sizes[0] > 0.02


def test_the_rest_pose_is_a_t_pose_that_faces_z_with_its_left_at_positive_x(body):
    rest = dict(zip(body.names, body.rest_joints(np.zeros(10)), strict=True))
    arm = rest["left_wrist"] - rest["left_shoulder"]
    assert arm[0] / np.linalg.norm(arm) > 0.99
    leg = rest["left_ankle"] - rest["left_hip"]
    assert -leg[1] / np.linalg.norm(leg) > 0.99
    assert rest["head"][1] > rest["neck"][1] > rest["spine3"][1] > 0
    assert rest["left_foot"][2] > rest["left_ankle"][2] + 0.1


def test_left_and_right_mirror_each_other(body, mirror):
    np.testing.assert_allclose(body.vertices_template[mirror] * FLIP, body.vertices_template, atol=1e-6)
    np.testing.assert_allclose(body.shape_basis[:, mirror] * FLIP, body.shape_basis, atol=1e-5)
    joints = np.array([body.names.index(swapped(name)) for name in body.names])
    np.testing.assert_allclose(body.weights[mirror][:, joints], body.weights, atol=1e-6)
    np.testing.assert_allclose(body.joints_template[joints] * FLIP, body.joints_template, atol=1e-6)
    landmarks = np.array([body.landmark_names.index(swapped(name)) for name in body.landmark_names])
    np.testing.assert_allclose(
        (body.landmark_regressor @ body.vertices_template)[landmarks] * FLIP,
        body.landmark_regressor @ body.vertices_template,
        atol=1e-6,
    )


def test_regressors_and_weights_are_convex(body):
    for rows in (body.joint_regressor, body.landmark_regressor, body.weights, body.region_weights):
        assert rows.min() >= 0
        np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-12)
    assert (body.weights > 0).sum(axis=1).max() <= 4


def test_joints_lie_inside_the_skin(body):
    """A joint's nearest vertices surround it: they are not all on one side."""
    tree = cKDTree(body.vertices_template)
    for name, joint in zip(body.names, body.joints_template, strict=True):
        around = body.vertices_template[tree.query_ball_point(joint, 0.16)] - joint
        directions = around / np.linalg.norm(around, axis=1, keepdims=True)
        assert np.linalg.norm(directions.mean(axis=0)) < 0.85, name
        assert all(directions[:, axis].min() < 0 < directions[:, axis].max() for axis in range(3)), name


@pytest.mark.parametrize("betas", [np.zeros(10), 1.5 * np.eye(10)[0], -1.5 * np.eye(10)[1]])
def test_limb_landmarks_stay_at_their_joints_in_any_pose(body, betas):
    rng = np.random.default_rng(1)
    frames = pose_body(body, 0.4 * rng.normal(size=(30, 72)), betas, np.zeros((30, 3)))
    for part, within in {
        "shoulder": 0.03,
        "elbow": 0.03,
        "wrist": 0.02,
        "hip": 0.03,
        "knee": 0.03,
        "ankle": 0.02,
    }.items():
        for side in ("left_", "right_"):
            landmark = frames.landmarks[:, body.landmark_names.index(side + part)]
            joint = frames.joints[:, body.joint(side + part)]
            assert np.linalg.norm(landmark - joint, axis=1).mean() < within, side + part


def test_surface_landmarks_are_where_their_names_say(body):
    at = dict(zip(body.landmark_names, body.landmark_regressor @ body.vertices_template, strict=True))
    skin = cKDTree(body.vertices_template)
    for name in ("nose", "left_eye", "left_ear", "mouth_left", "left_heel", "left_foot_index"):
        assert skin.query(at[name])[0] < 0.01, name
    assert abs(at["nose"][0]) < 1e-3
    assert at["nose"][2] > at["left_eye"][2] > at["left_ear"][2]
    assert 0 < at["left_eye_inner"][0] < at["left_eye"][0] < at["left_eye_outer"][0] < at["left_ear"][0]
    assert at["left_eye"][1] > at["nose"][1] > at["mouth_left"][1]
    sole = body.vertices_template[:, 1].min()
    for name in ("left_heel", "left_foot_index"):
        assert 0 < at[name][1] - sole < 0.02
    assert at["left_foot_index"][2] > at["left_ankle"][2] + 0.15 > at["left_heel"][2]
    # The palms face down: the thumb is in front, the little finger behind the index.
    assert at["left_thumb"][2] > at["left_index"][2] > at["left_pinky"][2]


def test_faces_turn_outwards(body):
    a, b, c = (body.vertices_template[body.faces[:, k]] for k in range(3))
    volume = np.einsum("fi,fi->", a, np.cross(b, c)) / 6
    assert 0.05 < volume < 0.09  # cubic metres
    normals = vertex_normals(body.vertices_template, body.faces)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-9)
    nose = np.argmax(np.where(body.vertices_template[:, 1] > 0.5, body.vertices_template[:, 2], -1))
    assert normals[nose, 2] > 0.5


def test_it_is_dressed(body):
    colours = vertex_colours(body)
    assert colours.min() >= 0
    assert colours.max() <= 1
    regions = np.array(body.region_names)[body.region_weights.argmax(axis=1)]
    dominant = np.array(body.names)[body.weights.argmax(axis=1)]
    assert set(regions) == set(body.region_names)
    assert (regions[dominant == "left_knee"] == "trousers").mean() > 0.8
    assert (regions[dominant == "spine3"] == "shirt").mean() > 0.8
    assert (regions[dominant == "left_hand"] == "skin").all()


def test_its_arrays_cannot_be_written(body):
    with pytest.raises(ValueError, match="read-only"):
        body.vertices_template[0] = 0


def test_a_damaged_file_is_an_asset_error(tmp_path):
    broken = tmp_path / "body.npz"
    broken.write_bytes(b"not an archive")
    with pytest.raises(AssetError, match=r"tools/bake_body\.py"):
        read_body(broken, "broken")
    np.savez(broken, names=np.array(["pelvis"]))
    with pytest.raises(AssetError, match="vertices_template"):
        read_body(broken, "broken")
