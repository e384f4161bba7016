import numpy as np

from core.keypoints.appearance import look_of, unlikeness, usual_look
from core.keypoints.skeletons import INDEX


def somebody(x: float = 200) -> np.ndarray:
    """[33,3]: a skeleton with shoulders at y 100, hips at 250, knees at 350 px."""
    keypoints = np.zeros((33, 3))
    for part, y, half in (("shoulder", 100, 40), ("hip", 250, 30), ("knee", 350, 30)):
        keypoints[INDEX[f"left_{part}"]] = (x + half, y, 1)
        keypoints[INDEX[f"right_{part}"]] = (x - half, y, 1)
    return keypoints


def picture(shirt, trousers) -> np.ndarray:
    made = np.full((400, 400, 3), 128, np.uint8)
    made[80:250], made[250:] = shirt, trousers
    return made


RED, BLUE, BLACK, WHITE = (200, 30, 30), (30, 40, 200), (15, 15, 15), (240, 240, 240)


def test_the_same_clothes_are_alike_also_in_the_shade():
    bright = look_of(picture(RED, BLUE), somebody())
    shade = look_of((picture(RED, BLUE) * 0.6).astype(np.uint8), somebody())
    assert unlikeness(bright, bright) < 1e-6
    assert unlikeness(bright, shade) < 0.1


def test_other_clothes_are_not():
    look = look_of(picture(RED, BLACK), somebody())
    assert unlikeness(look, look_of(picture(BLUE, BLACK), somebody())) > 0.4
    assert unlikeness(look, look_of(picture(BLUE, WHITE), somebody())) > 0.8


def test_a_part_that_is_not_seen_says_nothing():
    hidden = somebody()
    hidden[INDEX["left_knee"], 2] = hidden[INDEX["right_knee"], 2] = 0.1
    look = look_of(picture(RED, BLUE), hidden)
    assert np.isfinite(look[0]).all()
    assert np.isnan(look[1]).all()
    assert unlikeness(look, look_of(picture(RED, WHITE), somebody())) < 1e-6
    outside = look_of(picture(RED, BLUE), somebody(x=5000))
    assert np.isnan(unlikeness(look, outside))


def test_the_usual_look_is_the_mean_of_what_was_seen():
    red, nothing = look_of(picture(RED, BLUE), somebody()), look_of(picture(RED, BLUE), somebody(x=5000))
    np.testing.assert_allclose(usual_look([red, nothing, red]), red)
    assert np.isnan(usual_look([])).all()
