"""BlazePose's person detector: an SSD on 224x224 px (Bazarevsky et al. 2020), decoded without MediaPipe.

A hit is a box around the face and two points that lay out the whole body: the mid hip and a point on the circle around
the body. One look at a whole frame misses small people; `look` therefore also takes half-overlapping tiles at twice
the scale.
"""

from dataclasses import dataclass

import numpy as np

from core.keypoints.networks import session
from core.keypoints.regions import Region, crop, region_from_points

SIZE = 224
_STRIDES = (8, 16, 32, 32, 32)
_ANCHORS_PER_CELL = 2
_MERGE_OVERLAP = 0.3


@dataclass(frozen=True)
class Hit:
    """A person found: `score` in [0,1], `box` [4] px of the face, `points` [4,2] px.

    The points are the mid hip, a point on the circle around the body, and the same two for the upper body alone.
    """

    score: float
    box: np.ndarray
    points: np.ndarray

    @property
    def region(self) -> Region:
        return region_from_points(self.points[0], self.points[1])


def anchors() -> np.ndarray:
    """[2254,2]: the centres of the anchors in [0,1], in the network's order.

    Layers of one stride share their cells: 28x28x2, 14x14x2, 7x7x6. All anchors have the size 1.
    """
    centres = []
    for stride in sorted(set(_STRIDES)):
        cells = SIZE // stride
        rows, columns = np.divmod(np.arange(cells * cells), cells)
        each = np.column_stack([columns + 0.5, rows + 0.5]) / cells
        centres.append(np.repeat(each, _ANCHORS_PER_CELL * _STRIDES.count(stride), axis=0))
    return np.concatenate(centres)


_CENTRES = anchors()


def decode(boxes: np.ndarray, logits: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Hits of one look: scores [n] in [0,1] and values [n,12] in px of the network's input.

    `boxes` [2254,12] and `logits` [2254,1] are the network's outputs. The values are the box x0, y0, x1, y1 and four
    points x, y; the network gives them relative to the anchors.
    """
    scores = 1 / (1 + np.exp(-np.clip(logits[:, 0].astype(float), -100, 100)))
    kept = scores >= threshold
    raw = boxes[kept].astype(float).reshape(-1, 6, 2)
    centres = _CENTRES[kept][:, None] * SIZE
    middle, extent, points = raw[:, :1] + centres, raw[:, 1:2], raw[:, 2:] + centres
    values = np.concatenate([middle - extent / 2, middle + extent / 2, points], axis=1)
    return scores[kept], values.reshape(-1, 12)


def merge(scores: np.ndarray, values: np.ndarray, overlap: float = _MERGE_OVERLAP) -> tuple[np.ndarray, np.ndarray]:
    """Weighted non-maximum suppression (Blazeface, Bazarevsky et al. 2019): overlapping hits become their mean.

    `scores` [n], `values` [n,12] as `decode` gives them; the best score stands for the group.
    """
    order = list(np.argsort(-scores, kind="stable"))
    out_scores, out_values = [], []
    while order:
        group = [i for i in order if box_overlap(values[order[0], :4], values[i, :4]) > overlap or i == order[0]]
        weights = scores[group]
        out_scores.append(scores[group[0]])
        out_values.append(weights @ values[group] / weights.sum())
        order = [i for i in order if i not in group]
    return np.array(out_scores), np.array(out_values).reshape(-1, 12)


def box_overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two boxes x0, y0, x1, y1."""
    inner = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    if (inner <= 0).any():
        return 0.0
    shared = float(np.prod(inner))
    return shared / float(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - shared)


def views(width: int, height: int) -> list[Region]:
    """Where to look: the letterboxed whole frame, and half-overlapping square tiles of half its longer side."""
    longer = max(width, height)
    found = [Region(width / 2, height / 2, longer)]
    side = longer / 2
    for y in _tile_centres(height, side):
        found.extend(Region(x, y, side) for x in _tile_centres(width, side))
    return found


def _tile_centres(length: float, side: float) -> list[float]:
    if length <= side:
        return [length / 2]
    count = int(np.ceil((length - side) / (side / 2))) + 1
    return list(np.linspace(side / 2, length - side / 2, count))


class Detector:
    """The detector network with its settings."""

    def __init__(self, threshold: float, threads: int) -> None:
        self._threshold = threshold
        self._session = session("blazepose_detector.onnx", threads)

    def look(self, picture: np.ndarray, regions: list[Region] | None = None) -> list[Hit]:
        """People in a picture [H,W,3] uint8, best first; `regions` are the `views` of the frame unless given."""
        regions = views(picture.shape[1], picture.shape[0]) if regions is None else regions
        scores, values = np.zeros(0), np.zeros((0, 12))
        for region in regions:
            image = crop(picture, region, SIZE).astype(np.float32)[None] / 127.5 - 1
            boxes, logits = self._session.run(["boxes", "scores"], {"image": image})
            own_scores, own = merge(*decode(boxes[0], logits[0], self._threshold))
            scores = np.concatenate([scores, own_scores])
            values = np.concatenate([values, _in_picture(own, region)])
        scores, values = merge(scores, values)
        return [Hit(float(s), v[:4], v[4:].reshape(4, 2)) for s, v in zip(scores, values, strict=True)]


def _in_picture(values: np.ndarray, region: Region) -> np.ndarray:
    """`decode`'s values in picture px; of a turned box the upright box around its corners."""
    x0, y0, x1, y1 = values[:, :4].T
    corners = np.stack([np.column_stack(c) for c in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))], axis=1)
    corners = region.to_picture(corners, SIZE)
    points = region.to_picture(values[:, 4:].reshape(-1, 4, 2), SIZE)
    return np.concatenate([corners.min(axis=1), corners.max(axis=1), points.reshape(-1, 8)], axis=1)
