"""The skeleton that all keypoints are stored in: BlazePose's 33 names (Bazarevsky et al. 2020)."""

BLAZEPOSE_NAMES = (
    "nose",
    "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye", "right_eye_outer",
    "left_ear", "right_ear", "mouth_left", "mouth_right",
    "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist",
    "left_pinky", "right_pinky", "left_index", "right_index", "left_thumb", "right_thumb",
    "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
    "left_heel", "right_heel", "left_foot_index", "right_foot_index",
)  # fmt: skip
"""Left and right are the person's own."""

INDEX = {name: i for i, name in enumerate(BLAZEPOSE_NAMES)}
"""From name to row of a keypoint array."""


def _pairs(*names: tuple[str, str]) -> tuple[tuple[int, int], ...]:
    return tuple((INDEX[a], INDEX[b]) for a, b in names)


def _both(*names: tuple[str, str]) -> tuple[tuple[int, int], ...]:
    return _pairs(*((f"{side}_{a}", f"{side}_{b}") for side in ("left", "right") for a, b in names))


LIMBS = _both(("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"))
"""The eight limb bones, left ones first, from the trunk outwards."""

BLAZEPOSE_EDGES = (
    _pairs(("left_shoulder", "right_shoulder"), ("left_hip", "right_hip"))
    + _both(("shoulder", "hip"))
    + LIMBS
    + _both(("wrist", "pinky"), ("wrist", "index"), ("wrist", "thumb"), ("pinky", "index"))
    + _both(("ankle", "heel"), ("ankle", "foot_index"), ("heel", "foot_index"))
    + _pairs(("nose", "left_eye_inner"), ("nose", "right_eye_inner"), ("mouth_left", "mouth_right"))
    + _both(("eye_inner", "eye"), ("eye", "eye_outer"), ("eye_outer", "ear"))
)
"""Pairs of indices to draw lines between."""

SYMMETRIC_PAIRS = tuple(
    (INDEX[name], INDEX[name.replace("left", "right")]) for name in BLAZEPOSE_NAMES if "left" in name
)
"""(left, right) indices that a mirror swaps; the nose is its own partner."""
