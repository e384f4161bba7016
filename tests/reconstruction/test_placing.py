"""Placing in the world moves the body as one rigid piece."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from support.people import camera_at, walker_scene

from core.body import load_body
from core.body.kinematics import pose_body
from core.errors import BadInputError
from core.mesh_recovery import recover
from core.reconstruction import place_in_world


@pytest.fixture(scope="module")
def hmr():
    return recover(walker_scene(seconds=0.5).track)


def test_distances_stay_and_points_go_where_the_camera_says(hmr):
    camera = camera_at([1.0, 2.0, -3.0], pitch=0.4, yaw=2.0)
    placed = place_in_world(hmr, camera)
    spread = [np.linalg.norm(m.joints[:, :, None] - m.joints[:, None], axis=-1) for m in (hmr, placed)]
    assert np.allclose(*spread)
    assert np.allclose(placed.joints, hmr.joints @ camera[:3, :3].T + camera[:3, 3])
    assert np.allclose(placed.landmarks, hmr.landmarks @ camera[:3, :3].T + camera[:3, 3])


def test_the_body_agrees_with_the_placed_joints(hmr):
    cameras = np.tile(np.eye(4), (len(hmr), 1, 1))
    cameras[:, :3, :3] = Rotation.random(len(hmr), rng=0).as_matrix()
    cameras[:, :3, 3] = np.random.default_rng(0).normal(size=(len(hmr), 3))
    placed = place_in_world(hmr, cameras)
    posed = pose_body(load_body(), placed.poses, placed.betas, placed.trans)
    assert np.allclose(posed.joints, placed.joints)
    assert np.allclose(posed.landmarks, placed.landmarks)
    assert placed.frame == "world"
    assert np.array_equal(placed.camera_in_world, cameras)


def test_wrong_cameras_and_frames_are_refused(hmr):
    with pytest.raises(BadInputError, match="shape"):
        place_in_world(hmr, np.eye(3))
    with pytest.raises(BadInputError, match="camera coordinates"):
        place_in_world(place_in_world(hmr, np.eye(4)), np.eye(4))
