"""What a solve goes by: keypoints, what the network said, and later the ground and the contacts."""

from dataclasses import dataclass

import numpy as np

from core.body import Body
from core.body.kinematics import pose_body
from core.mesh_recovery.cameras import project
from core.mesh_recovery.recover import keypoint_weights
from core.motion import BodyMotion, Track
from core.reconstruction.segments import Levers, State, levers_of, parents_among_turned, relative_points, state_of

Array = np.ndarray


@dataclass(frozen=True)
class Footing:
    """The ground n . p = `height` (camera axes, `normal` [3] up) and what stands: `contacts` [T,4] in [0, 1] and
    `heights` [T,4] m over the ground of what each contact point stands on."""

    normal: Array
    height: float
    contacts: Array
    heights: Array


@dataclass(frozen=True)
class Evidence:
    """Fixed during a solve.

    `levers`, `parents` of the body's segments; `rest` [24,3] m (for the joints' axes); `fps`; `keypoints` [T,33,2] px
    with `weights` [T,33]; `intrinsics` [3,3]; `metres_per_px` [T] at the body's depth and `rays` [T,3] to it;
    `network`, its answer as a state, and its `points` [T,57,3] m relative to its pelvis; `agreement` [T] =
    exp(-(e / e_max)^2), e how badly the network's projection misses the keypoints; zero without the person.
    """

    levers: Levers
    parents: Array
    rest: Array
    fps: float
    keypoints: Array
    weights: Array
    intrinsics: Array
    metres_per_px: Array
    rays: Array
    network: State
    points: Array
    agreement: Array
    footing: Footing | None = None

    @property
    def speed_along_view(self) -> Array:
        """[T] m/s, from the depths that the solve began with."""
        depth = self.metres_per_px * np.sqrt(self.intrinsics[0, 0] * self.intrinsics[1, 1])
        return np.abs(np.gradient(depth)) * self.fps if len(self) > 1 else np.zeros(len(self))

    def __len__(self) -> int:
        return len(self.keypoints)


def gather(body: Body, track: Track, hmr: BodyMotion, path: Array, least_visibility: float, worst_m: float) -> Evidence:
    """Evidence from a track and the network's motion; `path` [T,3] m is about where the pelvis is (camera axes).

    `worst_m` is e_max, in metres at the body's depth.
    """
    assert hmr.intrinsics is not None
    network = state_of(body, hmr.poses, hmr.trans, hmr.betas)
    levers = levers_of(body)
    weights = np.where(track.present[:, None], keypoint_weights(track.keypoints, least_visibility), 0.0)
    metres_per_px = path[:, 2] / np.sqrt(hmr.intrinsics[0, 0] * hmr.intrinsics[1, 1])
    posed = pose_body(body, hmr.poses, hmr.betas, hmr.trans)
    miss = np.linalg.norm(project(posed.landmarks, hmr.intrinsics) - track.keypoints[..., :2], axis=-1)
    # The median of a frame's keypoints: single bad ones are the keypoints' fault, not the network's.
    error = np.array([np.median(m[w > 0]) if (w > 0).any() else np.inf for m, w in zip(miss, weights, strict=True)])
    return Evidence(
        levers=levers,
        parents=parents_among_turned(body),
        rest=body.rest_joints(hmr.betas),
        fps=hmr.fps,
        keypoints=track.keypoints[..., :2],
        weights=weights,
        intrinsics=hmr.intrinsics,
        metres_per_px=metres_per_px,
        rays=path / np.linalg.norm(path, axis=1, keepdims=True),
        network=network,
        points=relative_points(levers.of(hmr.betas), network.rotations),
        agreement=np.exp(-((error * metres_per_px / worst_m) ** 2)),
    )
