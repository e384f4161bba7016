"""A root assist: springs that help the root along while a policy learns, to be taken away again.

What they do is no muscle's: it is noted as `residual_wrench`, and results with any of it are labelled assisted.
"""

from dataclasses import dataclass

import numpy as np

from core.humanoid.character import CENTRES_OF_MASS
from core.physics.rotations import rotate

Array = np.ndarray

PLACE_KP, PLACE_KD = 4000.0, 800.0
"""N/m and N s/m: the whole humanoid (45 kg) follows within a tenth of a second, about critically damped."""
TURN_KP, TURN_KD = 1000.0, 100.0
"""N m/rad and N m s/rad."""


@dataclass(frozen=True)
class RootAssist:
    """Where the roots should be: `frames` [n,43] and `velocities` [n,34] (only the root's numbers count); `share` of
    the full springs, 0 to 1."""

    frames: Array
    velocities: Array
    share: float


def about_root_centre(wrench: Array, rotations: Array) -> Array:
    """[n,6] N, N m in the world about the root's centre of mass: of `wrench` [n,6], force in the world and torque about
    the root's joint in the axes of the root, which is turned by `rotations` [n,4]."""
    arm = rotate(rotations, np.broadcast_to(CENTRES_OF_MASS[0], (len(wrench), 3)))
    torque = rotate(rotations, wrench[:, 3:]) - np.cross(arm, wrench[:, :3])
    return np.concatenate([wrench[:, :3], torque], axis=1)
