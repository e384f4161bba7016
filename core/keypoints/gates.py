"""Is this skeleton a person, and the same one as before?

The landmark network's pose flag is no answer: skeletons in foliage come back with 1.00. These gates look at what
garbage gets wrong: hardly visible points, arms of a few centimetres, keypoints that do not fit their own world
landmarks, jumps, and bones that are not the person's.
"""

import numpy as np

from core.keypoints.landmarks import Pose
from core.keypoints.skeletons import INDEX, LIMBS

_LIMBS = np.array(LIMBS)
_SHOULDERS = [INDEX["left_shoulder"], INDEX["right_shoulder"]]
_HIPS = [INDEX["left_hip"], INDEX["right_hip"]]
_PAIRS = np.array([(INDEX[f"left_{n}"], INDEX[f"right_{n}"]) for n in ("ear", "shoulder", "hip", "knee", "ankle")])
_BODY = slice(INDEX["left_shoulder"], None)

TORSO_M = (0.28, 0.75)
LIMB_M = (0.08, 0.7)
"""Lengths [m] that mid hip to mid shoulder, and a limb bone, may have; a child's and a very tall person's included."""
SHORT_LIMBS_ALLOWED = 2
MIN_VISIBILITY = 0.35
"""Mean over all keypoints."""
MIN_IN_REGION = 0.9
"""Share of the keypoints inside the region that was read; garbage reaches out of it."""
MAX_MISFIT = 0.35
"""See `misfit`."""
MAX_GROWTH = 1.5
"""Change of size from frame to frame."""
MAX_JUMP = 0.3
"""Movement of the mid hip from frame to frame, in region sides."""
MAX_STEP = 0.18
"""Median movement of the keypoints from frame to frame, in region sides; the fastest frames of a flip have 0.15."""
MAX_SLACK = 3.0
"""By how much a gap may widen the last two limits: they grow with the root of its frames, that of the size slower."""
MAX_BONE_CHANGE = 0.35
"""Median over the bones of the logarithm of the length against the person's usual one."""


def bone_lengths(world: np.ndarray) -> np.ndarray:
    """[9] m: torso, then the eight limb bones, of world landmarks [33,3]."""
    torso = np.linalg.norm(world[_SHOULDERS].mean(axis=0) - world[_HIPS].mean(axis=0))
    return np.concatenate([[torso], np.linalg.norm(world[_LIMBS[:, 0]] - world[_LIMBS[:, 1]], axis=1)])


def misfit(keypoints: np.ndarray, world: np.ndarray) -> float:
    """How badly world landmarks [33,3] explain keypoints [33,>=2], face left out: 0 is perfect, 1 is not at all.

    The residual of the best weak perspective (one scale, one shift, no turn) over the keypoints' own spread.
    """
    scale, seen, model = _weak_perspective(keypoints, world)
    if scale <= 0:
        return 1.0
    return float(np.sqrt(((seen - scale * model) ** 2).sum() / (seen**2).sum()))


def pixels_per_metre(keypoints: np.ndarray, world: np.ndarray) -> float:
    """The scale that lays world landmarks [33,3] m over keypoints [33,>=2] px best; 0 where there is none."""
    return max(_weak_perspective(keypoints, world)[0], 0.0)


