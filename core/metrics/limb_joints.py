"""The twelve limb joints over which poses are compared, and where they are in the project's skeletons."""

import numpy as np

from core.keypoints.skeletons import INDEX

LIMB_JOINTS = (
    "right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle",
    "right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist",
)  # fmt: skip
"""The order of all tables, that of LSP without neck and head (Johnson and Everingham 2010)."""

LIMBS_IN_SMPL = np.array([8, 5, 2, 1, 4, 7, 21, 19, 17, 16, 18, 20])
"""Rows of SMPL's 24 joints (`BodyMotion.joints`): joints[:, LIMBS_IN_SMPL] is [T, 12, 3]."""

LIMBS_IN_BLAZEPOSE = np.array([INDEX[name] for name in LIMB_JOINTS])
"""Rows of BlazePose's 33 landmarks (`Track.world`, `BodyMotion.landmarks`)."""

MID_HIP = (LIMB_JOINTS.index("right_hip"), LIMB_JOINTS.index("left_hip"))
"""The root when roots are laid upon each other: the middle of the hips, as the twelve have no pelvis."""

LIMB_BONES = ((0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (6, 7), (7, 8), (8, 9), (9, 10), (10, 11), (2, 8), (3, 9))
"""Pairs of the twelve to draw lines between."""
