"""Left and right put right: stretches in which the network took one side for the other.

Networks swap sides when the face is turned away or blurred, of the whole body or of the legs or arms alone. Limbs do
not jump into each other's places, so the swaps show as jumps there and back. Viterbi's algorithm (1967) finds the
cheapest sequence of labels over {as is, swapped} for trunk, arms and legs: what a label costs is how badly positions
follow from the two frames before (constant velocity), and how badly the limbs fit the trunk's ends; every change costs
something too, so nothing is swapped without evidence. Whichever label holds for more of a stretch is taken to be the
truth.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product

import numpy as np

from core.keypoints.gates import pixels_per_metre
from core.keypoints.skeletons import INDEX, SYMMETRIC_PAIRS
from core.motion import Track
from core.notices import notice

Array = np.ndarray

CHANGE_COST = 1.0
"""Cost of changing the labels from one frame to the next."""
SWAPPED_COST = 0.004
"""Cost of a swapped part in a frame: it decides which of two labels is the truth."""
SURPRISE_M = 0.12
"""A position that is this far from where it should be after one frame costs half of what the worst one costs."""
BONE_M = 0.1
"""The same for the length of an upper arm or thigh."""
BONE_WEIGHT = 0.4
DEPTH_WEIGHT = 0.6
"""Depths are less certain than what is seen in the picture."""
LEAST_GAIN = (-0.1, 0.15)
"""What swapping must gain in continuity at each end of a stretch, and in all."""
LONGEST_GAP_S = 0.4
"""Over a longer gap nothing is known; what lies on its two sides is decided apart."""
LEAST_VISIBILITY = 0.2
"""Frames whose keypoints are seen less than this on average say nothing."""

_ARM_NAMES = ("elbow", "wrist", "pinky", "index", "thumb")
_LEG_NAMES = ("knee", "ankle", "heel", "foot_index")
_PAIRS = np.array(SYMMETRIC_PAIRS)
_STATES = np.array(list(product((0, 1), repeat=3)))
"""[8,3]: whether trunk (with face), arms and legs are swapped."""


def _part_of_pair(left: int) -> int:
    names = {INDEX[f"left_{n}"]: 1 for n in _ARM_NAMES} | {INDEX[f"left_{n}"]: 2 for n in _LEG_NAMES}
    return names.get(left, 0)


_PARTS = np.array([_part_of_pair(left) for left, _ in SYMMETRIC_PAIRS])
_ROOT_BONES = ((1, "shoulder", "elbow"), (2, "hip", "knee"))


@dataclass(frozen=True)
class Swap:
    """A stretch of frames (both ends included) in which parts were swapped: of "trunk", "arms", "legs"."""

    first: int
    last: int
    parts: tuple[str, ...]


def sides_put_right(track: Track) -> tuple[Track, list[Swap]]:
    """The track with left-right swaps undone, and the stretches in which that was so."""
    labels = side_labels(track)
    if not labels.any():
        return track, []
    keypoints, world = track.keypoints.copy(), track.world.copy()
    for part in range(3):
        pairs = _PAIRS[part == _PARTS]
        frames = np.flatnonzero(labels[:, part])
        for array in (keypoints, world):
            array[np.ix_(frames, pairs.ravel())] = array[np.ix_(frames, pairs[:, ::-1].ravel())]
    return replace(track, keypoints=keypoints, world=world), _stretches(labels)


def side_labels(track: Track) -> Array:
    """[T,3] bool: whether trunk (with face), arms and legs are swapped in a frame."""
    labels = np.zeros((len(track), 3), bool)
    seen = np.flatnonzero(track.keypoints[:, :, 2].mean(axis=1) > LEAST_VISIBILITY)
    if len(seen) < 4:
        return labels
    points = _points_in_metres(track, seen)
    weights = track.keypoints[seen][:, _PAIRS, 2].min(axis=-1)
    bones = _bone_costs(track.world[seen])
    cuts = np.flatnonzero(np.diff(seen) > LONGEST_GAP_S * track.fps) + 1
    for chunk in np.split(np.arange(len(seen)), cuts):
        if len(chunk) >= 4:
            path = _cheapest(points[chunk], weights[chunk], bones[chunk], seen[chunk])
            labels[seen[chunk]] = _with_evidence(_STATES[path].astype(bool), points[chunk])
    return _filled(labels, seen)


def _with_evidence(labels: Array, points: Array) -> Array:
    """The labels [n,3], those left out that the medians of a few frames on both sides of their ends do not support.

    A single bad reading can hide a change of labels from a look at three frames in a row.
    """
    for stretch in _stretches(labels):
        without = labels.copy()
        without[stretch.first : stretch.last + 1] = False
        first, end = stretch.first, stretch.last + 1
        ends = [(range(max(first - 3, 0), first), range(first, min(first + 3, end)))] if first > 0 else []
        ends += [(range(max(end - 3, first), end), range(end, min(end + 3, len(labels))))] if end < len(labels) else []
        gains = [_break(points, without, *each) - _break(points, labels, *each) for each in ends]
        if not gains or min(gains) < LEAST_GAIN[0] or sum(gains) < LEAST_GAIN[1]:
            labels = without
    return labels


def _break(points: Array, labels: Array, before: range, after: range) -> float:
    """How badly the medians over the frames before and after a change fit each other under some labels, in [0,3]."""
    medians = []
    for frames in (list(before), list(after)):
        swapped = labels[frames][:, _PARTS][:, :, None, None]
        each = points[frames]
        medians.append(np.median(np.where(swapped, each[:, :, ::-1], each), axis=0))
    cost = _robust(np.linalg.norm(medians[0] - medians[1], axis=-1), SURPRISE_M * 1.5).mean(axis=-1)
    return float(sum(cost[part == _PARTS].mean() for part in range(3)))


def _filled(labels: Array, seen: Array) -> Array:
    """Frames that say nothing go with their neighbours where these agree (bridged gaps were made from them)."""
    for a, b in pairwise(seen):
        if b - a > 1:
            middle = (a + b) // 2
            labels[a + 1 : middle + 1], labels[middle + 1 : b] = labels[a], labels[b]
    return labels


def _points_in_metres(track: Track, frames: Array) -> Array:
    """[n,P,2,3] m: left and right of each pair: in the picture about the mid hip, and the weighted world depth."""
    keypoints, world = track.keypoints[frames], track.world[frames]
    scales = np.array([pixels_per_metre(k, w) for k, w in zip(keypoints, world, strict=True)])
    scales = np.where(scales > 0, scales, np.median(scales[scales > 0]) if (scales > 0).any() else 1.0)
    hips = keypoints[:, [INDEX["left_hip"], INDEX["right_hip"]], :2].mean(axis=1, keepdims=True)
    flat = (keypoints[:, :, :2] - hips) / np.median(scales)
    return np.concatenate([flat, DEPTH_WEIGHT * world[:, :, 2:]], axis=-1)[:, _PAIRS]


def _bone_costs(world: Array) -> Array:
    """[n,8]: how badly upper arms and thighs keep their lengths under each of the labels."""
    costs = np.zeros((len(world), len(_STATES)))
    for part, root, end in _ROOT_BONES:
        roots = world[:, [INDEX[f"left_{root}"], INDEX[f"right_{root}"]]]
        ends = world[:, [INDEX[f"left_{end}"], INDEX[f"right_{end}"]]]
        straight = np.linalg.norm(roots - ends, axis=-1)
        crossed = np.linalg.norm(roots - ends[:, ::-1], axis=-1)
        usual = np.median(straight, axis=0).mean()
        cost = [_robust(np.abs(each - usual), BONE_M).mean(axis=1) for each in (straight, crossed)]
        torn = _STATES[:, 0] != _STATES[:, part]
        costs += BONE_WEIGHT * np.where(torn, cost[1][:, None], cost[0][:, None])
    return costs


def _robust(distance: Array, scale: Array | float) -> Array:
    """Geman and McClure's: 0 for none, 1/2 at `scale`, never above 1."""
    return distance**2 / (distance**2 + np.asarray(scale) ** 2)


