"""Cameras at rest, in a hand, panning and zooming; people and leaves that move before them."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from core.video.camera_motion import camera_motion, phase_shift

SIZE, FRAMES, FPS = (640, 360), 45, 30


def scenery(seed: int = 0) -> np.ndarray:
    """[720,1280,3]: smooth blobs of many sizes, as landscapes are."""
    rng = np.random.default_rng(seed)
    layers = [
        np.asarray(
            Image.fromarray(rng.integers(0, 255, (720 // k, 1280 // k, 3), dtype=np.uint8)).resize(
                (1280, 720), Image.Resampling.BICUBIC
            ),
            float,
        )
        for k in (6, 12, 24, 60)
    ]
    return np.mean(layers, axis=0)


def film(path: Path, place, person=None, zoom=lambda t: 1.0) -> Path:
    """A clip of the scenery seen through a window at `place(t)` px, with a box `person(t)` (x0, y0, x1, y1) over it."""
    world = Image.fromarray(scenery().astype(np.uint8))
    rng = np.random.default_rng(1)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.options = {"crf": "23", "preset": "ultrafast", "g": "1", "bf": "0"}
        for i in range(FRAMES):
            t = i / FPS
            middle = np.array([640, 360]) + place(t)
            half = np.array(SIZE) / 2 * zoom(t)
            window = world.resize(SIZE, Image.Resampling.BILINEAR, box=(*(middle - half), *(middle + half)))
            picture = np.array(window)
            if person:
                x0, y0, x1, y1 = person(t)
                picture[y0:y1, x0:x1] = rng.integers(0, 255, (y1 - y0, x1 - x0, 3))
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = i, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def walker(t: float) -> tuple[int, int, int, int]:
    x = 60 + int(200 * t)
    return x, 80, x + 110, 340


def boxes() -> list[np.ndarray]:
    return [np.array([walker(i / FPS) for i in range(FRAMES)], float)]


def test_at_rest_whoever_walks_by(tmp_path):
    found = camera_motion(film(tmp_path / "a.mp4", lambda t: (0, 0), walker), boxes())
    assert not found.moves
    assert found.speed < 0.005
    unknown = camera_motion(tmp_path / "a.mp4", [])  # not even when nobody says where the person is
    assert not unknown.moves


def test_a_steady_hand_is_at_rest(tmp_path):
    rng = np.random.default_rng(0)
    shake = np.cumsum(rng.normal(0, 0.25, (FRAMES, 2)), axis=0) * 0.6
    assert not camera_motion(film(tmp_path / "a.mp4", lambda t: shake[round(t * FPS)], walker), boxes()).moves


@pytest.mark.parametrize("speed", [40, 200, -400])
def test_a_pan(tmp_path, speed):
    found = camera_motion(film(tmp_path / "a.mp4", lambda t: (speed * t - speed * 0.75, 0), walker), boxes())
    assert found.moves
    assert np.isclose(found.speed, abs(speed) / SIZE[0], rtol=0.15)


def test_a_zoom(tmp_path):
    found = camera_motion(film(tmp_path / "a.mp4", lambda t: (0, 0), zoom=lambda t: 1.0 + 0.25 * t), [])
    assert found.moves


def test_a_picture_and_a_wall_say_nothing(tmp_path):
    path = tmp_path / "wall.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for i in range(12):
            frame = av.VideoFrame.from_ndarray(np.full((SIZE[1], SIZE[0], 3), 120, np.uint8), format="rgb24")
            frame.pts = i
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    found = camera_motion(path, [])
    assert (found.speed, found.drift, found.patches, found.moves) == (0.0, 0.0, 0, False)


def test_phase_correlation_to_a_part_of_a_pixel():
    y, x = np.mgrid[:64, :64]
    blob = np.exp(-((x - 30) ** 2 + (y - 33) ** 2) / 18)
    moved = np.exp(-((x - 34.5) ** 2 + (y - 31) ** 2) / 18)
    shift, peak = phase_shift(blob, moved)
    assert np.allclose(shift, [4.5, -2], atol=0.5)
    assert peak > 0.05
