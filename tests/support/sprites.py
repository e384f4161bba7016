"""Scenes put together from the walker of the sample: cut out by what moves, mirrored, dyed, placed anywhere."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageFilter

from core.assets import asset_path
from core.video.decode import read_frames

HEIGHT = 460
"""Of a sprite [px]; the walker is 390 px tall in it."""
WIDTH = 360


@dataclass(frozen=True)
class Sprite:
    """A person cut out: `colours` [460,360,3] uint8, `cover` [460,360,1] in [0,1]; the hips are in the middle."""

    colours: np.ndarray
    cover: np.ndarray

    def mirrored(self) -> "Sprite":
        return Sprite(self.colours[:, ::-1], self.cover[:, ::-1])

    def dyed(self) -> "Sprite":
        """Red and blue exchanged, and darker: other clothes."""
        return Sprite((self.colours[:, :, ::-1] * 0.6).astype(np.uint8), self.cover)


@cache
def walker_sprites(count: int = 60) -> tuple[Sprite, ...]:
    """The walker in the first frames of the sample, walking on the spot to the left."""
    rows = np.s_[730 - HEIGHT // 2 : 730 + HEIGHT // 2, 500:]
    frames = [frame[rows].copy() for frame in read_frames(asset_path("samples/walker.mp4"))]
    background = np.median(frames[::10], axis=0)
    sprites = []
    for i, frame in enumerate(frames[:count]):
        x = round(1323 - 9.85 * i) - 500
        part = np.s_[:, x - WIDTH // 2 : x + WIDTH // 2]
        moved = np.abs(frame[part].astype(float) - background[part]).max(axis=2) > 28
        # Closed, so that clothes of the background's colour leave no holes; then softened.
        mask = Image.fromarray((moved * 255).astype(np.uint8)).filter(ImageFilter.MedianFilter(5))
        mask = mask.filter(ImageFilter.MaxFilter(13)).filter(ImageFilter.MinFilter(11)).filter(ImageFilter.BoxBlur(1))
        sprites.append(Sprite(frame[part], np.asarray(mask)[:, :, None] / 255.0))
    return tuple(sprites)


def meadow(height: int = 600, width: int = 1280) -> np.ndarray:
    """[H,W,3] uint8: a background on which nobody is seen, with a little grain."""
    rng = np.random.default_rng(3)
    rows = np.linspace(0, 1, height)[:, None, None]
    colours = np.array([190, 205, 225]) * (1 - rows) + np.array([110, 140, 80]) * rows
    return np.clip(colours + rng.normal(0, 6, (height, width, 1)), 0, 255).astype(np.uint8)


def placed(picture: np.ndarray, sprite: Sprite, x: float, y: float) -> np.ndarray:
    """The picture with a sprite's middle at x, y px in front; what reaches out of the picture is cut off."""
    height, width = picture.shape[:2]
    left, top = round(x) - WIDTH // 2, round(y) - HEIGHT // 2
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + WIDTH, width), min(top + HEIGHT, height)
    if x0 >= x1 or y0 >= y1:
        return picture
    part = np.s_[y0 - top : y1 - top, x0 - left : x1 - left]
    cover, made = sprite.cover[part], picture.copy()
    made[y0:y1, x0:x1] = (picture[y0:y1, x0:x1] * (1 - cover) + sprite.colours[part] * cover).astype(np.uint8)
    return made
