"""What a performance under physics must say of itself wherever it is shown: whether it fell, and what held it up."""

import math
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import BadInputError
from core.humanoid.character import MASSES
from core.motion import Rollout

GRAVITY = 9.81  # m/s^2
BODY_WEIGHT_N = float(MASSES.sum()) * GRAVITY


def physics_of(rollout: Path) -> dict[str, Any] | None:
    """Facts of a rollout's file, None where it cannot be read.

    `length_s`; `fell_s`, when it lost its reference for good, None if it did not; `force_n`, the mean norm of the force
    that no muscle made, and `force_share`, the same in body weights.
    """
    try:
        return _physics_of(rollout, rollout.stat().st_mtime_ns)
    except (FileNotFoundError, BadInputError):
        return None


@lru_cache(maxsize=256)
def _physics_of(path: Path, modified: int) -> dict[str, Any]:
    rollout = Rollout.load(path)
    force = np.linalg.norm(rollout.residual_wrench[:, :3], axis=1)
    mean = float(force.mean()) if len(force) and np.isfinite(force).all() else 0.0
    return {
        "length_s": round(float(rollout.times[-1]), 3) if len(rollout) else 0.0,
        "fell_s": round(float(rollout.time_to_fall_s), 2) if math.isfinite(rollout.time_to_fall_s) else None,
        "force_n": round(mean, 1),
        "force_share": round(mean / BODY_WEIGHT_N, 3),
    }
