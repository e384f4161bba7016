"""Scenes that go wrong easily: crossings, comings and goings, mirrors, posters, crowds."""

import numpy as np
import pytest
from support.sprites import meadow, placed, walker_sprites

from core.keypoints import KeypointSettings, track_people
from core.notices import collecting

FULL = KeypointSettings(model="blazepose:full")


@pytest.fixture(scope="module")
def sprites():
    return walker_sprites()


def ways(tracks) -> list[np.ndarray]:
    """The x [T] px of the middle of each track's box, in the order of where they begin."""
    middles = [track.boxes[:, [0, 2]].mean(axis=1) for track in tracks]
    return sorted(middles, key=lambda x: x[0])


@pytest.mark.parametrize("other_clothes", [True, False])
def test_two_who_cross_stay_themselves(sprites, clip_of, other_clothes):
    """One walks to the left, one, in front, to the right; with the same clothes only their ways tell them apart."""
    background, frames = meadow(600, 1100), []
    for i in range(44):
        front = sprites[(i + 10) % 60].mirrored()
        behind = placed(background, sprites[i], 550 + 220 - 10 * i, 300)
        frames.append(placed(behind, front.dyed() if other_clothes else front, 550 - 220 + 10 * i, 320))
    tracks = track_people(clip_of(frames), FULL)
    assert len(tracks) == 2
    to_the_right, to_the_left = ways(tracks)
    np.testing.assert_allclose(to_the_right[[0, 8, 36, 43]], 330 + 10 * np.array([0, 8, 36, 43]), atol=60)
    np.testing.assert_allclose(to_the_left[[0, 8, 36, 43]], 770 - 10 * np.array([0, 8, 36, 43]), atol=60)


def test_somebody_who_comes_back_after_seconds_is_the_same(sprites, clip_of):
    background = meadow(600, 900)
    frames = [placed(background, sprites[i], 300 - 14 * i, 300) for i in range(30)] + [background] * 60
    frames += [placed(background, sprites[i].mirrored(), -100 + 14 * i, 300) for i in range(36)]
    (track,) = track_people(clip_of(frames), FULL)
    assert track.present[[0, 10, -1]].all()
    assert not track.present[45:80].any()
    assert 350 < track.boxes[-1, [0, 2]].mean() < 430


def test_a_poster_is_followed_as_itself_and_said_to_be_still(sprites, clip_of):
    background = meadow(600, 1000)
    wall = placed(background, sprites[5], 780, 280)
    frames = [placed(wall, sprites[i].dyed(), 450 - 5 * i, 310) for i in range(36)]
    with collecting() as said:
        tracks = track_people(clip_of(frames), FULL)
    walks, hangs = ways(tracks)
    assert np.ptp(hangs) < 15
    assert walks[-1] < 320
    poster = int(np.argmin([np.ptp(track.boxes[:, 0]) for track in tracks]))
    assert said == [f"Person {poster} does not move at all: a poster or a statue? Choose another person if so."]


def test_a_mirror_shows_two_people_who_stay_apart(sprites, clip_of):
    background, frames = meadow(600, 1000), []
    for i in range(30):
        image = placed(background, sprites[i].mirrored(), 250 + 4 * i, 290)
        frames.append(placed(image, sprites[i], 800 - 4 * i, 310))
    image, person = ways(track_people(clip_of(frames), FULL))
    assert image[-1] > image[0] + 60
    assert person[-1] < person[0] - 60


def test_of_a_crowd_some_are_followed_and_a_notice_says_so(sprites, clip_of):
    background, frames = meadow(1000, 1800), []
    for i in range(32):
        picture = background
        for n in range(15):
            picture = placed(picture, sprites[(i + 4 * n) % 60], 180 + 340 * (n % 5) - 3 * i, 200 + 300 * (n // 5))
        frames.append(picture)
    with collecting() as said:
        tracks = track_people(clip_of(frames), FULL)
    assert 3 <= len(tracks) <= FULL.max_people
    assert len(said) == 1
    assert "more people in the picture than the 6 who are followed" in said[0]
    for track in tracks:
        steps = np.abs(np.diff(track.boxes[track.present].mean(axis=1)))
        assert steps.max() < 100
