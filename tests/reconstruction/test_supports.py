"""Boxes under feet that rest in the air, and none under feet that are merely held up."""

from dataclasses import replace

import numpy as np
import pytest
from support.people import seen_by, track_of, walker_scene

from core.mesh_recovery import recover
from core.reconstruction import reconstruct
from core.reconstruction.contacts import SOLES, STANDING_HEIGHTS_M, predict_contacts
from core.reconstruction.supports import find_supports

T, FPS = 90, 30.0
TIMES = np.arange(T) / FPS
RAYS = np.tile([0.0, 0.0, -1.0], (T, 1))


def standing(heights) -> np.ndarray:
    """Landmarks [T,33,3] of feet side by side at `heights` [T,2] m (left, right), all else a metre above them."""
    landmarks = np.zeros((T, 33, 3))
    landmarks[:, :, 1] = 1.0 + np.max(heights, axis=1)[:, None]
    for i, (sole, x, z) in enumerate(zip(SOLES, (0.1, 0.1, -0.1, -0.1), (-0.1, 0.1, -0.1, 0.1), strict=True)):
        landmarks[:, sole] = np.stack(
            [0 * TIMES + x, heights[:, i // 2] + STANDING_HEIGHTS_M[i], 0 * TIMES + z], axis=1
        )
    return landmarks


def found(landmarks):
    return find_supports(landmarks, TIMES, RAYS, predict_contacts(landmarks, TIMES, rays=RAYS))


def jump_down(box: float) -> np.ndarray:
    """[T,2] m: a second on the box, then a fall to the ground."""
    fall = np.clip(box - 4.9 * np.clip(TIMES - 1.0, 0, None) ** 2, 0, None)
    return np.stack([fall, fall], axis=1)


@pytest.mark.parametrize("box", [0.3, 0.8, 2.0])
def test_a_box_under_someone_who_jumps_off_it(box):
    supports, contacts, heights = found(standing(jump_down(box)))
    assert supports.shape == (1, 6)
    low, high = supports[0, :3], supports[0, 3:]
    assert low[1] == 0
    assert np.isclose(high[1], box, atol=0.02)
    assert (low[[0, 2]] < -0.1).all()
    assert (high[[0, 2]] > 0.1).all()
    assert contacts[5:28].all()
    assert not contacts[45:].any()
    assert np.allclose(heights[contacts], high[1])


def test_no_support_under_a_foot_held_up_beside_a_standing_leg():
    heights = np.zeros((T, 2))
    heights[20:70, 0] = 0.4
    supports, contacts, _ = found(standing(heights))
    assert len(supports) == 0
    assert not contacts.any()


def test_no_support_at_the_top_of_a_jump():
    up = np.clip(0.5 * 9.8 * (0.35**2 - (TIMES - 1.5) ** 2), 0, None)
    assert len(found(standing(np.stack([up, up], axis=1)))[0]) == 0


def test_two_steps_of_a_stair_are_two_supports():
    left = np.where(TIMES < 0.8, 0.0, np.where(TIMES < 1.0, (TIMES - 0.8) / 0.2 * 0.2, 0.2))
    right = np.where(TIMES < 1.2, 0.0, np.where(TIMES < 1.5, (TIMES - 1.2) / 0.3 * 0.4, 0.4))
    left = np.where(TIMES > 2.0, np.minimum(0.2 + (TIMES - 2.0), 0.4), left)
    landmarks = standing(np.stack([left, right], axis=1))
    landmarks[:, SOLES[2:], 2] += 0.8 * (right > 0.05)[:, None]
    landmarks[:, SOLES[:2], 2] += 0.8 * (left > 0.25)[:, None]
    supports, _, _ = found(landmarks)
    assert np.allclose(np.sort(supports[:, 4]), [0.2, 0.4], atol=0.03)


def test_a_picture_has_no_supports():
    one = standing(jump_down(1.0))[:1]
    supports, contacts, heights = find_supports(one, TIMES[:1], RAYS[:1], np.zeros((1, 4), bool))
    assert supports.shape == (0, 6)
    assert contacts.shape == heights.shape == (1, 4)


def test_a_walker_who_steps_off_a_platform_is_not_flattened():
    """The first half of the walk is 0.8 m up, as on a platform; the camera sees both."""
    scene = walker_scene(pixels=2.0, metres=0.02)
    truth = scene.truth
    lift = np.zeros((len(truth), 1, 3))
    lift[:45, 0, 1] = 0.8
    lift[45:57, 0, 1] = 0.8 * (1 - (np.arange(12) / 12) ** 2)
    high = replace(truth, landmarks=truth.landmarks + lift, joints=truth.joints + lift)
    track = track_of(seen_by(high.landmarks, scene.camera_in_world), truth.fps, 2.0, 0.02)
    motion = reconstruct(track, recover(track))
    assert len(motion.supports) >= 1
    assert np.allclose(motion.supports[:, 4], 0.8, atol=0.2)
    drop = motion.joints[:40, 0, 1].mean() - motion.joints[70:, 0, 1].mean()
    assert np.isclose(drop, 0.8, atol=0.15)
    assert motion.contacts[:40].any()
