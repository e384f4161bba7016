"""The squares that each family cuts, and which pixels they show."""

import numpy as np
import pytest

from core.mesh_recovery.contract import manifest_from_json
from core.mesh_recovery.crops import crop_squares, cut_out, network_images
from core.motion import Track


def track_with(keypoints, box, size=(640, 480)) -> Track:
    return Track(30.0, np.zeros(1), np.array([keypoints]), np.zeros((1, 33, 3)), np.array([box], float), np.array(size))


@pytest.fixture
def standing():
    """Confident keypoints span 100..140 x 60..260 px; one that is hardly visible lies far away."""
    keypoints = np.tile([120.0, 160.0, 1.0], (33, 1))
    keypoints[0], keypoints[1], keypoints[2] = [100, 60, 0.9], [140, 260, 0.9], [600, 400, 0.1]
    return track_with(keypoints, [90, 50, 150, 270])


@pytest.mark.parametrize(
    ("family", "centre", "side"),
    [
        ("hmr2", (120, 160), 220 * 1.1),
        ("cliff", (120, 160), 220 * 1.2),
        ("spin", (120, 160), 200 * 1.2),
        ("hmr", (120, 160), np.hypot(40, 200) * 224 / 150),
    ],
)
def test_each_family_cuts_its_own_square(standing, family, centre, side):
    squares = crop_squares(manifest_from_json({"family": family}), standing, np.array([0]))
    assert squares.centres[0] == pytest.approx(centre)
    assert squares.sides[0] == pytest.approx(side)


def test_a_wide_person_is_widened_to_the_aspect_of_the_family():
    lying = track_with(np.tile([0, 0, 1.0], (33, 1)), [100, 100, 400, 200])
    squares = crop_squares(manifest_from_json({"family": "hmr2", "margin": 1}), lying, np.array([0]))
    assert squares.sides[0] == pytest.approx(300 * 256 / 192)


def test_without_a_box_the_whole_picture_is_letterboxed(standing):
    squares = crop_squares(manifest_from_json({"family": "hmr", "crop": "letterbox"}), standing, np.array([0]))
    assert squares.centres[0] == pytest.approx((320, 240))
    assert squares.sides[0] == 640


def test_where_no_keypoint_is_confident_the_box_counts():
    unsure = track_with(np.tile([50, 50, 0.1], (33, 1)), [100, 100, 200, 300])
    squares = crop_squares(manifest_from_json({"family": "spin", "margin": 1}), unsure, np.array([0]))
    assert squares.centres[0] == pytest.approx((150, 200))


def blob_at(x: float, y: float, width=320, height=240) -> np.ndarray:
    columns, rows = np.arange(width) + 0.5, np.arange(height) + 0.5
    bump = np.exp(-((columns - x) ** 2)[None] / 50 - ((rows - y) ** 2)[:, None] / 50)
    return np.repeat((255 * bump).astype(np.uint8)[..., None], 3, axis=2)


def middle_of(crop: np.ndarray) -> tuple[float, float]:
    weight = crop[..., 0].astype(float)
    rows, columns = np.arange(crop.shape[0]) + 0.5, np.arange(crop.shape[1]) + 0.5
    return (weight.sum(0) @ columns) / weight.sum(), (weight.sum(1) @ rows) / weight.sum()


@pytest.mark.parametrize("side", [37.3, 120.0, 800.0])
def test_what_lies_in_the_picture_lies_in_the_crop(side):
    """A spot a tenth of the side right of and above the square's middle."""
    crop = cut_out(blob_at(160.4 + 0.1 * 60, 120.7 - 0.1 * 60), np.array([160.4, 120.7]), side, (224, 224))
    scale = 224 / side
    assert middle_of(crop) == pytest.approx((112 + 6 * scale, 112 - 6 * scale), abs=max(0.1, 0.15 * scale))


def test_a_narrow_crop_is_the_middle_of_the_square():
    crop = cut_out(blob_at(160, 120), np.array([150.0, 110.0]), 128.0, (256, 192))
    assert crop.shape == (256, 192, 3)
    assert middle_of(crop) == pytest.approx((96 + 20, 128 + 20), abs=0.3)


def test_borders():
    picture = np.full((100, 100, 3), 200, np.uint8)
    black = cut_out(picture, np.array([0.0, 50.0]), 80.0, (64, 64))
    edge = cut_out(picture, np.array([0.0, 50.0]), 80.0, (64, 64), "edge")
    assert (black[:, :31] == 0).all()
    assert (black[:, 33:] == 200).all()
    assert (edge == 200).all()
    assert (cut_out(picture, np.array([-500.0, 50.0]), 80.0, (64, 64)) == 0).all()


def test_colours_are_scaled_as_the_manifest_says():
    crops = np.zeros((1, 2, 2, 3), np.uint8)
    crops[..., 0], crops[..., 2] = 255, 51
    assert network_images(manifest_from_json({"family": "hmr"}), crops)[0, 0, 0] == pytest.approx([1, -1, -0.6])
    images = network_images(manifest_from_json({"family": "spin"}), crops)
    assert images[0, 1, 1, 0] == pytest.approx((1 - 0.485) / 0.229)
