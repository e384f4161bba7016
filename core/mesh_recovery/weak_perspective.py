"""A weak-perspective camera of a crop and what it means in the whole picture."""

import numpy as np

from core.mesh_recovery.keypoint_inputs import Squares

Array = np.ndarray


def to_picture(cameras: Array, squares: Squares, intrinsics: Array) -> Array:
    """Translations [T,3] m before the picture's camera from `cameras` [T,3] (s, tx, ty) of square crops.

    A crop of side b px is seen as x_crop = s (X + tx), from -1 to 1. In a picture of focal length f px and principal
    point c, with the crop's middle at m (Kocabas et al. 2020, Li et al. 2022): tz = 2 f / (b s),
    tx + 2 (m_x - c_x) / (b s), ty likewise. A scale of zero or less has no place; it is taken for a very small one.
    """
    bs = squares.sides * np.maximum(cameras[:, 0], 1e-3)
    f, centre = intrinsics[0, 0], intrinsics[:2, 2]
    shift = 2 * (squares.centres - centre) / bs[:, None]
    return np.column_stack([cameras[:, 1:] + shift, 2 * f / bs])


def bbox_info(squares: Squares, intrinsics: Array, scaling: str) -> Array:
    """CLIFF's input [T,3]: where the crop lies in the picture and how large it is, over the focal length.

    "paper" is equation 5 of Li et al. 2022; "cliff" is the published code's, which centres and scales it further.
    """
    f, centre = intrinsics[0, 0], intrinsics[:2, 2]
    info = np.column_stack([squares.centres - centre, squares.sides]) / f
    if scaling == "cliff":
        info[:, :2] *= 2.8
        info[:, 2] = (info[:, 2] - 0.24) / 0.06
    return info


def depth_factor(fitted: Array, pelvis: Array, weights: Array) -> float:
    """By how much all depths of a clip are off because the body that is shown has another size than the network's.

    `pelvis` [T,3] m is where the network's camera puts the pelvis, `fitted` [T,3] where the shown body has to stand to
    cover the keypoints, whose weights are `weights` [T,N]. Moved along its ray by the factor, the pelvis stays at its
    pixel. The median over the frames that see enough; 1 where none does or bodies could not differ that much.
    """
    enough = (weights > 0.1).sum(axis=1) >= 6
    if not enough.any():
        return 1.0
    factor = float(np.median(fitted[enough, 2] / pelvis[enough, 2]))
    return factor if 0.5 < factor < 2.0 else 1.0
