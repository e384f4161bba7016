"""What the pipeline and the command line share: a sampled rollout of a person's reference, on the person's frames."""

from dataclasses import replace

import numpy as np

from core.control.sampling import SETTINGS, SamplingSettings
from core.errors import BadInputError
from core.motion import BodyMotion, Rollout


def sampling_settings(name: str, seed: int = 0, on: BodyMotion | None = None, scale: float = 1.0) -> SamplingSettings:
    """The settings called `name`, with the boxes of the person's motion `on`, in humanoid metres (times `scale`)."""
    if name not in SETTINGS:
        raise BadInputError(f"The setting should be one of {', '.join(SETTINGS)}, but is {name!r}.")
    boxes = np.zeros((0, 6)) if on is None else on.supports * scale
    return replace(SETTINGS[name], seed=seed, supports=tuple(tuple(box) for box in boxes.tolist()))


def at_rate_of(rollout: Rollout, fps: float) -> Rollout:
    """The rollout with `fps` frames a second, if its own rate is a multiple of that; else as it is.

    Muscles are steered about 30 times a second, also along a motion of fewer frames."""
    every = round(rollout.fps / fps)
    if every <= 1 or not np.isclose(every * fps, rollout.fps):
        return rollout
    names = ("times", "body_positions", "body_rotations", "actions", "joint_torques", "contact_forces")
    kept = {name: getattr(rollout, name)[::every] for name in (*names, "residual_wrench", "reward_terms")}
    return replace(rollout, fps=fps, **kept)
