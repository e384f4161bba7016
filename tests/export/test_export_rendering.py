"""Pictures of the body: drawn where the camera sees it, on a ground whose lines are at whole metres."""

from contextlib import closing

import numpy as np
import pytest
from support.motions import waving
from support.people import camera_at

from core.body import load_body
from core.body.skinning import skin
from core.errors import MissingDependencyError
from core.export.rendering import BodyRenderer, Camera, body_windows, can_render
from core.export.stage_view import Ground, following_cameras

SIZE = (320, 240)
LENS = np.array([[300.0, 0, 150], [0, 300.0, 130], [0, 0, 1]])  # the principal point is not the middle

needs_egl = pytest.mark.skipif(not can_render(), reason="EGL is not installed: run `make`")


def pixels_of(points, camera: Camera):
    seen = (points - camera.camera_in_world[:3, 3]) @ camera.camera_in_world[:3, :3]
    return seen[:, :2] / seen[:, 2:] * camera.intrinsics[[0, 1], [0, 1]] + camera.intrinsics[:2, 2]


@pytest.fixture(scope="module")
def scene():
    motion = waving(4)
    camera = Camera(LENS, camera_at([0.9, 1.6, 3.5], pitch=0.2, yaw=0.15))
    return motion, camera, skin(load_body(), motion.poses, motion.betas, motion.trans)[2]


@needs_egl
def test_the_body_is_drawn_where_the_camera_sees_it(scene):
    _, camera, vertices = scene
    with closing(BodyRenderer(load_body(), *SIZE)) as renderer:
        picture = renderer.draw(vertices, camera)
    assert picture.shape == (240, 320, 4)
    rows, columns = np.nonzero(picture[..., 3] > 127)
    places = pixels_of(vertices, camera)
    drawn = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    np.testing.assert_allclose(drawn, [*places.min(axis=0), *places.max(axis=0)], atol=1.5)


@needs_egl
def test_a_window_holds_the_same_picture(scene):
    motion, camera, vertices = scene
    windows = body_windows(motion.joints, [camera] * 4, SIZE)
    assert windows.size[0] < SIZE[0]
    with closing(BodyRenderer(load_body(), *SIZE)) as renderer:
        whole = renderer.draw(vertices, camera, dye=(1.0, 0.5, 0.2))
    with closing(BodyRenderer(load_body(), *windows.size)) as renderer:
        part = renderer.draw(vertices, windows.camera(2, camera), dye=(1.0, 0.5, 0.2))
    assert (windows.of(2, whole)[..., 3] > 0).sum() == (whole[..., 3] > 0).sum()  # nothing of the body is outside
    difference = np.abs(windows.of(2, whole).astype(int) - part)
    assert np.percentile(difference, 99) <= 2


@needs_egl
def test_boxes_stand_where_they_are(scene):
    _, camera, vertices = scene
    box = np.array([[-0.9, 0.0, -0.5, -0.7, 0.5, -0.3]])
    with closing(BodyRenderer(load_body(), *SIZE)) as renderer:
        bare, boxed = (renderer.draw(vertices, camera, boxes=boxes) for boxes in (None, box))
    x, y = pixels_of(np.array([[-0.8, 0.25, -0.3]]), camera)[0].astype(int)
    assert bare[y, x, 3] == 0
    assert boxed[y, x, 3] == 255


def test_a_body_behind_the_camera_takes_the_whole_picture(scene):
    motion, camera, _ = scene
    behind = Camera(LENS, camera_at([0.2, 0.9, -0.4], pitch=0.0))
    assert body_windows(motion.joints, [camera, behind, camera, camera], SIZE).size == SIZE


def test_the_camera_follows_and_sees_all_of_the_body(scene):
    motion = waving(60)
    cameras = following_cameras(motion, *SIZE)
    for t in (0, 30, 59):
        places = pixels_of(motion.joints[t], cameras[t])
        assert ((places > 0) & (places < SIZE)).all()
    first, last = cameras[0].camera_in_world[:3, 3], cameras[-1].camera_in_world[:3, 3]
    assert np.linalg.norm(last - first) > 0.3


@pytest.mark.parametrize("frames", [1, 2])
def test_the_shortest_motions_have_cameras(frames):
    cameras = following_cameras(waving(frames), *SIZE)
    assert len(cameras) == frames
    assert all(np.isfinite(camera.camera_in_world).all() for camera in cameras)


def test_lines_are_at_whole_metres():
    motion = waving(1)
    camera = following_cameras(motion, *SIZE)[0]
    picture = Ground(camera, SIZE).picture(camera, motion.joints[0]).mean(axis=-1)
    brighter = []
    for x, z in ((1.0, -0.5), (0.0, -1.5), (-1.0, -1.5)):
        on, beside = pixels_of(np.array([[x, 0.0, z], [x + 0.5, 0.0, z]]), camera).astype(int)
        patch = picture[on[1] - 1 : on[1] + 2, on[0] - 1 : on[0] + 2]
        brighter.append(patch.max() - picture[beside[1], beside[0]])
    assert min(brighter) > 8


def test_without_egl_it_says_how_to_get_it(monkeypatch):
    def broken():
        raise OSError("no library called EGL")

    monkeypatch.setattr("core.export.rendering._load_pyrender", broken)
    assert not can_render()
    with pytest.raises(MissingDependencyError, match="apt-get install libegl1"):
        BodyRenderer(load_body(), 8, 8)
