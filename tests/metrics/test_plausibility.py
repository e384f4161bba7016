"""Figures against motions whose figures are known by hand."""

from dataclasses import replace

import numpy as np
import pytest
from support.people import INTRINSICS, track_of, walker_scene

from core.errors import BadInputError
from core.mesh_recovery import recover
from core.metrics import plausibility
from core.motion import BodyMotion
from core.reconstruction import place_in_world
from core.reconstruction.contacts import SOLES, STANDING_HEIGHTS_M

FPS = 30.0


def motion(points: np.ndarray, contacts=True, **more) -> BodyMotion:
    """A "body" whose joints and landmarks all move along `points` [T, 3] m, the soles with them."""
    T = len(points)
    landmarks = np.repeat(points[:, None], 33, axis=1)
    landmarks[:, SOLES, 1] += STANDING_HEIGHTS_M
    contacts = np.full((T, 4), contacts) if isinstance(contacts, bool) else contacts
    return BodyMotion(
        fps=FPS, times=np.arange(T) / FPS, poses=np.zeros((T, 72)), betas=np.zeros(10), trans=points,
        joints=np.repeat(points[:, None], 24, axis=1), landmarks=landmarks,
        contacts=contacts, **more,
    )  # fmt: skip


def path(x=0.0, y=0.0, z=0.0, T=61):
    return np.stack([np.broadcast_to(v, T) for v in (x, y, z)], axis=1).astype(float)


T = np.arange(61) / FPS


def test_one_metre_a_second_in_contact_slides_a_hundred_centimetres():
    got = plausibility(motion(path(x=T)), None)
    assert np.isclose(got["foot_slide_cm_s"], 100)
    assert got["fs_percent"] == 100
    assert np.isclose(got["acceleration"], 0, atol=1e-6)
    assert np.isclose(got["jitter"], 0, atol=1e-6)
    assert got["penetration_mm"] == got["float_mm"] == 0
    assert got["keypoint_error_px"] is None


def test_vertical_motion_is_no_slide():
    assert plausibility(motion(path(y=T)), None)["foot_slide_cm_s"] == 0


def test_polynomials_have_their_derivatives():
    assert np.isclose(plausibility(motion(path(x=1.5 * T**2)), None)["acceleration"], 3.0)
    assert np.isclose(plausibility(motion(path(z=T**3)), None)["jitter"], 0.6)


def test_only_frames_held_in_contact_slide():
    contacts = np.zeros((61, 4), bool)
    contacts[10:20, 1] = True
    x = np.where(np.arange(61) < 15, 0.0, (np.arange(61) - 14) / FPS * 0.2)
    got = plausibility(motion(path(x=x), contacts), None)
    assert np.isclose(got["foot_slide_cm_s"], 20 * 5 / 9)
    assert plausibility(motion(path(x=T), False), None)["foot_slide_cm_s"] is None


@pytest.mark.parametrize("fps", [30.0, 25.0, 60.0])
def test_the_share_of_skating_steps_does_not_depend_on_the_frame_rate(fps):
    times = np.arange(int(2 * fps) + 1) / fps
    x = np.where(times < 1.5, 0.5 * times, 0.75 + 0.7 * (times - 1.5))
    got = plausibility(replace(motion(path(x=x, T=len(times))), fps=fps), None)
    assert got["fs_percent"] == pytest.approx(25, abs=1)
    assert plausibility(replace(motion(path(x=T), False)), None)["fs_percent"] is None


def test_the_acceleration_error_is_there_where_the_truth_is():
    thrown = motion(path(y=2 - 0.5 * 9.81 * T**2))
    assert "acceleration_error" not in plausibility(thrown, None)
    still = motion(path()).joints
    assert plausibility(thrown, None, truth=still)["acceleration_error"] == pytest.approx(9.81)
    assert plausibility(thrown, None, truth=thrown.joints)["acceleration_error"] == 0
    assert plausibility(motion(path(T=2)), None, truth=still[:2])["acceleration_error"] is None
    with pytest.raises(BadInputError, match="true joints"):
        plausibility(thrown, None, truth=still[:5])


