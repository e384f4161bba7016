"""What the pipeline and the command line share: a motion file's reference, named settings, a rollout's own frames."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from core.control.sampling import SETTINGS, SamplingSettings
from core.errors import BadInputError
from core.export.sources import humanoid_on_body, motion_from_file
from core.humanoid import retarget
from core.motion import BodyMotion, HumanoidMotion, Rollout


def reference_from_file(path: Path) -> tuple[HumanoidMotion, BodyMotion]:
    """The humanoid's reference in a motion file of any kind (`core.export.sources`), and the body to show it on.

    A DeepMimic file is the reference itself; all others are fitted to the humanoid. `BadInputError` for a file that is
    none, and for a motion in camera coordinates.
    """
    path = Path(path)
    if path.suffix.lower() in (".txt", ".json") and path.is_file():
        reference = HumanoidMotion.load(path)
        return reference, humanoid_on_body(reference)
    motion = motion_from_file(path)
    return retarget(motion), motion


def sampling_settings(
    name: str, seed: int = 0, on: BodyMotion | None = None, scale: float = 1.0, engine: str = "mujoco"
) -> SamplingSettings:
    """The settings called `name`, with the boxes of the person's motion `on`, in humanoid metres (times `scale`)."""
    if name not in SETTINGS:
        raise BadInputError(f"The setting should be one of {', '.join(SETTINGS)}, but is {name!r}.")
    return replace(SETTINGS[name], seed=seed, supports=boxes_under(on, scale), engine=engine)


def boxes_under(motion: BodyMotion | None, scale: float) -> tuple[tuple[float, ...], ...]:
    """The boxes [S,6] m that a person's `motion` stands on, in humanoid metres (times `scale`), as settings want them;
    none under None."""
    return () if motion is None else tuple(tuple(box) for box in (motion.supports * scale).tolist())


def at_rate_of(rollout: Rollout, fps: float) -> Rollout:
    """The rollout with `fps` frames a second, if its own rate is a multiple of that; else as it is.

    Muscles are steered about 30 times a second, also along a motion of fewer frames."""
    every = round(rollout.fps / fps)
    if every <= 1 or not np.isclose(every * fps, rollout.fps):
        return rollout
    names = ("times", "body_positions", "body_rotations", "actions", "joint_torques", "contact_forces")
    kept = {name: getattr(rollout, name)[::every] for name in (*names, "residual_wrench", "reward_terms")}
    return replace(rollout, fps=fps, **kept)
