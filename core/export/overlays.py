"""What is drawn over pictures: keypoints and labels, in the viewer's colours."""

from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from core.keypoints.skeletons import BLAZEPOSE_EDGES, BLAZEPOSE_NAMES

Array = np.ndarray

_LEFT, _RIGHT, _MIDDLE = (255, 179, 92), (92, 208, 255), (255, 255, 255)
_SEEN = 0.3  # visibility below which a point is left out
_SHADE = (0, 0, 0)


def with_keypoints(picture: Image.Image, points: Array) -> Image.Image:
    """The picture with one frame of keypoints [33,3] (x px, y px of this picture, visibility); left warm, right cool.

    Draw on a larger picture than is shown: lines have no smooth edges until it is made smaller.
    """
    drawn = picture.copy()
    draw = ImageDraw.Draw(drawn)
    unit = max(drawn.size) / 640
    for a, b in BLAZEPOSE_EDGES:
        if min(points[a, 2], points[b, 2]) < _SEEN:
            continue
        ends = [tuple(float(n) for n in points[each, :2]) for each in (a, b)]
        colour = _side(a) if _side(a) == _side(b) else _MIDDLE
        draw.line(ends, fill=_SHADE, width=max(1, round(4.0 * unit)))
        draw.line(ends, fill=colour, width=max(1, round(2.2 * unit)))
    for i, (x, y, visibility) in enumerate(points):
        if visibility >= _SEEN:
            radius = (1.4 if i < 11 else 2.6) * unit
            box = (x - radius, y - radius, x + radius, y + radius)
            draw.ellipse(box, fill=_side(i), outline=_SHADE, width=max(1, round(0.6 * unit)))
    return drawn


def _side(index: int) -> tuple[int, int, int]:
    name = BLAZEPOSE_NAMES[index]
    return _LEFT if "left" in name else _RIGHT if "right" in name else _MIDDLE


@cache
def label(text: str, height: int, colour: tuple[int, int, int] = (255, 255, 255)) -> Image.Image:
    """A small dark plate [RGBA] with a dot in `colour` and the text, for a picture of this height."""
    size = max(10, round(height / 24))
    font = ImageFont.load_default(size)
    wide = font.getlength(text)
    pad = round(size * 0.45)
    dot = round(size * 0.55)
    plate = Image.new("RGBA", (round(wide) + 3 * pad + dot, round(size * 1.1) + 2 * pad))
    draw = ImageDraw.Draw(plate)
    draw.rounded_rectangle((0, 0, plate.width - 1, plate.height - 1), radius=plate.height // 3, fill=(12, 14, 18, 190))
    middle = plate.height / 2
    draw.ellipse((pad, middle - dot / 2, pad + dot, middle + dot / 2), fill=(*colour, 255))
    draw.text((2 * pad + dot, middle), text, font=font, fill=(240, 243, 248, 255), anchor="lm")
    return plate
