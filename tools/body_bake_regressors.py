"""Joints and landmarks as convex combinations of vertices: rows that are not negative and sum to one."""

import numpy as np
from scipy.optimize import nnls
from scipy.spatial import cKDTree

LANDMARK_NAMES = (
    "nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye", "right_eye_outer",
    "left_ear", "right_ear", "mouth_left", "mouth_right", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_pinky", "right_pinky", "left_index", "right_index",
    "left_thumb", "right_thumb", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
    "left_heel", "right_heel", "left_foot_index", "right_foot_index",
)  # fmt: skip
"""BlazePose's 33 landmarks, in its order."""


def convex_row(points: np.ndarray, targets: np.ndarray, near: np.ndarray, candidates: int = 160) -> np.ndarray:
    """The row r [V] >= 0, sum 1, with r @ points[n] close to targets[n] (least squares over the N samples).

    `points` [N,V,3] m and `targets` [N,3] m; only the `candidates` vertices nearest to the mean target among `near`
    (indices) take part, so that the row stays local.
    """
    centre = points[:, near].mean(axis=0)
    chosen = near[np.argsort(np.linalg.norm(centre - targets.mean(axis=0), axis=1), kind="stable")[:candidates]]
    system = points[:, chosen].transpose(0, 2, 1).reshape(-1, len(chosen))
    heavy = 10.0 * np.sqrt(len(system))  # the equation "sum = 1" outweighs the others
    # A little ridge spreads the row over many vertices instead of a few extreme ones.
    ridge = 1e-2 * np.sqrt(len(system)) * np.eye(len(chosen))
    left = np.vstack([system, np.full((1, len(chosen)), heavy), ridge])
    right = np.concatenate([targets.reshape(-1), [heavy], np.zeros(len(chosen))])
    row = np.zeros(points.shape[1])
    row[chosen] = nnls(left, right, maxiter=50 * len(chosen))[0]
    row[row < 1e-4] = 0.0
    return row / row.sum()


def nearest_row(template: np.ndarray, target: np.ndarray, near: np.ndarray, count: int) -> np.ndarray:
    """The row [V] of the `count` vertices among `near` nearest to `target` [3] m, nearer ones weighing more."""
    distances, order = cKDTree(template[near]).query(target, k=count)
    distances, order = np.atleast_1d(distances), np.atleast_1d(order)
    weights = 1.0 / (distances + 0.003)
    row = np.zeros(len(template))
    row[near[order]] = weights / weights.sum()
    return row


def mirrored(rows: dict[str, np.ndarray], mirror: np.ndarray) -> dict[str, np.ndarray]:
    """Complete the left side's rows by the right side's; rows of the middle are made symmetric."""
    complete = {}
    for name, row in rows.items():
        if "left" in name:
            complete[name] = row
            complete[name.replace("left", "right")] = row[mirror]
        else:
            complete[name] = (row + row[mirror]) / 2
    return complete


def face_targets(template: np.ndarray, head: np.ndarray, eye: np.ndarray) -> dict[str, np.ndarray]:
    """Points of the face [3] m on the left side and the middle, found on the mean body's geometry.

    `head` are the skin vertices of the head, `eye` those of the left eyeball (indices).
    """
    skin = template[head]
    centre = template[eye].mean(axis=0)
    radius = np.ptp(template[eye][:, 1]) / 2
    front = template[eye][:, 2].max()
    middle = skin[(np.abs(skin[:, 0]) < 0.012) & (skin[:, 1] < centre[1])]
    nose = middle[np.argmax(middle[:, 2])]
    lips = _between_lips(middle, nose)
    side = skin[(np.abs(skin[:, 1] - centre[1]) < 0.06) & (skin[:, 0] > 0)]
    ear = side[side[:, 0] > 0.93 * side[:, 0].max()]
    return {
        "nose": nose,
        "left_eye": np.array([centre[0], centre[1], front]),
        "left_eye_inner": np.array([centre[0] - 1.25 * radius, centre[1] - 0.1 * radius, front - 0.6 * radius]),
        "left_eye_outer": np.array([centre[0] + 1.3 * radius, centre[1], front - 0.9 * radius]),
        "left_ear": np.array([ear[:, 0].min(), ear[:, 1].mean(), ear[:, 2].max()]),
        "mouth_left": np.array([0.85 * centre[0], lips[1], lips[2] - 0.012]),
    }


def _between_lips(middle: np.ndarray, nose: np.ndarray) -> np.ndarray:
    """Where the lips meet on the profile: the deepest point between the two bulges under the nose."""
    below = middle[(middle[:, 1] < nose[1] - 0.02) & (middle[:, 1] > nose[1] - 0.065)]
    profile = below[below[:, 2] > below[:, 2].max() - 0.025]
    upper = profile[profile[:, 1] > np.median(profile[:, 1])]
    lower = profile[profile[:, 1] <= np.median(profile[:, 1])]
    return (upper[np.argmax(upper[:, 2])] + lower[np.argmax(lower[:, 2])]) / 2
