"""The crops that networks were trained on: each family's own square round the person, and the pixels in it."""

import numpy as np
from PIL import Image

from core.mesh_recovery.contract import Manifest
from core.mesh_recovery.keypoint_inputs import Squares
from core.motion import Track

Array = np.ndarray

CONFIDENT = 0.2
"""Keypoints less visible than this do not take part in a box (HMR's and SPIN's own limit)."""
PERSON_PX = 150
"""Original HMR: the diagonal of the keypoints' box is scaled to this length."""


def crop_squares(manifest: Manifest, track: Track, frames: Array) -> Squares:
    """The squares that the manifest's crop rule gives for some `frames` [N] of a track.

    hmr2, cliff   the track's box widened to 192:256, its height (HMR2.0, CLIFF)
    spin          the larger side of the confident keypoints' box
    hmr           their box's diagonal is 150 px of the crop (original HMR)
    letterbox     the whole picture, whatever the person does
    All but the last are then enlarged by the manifest's margin.
    """
    if manifest.crop == "letterbox":
        centre = np.tile(track.image_size / 2.0, (len(frames), 1))
        return Squares(centre, np.full(len(frames), float(track.image_size.max())))
    if manifest.crop in ("hmr2", "cliff"):
        boxes = track.boxes[frames]
    else:
        boxes = confident_boxes(track.keypoints[frames], track.boxes[frames])
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    if manifest.crop in ("hmr2", "cliff"):
        sides = np.maximum(width * 256 / 192, height)
    elif manifest.crop == "spin":
        sides = np.maximum(width, height)
    else:
        sides = np.hypot(width, height) * manifest.input_size[0] / PERSON_PX
    return Squares((boxes[:, :2] + boxes[:, 2:]) / 2, np.maximum(sides * manifest.margin, 2.0))


def confident_boxes(keypoints: Array, otherwise: Array) -> Array:
    """Boxes [N,4] px round the keypoints [N,33,3] seen well; `otherwise` where fewer than two are."""
    sure = keypoints[..., 2:] > CONFIDENT
    low = np.where(sure, keypoints[..., :2], np.inf).min(axis=1)
    high = np.where(sure, keypoints[..., :2], -np.inf).max(axis=1)
    few = sure[..., 0].sum(axis=1) < 2
    return np.where(few[:, None], otherwise, np.concatenate([low, high], axis=1))


def cut_out(picture: Array, centre: Array, side: float, size: tuple[int, int], border: str = "black") -> Array:
    """The square of a picture [H,W,3] uint8 as [height,width,3] uint8, where `size` is (height, width).

    The square spans the crop's height; of a narrower crop it shows the middle. Cut out first, then resized: resizing a
    whole frame costs many times as much.
    """
    half = np.array([side * size[1] / size[0], side]) / 2
    (x0, y0), (x1, y1) = centre - half, centre + half
    left, top, right, bottom = int(np.floor(x0)), int(np.floor(y0)), int(np.ceil(x1)), int(np.ceil(y1))
    # Pillow reads no pixels beyond the box, so the part that is cut out may end where the square does.
    part = _with_border(picture, left, top, max(right, left + 1), max(bottom, top + 1), border)
    box = (x0 - left, y0 - top, min(x1 - left, part.shape[1]), min(y1 - top, part.shape[0]))
    made = Image.fromarray(part).resize((size[1], size[0]), Image.Resampling.BILINEAR, box=box, reducing_gap=2.0)
    return np.asarray(made)


def _with_border(picture: Array, left: int, top: int, right: int, bottom: int, border: str) -> Array:
    """The window of a picture with what lies beyond its edges filled in."""
    height, width = picture.shape[:2]
    rows, columns = np.arange(top, bottom), np.arange(left, right)
    if top >= 0 and left >= 0 and bottom <= height and right <= width:
        return np.ascontiguousarray(picture[top:bottom, left:right])
    part = picture[np.clip(rows, 0, height - 1)[:, None], np.clip(columns, 0, width - 1)[None, :]]
    if border == "black":
        part[(rows < 0) | (rows >= height)] = 0
        part[:, (columns < 0) | (columns >= width)] = 0
    return part


def network_images(manifest: Manifest, crops: Array) -> Array:
    """Crops [N,H,W,3] uint8 as the network wants their colours: [N,H,W,3] float32."""
    mean, std = np.array(manifest.mean, np.float32), np.array(manifest.std, np.float32)
    return (crops.astype(np.float32) / 255 - mean) / std
