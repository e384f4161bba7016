"""A small picture of each person, to choose by."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from core.arrays_on_disk import replacing
from core.keypoints.detector import box_overlap
from core.keypoints.regions import Region, crop
from core.motion import Clip, Track

SIZE = 192
"""Width and height of a thumbnail [px]."""
MARGIN = 1.2
"""Side of what is shown, in sides of the box."""


def good_frame(tracks: Sequence[Track], person: int) -> int:
    """The frame that shows a person best: well seen, large, whole, nobody else before or behind them."""
    track = tracks[person]
    sizes = np.sqrt(np.prod(track.boxes[:, 2:] - track.boxes[:, :2], axis=1))
    score = track.keypoints[:, :, 2].mean(axis=1) * sizes / max(float(sizes.max()), 1.0)
    for frame in np.flatnonzero(track.present):
        others = [o.boxes[frame] for o in tracks if o is not track and o.present[frame]]
        if any(box_overlap(track.boxes[frame], box) > 0 for box in others):
            score[frame] *= 0.5
    return int(np.argmax(score))


def thumbnail(picture: np.ndarray, box: np.ndarray) -> np.ndarray:
    """[192,192,3] uint8: the square around a box [4] px of a picture [H,W,3] uint8."""
    x0, y0, x1, y1 = box
    return crop(picture, Region((x0 + x1) / 2, (y0 + y1) / 2, max(MARGIN * max(x1 - x0, y1 - y0), 8.0)), SIZE)


def write_thumbnails(clip: Clip, tracks: Sequence[Track], paths: Sequence[Path]) -> list[int]:
    """Write one JPEG a track, atomically; returns the frames that they show."""
    shown = [good_frame(tracks, n) for n in range(len(tracks))]
    for track, frame, path in zip(tracks, shown, paths, strict=True):
        picture = next(clip.frames(frame))
        with replacing(path) as temporary:
            Image.fromarray(thumbnail(picture, track.boxes[frame])).save(temporary, "JPEG", quality=85)
    return shown