def _cheapest(points: Array, weights: Array, bones: Array, frames: Array) -> Array:
    """[n] indices into the eight labels: the cheapest sequence.

    A node is the labels of two frames in a row, since a velocity takes two.
    """
    unary = bones + SWAPPED_COST * _STATES.sum(axis=1)
    change = CHANGE_COST * (1 - np.eye(len(_STATES)))
    costs = unary[0][:, None] + unary[1][None, :] + change + _surprise(points[:2], weights[:2], frames[:2])[0]
    back = []
    for t in range(2, len(points)):
        step = _surprise(points[t - 2 : t + 1], weights[t - 2 : t + 1], frames[t - 2 : t + 1])
        ways = costs[:, :, None] + step + change[None] + unary[t][None, None]
        back.append(ways.argmin(axis=0))
        costs = ways.min(axis=0)
    before, now = np.unravel_index(int(costs.argmin()), costs.shape)
    path = [int(now), int(before)]
    for choices in reversed(back):
        path.append(int(choices[path[-1], path[-2]]))
    return np.array(path[::-1])


def _surprise(points: Array, weights: Array, frames: Array) -> Array:
    """[8,8,8] over the labels of three frames in a row ([1,8,8] of two): how unexpected the last positions are."""
    two = len(points) == 2
    per_part = []
    for part in range(3):
        chosen = part == _PARTS
        each = points[:, chosen]
        weight = weights[:, chosen].min(axis=0)
        swapped = np.stack([each, each[:, :, ::-1]], axis=1)  # [frames, label, pairs, side, 3]
        gap = float(frames[-1] - frames[-2])
        expected = swapped[-2] if two else _carried_on(swapped, frames)
        distance = np.linalg.norm(swapped[-1][(None,) * (expected.ndim - 3)] - expected[..., None, :, :, :], axis=-1)
        cost = _robust(distance, SURPRISE_M * np.sqrt(gap)).mean(axis=-1)
        per_part.append((cost * weight).sum(axis=-1) / max(weight.sum(), 1e-6) * min(weight.mean() * 2, 1.0))
    if two:
        return np.asarray(sum(p[np.ix_(s, s)] for p, s in zip(per_part, _STATES.T, strict=True)))[None]
    return np.asarray(sum(p[np.ix_(s, s, s)] for p, s in zip(per_part, _STATES.T, strict=True)))


