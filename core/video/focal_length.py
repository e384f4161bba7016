"""The focal length that a file says it was taken with."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image

from core.video.decode import is_picture, open_video

FULL_FRAME_DIAGONAL_MM = float(np.hypot(36.0, 24.0))

VIDEO_TAGS = (
    "com.apple.quicktime.camera.focal_length.35mm_equivalent",
    "camera.focal_length.35mm_equivalent",
    "focallengthin35mmfilm",
    "focal_length_35mm",
)
"""Names under which cameras write it into videos, lower case."""


@dataclass(frozen=True)
class FocalLength:
    """`diagonals`: focal length as a multiple of the picture's diagonal, which scaling does not change; `evidence` says
    where it is from."""

    diagonals: float
    evidence: str

    def pixels(self, width: int, height: int) -> float:
        """In px of a picture of this size."""
        return self.diagonals * float(np.hypot(width, height))


def read_focal_length(path: Path) -> FocalLength | None:
    """What EXIF (pictures) or the container's tags (videos) tell; None where they tell nothing that can be."""
    equivalent, evidence = _from_picture(path) if is_picture(path) else _from_video(path)
    if equivalent is None or not 8.0 <= equivalent <= 1200.0:
        return None
    return FocalLength(equivalent / FULL_FRAME_DIAGONAL_MM, f"{equivalent:.0f} mm (35 mm equivalent) from {evidence}")


def _from_picture(path: Path) -> tuple[float | None, str]:
    with Image.open(path) as picture:
        exif = picture.getexif().get_ifd(ExifTags.IFD.Exif)
        size = picture.size
    if (equivalent := _number(exif.get(ExifTags.Base.FocalLengthIn35mmFilm))) is not None:
        return equivalent, "the picture's EXIF data"
    return _from_sensor(exif, size), "the lens and the sensor in the picture's EXIF data"


def _from_sensor(exif: dict[int, Any], size: tuple[int, int]) -> float | None:
    """35 mm equivalent from the focal length in mm and the sensor's resolution in px per unit."""
    length = _number(exif.get(ExifTags.Base.FocalLength))
    resolution = _number(exif.get(ExifTags.Base.FocalPlaneXResolution))
    unit_mm = {2: 25.4, 3: 10.0, 4: 1.0}.get(int(_number(exif.get(ExifTags.Base.FocalPlaneResolutionUnit)) or 2))
    original = _number(exif.get(ExifTags.Base.ExifImageWidth))
    if length is None or resolution is None or unit_mm is None:
        return None
    shrunk = size[0] / original if original else 1.0
    pixels = length * resolution / unit_mm * shrunk
    return pixels / float(np.hypot(*size)) * FULL_FRAME_DIAGONAL_MM


def _from_video(path: Path) -> tuple[float | None, str]:
    with open_video(path) as container:
        tags = {**container.metadata, **container.streams.video[0].metadata}
    for name, value in tags.items():
        if name.lower() in VIDEO_TAGS:
            return _number(value), f'the video\'s tag "{name}"'
    return None, ""


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return number if np.isfinite(number) and number > 0 else None
