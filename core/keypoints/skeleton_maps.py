"""Other skeletons in BlazePose's 33 names; points that a skeleton lacks get visibility 0."""

import numpy as np

from core.keypoints.skeletons import INDEX

Array = np.ndarray

_FACE_ARMS_LEGS = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear",
    "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist",
    "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
)  # fmt: skip
_OPENPOSE_ARMS = ("right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist")
_OPENPOSE_LEGS = ("right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle")
_OPENPOSE_FACE = ("right_eye", "left_eye", "right_ear", "left_ear")

COCO_17 = _FACE_ARMS_LEGS
HALPE_26 = (
    *_FACE_ARMS_LEGS, "", "", "",
    "left_foot_index", "right_foot_index", "", "", "left_heel", "right_heel",
)  # fmt: skip
"""Halpe (Fang et al. 2022): COCO's 17, crown, neck, hip, then big toes, small toes and heels, left ones first."""
COCO_18 = ("nose", "", *_OPENPOSE_ARMS, *_OPENPOSE_LEGS, *_OPENPOSE_FACE)
"""OpenPose's COCO model (Cao et al. 2019); the second is the neck."""
BODY_25 = (
    "nose", "", *_OPENPOSE_ARMS, "", *_OPENPOSE_LEGS, *_OPENPOSE_FACE,
    "left_foot_index", "", "left_heel", "right_foot_index", "", "right_heel",
)  # fmt: skip
"""OpenPose's BODY_25: neck second, the middle of the hips ninth; of each foot big toe, small toe, heel."""


def _hand(side: str) -> list[str]:
    names = [""] * 21
    names[3], names[5], names[17] = f"{side}_thumb", f"{side}_index", f"{side}_pinky"
    return names


COCO_133 = (
    *_FACE_ARMS_LEGS, "left_foot_index", "", "left_heel", "right_foot_index", "", "right_heel",
    *([""] * 68), *_hand("left"), *_hand("right"),
)  # fmt: skip
"""COCO-WholeBody (Jin et al. 2020): body, feet, face, then 21 points a hand."""

BY_COUNT = {len(each): each for each in (COCO_17, COCO_18, BODY_25, HALPE_26, COCO_133)}
NAMES = {17: "COCO-17", 18: "COCO-18", 25: "BODY_25", 26: "Halpe-26", 133: "COCO-WholeBody"}


def to_blazepose(points: Array, names: tuple[str, ...]) -> Array:
    """[..., 33, 3] from `points` [..., K, 3] (x, y, visibility), whose rows are `names` ("" for what is left out)."""
    made = np.zeros((*points.shape[:-2], 33, 3))
    for row, name in enumerate(names):
        if name:
            made[..., INDEX[name], :] = points[..., row, :]
    return made
