"""Trainings that are over in seconds."""

from pathlib import Path
from typing import Any

import pybullet_data

from core.humanoid.deepmimic_file import read_deepmimic
from core.imitation.ppo import TrainingSettings
from core.motion import HumanoidMotion


def clip(name: str = "walk") -> HumanoidMotion:
    """One of DeepMimic's clips."""
    return read_deepmimic(Path(pybullet_data.getDataPath()) / "data" / "motions" / f"humanoid3d_{name}.txt")


def small(**changes: Any) -> TrainingSettings:
    """Sixteen humanoids, eight steps, in this process: 128 samples an iteration."""
    values: dict[str, Any] = {
        "samples": 512,
        "processes": 1,
        "humanoids": 16,
        "steps": 8,
        "minibatch": 64,
        "hidden": (32, 32),
        "evaluation_starts": 2,
        "checkpoint_s": 1e6,
    }
    return TrainingSettings(**{**values, **changes})
