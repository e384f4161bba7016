"""What it costs a sample that feet slide or hover where the reference's stand.

The other terms look at the end of a window only, and a foot may slide there and back in between: this one looks at
every control step.
"""

import numpy as np

from core.control.soles import SOLE
from core.humanoid.character import FEET
from core.physics.engine import BodyStates
from core.physics.rotations import rotate

Array = np.ndarray

HOVER_S = 0.05
"""s: a heel or toe that hovers at h metres is as bad as one that slides at h over this."""


def standing_part(bodies: BodyStates, shares: Array) -> Array:
    """[n,12 s] m/s: of heels and toes after each of s control steps, how fast they slide and how high they hover, over
    HOVER_S, times the roots of the reference's `shares` [s,2,2] and over that of how many points and steps there are.

    `bodies`: arrays [n,s,15,...]."""
    arms = rotate(bodies.rotations[:, :, FEET][:, :, :, None], SOLE)
    spins = bodies.angular_velocities[:, :, FEET][:, :, :, None]
    off = bodies.velocities[:, :, FEET][:, :, :, None] + np.cross(spins, arms)
    off[..., 1] = (bodies.positions[:, :, FEET, 1][..., None] + arms[..., 1]) / HOVER_S
    off *= np.sqrt(shares / shares.size)[..., None]
    return off.reshape(len(off), -1)