def test_depth_and_height_of_the_lowest_point():
    y = np.where(np.arange(61) < 30, -0.02, 0.03)
    got = plausibility(motion(path(y=y)), None)
    assert np.isclose(got["penetration_mm"], 20 * 30 / 61)
    assert np.isclose(got["float_mm"], 30 * 31 / 61)
    assert plausibility(motion(path(y=y), False), None)["float_mm"] is None


def test_one_sole_below_the_ground_is_enough():
    still = motion(path())
    landmarks = still.landmarks.copy()
    landmarks[:, SOLES[2], 1] -= 0.05
    assert np.isclose(plausibility(replace(still, landmarks=landmarks), None)["penetration_mm"], 50)


def test_contacts_given_go_before_the_motions_own():
    assert plausibility(motion(path(x=T), False), None, np.ones((61, 4), bool))["foot_slide_cm_s"] == pytest.approx(100)


def test_contacts_are_predicted_where_there_are_none():
    slow = replace(motion(path(x=0.1 * T)), contacts=None)
    assert plausibility(slow, None)["foot_slide_cm_s"] == pytest.approx(10)


def test_keypoint_error_is_the_offset_weighted_by_visibility():
    points = path(z=4.0)
    got = motion(points, frame="camera", intrinsics=INTRINSICS)
    track = track_of(got.landmarks, FPS)
    assert plausibility(got, track)["keypoint_error_px"] == pytest.approx(0, abs=1e-9)
    keypoints = track.keypoints.copy()
    keypoints[..., :2] += [3, 4]
    keypoints[:, 20:, :2] += 500
    keypoints[:, 20:, 2] = 0
    figures = plausibility(got, replace(track, keypoints=keypoints))
    assert figures["keypoint_error_px"] == pytest.approx(5)
    assert figures["foot_slide_cm_s"] is None
    assert figures["penetration_mm"] is None


def test_keypoint_error_is_the_same_in_the_world():
    scene = walker_scene(pixels=3.0, seconds=0.5)
    hmr = recover(scene.track)
    placed = place_in_world(hmr, scene.camera_in_world)
    errors = [plausibility(m, scene.track)["keypoint_error_px"] for m in (hmr, placed)]
    assert errors[0] == pytest.approx(errors[1])
    assert errors[0] > 1
    assert plausibility(replace(placed, camera_in_world=None), scene.track)["keypoint_error_px"] is None


@pytest.mark.parametrize(("frames", "undefined"), [(1, {"jitter", "acceleration", "foot_slide_cm_s", "fs_percent"}),
                                                    (2, {"jitter", "acceleration"}), (3, {"jitter"})])  # fmt: skip
def test_short_motions_have_no_derivatives(frames, undefined):
    got = plausibility(motion(path(T=frames)), None)
    assert {name for name, value in got.items() if value is None} == undefined | {"keypoint_error_px"}


def test_bad_numbers_and_lengths_are_refused():
    with pytest.raises(BadInputError, match="finite"):
        plausibility(motion(path(x=np.nan)), None)
    with pytest.raises(BadInputError, match="track"):
        plausibility(motion(path()), walker_scene(seconds=0.2).track)
    with pytest.raises(BadInputError, match="contacts"):
        plausibility(motion(path()), None, np.ones((5, 4), bool))


BOX = np.array([[-0.5, 0.0, -0.5, 0.5, 1.5, 0.5]])


@pytest.mark.parametrize(
    ("place", "penetration", "floating"),
    [
        (path(y=1.52), 0.0, 20.0),  # 2 cm over the box
        (path(y=1.49), 10.0, 0.0),  # 1 cm into it
        (path(x=0.55, y=1.52), 0.0, 20.0),  # a toe over its edge
        (path(x=2.0, y=0.03), 0.0, 30.0),  # beside it: the ground counts
        (path(x=0.55, y=0.03), 0.0, 30.0),  # right beside it, on the ground
    ],
)
def test_on_a_box_the_box_is_the_ground(place, penetration, floating):
    got = plausibility(motion(place, supports=BOX), None)
    assert got["penetration_mm"] == pytest.approx(penetration)
    assert got["float_mm"] == pytest.approx(floating)
    assert plausibility(motion(place), None, supports=BOX) == got
