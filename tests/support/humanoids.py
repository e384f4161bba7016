"""The humanoid in simple poses, for tests of physics."""

import numpy as np

from core.humanoid.character import QUATERNIONS


def upright(height: float = 0.89) -> np.ndarray:
    """[43]: straight, arms hanging, facing +x, its hips at `height` m."""
    frame = np.zeros(43)
    frame[1] = height
    for place in QUATERNIONS:
        frame[place.start] = 1.0
    return frame
