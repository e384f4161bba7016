"""When a rollout has lost its reference."""

import numpy as np

Array = np.ndarray

LOST_M = 0.5
"""m: a mean body error above this ..."""
LOST_FOR_S = 0.3
"""s: ... for so long is a failure;"""
END_HEIGHT_M = 0.15
"""m: and so is a root that is so much too high or too low at the end."""


def body_errors(positions: Array, reference: Array) -> Array:
    """[T] m: the distance of body positions [T,15,3] from the reference's, mean over the bodies; world, unaligned."""
    return np.linalg.norm(positions - reference, axis=-1).mean(axis=-1)


def time_to_failure(times: Array, positions: Array, reference: Array) -> float:
    """s: when the reference was lost for good, NaN if never.

    That is where the mean body error first goes over LOST_M to stay there for LOST_FOR_S (or to the end, if it is over
    it for so long by then); or, if the root ends END_HEIGHT_M too high or low, where it left that band for the last
    time. `times` [T] s, `positions` and `reference` [T,15,3] m.
    """
    lost = body_errors(positions, reference) > LOST_M
    since = np.nan
    for time, over in zip(times, lost, strict=True):
        since = (time if np.isnan(since) else since) if over else np.nan
        if time - since >= LOST_FOR_S - 1e-6:  # false for NaN
            return float(since)
    low = np.abs(positions[:, 0, 1] - reference[:, 0, 1]) > END_HEIGHT_M
    if not low[-1]:
        return float("nan")
    inside = np.flatnonzero(~low)
    return float(times[inside[-1] + 1]) if len(inside) else float(times[0])
