"""Moving thumbnails."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from support.motions import spoiled, waving

from core.export.sprites import FRAMES, SIDE, sprite_strip


def pictures(motion):
    strip = Image.open(BytesIO(sprite_strip(motion)))
    assert strip.size == (FRAMES * SIDE, SIDE)
    drawn = np.asarray(strip.convert("RGBA")).reshape(SIDE, FRAMES, SIDE, 4).swapaxes(0, 1)
    return drawn.astype(float)


@pytest.mark.parametrize("lift", [0.0, 4.0], ids=["on the ground", "from a height"])
def test_the_body_fills_each_picture_and_moves(lift):
    motion = waving(90)
    path = np.linspace(lift, 0, 90)[:, None, None] * [0, 1, 0]
    drawn = pictures(spoiled(motion, joints=motion.joints + path))
    alpha = drawn[..., 3]
    bodies = alpha > 200
    assert max(alpha[:, [0, -1]].max(), alpha[:, :, [0, -1]].max()) < 128  # nothing is cut off
    assert bodies.mean(axis=(1, 2)).min() > 0.03
    assert np.abs(np.diff(bodies.astype(float), axis=0)).mean(axis=(1, 2)).min() > 0.002


def test_a_motion_of_one_frame_stands_still():
    drawn = pictures(waving(1))
    assert np.abs(drawn[0] - drawn[-1]).max() < 40  # WebP is not exact
