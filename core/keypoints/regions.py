"""Square, rotated regions of a picture and their crops.

Positions are continuous: the top left pixel covers [0, 1] x [0, 1] px. No picture is ever scaled as a whole: the
region's surroundings are cut out first (scaling all of a 1080x1920 frame for each crop cost 15 ms).
"""

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

SCALE = 1.25
"""How much larger a region is than the circle through its size point (BlazePose's own margin)."""


@dataclass(frozen=True)
class Region:
    """A square of the picture: centre `x`, `y` px, `side` px, `angle` rad (clockwise as seen, y being down)."""

    x: float
    y: float
    side: float
    angle: float = 0.0

    def turned(self, angle: float) -> "Region":
        return replace(self, angle=self.angle + angle)

    def moved(self, dx: float, dy: float) -> "Region":
        return replace(self, x=self.x + dx, y=self.y + dy)

    @property
    def rotation(self) -> np.ndarray:
        """[2,2]: crop axes to picture axes."""
        c, s = np.cos(self.angle), np.sin(self.angle)
        return np.array([[c, -s], [s, c]])

    def to_picture(self, points: np.ndarray, size: float) -> np.ndarray:
        """Points [..., 2] px of a crop of `size` px to picture px."""
        return (np.asarray(points) / size - 0.5) * self.side @ self.rotation.T + (self.x, self.y)

    def to_crop(self, points: np.ndarray, size: float) -> np.ndarray:
        """Points [..., 2] px of the picture to px of a crop of `size` px."""
        return ((np.asarray(points) - (self.x, self.y)) @ self.rotation / self.side + 0.5) * size

    @property
    def box(self) -> np.ndarray:
        """[4] px: the upright box x0, y0, x1, y1 around the square."""
        half = self.side / 2 * (abs(np.cos(self.angle)) + abs(np.sin(self.angle)))
        return np.array([self.x - half, self.y - half, self.x + half, self.y + half])


def region_from_points(centre: np.ndarray, rim: np.ndarray) -> Region:
    """BlazePose's region from its two alignment points [2] px: the mid hip, and a point on the circle around the body.

    The rim point lies in the direction of the head, which the crop shows upwards.
    """
    dx, dy = np.asarray(rim, float) - centre
    return Region(float(centre[0]), float(centre[1]), 2 * SCALE * float(np.hypot(dx, dy)), float(np.arctan2(dx, -dy)))


def crop(picture: np.ndarray, region: Region, size: int) -> np.ndarray:
    """The region of a picture [H,W,3] uint8 as [size,size,3] uint8, bilinear; black outside the picture."""
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = region.box
    left, top = max(int(np.floor(x0)) - 1, 0), max(int(np.floor(y0)) - 1, 0)
    right, bottom = min(int(np.ceil(x1)) + 1, width), min(int(np.ceil(y1)) + 1, height)
    if right <= left or bottom <= top or region.side <= 0:
        return np.zeros((size, size, 3), np.uint8)
    source = Image.fromarray(np.ascontiguousarray(picture[top:bottom, left:right]))
    # Bilinear sampling alone would alias: average whole blocks first, as far as the crop is smaller than the region.
    factor = max(int(region.side / size), 1)
    if factor > 1:
        source = source.reduce(factor)
    step = region.rotation * (region.side / size)
    corner = region.to_picture(np.zeros(2), size) - (left, top)
    matrix = np.column_stack([step, corner]) / factor
    made = source.transform(
        (size, size), Image.Transform.AFFINE, tuple(matrix.ravel()), resample=Image.Resampling.BILINEAR
    )
    return np.asarray(made)
