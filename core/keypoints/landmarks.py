"""BlazePose's landmark network on one region: keypoints, world landmarks, and where the person will be next.

The network sees 256x256 px and gives 39 points: the 33 keypoints, then the two alignment points of the next region
(and four that nobody needs).
"""

from dataclasses import dataclass

import numpy as np

from core.keypoints.networks import session
from core.keypoints.regions import Region, crop, region_from_points

SIZE = 256
NETWORKS = {"blazepose": "blazepose_heavy.onnx", "blazepose:full": "blazepose_full.onnx"}
"""The shipped files by the name of the keypoint model."""
_KEYPOINTS = 33
_MID_HIP, _RIM = 33, 34


@dataclass(frozen=True)
class Pose:
    """What the network saw in `region`.

    `keypoints` [33,3]: x px, y px (picture), visibility in [0,1]. `world` [33,3] m: hip-centred, camera axes (x right,
    y down, z forward). `presence` in [0,1] is the network's own flag. `next_region` is where to look in the next frame.
    """

    keypoints: np.ndarray
    world: np.ndarray
    presence: float
    region: Region
    next_region: Region

    @property
    def box(self) -> np.ndarray:
        """[4] px: x0, y0, x1, y1 around the keypoints."""
        xy = self.keypoints[:, :2]
        return np.concatenate([xy.min(axis=0), xy.max(axis=0)])


class LandmarkNetwork:
    """BlazePose GHUM: `model` is "blazepose" (heavy) or "blazepose:full"."""

    def __init__(self, threads: int, model: str = "blazepose") -> None:
        self._session = session(NETWORKS[model], threads)

    def read(self, picture: np.ndarray, regions: list[Region]) -> list[Pose]:
        """The poses in some regions of a picture [H,W,3] uint8, in one call of the network."""
        if not regions:
            return []
        images = np.stack([crop(picture, region, SIZE) for region in regions]).astype(np.float32) / 255
        landmarks, presence, world = self._session.run(["landmarks", "presence", "world"], {"image": images})
        return [
            read_pose(landmarks[i].reshape(39, 5), float(presence[i, 0]), world[i].reshape(39, 3), region)
            for i, region in enumerate(regions)
        ]


def read_pose(landmarks: np.ndarray, presence: float, world: np.ndarray, region: Region) -> Pose:
    """A pose from the network's numbers for one crop.

    `landmarks` [39,5]: x, y, z px of the crop, logits of visibility and of presence; `world` [39,3] m in the crop's
    axes, which are turned back to the camera's here.
    """
    points = region.to_picture(landmarks[:, :2].astype(float), SIZE)
    visibility = 1 / (1 + np.exp(-np.clip(landmarks[:_KEYPOINTS, 3].astype(float), -50, 50)))
    upright = world[:_KEYPOINTS].astype(float)
    upright[:, :2] = upright[:, :2] @ region.rotation.T
    return Pose(
        keypoints=np.column_stack([points[:_KEYPOINTS], visibility]),
        world=upright,
        presence=presence,
        region=region,
        next_region=region_from_points(points[_MID_HIP], points[_RIM]),
    )
