"""The ground plane from where feet rest."""

from dataclasses import dataclass, replace

import numpy as np

Array = np.ndarray

CAMERA_UP = np.array([0.0, -1.0, 0.0])


@dataclass(frozen=True)
class Ground:
    """The plane n . p = height in camera coordinates: `normal` [3] is up, `height` m; `inliers` of the points given
    lie on it, and `found` says whether they decided or the camera's up had to do."""

    normal: Array
    height: float
    inliers: int
    found: bool


def find_ground(
    points: Array,
    most_tilt: float = np.radians(40.0),
    inlier_m: float = 0.04,
    prior_pitch: float = np.radians(6.0),
    prior_roll: float = np.radians(3.0),
    least_share: float = 0.3,
    below_m: float = 0.15,
    tries: int = 400,
    seed: int = 0,
) -> Ground:
    """The plane through most of `points` [N, 3] m (slow heels and toes, camera axes), by RANSAC (Fischler 1981).

    Planes more than `most_tilt` rad from the camera's up are not considered. Points within `inlier_m` of a plane are
    its inliers; every point deeper than `below_m` under it takes two of them away, as nobody stands under the ground
    (a box jumped off is no ground). The winner is refined by least squares on its inliers, with a prior on the slopes
    (standard deviations `prior_pitch` and `prior_roll`, rad; hands hold a camera's horizon better than its pitch):
    steps along one line fix the tilt only along it, and then the camera is believed to be about level. With fewer than
    8 points, or fewer than `least_share` of them inliers, the plane is level with the camera and at the points' median
    height (0 points: at the camera itself, where nothing is known).
    """
    best, best_score = np.zeros(len(points), bool), 0
    if len(points) >= 8:
        rng = np.random.default_rng(seed)
        for _ in range(tries):
            corner = points[rng.choice(len(points), 3, replace=False)]
            normal = np.cross(corner[1] - corner[0], corner[2] - corner[0])
            normal = normal / max(np.linalg.norm(normal), 1e-12)
            normal = normal if normal @ CAMERA_UP >= 0 else -normal
            if normal @ CAMERA_UP < np.cos(most_tilt):
                continue
            height = (points - corner[0]) @ normal
            near = np.abs(height) < inlier_m
            score = near.sum() - 2 * (height < -below_m).sum()
            if score > best_score:
                best, best_score = near, score
    if best.sum() < max(8, least_share * len(points)):
        height = float(np.median(points @ CAMERA_UP)) if len(points) else 0.0
        return Ground(CAMERA_UP, height, int(best.sum()), found=False)
    normal, height = _refine(points[best], inlier_m, prior_pitch, prior_roll)
    return Ground(normal, height, int(best.sum()), found=True)


def lowered_to_landing(ground: Ground, lowest: Array, deep_m: float = 0.3, frames: int = 6) -> Ground:
    """The ground as it is, or parallel to it where the body ends up far below: who jumps off a box rests on the box
    longer than on the ground.

    `lowest` [T, 3] m is each frame's lowest sole point (camera axes). If in at least `frames` frames it is more than
    `deep_m` under the ground, the ground goes down to the depth that a quarter of those reach.
    """
    depth = ground.height - lowest @ ground.normal
    deep = depth[depth > deep_m]
    if len(deep) < frames:
        return ground
    return replace(ground, height=ground.height - float(np.quantile(deep, 0.75)))


def _refine(points: Array, sigma: float, pitch: float, roll: float, independent: int = 30) -> tuple[Array, float]:
    """Height over the camera's level as a linear function of place; the slopes have the prior, the offset none.

    Feet rest for many frames in one place: all points together count as at most `independent` measurements.
    """
    middle = points.mean(axis=0)
    x, up, z = ((points - middle) * (1, -1, 1)).T
    A = np.stack([np.ones_like(x), x, z], axis=1)
    weight = min(1.0, independent / len(points)) / sigma**2
    prior = np.diag([0.0, 1.0 / np.tan(roll) ** 2, 1.0 / np.tan(pitch) ** 2])
    offset, along_x, along_z = np.linalg.solve(weight * A.T @ A + prior, weight * A.T @ up)
    normal = np.array([-along_x, -1.0, -along_z])
    normal /= np.linalg.norm(normal)
    return normal, float(normal @ (middle + offset * CAMERA_UP))


def camera_on_ground(ground: Ground, first_pelvis: Array) -> Array:
    """camera_in_world [4, 4] of a camera at rest: y up, the ground at y = 0, the origin under `first_pelvis` [3]
    (camera axes), and -z where the camera looks (level): who faces the camera faces +z, as the body at rest does."""
    up = ground.normal
    ahead = np.array([0.0, 0.0, 1.0])
    z = -(ahead - up * (ahead @ up))
    z /= np.linalg.norm(z)
    R = np.stack([np.cross(up, z), up, z])
    origin = first_pelvis + up * (ground.height - up @ first_pelvis)
    camera = np.eye(4)
    camera[:3, :3], camera[:3, 3] = R, -R @ origin
    return camera
