"""The landmark network without the tracked crop: it looks at the whole letterboxed picture.

The comparison of a student's review of HMR: how much of a network's accuracy is the crop's.
"""

from collections.abc import Collection

import numpy as np

from core.evaluation.poses import Poses
from core.keypoints.landmarks import LandmarkNetwork
from core.keypoints.prefetch import ahead
from core.keypoints.regions import Region
from core.keypoints.settings import KeypointSettings
from core.metrics.limb_joints import LIMBS_IN_BLAZEPOSE
from core.motion import Clip
from core.progress import Progress, silent

TITLE = "World landmarks, without the crop"


def whole_picture_landmarks(clip: Clip, frames: Collection[int] | None = None, progress: Progress = silent) -> Poses:
    """World landmarks of every frame (or of `frames`) from the square around the whole picture; no gates, no tracking.

    Frames in which the network sees nobody, and those not asked for, are unknown.
    """
    settings = KeypointSettings()
    network = LandmarkNetwork(settings.network_threads)
    region = Region(clip.width / 2, clip.height / 2, max(clip.width, clip.height))
    joints = np.full((len(clip), 12, 3), np.nan)
    last = len(clip) if frames is None else max(frames, default=-1) + 1
    for index, picture in enumerate(ahead(clip.frames())):
        if index == last:
            break
        if frames is None or index in frames:
            (pose,) = network.read(picture, [region])
            if pose.presence >= settings.presence_threshold:
                joints[index] = pose.world[LIMBS_IN_BLAZEPOSE]
        progress((index + 1) / last, f"Whole pictures: frame {index + 1} of {last}")
    return Poses("whole_picture", TITLE, joints, clip.times)