def _carried_on(swapped: Array, frames: Array) -> Array:
    """[label,label,pairs,side,3]: where the points of the middle frame go with (half of) their velocity."""
    before, gap = float(frames[1] - frames[0]), float(frames[2] - frames[1])
    velocity = (swapped[1][None] - swapped[0][:, None]) / before
    return swapped[1][None] + 0.7 * min(gap, 2.0) * velocity


def _stretches(labels: Array) -> list[Swap]:
    names: Sequence[str] = ("trunk", "arms", "legs")
    edges = np.flatnonzero((labels[1:] != labels[:-1]).any(axis=1)) + 1
    found = []
    for first, end in pairwise([0, *edges.tolist(), len(labels)]):
        parts = tuple(name for name, on in zip(names, labels[first], strict=True) if on)
        if parts:
            found.append(Swap(first, end - 1, parts))
    return found


def put_right(tracks: Sequence[Track]) -> list[Track]:
    """`sides_put_right` for everybody, with a notice that says where."""
    fixed = []
    for n, track in enumerate(tracks):
        better, swaps = sides_put_right(track)
        fixed.append(better)
        if swaps:
            frames = sum(swap.last - swap.first + 1 for swap in swaps)
            places = ", ".join(f"{s.first}-{s.last} ({' and '.join(s.parts)})" for s in swaps[:4])
            more = f" and {len(swaps) - 4} more stretches" if len(swaps) > 4 else ""
            notice(
                f"person-{n}: the network took left for right in {frames} frames, which was put right: frames {places}"
                f"{more}."
            )
    return fixed