def _weak_perspective(keypoints: np.ndarray, world: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """The best scale, and both sets of points, face left out, about their means."""
    seen, model = keypoints[_BODY, :2], world[_BODY, :2]
    seen, model = seen - seen.mean(axis=0), model - model.mean(axis=0)
    power = float((model**2).sum())
    return (float((seen * model).sum()) / power if power > 0 and (seen**2).sum() > 0 else 0.0), seen, model


def fault(pose: Pose, presence_threshold: float, width: int, height: int) -> str:
    """Why the pose cannot be a person in a picture of this size; empty where it can."""
    lengths = bone_lengths(pose.world)
    xy = pose.keypoints[_BODY, :2]
    inside = ((xy >= 0) & (xy < (width, height))).all(axis=1).mean()
    cropped = pose.region.to_crop(pose.keypoints[:, :2], 1.0)
    in_region = ((cropped > -0.05) & (cropped < 1.05)).all(axis=1).mean()
    growth = pose.next_region.side / pose.region.side
    if pose.presence < presence_threshold:
        return "the network sees nobody"
    if pose.keypoints[:, 2].mean() < MIN_VISIBILITY:
        return "hardly visible"
    if in_region < MIN_IN_REGION:
        return "the body reaches out of its region"
    if inside < 0.4:
        return "outside the picture"
    if not TORSO_M[0] <= lengths[0] <= TORSO_M[1]:
        return "the torso has no human length"
    if ((lengths[1:] < LIMB_M[0]) | (lengths[1:] > LIMB_M[1])).sum() > SHORT_LIMBS_ALLOWED:
        return "the limbs have no human lengths"
    if misfit(pose.keypoints, pose.world) > MAX_MISFIT:
        return "keypoints and world landmarks do not fit"
    if not 0.4 <= growth <= 2.0:
        return "the body does not fill its region"
    return ""


def break_in_track(pose: Pose, before: Pose, frames_apart: int, usual_bones: np.ndarray) -> str:
    """Why the pose is not the person who was seen `frames_apart` frames ago in `before`; empty where it may be.

    `usual_bones` [9] m are the person's bone lengths so far.
    """
    slack = min(np.sqrt(max(frames_apart, 1)), MAX_SLACK)
    growth = abs(np.log(pose.next_region.side / before.next_region.side))
    if growth > np.log(MAX_GROWTH) * np.sqrt(slack):
        return "the size jumps"
    jump = np.hypot(pose.next_region.x - before.next_region.x, pose.next_region.y - before.next_region.y)
    if jump > MAX_JUMP * before.next_region.side * slack:
        return "the place jumps"
    steps = np.linalg.norm(pose.keypoints[_BODY, :2] - before.keypoints[_BODY, :2], axis=1)
    if np.median(steps) > MAX_STEP * before.next_region.side * slack:
        return "the limbs jump"
    change = np.abs(np.log(np.maximum(bone_lengths(pose.world), 1e-3) / np.maximum(usual_bones, 1e-3)))
    if np.median(change) > MAX_BONE_CHANGE:
        return "the bones are somebody else's"
    return ""


def same_person(a: Pose, b: Pose) -> bool:
    """Whether two skeletons in one picture lie on the same person.

    Either they agree (left and right averaged first: two readings of one person often differ by a swap of the two), or
    one is a small one in the middle of the other.
    """
    middle_a, middle_b = (pose.keypoints[_PAIRS, :2].mean(axis=1) for pose in (a, b))
    distance = np.median(np.linalg.norm(middle_a - middle_b, axis=1))
    sides = sorted((a.next_region.side, b.next_region.side))
    if distance < 0.12 * sides[0]:
        return True
    torsos = [pose.keypoints[_SHOULDERS + _HIPS, :2].mean(axis=0) for pose in (a, b)]
    return bool(np.linalg.norm(torsos[0] - torsos[1]) < 0.12 * sides[1] and _contained(a.box, b.box) > 0.8)


def _contained(a: np.ndarray, b: np.ndarray) -> float:
    """The share of the smaller of two boxes x0, y0, x1, y1 that the larger one covers."""
    inner = np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0)
    smaller = min(np.prod(a[2:] - a[:2]), np.prod(b[2:] - b[:2]))
    return float(np.prod(inner) / max(smaller, 1e-9))


def quality(pose: Pose) -> float:
    """To choose among several readings of one person; larger is better."""
    return float(pose.keypoints[:, 2].mean() * (1 - misfit(pose.keypoints, pose.world)) * pose.presence)
