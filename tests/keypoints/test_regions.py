"""Axioms of the regions' geometry."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.keypoints.regions import SCALE, Region, crop, region_from_points

regions = st.builds(Region, st.floats(-200, 800), st.floats(-200, 800), st.floats(20, 600), st.floats(-np.pi, np.pi))
POINTS = np.random.default_rng(3).uniform(-100, 500, (20, 2))


@given(regions, st.sampled_from([1.0, 224.0, 256.0]))
def test_to_the_picture_and_back_is_the_identity(region, size):
    np.testing.assert_allclose(region.to_crop(region.to_picture(POINTS, size), size), POINTS, atol=1e-8)


@given(regions)
def test_the_middle_of_the_crop_is_the_regions_centre(region):
    np.testing.assert_allclose(region.to_picture(np.array([128.0, 128.0]), 256), [region.x, region.y], atol=1e-9)


@given(regions)
def test_the_alignment_points_give_the_region_back(region):
    rim = region.to_picture(np.array([0.5, 0.5 - 0.5 / SCALE]), 1.0)  # straight up in the crop
    found = region_from_points(np.array([region.x, region.y]), rim)
    np.testing.assert_allclose(found.side, region.side, rtol=1e-9)
    np.testing.assert_allclose(found.rotation, region.rotation, atol=1e-9)


@given(regions)
def test_the_box_holds_the_corners(region):
    corners = region.to_picture(np.array([[0, 0], [1, 0], [1, 1], [0, 1]]), 1.0)
    np.testing.assert_allclose(np.concatenate([corners.min(axis=0), corners.max(axis=0)]), region.box, atol=1e-8)


def smooth_picture(width=320, height=240):
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    return np.stack([x * 0.7, y * 0.9, (x + y) * 0.4], axis=2).round().astype(np.uint8)


def test_a_crop_shows_the_colours_of_the_places_it_maps_to():
    picture = smooth_picture()
    for region in (Region(150, 120, 90, 0.0), Region(160, 110, 100, 0.8), Region(150, 120, 150, -2.5)):
        for size in (64, 224):
            u, v = np.meshgrid(np.arange(size) + 0.5, np.arange(size) + 0.5)
            at = region.to_picture(np.stack([u, v], axis=-1), size)
            wanted = np.stack([at[..., 0] * 0.7, at[..., 1] * 0.9, at.sum(axis=-1) * 0.4], axis=-1)
            assert np.abs(crop(picture, region, size) - wanted).max() < 2.0


def test_a_whole_picture_is_letterboxed_with_black():
    made = crop(np.full((100, 200, 3), 200, np.uint8), Region(100, 50, 200), 224)
    assert (made[:55] == 0).all()
    assert (made[-55:] == 0).all()
    assert (made[57:-57] == 200).all()


def test_a_region_outside_the_picture_is_black():
    assert not crop(smooth_picture(), Region(-500, -500, 100), 32).any()


def test_fine_stripes_are_averaged_rather_than_aliased():
    picture = np.zeros((512, 512, 3), np.uint8)
    picture[:, ::2] = 255
    made = crop(picture, Region(256, 256, 512), 128).astype(int)
    assert np.abs(made - 127.5).max() < 3
