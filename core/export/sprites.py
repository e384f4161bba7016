"""A motion as a strip of small pictures: a moving thumbnail that costs a fraction of a second and no graphics card."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw

from core.motion import BodyMotion

Array = np.ndarray

FRAMES, SIDE = 24, 208
"""Pictures in a strip, and the px of each side."""
SECONDS = 2.4
"""The longest part of a motion that is shown [s], out of its middle."""
_FINER = 2  # drawn so many times larger, and made smaller: smooth edges
_MARGIN = 0.07
_TALLEST = 2.5  # m

# Two joints of SMPL's 24, the radii (m) at either, and whose side: a body of tapered capsules.
_LIMBS = (
    ((1, 4), (0.085, 0.058), "left"),
    ((4, 7), (0.057, 0.040), "left"),
    ((7, 10), (0.042, 0.034), "left"),
    ((2, 5), (0.085, 0.058), "right"),
    ((5, 8), (0.057, 0.040), "right"),
    ((8, 11), (0.042, 0.034), "right"),
    ((16, 18), (0.050, 0.041), "left"),
    ((18, 20), (0.040, 0.030), "left"),
    ((20, 22), (0.034, 0.030), "left"),
    ((17, 19), (0.050, 0.041), "right"),
    ((19, 21), (0.040, 0.030), "right"),
    ((21, 23), (0.034, 0.030), "right"),
    ((1, 2), (0.085, 0.085), "middle"),
    ((0, 3), (0.112, 0.108), "middle"),
    ((3, 6), (0.108, 0.112), "middle"),
    ((6, 9), (0.112, 0.118), "middle"),
    ((16, 17), (0.066, 0.066), "middle"),
    ((9, 12), (0.100, 0.056), "middle"),
    ((12, 15), (0.055, 0.055), "middle"),
)
_HEAD_RADIUS, _HEAD_RISE = 0.105, 0.07
# sRGB; readable on light and on dark paper.
_COLOURS = {"left": (137, 203, 178), "middle": (98, 176, 149), "right": (62, 134, 111)}
_SHADOW = (20, 22, 30)


@dataclass(frozen=True)
class _View:
    """Where the camera of the thumbnails looks from: unit vectors in the world."""

    right: Array
    ahead: Array


def sprite_strip(motion: BodyMotion) -> bytes:
    """FRAMES pictures of a world motion, side by side, as WebP on a transparent ground.

    Seen from where the camera stood (level, without perspective) and followed, so that the body fills the picture.
    """
    joints, view = _middle(motion), _view(motion)
    across, up, depth = joints @ view.right, joints[..., 1], joints @ view.ahead
    across = across - _smoothed(across[:, 0])[:, None]
    ground = np.zeros(FRAMES)
    if up.max() - min(0.0, up.min()) > _TALLEST:  # a leap from a height would be very small: it is followed down, too
        ground = -_smoothed(up[:, 0])
        up = up + ground[:, None]
    scale, left, bottom = _frame(across, up, ground)
    strip = Image.new("RGBA", (FRAMES * SIDE, SIDE))
    for i in range(FRAMES):
        points = np.stack([left + across[i] * scale, SIDE * _FINER - (bottom + up[i] * scale)], axis=1)
        floor = SIDE * _FINER - (bottom + ground[i] * scale)
        strip.paste(_picture(points, depth[i], scale, floor), (i * SIDE, 0))
    data = BytesIO()
    strip.save(data, "WEBP", quality=82, method=3)
    return data.getvalue()


def _middle(motion: BodyMotion) -> Array:
    """Joints [FRAMES,24,3] evenly over the shown part of the motion."""
    length = (len(motion) - 1) / motion.fps
    shown = min(SECONDS, length)
    times = (length - shown) / 2 + np.linspace(0, shown, FRAMES)
    nearest = np.clip(np.round(times * motion.fps).astype(int), 0, len(motion) - 1)
    return np.nan_to_num(motion.joints[nearest])


def _view(motion: BodyMotion) -> _View:
    right = np.array([1.0, 0.0, 0.0])
    if motion.camera_in_world is not None:
        right = np.asarray(motion.camera_in_world[len(motion) // 2, :3, 0], dtype=float)
    right = right * [1, 0, 1]
    length = np.linalg.norm(right)
    right = right / length if length > 1e-3 else np.array([1.0, 0.0, 0.0])
    return _View(right, np.cross(right, [0.0, -1.0, 0.0]))


def _smoothed(path: Array) -> Array:
    """A path [FRAMES] without its quick movements, so that the follower does not shake."""
    return np.polyval(np.polyfit(np.arange(len(path)), path, 3), np.arange(len(path)))


def _frame(across: Array, up: Array, ground: Array) -> tuple[float, float, float]:
    """Fine px a metre, where the middle lies, and where height 0: so that every frame is within the picture."""
    low, high = float(up.min()) - 0.05, float(up.max()) + _HEAD_RADIUS + _HEAD_RISE
    low = min(low, 0.0) if not ground.any() else low
    reach = max(2 * float(np.abs(across).max()) + 2 * _HEAD_RADIUS, high - low, 0.5)
    scale = SIDE * _FINER * (1 - 2 * _MARGIN) / reach
    spare = SIDE * _FINER - (high - low) * scale
    return scale, SIDE * _FINER / 2, max(spare / 2, SIDE * _FINER * _MARGIN) - low * scale


def _picture(points: Array, depth: Array, scale: float, ground: float) -> Image.Image:
    """One frame from joints in fine px [24,2] and their depths [24] m."""
    picture = Image.new("RGBA", (SIDE * _FINER, SIDE * _FINER))
    draw = ImageDraw.Draw(picture)
    middle = points[:, 0].mean()
    for k in range(1, 5):  # darker towards its middle
        wide, high = 0.34 * scale * (1 - k / 9), 0.06 * scale * (1 - k / 9)
        draw.ellipse((middle - wide, ground - high, middle + wide, ground + high), fill=(*_SHADOW, 18 * k))
    head = points[15] + _HEAD_RISE * scale * _unit(points[15] - points[12])
    shapes = [(depth[[a, b]].mean(), points[a], points[b], radii, side) for (a, b), radii, side in _LIMBS]
    shapes.append((depth[15], head, head, (_HEAD_RADIUS, _HEAD_RADIUS), "middle"))
    for _, start, end, radii, side in sorted(shapes, key=lambda shape: -shape[0]):
        colour = np.array(_COLOURS[side])
        _capsule(draw, start, end, radii, scale, colour * 0.72)
        _capsule(draw, start, end, [r - 0.012 for r in radii], scale, colour)
        lit = np.array([-0.35, -0.35]) * np.min(radii) * scale
        _capsule(draw, start + lit, end + lit, [0.42 * r for r in radii], scale, colour * 0.6 + 255 * 0.4)
    return picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def _capsule(draw: ImageDraw.ImageDraw, start: Array, end: Array, radii, scale: float, colour: Array) -> None:
    first, last = (r * scale for r in radii)
    fill = tuple(int(c) for c in colour)
    for (x, y), r in ((start, first), (end, last)):
        draw.ellipse((x - r, y - r, x + r, y + r), fill=fill)
    if (length := np.linalg.norm(end - start)) > abs(first - last):
        side = np.array([start[1] - end[1], end[0] - start[0]]) / length
        corners = [start + side * first, end + side * last, end - side * last, start - side * first]
        draw.polygon([tuple(c) for c in corners], fill=fill)


def _unit(vector: Array) -> Array:
    return vector / max(float(np.linalg.norm(vector)), 1e-9)
