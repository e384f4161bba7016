"""The humanoid's bodies and joints, in the order that every array of this project uses."""

BODY_NAMES = (
    "root", "chest", "neck",
    "right_hip", "right_knee", "right_ankle",
    "right_shoulder", "right_elbow", "right_wrist",
    "left_hip", "left_knee", "left_ankle",
    "left_shoulder", "left_elbow", "left_wrist",
)  # fmt: skip
"""The 15 bodies, each named after the joint that hangs it on its parent (DeepMimic's way; PyBullet's order)."""
